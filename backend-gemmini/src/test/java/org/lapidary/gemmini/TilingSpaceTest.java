package org.lapidary.gemmini;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.lapidary.gemmini.emit.LoopTiling;
import org.lapidary.gemmini.emit.Tiling;
import org.lapidary.gemmini.emit.TilingSpace;
import org.lapidary.gemmini.map.Kernel;
import org.lapidary.gemmini.map.ScheduleOptions;
import org.lapidary.gemmini.program.Program;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Op;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;

/// Every point of the mapping space is a correct program.
class TilingSpaceTest {
  private static final List<String> MACHINES =
      List.of("default", "ibert", "survey", "chip", "large-chip", "lean");

  static Stream<Arguments> machines() {
    return MACHINES.stream()
        .flatMap(m -> Stream.of(Semantics.values()).map(s -> Arguments.of(m, s)));
  }

  /// A random point of a kernel's space, the hardware loop included.
  static Tiling any(Kernel.Accumulation kernel, GemminiParams machine, Random random) {
    TilingSpace space = new TilingSpace(kernel, machine);
    if (space.library().isPresent() && random.nextInt(4) == 0) {
      LoopTiling most = space.library().orElseThrow();
      return new LoopTiling(
          1 + random.nextInt(most.tilesI()),
          1 + random.nextInt(most.tilesJ()),
          1 + random.nextInt(most.tilesK()));
    }
    return space.stream(
        one(space.pieces(), random),
        one(space.depths(), random),
        random.nextBoolean(),
        one(space.widths(), random),
        one(space.widths(), random));
  }

  private static <T> T one(List<T> list, Random random) {
    return list.get(random.nextInt(list.size()));
  }

  private static void check(
      RandomGraphs g, Graph<Op> graph, GemminiParams machine, Semantics semantics, long seed) {
    Random random = new Random(seed);
    List<String> chosen = new ArrayList<>();
    Program program =
        GemminiCompiler.compile(
            graph,
            machine,
            semantics,
            ScheduleOptions.DEFAULT,
            List.of(),
            kernel -> {
              Tiling tiling = any(kernel, machine, random);
              chosen.add(tiling.text());
              return tiling;
            });
    String about = "%s, seed %d: %s".formatted(machine.name(), seed, chosen);
    g.givesWhatTheRefereeDoes(program, graph, about);
  }

  /// Seeds walk through all remainders of DIM in every dimension.
  @ParameterizedTest
  @MethodSource("machines")
  void randomTilingsGiveTheSameBytes(String name, Semantics semantics) {
    GemminiParams machine = GemminiParams.load(name);
    int dim = machine.dim();
    for (int seed = 0; seed < 2 * dim; seed++) {
      RandomGraphs g = BitExactnessTest.graphs(7000 + seed, semantics);
      int m = g.between(0, 3) * dim + 1 + seed % dim;
      int n = g.between(0, 3) * dim + 1 + seed * 5 % dim;
      int k = g.between(0, 3) * dim + 1 + seed * 11 % dim;
      boolean turned = g.random.nextBoolean();
      Value x = g.quantizedInput("x", g.between(1, 2), m, k);
      Value w = turned ? g.transpose(g.int8("w", n, k), 1, 0) : g.int8("w", k, n);
      Value sum = g.matmul(x, w, "mm");
      if (g.random.nextBoolean()) {
        sum = g.add(sum, g.int32("row", 1000, n));
      }
      Value out =
          machine.hasNormalizations() && g.random.nextBoolean()
              ? g.gelu(sum)
              : g.requantize(sum, 0.02, g.random.nextBoolean());
      check(g, g.result(out), machine, semantics, seed);
    }
  }

  /// Attention, LayerNorm and everything else in turn, each kernel cut up at random.
  @ParameterizedTest
  @MethodSource("machines")
  void randomTilingsOfEncoderLayers(String name, Semantics semantics) {
    if (!GemminiParams.load(name).fullWidthAccRead()) {
      return; // it cannot keep the sums of the residual path
    }
    GemminiParams machine = GemminiParams.load(name);
    for (int seed = 0; seed < 2; seed++) {
      RandomGraphs g = BitExactnessTest.graphs(seed, semantics);
      Value x = g.quantizedInput("x", 2, 19 + seed, 24);
      Value mask = g.int32("mask", 50, 2, 1, 1, 19 + seed);
      Value y = g.encoderLayer(x, mask, 2, 19 + seed, 3, 8, 40);
      check(g, g.result(y), machine, semantics, seed);
    }
  }

  @Test
  void textsAreReadBack() {
    RandomGraphs g = BitExactnessTest.graphs(1, Semantics.RTL);
    Graph<Op> graph =
        g.result(
            g.requantize(
                g.matmul(g.quantizedInput("x", 70, 90), g.int8("w", 90, 50), "m"), 0.1, false));
    TreeSet<String> texts = new TreeSet<>();
    Random random = new Random(3);
    GemminiCompiler.compile(
        graph,
        GemminiParams.load("default"),
        Semantics.RTL,
        ScheduleOptions.DEFAULT,
        List.of(),
        kernel -> {
          for (int i = 0; i < 50; i++) {
            Tiling tiling = any(kernel, GemminiParams.load("default"), random);
            assertThat(Tiling.parse(tiling.text())).isEqualTo(tiling);
            texts.add(tiling.text());
          }
          return new TilingSpace(kernel, GemminiParams.load("default")).usual();
        });
    assertThat(texts).hasSizeGreaterThan(10);
  }
}
