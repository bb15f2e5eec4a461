package org.lapidary.tools.compile;

import java.util.ArrayList;
import java.util.List;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.pass.Pass;
import org.lapidary.ir.pass.Pipeline;
import org.lapidary.passes.quant.Calibration;
import org.lapidary.passes.quant.GivenSteps;
import org.lapidary.passes.quant.Quantizer;

/// The graph as it is amid a compilation.
public final class Stages {
  private static final String QUANTIZE = "quantize";

  private Stages() {}

  /// A graph after the passes of the pipeline up to and including one of them, or after all of them
  /// and quantization.
  ///
  /// @param pass name of a pass, or `quantize`
  /// @throws DiagnosticException if there is no such pass
  public static Graph<? extends Op> after(
      String pass, Graph<? extends Op> graph, CompileOptions options) {
    List<Pass<?, ?>> passes = new ArrayList<>();
    boolean found = pass.equals(QUANTIZE);
    for (Pass<?, ?> next : options.pipeline().passes()) {
      passes.add(next);
      if (next.name().equals(pass)) {
        found = true;
        break;
      }
    }
    if (!found) {
      throw new DiagnosticException(
          Diagnostic.error(
              Diagnostic.Code.INVALID_PIPELINE,
              "--after",
              "",
              "the pipeline has no pass " + pass,
              "there are "
                  + passes.stream().map(p -> p.name() + ", ").reduce("", String::concat)
                  + QUANTIZE));
    }
    Graph<? extends Op> result = options.runner().run(graph, new Pipeline(passes)).graph();
    return pass.equals(QUANTIZE) ? quantized(result, options) : result;
  }

  private static Graph<Op> quantized(Graph<? extends Op> graph, CompileOptions options) {
    GivenSteps given = GivenSteps.of(graph.at(NnOp.class));
    CalibrationSet samples = options.calibration().apply(given.graph());
    Graph<NnOp> whole =
        options.pruning().isEmpty()
            ? given.graph()
            : Pruning.of(given.graph(), samples, options).graph();
    Graph<NnOp> canonical = options.quantization().recipe().prepared(whole, given);
    Calibration calibration =
        Calibrating.run(
            canonical,
            samples,
            options.quantization().recipe().moments(),
            options.threads(),
            _ -> {});
    calibration.give(given.steps());
    return Quantizer.quantize(
            canonical, calibration, options.quantization(), new ProgramCycles(options))
        .graph();
  }
}
