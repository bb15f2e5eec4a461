package org.lapidary.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;

/// The vector kernel and the paths it is reached by compute what the scalar kernel computes.
class TwinsTest {
  private static final long SEED = 46;
  private static final int[] SIZES = {1, 7, 15, 16, 17, 31, 33, 127};

  static List<String> programs() {
    return SamplePrograms.names();
  }

  @Test
  void theFastKernelIsUnderTest() {
    assertThat(Kernel.fastest(16)).isInstanceOf(VectorKernel.class);
    assertThat(Kernel.fastest(4)).isInstanceOf(ScalarKernel.class);
  }

  @ParameterizedTest
  @MethodSource("programs")
  void programsLeaveTheSameState(String name) {
    for (String machine : List.of("norm", "large-chip")) {
      GemminiParams params = GemminiParams.load(machine);
      for (Semantics semantics : Semantics.values()) {
        for (long seed = SEED; seed < SEED + 3; seed++) {
          SamplePrograms.Program program = SamplePrograms.make(name, seed, params.dim());
          Simulator scalar = run(program, params, semantics, new ScalarKernel(params.dim()), false);
          Simulator vector = run(program, params, semantics, Kernel.fastest(params.dim()), false);
          // An observer of accesses takes the machine off its fast paths.
          Simulator slow = run(program, params, semantics, Kernel.fastest(params.dim()), true);
          for (Simulator other : List.of(vector, slow)) {
            String which = name + " on " + machine + ", seed " + seed;
            assertThat(other.accumulator()).as(which).isEqualTo(scalar.accumulator());
            assertThat(other.scratchpad()).as(which).isEqualTo(scalar.scratchpad());
            assertThat(other.memory().bytes()).as(which).isEqualTo(scalar.memory().bytes());
          }
        }
      }
    }
  }

  private static Simulator run(
      SamplePrograms.Program program,
      GemminiParams params,
      Semantics semantics,
      Kernel kernel,
      boolean observed) {
    MainMemory memory = new MainMemory(SamplePrograms.BASE, SamplePrograms.MEMORY_BYTES);
    memory.store(SamplePrograms.BASE, program.input());
    Simulator simulator = new Simulator(params, semantics, memory, kernel);
    if (observed) {
      simulator.observe(new AccessObserver() {});
    }
    long[] packed = Simulator.pack(program.commands());
    simulator.execute(packed, 0, program.commands().size());
    return simulator;
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 32, 64, 128})
  void multiplicationsAgreeOnExtremes(int dim) {
    Random random = new Random(SEED);
    ScalarKernel scalar = new ScalarKernel(dim);
    VectorKernel vector = new VectorKernel(dim);
    for (int rows : SIZES) {
      int tileRows = Math.min(rows, Kernel.TILES * dim);
      for (int depth : new int[] {1, dim - 1, dim}) {
        byte[] a = extremes(random, tileRows * dim);
        byte[] w = extremes(random, dim * dim);
        int[] start = random.ints((long) tileRows * dim).toArray();
        int[] rowStarts = new int[tileRows];
        for (int i = 0; i < tileRows; i++) {
          rowStarts[i] = i * dim;
        }
        for (boolean add : new boolean[] {false, true}) {
          int[] expected = start.clone();
          int[] actual = start.clone();
          scalar.setWeights(1, w, 0, dim, dim - 1);
          vector.setWeights(1, w, 0, dim, dim - 1);
          scalar.multiply(1, a, rowStarts, tileRows, depth, expected, rowStarts, add);
          vector.multiply(1, a, rowStarts, tileRows, depth, actual, rowStarts, add);
          assertThat(actual).isEqualTo(expected);
        }
      }
    }
  }

  private static byte[] extremes(Random random, int count) {
    byte[] bytes = new byte[count];
    for (int i = 0; i < count; i++) {
      bytes[i] = random.nextInt(8) == 0 ? (byte) random.nextInt() : Byte.MIN_VALUE;
    }
    return bytes;
  }

  @Test
  void scalingAgreesOnExtremesAndTies() {
    Random random = new Random(SEED);
    ScalarKernel scalar = new ScalarKernel(16);
    VectorKernel vector = new VectorKernel(16);
    int[] values = random.ints(4096).toArray();
    for (int i = 0; i < 2048; i++) {
      values[i] = i - 1024;
    }
    values[4000] = Integer.MIN_VALUE;
    values[4001] = Integer.MAX_VALUE;
    for (float scale : new float[] {0f, 0.5f, 0.25f, 1f, 1.5f, 0.1f, 1e-9f, 1e-40f, 1e9f}) {
      for (int floor : new int[] {0, -128}) {
        for (int count : SIZES) {
          byte[] expected = new byte[4096];
          byte[] actual = new byte[4096];
          for (int at = 0; at + count <= 4096; at += count) {
            scalar.scale(values, at, expected, at, count, scale, floor);
            vector.scale(values, at, actual, at, count, scale, floor);
          }
          assertThat(actual).as("scale " + scale).isEqualTo(expected);
        }
      }
    }
  }
}
