package org.lapidary.sim.timing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lapidary.machine.GemminiParams;

/// The timeline is the statistics, told one by one: nothing twice, nothing left out.
class TimelineTest {
  private record Slice(Unit unit, Activity activity, int range, int funct, long from, long to) {}

  private final List<Slice> slices = new ArrayList<>();
  private final Set<Activity> seen = EnumSet.noneOf(Activity.class);

  private CycleModel told(GemminiParams machine, MemoryTiming timing) {
    return new CycleModel(
        machine,
        timing,
        (unit, activity, range, funct, rs1, rs2, from, to) ->
            slices.add(new Slice(unit, activity, range, funct, from, to)));
  }

  private void checkAgainst(CycleModel model, long cycles) {
    Map<Unit, Long> end = new EnumMap<>(Unit.class);
    Map<Unit, Map<Activity, Long>> sums = new EnumMap<>(Unit.class);
    for (Slice s : slices) {
      long before = end.getOrDefault(s.unit, 0L);
      assertThat(s.to).as("%s", s).isGreaterThan(s.from).isLessThanOrEqualTo(cycles);
      if (s.unit.takesCommands()) {
        assertThat(s.from).as("no gap before %s", s).isEqualTo(before);
      } else {
        assertThat(s.from).as("no overlap before %s", s).isGreaterThanOrEqualTo(before);
      }
      end.put(s.unit, s.to);
      sums.computeIfAbsent(s.unit, _ -> new EnumMap<>(Activity.class))
          .merge(s.activity, s.to - s.from, Long::sum);
    }
    for (Unit unit : Unit.values()) {
      Map<Activity, Long> sum = sums.getOrDefault(unit, Map.of());
      for (Activity a : Activity.values()) {
        assertThat(sum.getOrDefault(a, 0L))
            .as("%s %s", unit, a)
            .isEqualTo(model.statistics().time(unit, a));
      }
      if (unit.takesCommands()) {
        assertThat(sum.values().stream().mapToLong(Long::longValue).sum())
            .as("%s in all", unit)
            .isEqualTo(cycles);
        assertThat(end.get(unit)).isEqualTo(cycles);
      }
    }
  }

  /// The recorded programs issue every command: explicit ones, loops, convolutions, statistics. The
  /// recorded programs issue every command: explicit ones, loops, convolutions, statistics.
  @ParameterizedTest
  @ValueSource(ints = {1, 20, 200})
  void slicesAddUpToTheCyclesAndChangeNone(int latency) throws IOException {
    Path folder = Path.of(System.getProperty("lapidary.root"), "runtime-sim/src/test/golden/rtl");
    try (Stream<Path> files = Files.list(folder)) {
      for (Path trace : files.filter(f -> f.toString().endsWith(".trace")).sorted().toList()) {
        String machine = String.valueOf(trace.getFileName()).replaceAll("\\..*", "");
        check(GemminiParams.load(machine), MemoryTiming.flat(latency, 1, 1), trace);
      }
    }
    assertThat(seen).containsAll(EnumSet.complementOf(EnumSet.of(Activity.FLUSH)));
  }

  private void check(GemminiParams machine, MemoryTiming timing, Path trace) throws IOException {
    slices.clear();
    CycleModel model = told(machine, timing);
    CycleModel plain = new CycleModel(machine, timing);
    List<String[]> commands =
        Files.readAllLines(trace).stream()
            .filter(line -> line.matches("[0-9a-f]+ [0-9a-f]+ [0-9a-f]+"))
            .map(line -> line.split(" "))
            .toList();
    for (int round = 1; round <= 2; round++) {
      assertThat(model.mark()).isEqualTo(round);
      for (String[] c : commands) {
        int funct = Integer.parseInt(c[0], 16);
        long rs1 = Long.parseUnsignedLong(c[1], 16);
        long rs2 = Long.parseUnsignedLong(c[2], 16);
        model.command(funct, rs1, rs2);
        plain.command(funct, rs1, rs2);
      }
      model.fence();
      plain.fence();
    }
    long cycles = model.cycles();
    assertThat(cycles).as("%s", trace).isEqualTo(plain.cycles());
    checkAgainst(model, cycles);
    assertThat(slices).extracting(Slice::range).contains(1, 2);
    slices.forEach(s -> seen.add(s.activity));
  }
}
