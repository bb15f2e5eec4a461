package org.lapidary.sim.timing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.lapidary.machine.GemminiParams;
import org.lapidary.sim.timing.CycleStatistics.Counter;

/// Compares the model with every cycle count measured on the RTL and keeps its published error.
/// `-Dgolden.update=true` writes the error table anew; otherwise it may only get better.
class CalibrationTest {
  private static final Path ROOT = Path.of(System.getProperty("lapidary.root"));
  private static final Path SHARED = ROOT.resolve("../shared/rtl");
  private static final Path PAGE = ROOT.resolve("runtime-sim/CYCLES.md");
  private static final Path ERRORS =
      ROOT.resolve(
          "runtime-sim/src/main/resources/org/lapidary/sim/timing/" + CycleModel.NAME + ".errors");

  /// Half of the last printed digit.
  private static final double ROUNDING = 0.005;

  @BeforeAll
  static void needsMeasurements() {
    assumeTrue(
        Files.exists(SHARED), "../shared/rtl not present: no measured cycles to compare with");
  }

  @Test
  void theErrorIsNoWorseThanRecorded() throws IOException {
    CycleTable table = CycleTable.predict(SHARED.resolve("cycles.csv"));
    Map<String, ErrorSummary> families = new TreeMap<>(table.families());
    families.put("micro-benchmark", ErrorSummary.of(MicroBenchmarks.errors(SHARED)));
    KnownError now = new KnownError(table.overall(), families);
    if (Boolean.getBoolean("golden.update")) {
      Files.writeString(ERRORS, now.text());
      Files.writeString(PAGE, page(now, table));
    }
    KnownError recorded = KnownError.parse(Files.readAllLines(ERRORS));
    assertNoWorse("overall", now.overall(), recorded.overall());
    assertThat(families.keySet()).isEqualTo(recorded.families().keySet());
    for (Map.Entry<String, ErrorSummary> entry : recorded.families().entrySet()) {
      ErrorSummary error = Objects.requireNonNull(families.get(entry.getKey()), entry.getKey());
      assertNoWorse(entry.getKey(), error, entry.getValue());
    }
    assertThat(Files.readString(PAGE)).isEqualTo(page(recorded, table));
  }

  @Test
  void everyRequestOfTheHardwareIsMadeAndNoOther() throws IOException {
    for (String line : Files.readAllLines(SHARED.resolve("cycles.csv"))) {
      String[] field = line.split(",", -1);
      if (field[0].equals("config") || field[11].isEmpty() || field[0].equals("l2")) {
        continue;
      }
      var model = new CycleModel(GemminiParams.load(field[0]), MemoryTiming.flat(20, 1, 1));
      CommandTrace.run(CommandTrace.read(SHARED.resolve(field[2])), model);
      List<Long> made =
          Stream.of(
                  Counter.READ_REQUESTS,
                  Counter.WRITE_REQUESTS,
                  Counter.READ_BYTES,
                  Counter.WRITE_BYTES)
              .map(model.statistics()::of)
              .toList();
      List<Long> measured = Stream.of(field).skip(11).limit(4).map(Long::valueOf).toList();
      assertThat(made).as(line).isEqualTo(measured);
    }
  }

  private static void assertNoWorse(String family, ErrorSummary now, ErrorSummary recorded) {
    assertThat(now.rows()).as(family).isEqualTo(recorded.rows());
    assertThat(now.mean()).as(family).isLessThanOrEqualTo(recorded.mean() + ROUNDING);
    assertThat(now.p90()).as(family).isLessThanOrEqualTo(recorded.p90() + ROUNDING);
    assertThat(now.worst()).as(family).isLessThanOrEqualTo(recorded.worst() + ROUNDING);
  }

  private static String page(KnownError error, CycleTable table) {
    List<String> out = new ArrayList<>();
    out.add("# Error of the cycle model " + CycleModel.NAME);
    out.add("");
    out.add("Absolute error of predicted against RTL-measured cycles, in per cent. Written by");
    out.add("`CalibrationTest` (`-Dgolden.update=true`), which fails when a figure gets worse.");
    out.add("`overall` counts the workloads; the single instructions have their own line.");
    out.add("");
    out.add("| family | rows | mean | 90th percentile | worst |");
    out.add("| --- | ---: | ---: | ---: | ---: |");
    out.add(line("overall", error.overall()));
    error.families().forEach((family, e) -> out.add(line(family, e)));
    out.add("");
    out.add("## Workloads more than 5 % off");
    out.add("");
    out.add(
        "| workload | config | latency | cycles per beat | command gap | measured | predicted |");
    out.add("| --- | --- | ---: | ---: | ---: | ---: | ---: |");
    for (CycleTable.Row row : table.rows()) {
      if (row.errorPercent() > 5) {
        MemoryTiming m = row.memory();
        out.add(
            String.format(
                Locale.ROOT,
                "| %s | %s | %d | %d | %d | %d | %d |",
                row.workload(),
                row.config(),
                m.latency(),
                m.beatInterval(),
                m.commandGap(),
                row.measured(),
                row.predicted()));
      }
    }
    return String.join("\n", out) + "\n";
  }

  private static String line(String family, ErrorSummary e) {
    return String.format(
        Locale.ROOT,
        "| %s | %d | %.2f | %.2f | %.2f |",
        family,
        e.rows(),
        e.mean(),
        e.p90(),
        e.worst());
  }
}
