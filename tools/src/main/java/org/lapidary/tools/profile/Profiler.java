package org.lapidary.tools.profile;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramRunner;
import org.lapidary.gemmini.program.ProgramTimeline;
import org.lapidary.gemmini.program.ProgramTiming;
import org.lapidary.ir.Tensor;
import org.lapidary.sim.timing.Activity;
import org.lapidary.sim.timing.MemoryTiming;
import org.lapidary.sim.timing.Unit;

/// Sums up how a program spends its time, and passes it on to a trace.
// Touched for every slice, so the sums live in an array by ordinal.
@SuppressWarnings("EnumOrdinal")
public final class Profiler implements ProgramTimeline {
  private static final Unit[] UNITS = Unit.values();
  private static final Activity[] ACTIVITIES = Activity.values();

  private final Program program;
  private final Optional<TraceWriter> trace;
  private final long[] sums;

  private Profiler(Program program, Optional<TraceWriter> trace) {
    this.program = program;
    this.trace = trace;
    this.sums = new long[program.kernels().size() * UNITS.length * ACTIVITIES.length];
  }

  /// Predicts a program without running it, since no command depends on data.
  ///
  /// @param trace where the timeline goes, too
  /// @param progress told the number of commands done
  public static Profile predict(
      Program program, Optional<TraceWriter> trace, LongConsumer progress) {
    Profiler profiler = new Profiler(program, trace);
    ProgramTiming timing =
        ProgramTiming.of(
            program, MemoryTiming.of(program.machine()), Optional.of(profiler), progress);
    return profiler.finish(timing.cycles(), timing.kernels());
  }

  /// Runs a program on the simulator and watches it.
  public static Profile run(
      Program program, Map<String, Tensor> inputs, Optional<TraceWriter> trace) {
    Profiler profiler = new Profiler(program, trace);
    ProgramRunner.Result result =
        new ProgramRunner(program)
            .run(
                inputs,
                ProgramRunner.Options.of(program).timed(program.machine()).toldTo(profiler));
    return profiler.finish(result.cycles(), result.kernelCycles());
  }

  @Override
  public void slice(
      Unit unit, Activity activity, int kernel, int funct, long rs1, long rs2, long from, long to) {
    sums[(kernel * UNITS.length + unit.ordinal()) * ACTIVITIES.length + activity.ordinal()] +=
        to - from;
    if (trace.isPresent()) {
      trace.get().slice(unit, activity, kernel, funct, rs1, rs2, from, to);
    }
  }

  @Override
  public void host(List<Integer> nodes, long at) {
    trace.ifPresent(t -> t.host(nodes, at));
  }

  private Profile finish(long cycles, List<ProgramRunner.KernelCycles> kernels) {
    trace.ifPresent(t -> t.finish(cycles, kernels));
    List<Profile.Spent> spent = new ArrayList<>();
    for (int i = 0; i < sums.length; i++) {
      if (sums[i] > 0) {
        int row = i / ACTIVITIES.length;
        spent.add(
            new Profile.Spent(
                UNITS[row % UNITS.length],
                ACTIVITIES[i % ACTIVITIES.length],
                row / UNITS.length,
                sums[i]));
      }
    }
    return new Profile(program, cycles, kernels, spent);
  }
}
