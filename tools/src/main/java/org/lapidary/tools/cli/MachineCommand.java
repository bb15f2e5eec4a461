package org.lapidary.tools.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.ParamsText;
import org.lapidary.machine.Semantics;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Shows machine configurations.
@Command(
    name = "machine",
    mixinStandardHelpOptions = true,
    description = "Lists the shipped machine configurations, or shows and checks one.",
    footer = {"", "Example: lapidary machine ibert"})
final class MachineCommand implements Callable<Integer> {
  @Parameters(
      arity = "0..1",
      paramLabel = "NAME|FILE",
      description = "A shipped configuration or a file in the same format.")
  String name = "";

  @Option(
      names = "--semantics-diff",
      description = "Where the two semantics, rtl and libgemmini, differ.")
  boolean semanticsDiff;

  @Mixin Output output = new Output();

  @Override
  public Integer call() {
    if (semanticsDiff) {
      output.out().print(Semantics.differences());
      return 0;
    }
    if (name.isEmpty()) {
      list();
      return 0;
    }
    GemminiParams params = GemminiParams.load(name);
    if (output.json()) {
      output.document(Map.of("name", params.name(), "text", ParamsText.print(params)));
    } else {
      output.out().print(ParamsText.print(params));
    }
    boolean fatal = false;
    for (GemminiParams.Objection objection : params.objections()) {
      output
          .err()
          .println(
              (objection.fatal()
                      ? "error: "
                      : "warning: the hardware generator would reject this: ")
                  + objection.key()
                  + ": "
                  + objection.reason());
      fatal |= objection.fatal();
    }
    return fatal ? Main.FAILED : 0;
  }

  private void list() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("machine", "array", "scratchpad KiB", "accumulator KiB", "normaliser"));
    List<Map<String, Object>> documents = new ArrayList<>();
    for (String shipped : ParamsText.SHIPPED) {
      GemminiParams p = GemminiParams.load(shipped);
      int spad = p.spadBytes() / 1024;
      int acc = p.accBytes() / 1024;
      rows.add(
          List.of(
              p.name(),
              p.dim() + "x" + p.dim(),
              Integer.toString(spad),
              Integer.toString(acc),
              p.hasNormalizations() ? "yes" : "no"));
      Map<String, Object> document = new LinkedHashMap<>();
      document.put("name", p.name());
      document.put("dim", p.dim());
      document.put("scratchpad_bytes", p.spadBytes());
      document.put("accumulator_bytes", p.accBytes());
      document.put("normalizations", p.hasNormalizations());
      documents.add(document);
    }
    if (output.json()) {
      Output.write(documents, output.out());
    } else {
      output.out().print(Output.table(rows));
    }
  }
}
