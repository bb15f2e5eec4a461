package org.lapidary.sim.timing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;
import org.lapidary.machine.isa.Activation;
import org.lapidary.machine.isa.Dataflow;
import org.lapidary.machine.isa.DramAddr;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.Isa;
import org.lapidary.machine.isa.LocalAddr;
import org.lapidary.machine.isa.RoccCommand;
import org.lapidary.sim.MainMemory;
import org.lapidary.sim.Simulator;

/// A program reads through COUNTER_OP what the cycle model counted.
class CycleCountersTest {
  private static final long BASE = MainMemory.DEFAULT_BASE;
  private static final int DIM = 16;

  private final GemminiParams params = GemminiParams.load("default");
  private final CycleModel model = new CycleModel(params, MemoryTiming.of(params));
  private final Simulator simulator =
      new Simulator(params, Semantics.RTL, new MainMemory(BASE, 1 << 16));

  /// The counter that counts an event: its place in the list.
  private static int counterOf(CycleCounters.Event event) {
    return List.of(CycleCounters.Event.values()).indexOf(event);
  }

  private long rd(Instr.CounterOp command) {
    RoccCommand encoded = Isa.encode(command);
    return simulator.execute(encoded.funct(), encoded.rs1(), encoded.rs2());
  }

  private long count(int counter, int event, boolean external) {
    return rd(new Instr.CounterOp(false, false, false, true, counter, event, external));
  }

  private long read(int counter) {
    return rd(new Instr.CounterOp(false, false, false, false, counter, 0, false));
  }

  private long snapshot(int counter) {
    return rd(new Instr.CounterOp(false, false, true, false, counter, 0, false));
  }

  private long dropSnapshot(int counter) {
    return rd(new Instr.CounterOp(false, true, false, false, counter, 0, false));
  }

  /// One tile of A times one of B, int8 in and out, waited for.
  private void multiplyTile() {
    simulator.execute(
        new Instr.ConfigExecute(
            Dataflow.WEIGHT_STATIONARY, Activation.NONE, false, false, false, 1, 0, 0, 0, 1));
    simulator.execute(new Instr.ConfigLoad(false, 0, 1, DIM, 1f, DIM));
    simulator.execute(new Instr.ConfigStore(Activation.NONE, 0, 0, 0, 0, 0, 0, 0, 0, 0, DIM, 1f));
    simulator.execute(new Instr.Mvin(new DramAddr(BASE), LocalAddr.spad(0), DIM, DIM));
    simulator.execute(new Instr.Mvin(new DramAddr(BASE + 1024), LocalAddr.spad(DIM), DIM, DIM));
    simulator.execute(new Instr.Preload(LocalAddr.spad(DIM), DIM, DIM, LocalAddr.acc(0), DIM, DIM));
    simulator.execute(
        new Instr.ComputePreloaded(LocalAddr.spad(0), DIM, DIM, LocalAddr.GARBAGE, DIM, DIM));
    simulator.execute(new Instr.Mvout(new DramAddr(BASE + 4096), LocalAddr.acc(0), DIM, DIM));
    simulator.execute(new Instr.Fence());
  }

  @Test
  void aProgramReadsWhatItCost() {
    new CycleCounters(model).installIn(simulator);
    multiplyTile();
    for (CycleCounters.Event event : CycleCounters.Event.values()) {
      assertThat(count(counterOf(event), event.number(), event.external())).isZero();
    }
    CycleStatistics before = model.statistics().snapshot();
    multiplyTile();
    CycleStatistics cost = model.statistics().since(before);
    for (CycleCounters.Event event : CycleCounters.Event.values()) {
      assertThat(read(counterOf(event))).as(event.name()).isEqualTo(event.in(cost));
    }
    assertThat(read(counterOf(CycleCounters.Event.BYTES_READ))).isEqualTo(2 * DIM * DIM);
    assertThat(read(counterOf(CycleCounters.Event.BYTES_WRITTEN))).isEqualTo(DIM * DIM);
    assertThat(read(counterOf(CycleCounters.Event.EXECUTE_ACTIVE)))
        .isBetween(2L * DIM, model.cycles() / 2);
    assertThat(read(counterOf(CycleCounters.Event.LOAD_ACTIVE)))
        .isBetween(2L * DIM, model.cycles() / 2);
  }

  @Test
  void aSnapshotStaysAsItIsUntilItIsDropped() {
    new CycleCounters(model).installIn(simulator);
    count(0, 4, true);
    multiplyTile();
    assertThat(snapshot(0)).isEqualTo(512);
    multiplyTile();
    assertThat(read(0)).isEqualTo(512);
    assertThat(dropSnapshot(0)).isEqualTo(1024);
  }

  @Test
  void unknownEventsAndMachinesWithoutAModelCountNothing() {
    count(0, 24, false);
    multiplyTile();
    assertThat(read(0)).isZero();
    new CycleCounters(model).installIn(simulator);
    count(0, 24, false);
    count(1, 15, false);
    multiplyTile();
    assertThat(read(0)).isPositive();
    assertThat(read(1)).isZero();
  }
}
