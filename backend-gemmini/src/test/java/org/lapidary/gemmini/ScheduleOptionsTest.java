package org.lapidary.gemmini;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.lapidary.gemmini.map.ScheduleOptions;
import org.lapidary.gemmini.map.ScheduleOptions.Fusion;
import org.lapidary.gemmini.map.ScheduleOptions.Order;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramTiming;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Op;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;
import org.lapidary.sim.timing.MemoryTiming;

/// Whatever is fused or interleaved, the bytes are the referee's.
class ScheduleOptionsTest {
  private static final String[] MACHINES = {"ibert", "survey", "wide"};

  static List<ScheduleOptions> options() {
    return Arrays.stream(Order.values())
        .flatMap(o -> Arrays.stream(Fusion.values()).map(f -> new ScheduleOptions(o, f)))
        .toList();
  }

  static Stream<Arguments> cases() {
    return options().stream()
        .flatMap(o -> Stream.of(Semantics.values()).map(s -> Arguments.of(o, s)));
  }

  static Graph<Op> twoLayers(RandomGraphs g, int length, int heads, int headDim, int inner) {
    int hidden = heads * headDim;
    Value x = g.quantizedInput("x", 1, length, hidden);
    Value mask = g.int32("mask", 50, 1, 1, 1, length);
    Value one = g.encoderLayer(x, mask, 1, length, heads, headDim, inner);
    return g.result(g.encoderLayer(one, mask, 1, length, heads, headDim, inner));
  }

  /// So that not every machine sees every option.
  private static int turn(ScheduleOptions options) {
    return switch (options.fusion()) {
      case OFF -> 0;
      case COST -> 1;
      case ALWAYS -> 2;
    };
  }

  @ParameterizedTest
  @MethodSource("cases")
  void encoderLayersAreTheReferees(ScheduleOptions options, Semantics semantics) {
    int[][] shapes = {{37, 3, 16, 70}, {64, 2, 32, 128}};
    for (int i = 0; i < shapes.length; i++) {
      int[] s = shapes[i];
      String machine = MACHINES[(i + turn(options)) % MACHINES.length];
      RandomGraphs g = BitExactnessTest.graphs(s[0], semantics);
      Graph<Op> graph = twoLayers(g, s[0], s[1], s[2], s[3]);
      BitExactnessTest.check(g, graph, machine, semantics, options);
    }
  }

  /// So many rows that kernels are cut, and heavy parts meet light ones.
  @ParameterizedTest
  @MethodSource("cases")
  void interleavedKernelsAreTheReferees(ScheduleOptions options, Semantics semantics) {
    int length = 131;
    String machine = new String[] {"ibert", "survey", "norm"}[turn(options)];
    RandomGraphs g = BitExactnessTest.graphs(length, semantics);
    Graph<Op> graph = twoLayers(g, length, 3, 16, 144);
    BitExactnessTest.check(g, graph, machine, semantics, options);
  }

  /// Rows that need more than the share of the accumulator they would have beside others.
  @ParameterizedTest
  @MethodSource("options")
  void longRowsBesideLightKernels(ScheduleOptions options) {
    for (int columns : new int[] {700, 1024}) {
      RandomGraphs g = BitExactnessTest.graphs(columns, Semantics.RTL);
      Value rows = g.layerNorm(g.quantizedSum("s", 30, 130, columns));
      Value x = g.quantizedInput("x", 130, 200);
      Value light = g.requantize(g.matmul(x, g.int8("w", 200, 90), "light"), 0.02, false);
      BitExactnessTest.check(g, g.result(rows, light), "ibert", Semantics.RTL, options);
    }
  }

  @Test
  void fusionIsOffOnlyWhenAskedForOrWhenItCostsMore() {
    RandomGraphs g = BitExactnessTest.graphs(1, Semantics.RTL);
    Graph<Op> graph = twoLayers(g, 32, 2, 16, 64);
    ScheduleOptions serial = ScheduleOptions.DEFAULT.withOrder(Order.SERIAL);
    int fused = kernels(graph, serial.withFusion(Fusion.ALWAYS));
    int apart = kernels(graph, serial.withFusion(Fusion.OFF));
    // Two LayerNorms, a softmax and a GELU in each of two layers.
    assertThat(apart - fused).isEqualTo(2 * 4);
    assertThat(kernels(graph, serial.withFusion(Fusion.COST))).isBetween(fused, apart);
  }

  @Test
  void shortProgramsAreInTheFasterOrder() {
    RandomGraphs g = BitExactnessTest.graphs(2, Semantics.RTL);
    Graph<Op> graph = twoLayers(g, 64, 2, 32, 128);
    long faster = Math.min(cycles(graph, Order.SERIAL), cycles(graph, Order.PIPELINED));
    assertThat(cycles(graph, Order.COST)).isEqualTo(faster);
  }

  private static long cycles(Graph<Op> graph, Order order) {
    GemminiParams machine = BitExactnessTest.machine("ibert");
    ScheduleOptions options = ScheduleOptions.DEFAULT.withOrder(order);
    Program program = GemminiCompiler.compile(graph, machine, Semantics.RTL, options);
    return ProgramTiming.of(program, MemoryTiming.of(machine)).cycles();
  }

  private static int kernels(Graph<Op> graph, ScheduleOptions options) {
    return GemminiCompiler.compile(graph, BitExactnessTest.machine("ibert"), Semantics.RTL, options)
        .kernels()
        .size();
  }

  @Test
  void optionsHaveATextForm() {
    assertThat(ScheduleOptions.DEFAULT).hasToString("schedule=cost,fusion=cost");
  }
}
