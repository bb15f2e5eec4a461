package org.lapidary.tools.blame;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramRunner;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.tools.compile.Compiled;

/// The ONNX nodes of a model that have a quantized twin, in the order in which they run.
final class Suspects {
  private Suspects() {}

  static List<Suspect> of(Compiled compiled, Hybrid hybrid, Map<String, Tensor> inputs) {
    Map<String, Long> cycles = cycles(compiled.program(), inputs);
    Map<String, List<Graph.Node<NnOp>>> groups = new LinkedHashMap<>();
    for (Graph.Node<NnOp> node : compiled.canonical().nodes()) {
      if (hybrid.isQuantized(node)) {
        groups.computeIfAbsent(name(node), _ -> new ArrayList<>()).add(node);
      }
    }
    List<Suspect> suspects = new ArrayList<>();
    groups.forEach((name, nodes) ->
        suspects.add(
            new Suspect(
                name,
                String.join(" ", nodes.stream().map(n -> OpInfo.of(n.op()).name()).toList()),
                nodes.stream().map(Graph.Node::result).toList(),
                cycles.getOrDefault(name, 0L))));
    return suspects;
  }

  private static String name(Graph.Node<? extends Op> node) {
    return node.loc().node().isEmpty() ? OpInfo.of(node.op()).name() : node.loc().node();
  }

  private static Map<String, Long> cycles(Program program, Map<String, Tensor> inputs) {
    ProgramRunner.Result timed =
        new ProgramRunner(program)
            .run(inputs, ProgramRunner.Options.of(program).timed(program.machine()));
    Map<String, Long> cycles = new HashMap<>();
    timed
        .kernelCycles()
        .forEach(k -> cycles.merge(program.mainNode(k.kernel()), k.cycles(), Long::sum));
    return cycles;
  }
}
