package org.lapidary.tools.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.StringReader;
import java.util.List;
import java.util.function.Supplier;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.lapidary.gemmini.search.TilingCache;
import org.lapidary.tools.page.Chart;
import org.lapidary.tools.page.Drawing;
import org.xml.sax.InputSource;

/// Reports are whole, escaped and independent of threads.
class ReportTest {
  private static final Table TABLE =
      new Table(
          "t",
          "a <table>",
          List.of("what", "cycles", "why"),
          List.of(List.of("x, y", "1,234", "\"so\" & so"), List.of("z", "5", "")));

  private static final List<Chart> CHARTS =
      List.of(
          new Chart.Bars(
              "bars & co",
              " %",
              List.of("ours", "theirs"),
              List.of(
                  new Chart.Group("a<b", List.of(1.5, Double.NaN)),
                  new Chart.Group("b", List.of(3.0, 2.0)))),
          new Chart.Lines(
              "lines",
              new Chart.Axis("x", true, 1, 1000),
              new Chart.Axis("y", false, 0, 10),
              List.of(
                  new Chart.Line(
                      "roof",
                      true,
                      List.of(new Chart.Point(1, 0, ""), new Chart.Point(1000, 10, ""))),
                  new Chart.Line("points", false, List.of(new Chart.Point(10, 5, "here"))))));

  private static Report report() {
    return new Report(
        "title <1>",
        List.of("summary"),
        List.of(new Section("s", "section", List.of("text"), List.of(TABLE), CHARTS)));
  }

  @Test
  void everyCellIsALineOfTheCsv() {
    assertThat(report().csv())
        .isEqualTo(
            """
            section,table,row,column,value
            s,t,"x, y",cycles,"1,234"
            s,t,"x, y",why,\"""so"" & so"
            s,t,z,cycles,5
            s,t,z,why,
            """);
  }

  @Test
  void thePageIsEscapedAndNeedsNothingElse() {
    String html = report().html();
    assertThat(html)
        .contains("<title>title &lt;1&gt;</title>", "a &lt;table&gt;", "&quot;so&quot; &amp; so")
        .contains("<td class=\"figure\">1,234</td>", "<th class=\"figure\">cycles</th>")
        .contains("<th class=\"words\">why</th>")
        .doesNotContain("src=", "href=\"http", "{{", "NaN");
  }

  @Test
  void chartsAreWellFormed() throws Exception {
    for (Chart chart : CHARTS) {
      String svg = Drawing.svg(chart);
      var document =
          DocumentBuilderFactory.newInstance()
              .newDocumentBuilder()
              .parse(new InputSource(new StringReader(svg)));
      assertThat(document.getDocumentElement().getAttribute("aria-label")).isEqualTo(chart.title());
    }
    assertThat(Drawing.svg(CHARTS.getFirst())).contains("a&lt;b", ">1.50 %<", ">–<", ">3 %<");
  }

  @Test
  void aRowMustFillItsTable() {
    assertThatThrownBy(() -> new Table("id", "t", List.of("a", "b"), List.of(List.of("only one"))))
        .hasMessageContaining("id");
  }

  @Test
  void threadsDoNotShow() {
    assertThat(spreads(1)).isEqualTo(spreads(3));
  }

  private static List<MappingSpread> spreads(int threads) {
    Batch batch = new Batch();
    List<Supplier<MappingSpread>> spreads =
        MappingSpread.later(4, TilingCache.inMemory(), batch).subList(0, 2);
    batch.run(threads, _ -> {});
    return spreads.stream().map(Supplier::get).toList();
  }

  @Test
  void resultsAreNotThereBeforeTheyAreMade() {
    Supplier<String> early = new Batch().later(() -> "x");
    assertThatThrownBy(early::get).hasMessageContaining("before");
  }
}
