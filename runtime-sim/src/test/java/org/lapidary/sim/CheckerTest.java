package org.lapidary.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;
import org.lapidary.machine.isa.Activation;
import org.lapidary.machine.isa.Dataflow;
import org.lapidary.machine.isa.DramAddr;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.LocalAddr;

/// The checked mode names each mistake with the command's index and text, and lets sound programs
/// pass.
class CheckerTest {
  private static final long BASE = MainMemory.DEFAULT_BASE;
  private static final Instr LOAD_BYTES = new Instr.ConfigLoad(false, 0, 1, 16, 1f, 16);
  private static final Instr STORE =
      new Instr.ConfigStore(Activation.NONE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 1f);

  private static Simulator run(String machine, Instr... program) {
    GemminiParams params = GemminiParams.load(machine);
    MainMemory memory = new MainMemory(BASE, 1 << 16);
    Simulator simulator = new Simulator(params, Semantics.RTL, memory);
    Checker checker = new Checker(params);
    simulator.observe(checker);
    memory.observeHostStores(checker);
    List.of(program).forEach(simulator::execute);
    return simulator;
  }

  private static Instr mvin(long offset, LocalAddr to, int rows) {
    return new Instr.Mvin(new DramAddr(BASE + offset), to, 16, rows);
  }

  private static Instr mvout(long offset, LocalAddr from, int rows) {
    return new Instr.Mvout(new DramAddr(BASE + offset), from, 16, rows);
  }

  @Test
  void soundProgramsPass() {
    Simulator simulator =
        run(
            "default",
            LOAD_BYTES,
            STORE,
            mvin(0, LocalAddr.spad(0), 16),
            mvout(1024, LocalAddr.spad(0), 16),
            new Instr.Fence(),
            mvin(1024, LocalAddr.spad(16), 16),
            mvout(4096, LocalAddr.spad(16), 16));
    assertThat(simulator.commandsExecuted()).isEqualTo(7);
    assertThatCode(() -> simulator.memory().store(BASE + 9000, new byte[8]))
        .doesNotThrowAnyException();
  }

  @Test
  void neverWrittenRowsAreNotRead() {
    assertThatThrownBy(() ->
            run(
                "default",
                LOAD_BYTES,
                STORE,
                mvin(0, LocalAddr.spad(0), 8),
                mvout(512, LocalAddr.spad(0), 9)))
        .isInstanceOf(MachineTrap.class)
        .hasMessage(
            "command 3: mvout to=0x80000200, from=spad[0], cols=16, rows=9: "
                + "reads scratchpad row 8, which was never written");
    assertThatThrownBy(() -> run("default", LOAD_BYTES, mvin(0, LocalAddr.accAdd(4), 1)))
        .hasMessageContaining("reads accumulator row 4, which was never written");
  }

  @Test
  void rowsOutOfRangeTrapUnderBothSemantics() {
    assertThatThrownBy(() -> run("default", LOAD_BYTES, mvin(0, LocalAddr.spad(16380), 8)))
        .hasMessageContaining("scratchpad row 16384 does not exist");
  }

  @Test
  void dependentAccessesNeedAFence() {
    assertThatThrownBy(() ->
            run(
                "default",
                LOAD_BYTES,
                STORE,
                mvin(0, LocalAddr.spad(0), 16),
                mvout(1024, LocalAddr.spad(0), 16),
                mvin(1279, LocalAddr.spad(16), 1)))
        .hasMessageContaining("command 4: mvin")
        .hasMessageContaining("which an earlier mvout writes; fence in between");
    assertThatThrownBy(() ->
            run(
                "default",
                LOAD_BYTES,
                STORE,
                mvin(0, LocalAddr.spad(0), 16),
                mvout(255, LocalAddr.spad(0), 1)))
        .hasMessageContaining("which an earlier mvin reads; fence in between");
    Simulator simulator = run("default", LOAD_BYTES, mvin(0, LocalAddr.spad(0), 1));
    assertThatThrownBy(() -> simulator.memory().store(BASE + 15, new byte[1]))
        .hasMessageContaining("the host stores to");
  }

  @Test
  void wrappingSumsAreFound() {
    MainMemory memory = new MainMemory(BASE, 1 << 12);
    byte[] largest = {-1, -1, -1, 127};
    memory.store(BASE, largest);
    GemminiParams params = GemminiParams.load("default");
    Simulator simulator = new Simulator(params, Semantics.LIBGEMMINI, memory);
    simulator.observe(new Checker(params));
    simulator.execute(LOAD_BYTES);
    simulator.execute(new Instr.Mvin(new DramAddr(BASE), LocalAddr.acc(0), 1, 1));
    assertThatThrownBy(
            () -> simulator.execute(new Instr.Mvin(new DramAddr(BASE), LocalAddr.accAdd(0), 1, 1)))
        .hasMessageEndingWith("4294967294 does not fit int32 and wraps around");
  }

  @Test
  void buildsAreHeldToWhatTheyCanDo() {
    assertThatThrownBy(() ->
            run(
                "chip",
                new Instr.ConfigExecute(
                    Dataflow.OUTPUT_STATIONARY,
                    Activation.NONE,
                    false,
                    false,
                    false,
                    1,
                    0,
                    0,
                    0,
                    1)))
        .hasMessageContaining("this build has no OUTPUT_STATIONARY dataflow");
    assertThatThrownBy(() ->
            run(
                "default",
                new Instr.ConfigStore(Activation.IGELU, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 1f)))
        .hasMessageContaining("this build has no normalisation unit");
    assertThatThrownBy(() -> run("default", LOAD_BYTES, mvin(0, LocalAddr.spad(0), 17)))
        .hasMessageContaining("17 rows, at most 16");
  }

  @Test
  void forbiddenTransposesTrap() {
    Instr bothTransposed =
        new Instr.ConfigExecute(
            Dataflow.WEIGHT_STATIONARY, Activation.NONE, false, true, true, 1, 0, 0, 0, 1);
    Instr compute = new Instr.ComputePreloaded(LocalAddr.spad(0), 1, 1, LocalAddr.GARBAGE, 1, 1);
    assertThatThrownBy(() -> run("default", bothTransposed, compute))
        .hasMessageContaining("weight stationary: A and B cannot both be transposed");
  }

  @Test
  void sampleProgramsOnlyMisuseWhatTheyMeanTo() {
    for (String name : List.of("loop_ws", "loop_ws_at", "loop_ws_resadd")) {
      SamplePrograms.Program program = SamplePrograms.make(name, 5, 16);
      GemminiParams params = GemminiParams.load("norm");
      MainMemory memory = new MainMemory(BASE, SamplePrograms.MEMORY_BYTES);
      memory.store(BASE, program.input());
      Simulator simulator = new Simulator(params, Semantics.LIBGEMMINI, memory);
      simulator.observe(new Checker(params));
      assertThatCode(() -> program.commands().forEach(simulator::execute))
          .as(name)
          .doesNotThrowAnyException();
    }
  }
}
