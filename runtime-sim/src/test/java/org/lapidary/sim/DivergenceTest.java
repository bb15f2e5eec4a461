package org.lapidary.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.lapidary.machine.Divergence;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;
import org.lapidary.machine.isa.Activation;
import org.lapidary.machine.isa.Dataflow;
import org.lapidary.machine.isa.DramAddr;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.LocalAddr;
import org.lapidary.machine.isa.NormCommand;
import org.lapidary.machine.isa.NormConstant;
import org.lapidary.machine.isa.RoccCommand;

/// Each declared difference between the two semantics can be seen, and seen the way it is declared.
class DivergenceTest {
  private static final long BASE = MainMemory.DEFAULT_BASE;
  private static final int LOOP_WS = 8;

  /// A machine with an accumulator row of one int32.
  private static Simulator machine(Semantics semantics, int value) {
    GemminiParams params = GemminiParams.load("norm");
    Simulator simulator = new Simulator(params, semantics, new MainMemory(BASE, 1 << 16));
    simulator.accumulator()[0] = value;
    return simulator;
  }

  private static void store(Simulator simulator, Activation activation, float scale) {
    simulator.execute(new Instr.ConfigStore(activation, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, scale));
  }

  private static int mvoutByte(Simulator simulator) {
    simulator.execute(new Instr.Mvout(new DramAddr(BASE + 256), LocalAddr.acc(0), 1, 1));
    return simulator.memory().load(BASE + 256, 1)[0];
  }

  private static int mvoutInt(Simulator simulator) {
    simulator.execute(new Instr.Mvout(new DramAddr(BASE + 256), LocalAddr.accFull(0), 1, 1));
    return (int) MainMemory.INT.get(simulator.memory().bytes(), 256);
  }

  @Test
  void everyRowIsDeclaredOnce() {
    Set<String> topics = new HashSet<>();
    for (Divergence difference : Divergence.values()) {
      assertThat(topics.add(difference.topic())).isTrue();
      assertThat(difference.behaviour(Semantics.RTL))
          .isNotEqualTo(difference.behaviour(Semantics.LIBGEMMINI));
    }
    assertThat(Semantics.differences().lines()).hasSize(Divergence.values().length + 2);
  }

  @Test
  void theReadmeTellsThem() throws IOException {
    Path readme = Path.of(System.getProperty("lapidary.root"), "runtime-sim", "README.md");
    assertThat(Files.readString(readme)).contains(Semantics.differences());
  }

  @Test
  void iexpOfFarNegativesIsZeroOnHardwareOnly() {
    // q = -33 * ln2 in units of 1: z is 33, which modulo 32 is 1.
    int q = -33 * 13 - 5;
    assertThat(Numerics.iexp(q, 27, 383, 13, 5041, true)).isZero();
    assertThat(Numerics.iexp(q, 27, 383, 13, 5041, false)).isPositive();
    assertThat(Numerics.iexp(-20, 27, 383, 13, 5041, true))
        .isEqualTo(Numerics.iexp(-20, 27, 383, 13, 5041, false));
  }

  @Test
  void nanAndHugeProducts() {
    assertThat(Numerics.scale8(0, Float.NaN, true)).isEqualTo(127);
    assertThat(Numerics.scale8(0, Float.NaN, false)).isEqualTo(-128);
    assertThat(Numerics.scale8(1, 1e30f, true)).isEqualTo(127);
    assertThat(Numerics.scale8(1, 1e30f, false)).isEqualTo(-128);
    assertThat(Numerics.scale8(1, 1e18f, false)).isEqualTo(127);
  }

  @Test
  void reluBeforeOrAfterTheScale() {
    for (Semantics semantics : Semantics.values()) {
      Simulator simulator = machine(semantics, -10);
      store(simulator, Activation.RELU, -1f);
      assertThat(mvoutByte(simulator)).isEqualTo(semantics == Semantics.RTL ? 0 : 10);
    }
  }

  @Test
  void softmaxIsStickyInTheFunctionalModelOnly() {
    for (Semantics semantics : Semantics.values()) {
      Simulator simulator = machine(semantics, 5);
      store(simulator, Activation.NONE, 1f);
      simulator.execute(new Instr.ConfigNorm(0, true, false, NormConstant.QLN2, 13, 27, 383));
      store(simulator, Activation.NONE, 1f);
      assertThat(mvoutByte(simulator)).isEqualTo(semantics == Semantics.RTL ? 5 : 0);
    }
  }

