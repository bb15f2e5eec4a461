package org.lapidary.tools.study;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramRunner.KernelCycles;
import org.lapidary.gemmini.program.ProgramTiming;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.Op;
import org.lapidary.sim.timing.MemoryTiming;

/// The cycles of a model of equal layers, from the program of a few: every further layer takes as
/// long as the second.
///
/// @param layers of the program
/// @param program cycles of it
/// @param secondLayer cycles from the end of the first layer to the end of the second
/// @param kernels the second layer's cycles, by what is computed together
/// @param commands of the program
/// @param boundCycles of the second layer
public record LayerTiming(
    int layers,
    long program,
    long secondLayer,
    Map<String, Long> kernels,
    int commands,
    long boundCycles) {

  /// Predicts the program of two layers.
  public static LayerTiming of(Program program) {
    return of(program, QuantizedLayers.LAYERS);
  }

  /// Predicts a program of [QuantizedLayers].
  static LayerTiming of(Program program, int layers) {
    ProgramTiming timing = ProgramTiming.of(program, MemoryTiming.of(program.machine()));
    String layer = "layer." + (QuantizedLayers.LAYERS - 1) + "/";
    Map<String, Long> kernels = new LinkedHashMap<>();
    long cycles = 0;
    long bound = 0;
    Set<Integer> bounded = new LinkedHashSet<>();
    for (KernelCycles k : timing.kernels()) {
      List<Graph.Node<Op>> nodes = nodes(program, k.kernel());
      if (nodes.getLast().loc().node().startsWith(layer)) {
        kernels.merge(label(nodes), k.cycles(), Long::sum);
        cycles += k.cycles();
        bound += bounded.add(k.kernel()) ? program.kernels().get(k.kernel()).boundCycles() : 0;
      }
    }
    return new LayerTiming(layers, timing.cycles(), cycles, kernels, program.commandCount(), bound);
  }

  /// The whole model.
  public long cycles(int all) {
    return program + (all - layers) * secondLayer;
  }

  private static List<Graph.Node<Op>> nodes(Program program, int kernel) {
    return program.kernels().get(kernel).nodes().stream()
        .map(program.graph().nodes()::get)
        .toList();
  }

  /// What a kernel computes: its products, the residual, what its sum is read out through.
  private static String label(List<Graph.Node<Op>> nodes) {
    Set<String> said = new LinkedHashSet<>();
    for (Graph.Node<Op> node : nodes) {
      String part = Part.of(node.loc().node()).map(Part::label).orElse("other");
      switch (node.op()) {
        case Accumulate.MatMulI8 _ -> said.add(part);
        case Accumulate.ChannelMul _ -> said.add(Part.ATTENTION_SUM.label());
        case MoveOut.SoftmaxI32 _ -> said.add(Part.SOFTMAX.label());
        case MoveOut.GeluI32 _ -> said.add(Part.GELU.label());
        case MoveOut.LayerNormI32 _ -> said.add(Part.ATTENTION_NORM.label());
        default -> {} // biases and requantization go with the rest
      }
    }
    return said.isEmpty() ? "moving" : String.join(" + ", said);
  }
}
