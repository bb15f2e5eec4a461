package org.lapidary.tools.compile;

import java.util.List;
import java.util.Map;
import org.lapidary.gemmini.cost.Baseline;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramRunner;
import org.lapidary.ir.Tensor;

/// What one inference gave. Cycles are estimates of the cycle model, whose known error goes with
/// every number of them; without timing they are 0.
///
/// @param program what ran
/// @param result what the simulator counted
public record Inference(Program program, ProgramRunner.Result result) {

  /// The outputs by name, in the order of the model.
  public Map<String, Tensor> outputs() {
    return result.outputs();
  }

  /// One output.
  public Tensor output(String name) {
    Tensor output = result.outputs().get(name);
    if (output == null) {
      throw new IllegalArgumentException(name + " is none of " + result.outputs().keySet());
    }
    return output;
  }

  /// Estimated cycles of the accelerator.
  public long cycles() {
    return result.cycles();
  }

  /// Share of the array's peak, from 0 to 1, for the model's own multiplications.
  public double utilisation() {
    return (double) program.macs()
        / ((double) result.cycles() * program.machine().peakMacsPerCycle());
  }

  /// The float-host baseline, a documented assumption: the matrix products on the same accelerator,
  /// everything else in float on a scalar host.
  public Baseline baseline() {
    return baseline(program, result.kernelCycles());
  }

  /// The float-host baseline of a program whose kernels take so many cycles.
  public static Baseline baseline(Program program, List<ProgramRunner.KernelCycles> kernels) {
    long matmulCycles =
        kernels.stream()
            .filter(k -> program.kernels().get(k.kernel()).macs() > 0)
            .mapToLong(ProgramRunner.KernelCycles::cycles)
            .sum();
    return Baseline.of(program.graph(), matmulCycles);
  }

  /// Cycles of the float-host baseline over those of the program.
  public double speedup() {
    return (double) baseline().cycles() / result.cycles();
  }
}
