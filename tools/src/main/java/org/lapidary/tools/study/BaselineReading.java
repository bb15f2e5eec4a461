package org.lapidary.tools.study;

import java.util.List;
import java.util.stream.Stream;

/// How many cycles the survey's float-host baseline of BERT-Base at length 512 took. It says so
/// nowhere, and its shares can be read in several ways that exclude each other. Source: arXiv
/// 2302.14017, §3.4.2 and figures 13 and 14.
///
/// @param name of the reading
/// @param derivation every term of it
/// @param cycles of the whole model
public record BaselineReading(String name, String derivation, double cycles) {
  /// Multiply-accumulates of the products at 256 a cycle and the 69 % of figure 13.
  private static final double PRODUCTS = 48.318382080e9 / 256 / 0.69;

  /// 0.87 / 39.6 / (1 − 0.36), as `HostWork` has it: what is left of the products' time after
  /// 39.6×, before it was cut by 36 %.
  private static final double UNDONE_SHARE = 0.034;

  /// Utilisation after the SRAM was divided anew, figure 13.
  private static final double LATER = 0.91;

  /// The readings, the one that everything else here uses first.
  public static List<BaselineReading> of(Waterfall w) {
    double products = w.arrayBound() / LATER;
    return List.of(
        new BaselineReading(
            "terms (used here)",
            "elements × cycles each, plus our products: nothing for the 3.6 % without a label",
            w.baseline().cycles()),
        new BaselineReading(
            "the whole pie",
            "273.5 M cycles of products at 69 %, which are 3.4 %: 0.87 / 39.6 / (1 − 0.36)",
            PRODUCTS / UNDONE_SHARE),
        new BaselineReading(
            "the text's 4 %",
            "the same products, being what is left of “96 % is not products”", PRODUCTS / 0.04),
        new BaselineReading(
            "the end result",
            "products at 91 %, as in figure 13 afterwards, are 87 % of what 39.6× has left",
            products / 0.87 * Published.SPEEDUP),
        new BaselineReading(
            "the label of 1 %",
            "the same products, figure 14's label at its word; the text contradicts it",
            PRODUCTS / 0.01));
  }

  /// What no schedule of all rows of the unpruned model beats: the array never waiting.
  public double limit(Waterfall w) {
    return cycles / w.arrayBound();
  }

  /// What a step has won.
  public double speedup(Waterfall w, String step) {
    return cycles / w.step(step).cycles();
  }

  /// What is won if the baseline's host, too, leaves out rows that nobody reads; it then saves the
  /// share of its cycles that it saves in the first reading.
  public double readSpeedup(Waterfall w) {
    return w.readShare() * speedup(w, "unread");
  }

  /// Under which readings a factor is reached without removing a weight, for people.
  static String reaching(int factor, Waterfall w) {
    List<BaselineReading> all = of(w);
    return "%d× without removing a weight is reached %s after fusion; %s with unread rows left out;"
        .concat(" %s if the host leaves them out as well.")
        .formatted(
            factor,
            names(all.stream().filter(r -> r.speedup(w, "fusion") >= factor)),
            names(all.stream().filter(r -> r.speedup(w, "unread") >= factor)),
            names(all.stream().filter(r -> r.readSpeedup(w) >= factor)));
  }

  private static String names(Stream<BaselineReading> readings) {
    List<String> names = readings.map(r -> "“" + r.name() + "”").toList();
    return names.isEmpty() ? "under none" : "under " + String.join(" and ", names);
  }
}
