package org.lapidary.tools.search;

import java.util.List;
import java.util.Map;
import org.lapidary.gemmini.GemminiCompiler;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramTiming;
import org.lapidary.gemmini.search.TilingSearch;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.op.NnOp;
import org.lapidary.passes.quant.Calibration;
import org.lapidary.passes.quant.Quantizer;
import org.lapidary.sim.timing.MemoryTiming;
import org.lapidary.tools.compile.CompileOptions;
import org.lapidary.tools.explore.Traffic;

/// What sub-networks are compiled for, and how.
///
/// @param options machine, semantics, schedule, recipe
/// @param samples few are enough: cycles hardly depend on ranges
public record Target(CompileOptions options, List<Map<String, Tensor>> samples) {
  public Target {
    samples = List.copyOf(samples);
  }

  /// The program of a canonical graph.
  Program compile(Graph<NnOp> graph) {
    Calibration calibration = Calibration.collect(graph, samples);
    return GemminiCompiler.compile(
        Quantizer.quantize(graph, calibration, options.quantization()).graph(),
        options.machine(),
        options.semantics(),
        options.schedule(),
        List.of(),
        new TilingSearch(options.machine(), options.semantics(), options.cache()));
  }

  /// What a canonical graph takes, its whole program timed.
  Cost cost(Graph<NnOp> graph) {
    Program program = compile(graph);
    return Cost.of(timing(program).cycles(), Traffic.of(program));
  }

  ProgramTiming timing(Program program) {
    return ProgramTiming.of(program, MemoryTiming.of(options.machine()));
  }
}