  @Test
  void fullWidthRowsAreRawOnHardware() {
    for (Semantics semantics : Semantics.values()) {
      Simulator simulator = machine(semantics, 7);
      store(simulator, Activation.IGELU, 1f);
      simulator.execute(new Instr.ConfigNorm(0, false, false, NormConstant.QLN2, 0, -3, -10));
      assertThat(mvoutInt(simulator))
          .isEqualTo(semantics == Semantics.RTL ? 7 : Numerics.igelu(7, -3, -10));
    }
  }

  @Test
  void allOnesKeepTheScaleOnHardware() {
    for (Semantics semantics : Semantics.values()) {
      Simulator simulator = machine(semantics, 6);
      store(simulator, Activation.NONE, 0.5f);
      RoccCommand keep = new RoccCommand(0, 2, 0xFFFFFFFF_00000010L);
      simulator.execute(keep.funct(), keep.rs1(), keep.rs2());
      assertThat(mvoutByte(simulator)).isEqualTo(semantics == Semantics.RTL ? 3 : -128);
    }
  }

  @Test
  void outputStationaryResultsAreShiftedIntoTheAccumulatorOnHardware() {
    for (Semantics semantics : Semantics.values()) {
      Simulator simulator = machine(semantics, 0);
      simulator.scratchpad()[0] = 100;
      simulator.execute(
          new Instr.ConfigExecute(
              Dataflow.OUTPUT_STATIONARY, Activation.NONE, false, false, false, 1, 0, 4, 0, 1));
      simulator.execute(new Instr.Preload(LocalAddr.GARBAGE, 1, 1, LocalAddr.acc(0), 1, 1));
      simulator.execute(
          new Instr.ComputePreloaded(LocalAddr.spad(0), 1, 1, LocalAddr.spad(0), 1, 1));
      assertThat(simulator.accumulator()[0])
          .isEqualTo(semantics == Semantics.RTL ? 10000 / 16 : 10000);
    }
  }

  @Test
  void rowsOutOfRangeAndTheClockGate() {
    Instr beyond = new Instr.Mvin(new DramAddr(BASE), LocalAddr.spad(16384 + 3), 1, 1);
    Simulator rtl = machine(Semantics.RTL, 0);
    rtl.memory().store(BASE, new byte[] {42});
    rtl.execute(new Instr.ConfigLoad(false, 0, 1, 16, 1f, 0));
    rtl.execute(beyond);
    rtl.execute(new Instr.ClockGate(true));
    assertThat(rtl.scratchpad()[3 * 16]).isEqualTo((byte) 42);
    Simulator model = machine(Semantics.LIBGEMMINI, 0);
    assertThatThrownBy(() -> model.execute(beyond)).hasMessageContaining("is out of range");
    assertThatThrownBy(() -> model.execute(new Instr.ClockGate(true)))
        .hasMessageContaining("clock gate");
  }

  @Test
  void pixelRepeatsStopAtTheHalfOnHardware() {
    for (Semantics semantics : Semantics.values()) {
      Simulator simulator = machine(semantics, 0);
      simulator.memory().store(BASE, new byte[] {9});
      simulator.execute(new Instr.ConfigLoad(false, 0, 2, 16, 1f, 0));
      simulator.execute(new Instr.Mvin(new DramAddr(BASE), LocalAddr.spad(8192), 1, 1));
      assertThat(simulator.scratchpad()[8191 * 16 + 1])
          .isEqualTo((byte) (semantics == Semantics.RTL ? 0 : 9));
    }
  }

  @Test
  void arrayOperandsInTheAccumulator() {
    Instr compute = new Instr.ComputePreloaded(LocalAddr.acc(0), 1, 1, LocalAddr.GARBAGE, 1, 1);
    for (Semantics semantics : Semantics.values()) {
      Simulator simulator = machine(semantics, 50);
      simulator.scratchpad()[0] = 3;
      simulator.execute(
          new Instr.ConfigExecute(
              Dataflow.WEIGHT_STATIONARY, Activation.NONE, false, false, false, 1, 0.5f, 0, 0, 1));
      simulator.execute(new Instr.Preload(LocalAddr.spad(0), 1, 1, LocalAddr.acc(1), 1, 1));
      if (semantics == Semantics.RTL) {
        simulator.execute(compute);
        assertThat(simulator.accumulator()[16]).isEqualTo(75);
      } else {
        assertThatThrownBy(() -> simulator.execute(compute))
            .hasMessageContaining("cannot read operands from the accumulator");
      }
    }
  }

