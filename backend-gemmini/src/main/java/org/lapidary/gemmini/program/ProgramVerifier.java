package org.lapidary.gemmini.program;

import org.lapidary.sim.Checker;
import org.lapidary.sim.MachineTrap;
import org.lapidary.sim.MainMemory;
import org.lapidary.sim.Simulator;

/// Checks every emitted command for capacity and hazards: private rows exist and were written
/// before they are read, main memory is not touched while an unfenced command may still be
/// accessing it, and the build of the machine can do what it is told.
///
/// None of this depends on data, so one run of the accelerator's steps in checked mode, with the
/// host's steps left out, decides it for all inputs.
public final class ProgramVerifier {
  private ProgramVerifier() {}

  /// Requires that a program keeps the machine's rules, and gives it back.
  ///
  /// @throws IllegalStateException naming step, kernel and command that break one: a bug of the
  ///   compiler
  public static Program require(Program program) {
    MainMemory memory = new MainMemory(program.memoryBase(), program.memoryBytes());
    program.image().load(memory);
    Simulator simulator = new Simulator(program.machine(), program.semantics(), memory);
    simulator.observe(new Checker(program.machine()));
    for (Step step : program.steps()) {
      if (step instanceof Step.Accelerator accelerator) {
        run(program, accelerator, simulator);
      }
    }
    return program;
  }

  private static void run(Program program, Step.Accelerator step, Simulator simulator) {
    for (int i = 0; i < step.ranges().size(); i++) {
      Step.Range range = step.ranges().get(i);
      try {
        simulator.execute(program.commands(), range.from(), step.end(i));
      } catch (MachineTrap e) {
        throw new IllegalStateException(
            "kernel %d of nodes %s: %s"
                .formatted(
                    range.kernel(), program.kernels().get(range.kernel()).nodes(), e.getMessage()),
            e);
      }
    }
  }
}
