package org.lapidary.tools.compile;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lapidary.frontend.onnx.Imported;
import org.lapidary.gemmini.program.Program;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.PassRunner;
import org.lapidary.passes.prune.Pruned;
import org.lapidary.passes.quant.QuantizedModel;

/// A compiled model with everything that led to it.
///
/// @param model the ONNX file
/// @param imported as it came from the file
/// @param canonical after the passes, and pruned if that was asked for
/// @param pruned the account of pruning, if there was any
/// @param outcome what the passes reported
/// @param calibration what the ranges were observed on
/// @param quantized the integer graph and its account
/// @param program what runs
/// @param steps seconds and operations of every step
public record Compiled(
    Path model,
    Imported imported,
    Graph<NnOp> canonical,
    Optional<Pruned> pruned,
    PassRunner.Outcome outcome,
    CalibrationSet calibration,
    QuantizedModel quantized,
    Program program,
    List<PassRunner.Step> steps) {
  public Compiled {
    steps = List.copyOf(steps);
  }

  /// The model's own meaning in real numbers: before anything was taken out of it.
  public Graph<NnOp> unpruned() {
    return pruned.isPresent() ? imported.graph() : canonical;
  }

  /// The program, ready to run.
  public Executable executable() {
    return new Executable(model.toString(), program);
  }

  /// Runs one inference on the simulator, with an estimate of cycles.
  ///
  /// @throws org.lapidary.ir.DiagnosticException if an input is missing, unknown, or of another
  ///   shape
  public Inference run(Map<String, Tensor> inputs) {
    return executable().run(inputs);
  }

  /// Writes the program to a directory that [Lapidary#open] reads.
  public void write(Path directory) {
    executable().write(directory);
  }
}