  @Test
  void loopsAlternateTheirHalvesOnHardware() {
    for (Semantics semantics : Semantics.values()) {
      Simulator simulator = machine(semantics, 0);
      simulator.memory().store(BASE, new byte[] {5});
      simulator.execute(
          new Instr.ConfigExecute(
              Dataflow.WEIGHT_STATIONARY, Activation.NONE, false, false, false, 1, 0, 0, 0, 1));
      simulator.execute(new Instr.ConfigLoad(false, 0, 1, 16, 1f, 16));
      simulator.execute(new Instr.ConfigLoad(false, 1, 1, 16, 1f, 16));
      store(simulator, Activation.NONE, 1f);
      simulator.execute(new Instr.LoopWsBounds(15, 15, 15, 1, 1, 1));
      simulator.execute(new Instr.LoopWsAddrsAb(new DramAddr(BASE), new DramAddr(BASE)));
      simulator.execute(new Instr.LoopWsAddrsDc(DramAddr.NONE, new DramAddr(BASE + 64)));
      Instr loop =
          new Instr.LoopWs(
              false,
              false,
              false,
              Activation.NONE,
              0,
              0,
              false,
              false,
              false,
              false,
              false,
              false,
              false,
              false,
              false,
              false,
              new LocalAddr(0));
      simulator.execute(loop);
      simulator.execute(loop);
      boolean rtl = semantics == Semantics.RTL;
      assertThat(simulator.accumulator()[0]).isEqualTo(25);
      assertThat(simulator.accumulator()[512 * 16]).isEqualTo(rtl ? 25 : 0);
      assertThat(simulator.scratchpad()[8192 * 16]).isEqualTo((byte) (rtl ? 5 : 0));
    }
  }

  @Test
  void softmaxIsRoundedOnceOnHardware() {
    for (Semantics semantics : Semantics.values()) {
      Simulator simulator = machine(semantics, 0);
      store(simulator, Activation.NONE, 3f);
      simulator.execute(new Instr.ConfigNorm(0, true, false, NormConstant.QLN2, 13, 27, 383));
      simulator.execute(new Instr.ConfigNorm(0, true, false, NormConstant.QLN2_INV, 5041, 27, 383));
      for (NormCommand pass :
          List.of(NormCommand.MAX, NormCommand.INV_SUM_EXP, NormCommand.RESET)) {
        LocalAddr row = LocalAddr.acc(0).with(pass);
        simulator.execute(new Instr.Mvout(new DramAddr(BASE + 256), row, 4, 1));
      }
      // Four equal probabilities of 127 / 4 = 31.75, times 3: 95.25, or 32 times 3.
      byte expected = (byte) (semantics == Semantics.RTL ? 95 : 96);
      assertThat(simulator.memory().load(BASE + 256, 4)).containsOnly(expected);
    }
  }

  /// What a loop of one element, 5 * 5 + 100, leaves as A, B, accumulator and C.
  private static List<Integer> loopWith(Semantics semantics, int controlBit) {
    Simulator simulator = machine(semantics, 0);
    simulator.memory().store(BASE, new byte[] {5});
    simulator.memory().store(BASE + 128, new byte[] {100, 0, 0, 0});
    prepareLoop(simulator);
    simulator.execute(new Instr.LoopWsAddrsDc(new DramAddr(BASE + 128), new DramAddr(BASE + 256)));
    simulator.execute(LOOP_WS, 1, 1L << controlBit);
    return List.of(
        (int) simulator.scratchpad()[0],
        (int) simulator.scratchpad()[(8192 - 16) * 16],
        simulator.accumulator()[0],
        (int) simulator.memory().load(BASE + 256, 1)[0]);
  }

  private static void prepareLoop(Simulator simulator) {
    simulator.execute(
        new Instr.ConfigExecute(
            Dataflow.WEIGHT_STATIONARY, Activation.NONE, false, false, false, 1, 0, 0, 0, 1));
    for (int state = 0; state < 3; state++) {
      simulator.execute(new Instr.ConfigLoad(false, state, 1, 16, 1f, 16));
    }
    store(simulator, Activation.NONE, 1f);
    simulator.execute(new Instr.LoopWsBounds(15, 15, 15, 1, 1, 1));
    simulator.execute(new Instr.LoopWsAddrsAb(new DramAddr(BASE), new DramAddr(BASE)));
  }

