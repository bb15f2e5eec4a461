package org.lapidary.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;
import org.lapidary.sim.timing.CycleCounters;
import org.lapidary.sim.timing.CycleModel;
import org.lapidary.sim.timing.MemoryTiming;

/// With and without the cycle model watching, programs leave the same bits.
class TimingChangesNothingTest {
  private static final long SEED = 46;

  static List<String> programs() {
    return SamplePrograms.names();
  }

  @ParameterizedTest
  @MethodSource("programs")
  void timingChangesNoBit(String name) {
    GemminiParams params = GemminiParams.load("norm");
    SamplePrograms.Program program = SamplePrograms.make(name, SEED, params.dim());
    CycleModel model = new CycleModel(params, MemoryTiming.of(params));
    Simulator timed = machine(params, program);
    new CycleCounters(model).installIn(timed);
    Simulator plain = machine(params, program);
    for (Simulator simulator : new Simulator[] {timed, plain}) {
      long[] packed = Simulator.pack(program.commands());
      simulator.execute(packed, 0, program.commands().size());
    }
    assertThat(model.cycles()).isPositive();
    assertThat(timed.accumulator()).isEqualTo(plain.accumulator());
    assertThat(timed.scratchpad()).isEqualTo(plain.scratchpad());
    assertThat(timed.memory().bytes()).isEqualTo(plain.memory().bytes());
  }

  private static Simulator machine(GemminiParams params, SamplePrograms.Program program) {
    MainMemory memory = new MainMemory(SamplePrograms.BASE, SamplePrograms.MEMORY_BYTES);
    memory.store(SamplePrograms.BASE, program.input());
    return new Simulator(params, Semantics.RTL, memory);
  }
}
