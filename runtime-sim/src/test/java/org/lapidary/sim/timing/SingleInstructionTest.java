package org.lapidary.sim.timing;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lapidary.machine.GemminiParams;

/// The closed forms of rtl/README "Rules that reproduce the measurements", at several latencies.
class SingleInstructionTest {
  private static final long ACC = 0x8000_0000L;
  private static final long GARBAGE = 0xFFFF_FFFFL;
  private static final long MEMORY = 0x8000_1000L;
  private static final long ONE = 0x3F80_0000L << 32;

  /// Cycles of `count` commands made by `stream`, from idle to idle, after configuration.
  private static long cycles(int latency, int count, Stream stream) {
    var model = new CycleModel(GemminiParams.load("default"), MemoryTiming.flat(latency, 1, 1));
    model.command(0, ONE | 0x10004, 1L << 48);
    model.command(0, 2, 0x3F80_0000L << 32 | 64);
    model.command(0, ONE | 16 << 16 | 1 << 8 | 1, 64);
    model.command(0, ONE | 16 << 16 | 1 << 8 | 1 << 3 | 1, 64);
    model.command(0, ONE | 16 << 16 | 1 << 8 | 2 << 3 | 1, 0);
    long start = model.cycles();
    for (int i = 0; i < count; i++) {
      stream.give(model, i);
    }
    return model.cycles() - start;
  }

  private interface Stream {
    void give(CycleModel model, int i);
  }

  private static double eachOf(int latency, Stream stream) {
    return (cycles(latency, 64, stream) - cycles(latency, 32, stream)) / 32.0;
  }

  private static long operand(long row, int cols, int rows) {
    return LoopUnroller.operand(row, cols, rows);
  }

  private static Stream mvin(int cols, int rows) {
    return (m, i) -> m.command(2, MEMORY + 1024L * i, operand(16L * i * (cols / 16), cols, rows));
  }

  private static Stream mvout(long source, int cols, int rows) {
    return (m, i) -> m.command(3, MEMORY + 1024L * i, operand(source, cols, rows));
  }

  private static Stream pair(boolean newB, int rows, long rowB) {
    return (m, i) -> {
      boolean load = newB || i == 0;
      m.command(
          6, operand(load ? rowB + 16L * i : GARBAGE, 16, 16), operand(ACC + 16L * i, 16, rows));
      m.command(load ? 4 : 5, operand(16L * i, 16, rows), operand(GARBAGE, 16, 16));
    };
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 6, 20, 100})
  void anMvinTakesItsBeatsAndTheLatency(int latency) {
    for (int rows : new int[] {1, 4, 8, 16}) {
      assertThat(cycles(latency, 1, mvin(16, rows))).isEqualTo(22 + latency + rows - 1);
    }
    assertThat(cycles(latency, 1, mvin(64, 16))).isEqualTo(22 + latency + 63);
  }

  @Test
  void mvinsInARowAreBoundByTheBusTwoInFlightOrSixteenRequests() {
    assertThat(eachOf(6, mvin(64, 16))).isEqualTo(64);
    assertThat(eachOf(6, mvin(16, 16))).isEqualTo(18);
    assertThat(eachOf(20, mvin(16, 4))).isEqualTo(19);
    assertThat(eachOf(100, mvin(16, 16))).isEqualTo(107);
    assertThat(eachOf(100, mvin(64, 16))).isEqualTo(110);
  }

  @Test
  void zerosAreMadeARowACycle() {
    Stream zeros = (m, i) -> m.command(2, 0, operand(64L * i, 64, 16));
    assertThat(cycles(20, 1, zeros)).isEqualTo(74);
    assertThat(eachOf(100, zeros)).isEqualTo(64);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 6, 20, 100})
  void anMvoutTakesItsRowsAndTheLatency(int latency) {
    assertThat(cycles(latency, 1, mvout(0, 16, 16))).isEqualTo(19 + latency + 15);
    assertThat(cycles(latency, 1, mvout(ACC, 16, 16))).isEqualTo(50 + latency);
  }

  @Test
  void mvoutsInARowAreBoundByReadingOrSixteenWrites() {
    assertThat(eachOf(6, mvout(0, 16, 16))).isEqualTo(19);
    assertThat(eachOf(6, mvout(ACC, 16, 16))).isBetween(25.5, 26.0);
    assertThat(eachOf(100, mvout(ACC, 16, 16))).isEqualTo(107);
    assertThat(eachOf(20, mvout(ACC, 64, 16))).isEqualTo(112);
    assertThat(eachOf(100, mvout(ACC, 64, 16))).isBetween(116.0, 117.5);
    assertThat(eachOf(20, mvout(ACC | 1 << 29, 16, 16))).isEqualTo(64);
  }

  @Test
  void aPairTakesSixtyCyclesAndItsRowsAloneSixteenInARow() {
    assertThat(cycles(20, 1, pair(true, 16, 8192))).isEqualTo(76);
    assertThat(cycles(20, 1, pair(true, 8, 8192))).isEqualTo(68);
    assertThat(cycles(20, 1, pair(true, 1, 8192))).isEqualTo(64);
    assertThat(eachOf(20, pair(true, 16, 8192))).isEqualTo(16);
    assertThat(eachOf(20, pair(true, 1, 8192))).isEqualTo(16);
    assertThat(eachOf(20, pair(false, 8, 8192))).isBetween(8.0, 8.3);
  }

  @Test
  void operandsInOneBankHalveTheArray() {
    assertThat(eachOf(20, pair(true, 16, 2048))).isEqualTo(32);
  }

  @Test
  void configurationTakesACycleEach() {
    Stream load = (m, i) -> m.command(0, ONE | 16 << 16 | 1 << 8 | 1, 64);
    Stream execute = (m, i) -> m.command(0, ONE | 0x10004, 1L << 48);
    assertThat(cycles(20, 1, load)).isEqualTo(7);
    assertThat(cycles(20, 16, load)).isEqualTo(22);
    assertThat(cycles(20, 1, execute)).isEqualTo(9);
    assertThat(cycles(20, 16, execute)).isEqualTo(24);
  }

  @Test
  void anOutputStationaryPairIsFlushedAtTheEnd() {
    Stream pairs =
        (m, i) -> {
          m.command(6, operand(GARBAGE, 16, 16), operand(ACC + 16L * i, 16, 16));
          m.command(4, operand(16L * i, 16, 16), operand(8192 + 16L * i, 16, 16));
        };
    Stream configured =
        (m, i) -> {
          if (i == 0) {
            m.command(0, ONE | 0x10000, 1L << 48);
          }
          pairs.give(m, i);
        };
    assertThat(cycles(20, 1, configured)).isBetween(92L, 94L);
    assertThat(eachOf(20, configured)).isEqualTo(16);
  }

  @Test
  void anMvinStallsTheArrayOnlyInABankItReads() {
    assertThat(overlapped(0)).isBetween(1070L, 1090L);
    assertThat(overlapped(2)).isBetween(1070L, 1090L);
    assertThat(overlapped(1)).isBetween(572L, 573L);
    assertThat(overlapped(3)).isBetween(572L, 573L);
  }

  private static long overlapped(int bank) {
    Stream pairs = pair(true, 16, 8192);
    return cycles(
        20,
        32,
        (m, i) -> {
          if (i % 4 == 0) {
            m.command(2, MEMORY + 1024L * i, operand(4096L * bank + 2048 + 16L * i, 64, 16));
          }
          pairs.give(m, i);
        });
  }
}