  @Test
  void loopsSkipWhatTheyAreToldToOnHardware() {
    for (int bit = 3; bit <= 7; bit++) {
      assertThat(loopWith(Semantics.LIBGEMMINI, bit)).containsExactly(5, 5, 125, 125);
    }
    assertThat(loopWith(Semantics.RTL, 3)).as("skip A").containsExactly(0, 5, 100, 100);
    assertThat(loopWith(Semantics.RTL, 4)).as("skip B").containsExactly(5, 0, 100, 100);
    assertThat(loopWith(Semantics.RTL, 5)).as("skip D").containsExactly(5, 5, 25, 25);
    assertThat(loopWith(Semantics.RTL, 6)).as("skip execute").containsExactly(5, 5, 100, 100);
    assertThat(loopWith(Semantics.RTL, 7)).as("skip store").containsExactly(5, 5, 125, 0);
  }

  @Test
  void loopsToggleTheAccumulatorHalfOnHardware() {
    for (Semantics semantics : Semantics.values()) {
      for (int toggle = 0; toggle <= 1; toggle++) {
        Simulator simulator = machine(semantics, 0);
        simulator.memory().store(BASE, new byte[] {5});
        prepareLoop(simulator);
        simulator.execute(LOOP_WS, 0, (long) toggle << 8);
        simulator.execute(LOOP_WS, 0, 0);
        assertThat(simulator.accumulator()[512 * 16])
            .isEqualTo(semantics == Semantics.RTL && toggle == 1 ? 25 : 0);
      }
    }
  }

  @Test
  void pooledConvolutionsKnowOneBitOfActivationInTheFunctionalModel() {
    for (Semantics semantics : Semantics.values()) {
      for (Activation activation : List.of(Activation.NONE, Activation.RELU, Activation.IGELU)) {
        Simulator simulator = machine(semantics, 0);
        simulator.memory().store(BASE, new byte[] {-5, -6, -7, -8});
        simulator.memory().store(BASE + 64, new byte[] {1});
        prepareLoop(simulator);
        pooledConvolution(simulator, activation);
        // Pooling knows RELU alone: IGELU as a whole is no RELU, one bit of it is.
        boolean relu =
            activation == Activation.RELU
                || (activation == Activation.IGELU && semantics == Semantics.LIBGEMMINI);
        assertThat(simulator.memory().load(BASE + 256, 1)[0])
            .as("%s under %s", activation, semantics)
            .isEqualTo((byte) (relu ? 0 : -5));
      }
    }
  }

  /// Four pixels of one channel, a kernel of one weight, pooled to one pixel.
  private static void pooledConvolution(Simulator simulator, Activation activation) {
    simulator.execute(new Instr.LoopConvWs1(1, 2, 1, 1, 2, 1, 2, 1, 0));
    simulator.execute(new Instr.LoopConvWs2(0, 2, 2, 1, 1, 1, 1, 1, 1));
    simulator.execute(new Instr.LoopConvWs3(0, 1, 1, 1, 2, 0, 0, 0, 0));
    simulator.execute(new Instr.LoopConvWs4(1, 0, 0, 0, 2, 2, 1, 1, 1));
    simulator.execute(new Instr.LoopConvWs5(new DramAddr(BASE + 64), new DramAddr(BASE + 256)));
    simulator.execute(new Instr.LoopConvWs6(DramAddr.NONE, new DramAddr(BASE)));
    simulator.execute(
        new Instr.LoopConvWs(
            true,
            false,
            false,
            false,
            false,
            false,
            false,
            1,
            0,
            0,
            false,
            false,
            false,
            activation));
  }

  @Test
  void aWindowWithoutPoolStrideIsAModeOnHardwareOnly() {
    for (Semantics semantics : Semantics.values()) {
      Simulator simulator = machine(semantics, 7);
      simulator.execute(new Instr.ConfigStore(Activation.NONE, 0, 2, 0, 0, 0, 0, 0, 0, 0, 16, 1f));
      if (semantics == Semantics.RTL) {
        assertThatThrownBy(() -> mvoutByte(simulator)).hasMessageContaining("1-D mvout mode");
      } else {
        assertThat(mvoutByte(simulator)).isEqualTo(7);
      }
    }
  }
}
