package org.lapidary.tools.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramRunner.KernelCycles;

/// Kernel by kernel: what it took, and what it takes alone at least. Next to others a kernel may
/// hide behind them and show less; the bound of the whole program is the strict one.
///
/// @param cycles in the order of execution; a kernel that was cut up occurs more than once
record KernelTable(Program program, List<KernelCycles> cycles) {
  private Map<Integer, Long> totals() {
    Map<Integer, Long> totals = new LinkedHashMap<>();
    cycles.forEach(c -> totals.merge(c.kernel(), c.cycles(), Long::sum));
    return totals;
  }

  private String nodes(int kernel) {
    return String.join(
        ", ",
        program.kernels().get(kernel).nodes().stream()
            .map(n -> program.graph().nodes().get(n).loc().node())
            .distinct()
            .toList());
  }

  String text() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("kernel", "cycles", "alone at least", "cycles / bound"));
    totals()
        .forEach((kernel, taken) -> {
          long bound = program.kernels().get(kernel).boundCycles();
          rows.add(
              List.of(
                  nodes(kernel),
                  Output.count(taken),
                  Output.count(bound),
                  String.format(Locale.ROOT, "%.2f", (double) taken / Math.max(1, bound))));
        });
    return Output.table(rows);
  }

  List<Map<String, Object>> document() {
    List<Map<String, Object>> list = new ArrayList<>();
    totals()
        .forEach((kernel, taken) -> {
          Map<String, Object> one = new LinkedHashMap<>();
          one.put("kernel", kernel);
          one.put("nodes", nodes(kernel));
          one.put("cycles", taken);
          one.put("bound_cycles", program.kernels().get(kernel).boundCycles());
          list.add(one);
        });
    return list;
  }
}
