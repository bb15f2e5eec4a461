package org.lapidary.gemmini.program;

import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.lapidary.gemmini.program.ProgramRunner.KernelCycles;
import org.lapidary.sim.Simulator;
import org.lapidary.sim.timing.MemoryTiming;

/// The predicted cycles of a program, without running it: no command depends on data.
///
/// @param cycles of the accelerator, the same as of a run
/// @param kernels cycles of each kernel, from the end of the one before to its own end, in order
public record ProgramTiming(long cycles, List<KernelCycles> kernels) {
  public ProgramTiming {
    kernels = List.copyOf(kernels);
  }

  /// Predicts a program on a memory.
  public static ProgramTiming of(Program program, MemoryTiming memory) {
    return of(program, memory, Optional.empty(), _ -> {});
  }

  /// The same, telling a timeline all about it.
  ///
  /// @param progress told the number of commands done
  public static ProgramTiming of(
      Program program,
      MemoryTiming memory,
      Optional<ProgramTimeline> timeline,
      LongConsumer progress) {
    KernelTimer timer = new KernelTimer(program, memory, timeline);
    for (Step step : program.steps()) {
      switch (step) {
        case Step.Host(List<Integer> nodes) -> timer.host(nodes);
        case Step.Accelerator part -> predict(program, part, timer, progress);
      }
    }
    return new ProgramTiming(timer.cycles(), timer.kernelCycles());
  }

  private static void predict(
      Program program, Step.Accelerator part, KernelTimer timer, LongConsumer progress) {
    long[] words = program.commands();
    List<Step.Range> ranges = part.ranges();
    for (int r = 0; r < ranges.size(); r++) {
      timer.begin(ranges.get(r).kernel());
      for (int i = ranges.get(r).from(); i < part.end(r); i++) {
        int at = Simulator.PACKED_LONGS * i;
        timer.command(i, (int) words[at], words[at + 1], words[at + 2]);
      }
      progress.accept(part.end(r));
    }
  }
}
