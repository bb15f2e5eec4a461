package org.lapidary.sim.timing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lapidary.machine.GemminiParams;
import org.lapidary.sim.timing.CycleStatistics.Counter;

class CycleModelTest {
  private static CycleModel model(int latency) {
    return new CycleModel(GemminiParams.load("default"), MemoryTiming.flat(latency, 1, 1));
  }

  /// One LOOP_WS of the given tiles without bias, on dense operands.
  private static void loop(CycleModel model, int i, int j, int k) {
    model.command(0, 0x3F80_0000_0001_0004L, 1L << 48);
    model.command(0, 2, 0x3F80_0000L << 32 | 16L * j);
    model.command(0, 0x3F80_0000_0010_0101L, 16L * k);
    model.command(0, 0x3F80_0000_0010_0109L, 16L * j);
    model.command(9, 0, (long) k << 32 | (long) j << 16 | i);
    model.command(10, 0x8000_0000L, 0x8100_0000L);
    model.command(11, 0, 0x8200_0000L);
    model.command(12, 16L * k, 16L * j);
    model.command(13, 16L * j, 16L * j);
    model.command(8, 0, 0);
  }

  @Test
  void aLoopMovesEachOperandOnce() {
    CycleModel model = model(20);
    loop(model, 4, 4, 4);
    model.cycles();
    assertThat(model.statistics().of(Counter.READ_BYTES)).isEqualTo(2 * 64 * 64);
    assertThat(model.statistics().of(Counter.WRITE_BYTES)).isEqualTo(64 * 64);
    assertThat(model.statistics().of(Counter.MACS)).isEqualTo(64 * 64 * 64);
  }

  @Test
  void aLoneTileLoadsComputesAndStoresInTurn() {
    CycleModel model = model(20);
    loop(model, 4, 4, 4);
    assertThat(model.cycles()).isBetween(2040L, 2080L);
  }

  @Test
  void theArrayIsNeverMoreThanFullyUsed() {
    for (int k : new int[] {1, 4, 16}) {
      CycleModel model = model(1);
      for (int n = 0; n < 8; n++) {
        loop(model, 4, 4, k);
      }
      long cycles = model.cycles();
      assertThat(model.statistics().of(Counter.MACS)).isLessThanOrEqualTo(256 * cycles);
      assertThat(model.statistics().arrayBusy()).isLessThanOrEqualTo(cycles);
    }
  }

  @Test
  void slowerMemoryAndFewerCommandsAreNeverFaster() {
    long previous = 0;
    for (int latency : new int[] {6, 20, 60, 100, 200}) {
      CycleModel model = model(latency);
      loop(model, 4, 4, 8);
      long cycles = model.cycles();
      assertThat(cycles).isGreaterThan(previous);
      previous = cycles;
    }
    var slow = new CycleModel(GemminiParams.load("default"), MemoryTiming.flat(200, 1, 500));
    loop(slow, 4, 4, 8);
    assertThat(slow.cycles()).isGreaterThan(previous);
  }

  @Test
  void countersTellWhatHappenedBetweenTwoSnapshots() {
    CycleModel model = model(20);
    loop(model, 4, 4, 4);
    long cycles = model.cycles();
    CycleStatistics before = model.statistics().snapshot();
    loop(model, 2, 4, 4);
    model.cycles();
    CycleStatistics after = model.statistics().since(before);
    assertThat(after.of(Counter.MACS)).isEqualTo(32 * 64 * 64);
    assertThat(before.of(Counter.MACS)).isEqualTo(64 * 64 * 64);
    assertThat(before.utilisation(16, cycles)).isEqualTo(1024.0 / cycles);
    assertThat(before.time(Unit.EXECUTE, Activity.WAIT_LOAD)).isPositive();
    assertThat(before.toString()).contains("waiting for an mvin").contains("262,144");
  }

  @Test
  void aFenceSeparatesTwoRuns() {
    CycleModel model = model(20);
    loop(model, 4, 4, 4);
    long once = model.cycles();
    loop(model, 4, 4, 4);
    assertThat(model.cycles()).isBetween(2 * once - 4, 2 * once + 4);
    assertThat(model.cycles()).isEqualTo(model.cycles());
  }

  @Test
  void rangesOfCommandsEndInOrderAndAddUp() {
    CycleModel model = model(20);
    loop(model, 4, 4, 4);
    assertThat(model.mark()).isEqualTo(1);
    loop(model, 2, 4, 4);
    assertThat(model.mark()).isEqualTo(2);
    long all = model.cycles();
    assertThat(model.endOf(0)).isBetween(1500L, all - 1);
    assertThat(model.endOf(1)).isGreaterThan(model.endOf(0)).isLessThanOrEqualTo(all);
    assertThat(model.endOf(2)).isEqualTo(all);
  }

  @Test
  void runsOnEveryShippedMachine() {
    for (String name :
        new String[] {"default", "norm", "lean", "chip", "ibert", "survey", "large-chip"}) {
      GemminiParams params = GemminiParams.load(name);
      var model = new CycleModel(params, MemoryTiming.of(params));
      loop(model, 1, 1, 2);
      assertThat(model.cycles()).as(name).isBetween(100L, 1000L);
    }
  }

  @Test
  void theKnownErrorMeetsItsTarget() {
    KnownError error = CycleModel.knownError();
    assertThat(error.overall().mean()).isLessThanOrEqualTo(5);
    assertThat(error.overall().p90()).isLessThanOrEqualTo(10);
    for (Map.Entry<String, ErrorSummary> family : error.families().entrySet()) {
      assertThat(family.getValue().worst()).as(family.getKey()).isLessThanOrEqualTo(25);
    }
    assertThat(KnownError.parse(error.text().lines().toList())).isEqualTo(error);
  }

  @Test
  void impossibleMemoriesAreRefused() {
    assertThatThrownBy(() -> MemoryTiming.flat(0, 1, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least 1");
  }
}
