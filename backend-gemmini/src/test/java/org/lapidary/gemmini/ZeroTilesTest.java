package org.lapidary.gemmini;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.lapidary.gemmini.map.ScheduleOptions;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramTiming;
import org.lapidary.ir.DType;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Op;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;
import org.lapidary.sim.timing.MemoryTiming;

/// Tiles of zeros among the weights are left out: the same bytes, and no cycle more.
class ZeroTilesTest {
  private static final List<String> MACHINES = List.of("default", "ibert", "chip", "large-chip");

  static Stream<Arguments> machines() {
    return MACHINES.stream()
        .flatMap(m -> Stream.of(Semantics.values()).map(s -> Arguments.of(m, s)));
  }

  /// Weights of which each block stays with some probability; some rows and columns of blocks go
  /// altogether.
  private static Value weights(RandomGraphs g, int side, double keep, int rows, int cols) {
    byte[] data = new byte[rows * cols];
    Random random = g.random;
    for (int r = 0; r < rows; r += side) {
      boolean row = random.nextInt(8) == 0;
      for (int c = 0; c < cols; c += side) {
        boolean column = (c / side) % 5 == 3;
        if (!row && !column && random.nextDouble() < keep) {
          fill(data, random, r, c, side, rows, cols);
        }
      }
    }
    TensorType type = TensorType.of(DType.I8, rows, cols).withScale(RandomGraphs.SCALE);
    return g.builder.constant("w" + random.nextInt(), Tensor.of(type, data));
  }

  private static void fill(
      byte[] data, Random random, int row, int col, int side, int rows, int cols) {
    for (int r = row; r < Math.min(row + side, rows); r++) {
      for (int c = col; c < Math.min(col + side, cols); c++) {
        data[r * cols + c] = (byte) (random.nextInt(17) - 8);
      }
    }
  }

  private static Program check(
      RandomGraphs g, Graph<Op> graph, GemminiParams machine, Semantics semantics, String about) {
    Program program =
        GemminiCompiler.compile(
            graph,
            machine,
            semantics,
            ScheduleOptions.DEFAULT,
            List.of(),
            kernel -> TilingSpaceTest.any(kernel, machine, g.random));
    g.givesWhatTheRefereeDoes(program, graph, about);
    return program;
  }

  /// Any pattern, any shape, any tiling; with and without something that the sum starts from.
  @ParameterizedTest
  @MethodSource("machines")
  void randomPatternsGiveTheSameBytes(String name, Semantics semantics) {
    GemminiParams machine = GemminiParams.load(name);
    int dim = machine.dim();
    for (int seed = 0; seed < 16; seed++) {
      RandomGraphs g = BitExactnessTest.graphs(9000 + seed, semantics);
      int m = g.between(0, 2) * dim + 1 + seed % dim;
      int n = g.between(0, 7) * dim + 1 + seed * 5 % dim;
      int k = g.between(0, 7) * dim + 1 + seed * 11 % dim;
      double keep = List.of(0.0, 0.1, 0.3, 0.5, 0.8).get(seed % 5);
      boolean turned = g.random.nextBoolean();
      Value x = g.quantizedInput("x", g.between(1, 2), m, k);
      Value w =
          turned ? g.transpose(weights(g, dim, keep, n, k), 1, 0) : weights(g, dim, keep, k, n);
      Value sum = g.matmul(x, w, "mm");
      if (g.random.nextInt(3) == 0) {
        sum = g.add(sum, g.matmul(x, weights(g, dim, keep, k, n), "second"));
      }
      if (g.random.nextBoolean()) {
        sum = g.add(sum, g.int32("row", 1000, n));
      }
      Value out =
          g.random.nextBoolean() ? g.requantizeBlocks(sum, false) : g.requantize(sum, 0.02, true);
      check(g, g.result(out), machine, semantics, name + ", seed " + seed);
    }
  }

  /// A whole program, where kernels share the machine and follow each other in the scratchpad.
  @ParameterizedTest
  @CsvSource({"0.75, 20", "0.5, 20", "0.25, 20", "0, 20", "1, 100", "0.5, 100"})
  void branchesOfAnEncoder(double keep, int latency) {
    GemminiParams machine = GemminiParams.load("ibert").withMemory(latency, 1);
    RandomGraphs g = BitExactnessTest.graphs(5, Semantics.RTL);
    Value x = g.quantizedInput("x", 64, 64);
    Value q = g.requantize(g.matmul(x, weights(g, 16, keep, 64, 128), "q"), 0.02, false);
    Value v = g.requantize(g.matmul(x, weights(g, 16, keep, 64, 128), "v"), 0.02, false);
    Value up =
        g.gelu(g.add(g.matmul(q, weights(g, 16, keep, 128, 256), "up"), g.int32("b", 99, 256)));
    Value down = g.add(g.matmul(up, weights(g, 16, keep, 256, 128), "down"), g.int32("c", 99, 128));
    Value norm = g.layerNorm(g.add(down, g.matmul(v, weights(g, 16, keep, 128, 128), "o")));
    Program program = check(g, g.result(norm), machine, Semantics.RTL, "keep " + keep);
    long cycles = ProgramTiming.of(program, MemoryTiming.of(machine)).cycles();
    assertThat(cycles).isGreaterThanOrEqualTo(program.boundCycles());
    assertThat(program.macs()).isLessThan((long) (64 * 90_112 * Math.max(keep, 0.01)));
  }
}
