package org.lapidary.gemmini;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lapidary.gemmini.map.ScheduleOptions;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramRunner;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.HostBridge;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Op;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.ParamsText;
import org.lapidary.machine.Semantics;

/// Whatever the shape, the simulator computes the referee's bits.
class BitExactnessTest {

  static Stream<Arguments> machines() {
    return Stream.of("ibert", "norm", "survey", "chip", "large-chip", "wide")
        .flatMap(m -> Stream.of(Semantics.values()).map(s -> Arguments.of(m, s)));
  }

  /// A machine of that name; `wide` has a normalisation unit on a 32 × 32 array, `lopsided` so
  /// small a scratchpad that Gemmini's library gives up, `speck` one tile of sums, four of operands
  /// and transfers longer than a command may be wide.
  static GemminiParams machine(String name) {
    return switch (name) {
      case "wide" -> ParamsText.parse(name, "base = large-chip\nhas_normalizations = true\n");
      case "tiny" ->
          ParamsText.parse(
              name, "base = ibert\ndim = 4\nspad_bank_rows = 64\nacc_bank_rows = 64\n");
      case "lopsided" ->
          ParamsText.parse(
              name, "base = norm\nspad_banks = 1\nspad_bank_rows = 256\nacc_bank_rows = 512\n");
      case "speck" ->
          ParamsText.parse(
              name,
              """
              base = norm
              spad_banks = 1
              spad_bank_rows = 64
              acc_banks = 1
              acc_bank_rows = 16
              max_transfer_bytes = 128
              """);
      default -> GemminiParams.load(name);
    };
  }

  static RandomGraphs graphs(long seed, Semantics semantics) {
    return new RandomGraphs(seed, semantics == Semantics.LIBGEMMINI);
  }

  static Program check(RandomGraphs made, Graph<Op> graph, String machine, Semantics semantics) {
    return check(made, graph, machine, semantics, ScheduleOptions.DEFAULT);
  }

  static Program check(
      RandomGraphs made,
      Graph<Op> graph,
      String machine,
      Semantics semantics,
      ScheduleOptions options) {
    Program program = GemminiCompiler.compile(graph, machine(machine), semantics, options);
    Map<String, Tensor> expected = Evaluator.run(graph, made.inputs);
    Map<String, Tensor> actual =
        new ProgramRunner(program)
            .run(made.inputs, ProgramRunner.Options.of(program).inCheckedMode())
            .outputs();
    assertThat(actual.keySet()).containsExactlyElementsOf(expected.keySet());
    expected.forEach((name, tensor) ->
        assertThat(differences(tensor, Objects.requireNonNull(actual.get(name))))
            .as("differing elements of %s: %s on %s under %s", name, tensor, machine, semantics)
            .isZero());
    return program;
  }

  private static int differences(Tensor expected, Tensor actual) {
    int count = 0;
    for (int i = 0; i < expected.elements(); i++) {
      count += expected.asDouble(i) == actual.asDouble(i) ? 0 : 1;
    }
    return count;
  }

  @ParameterizedTest
  @MethodSource("machines")
  void matmulsOfAllRemainders(String machine, Semantics semantics) {
    for (int seed = 0; seed < 40; seed++) {
      RandomGraphs g = graphs(seed, semantics);
      int batch = g.between(1, 3);
      int m = g.between(1, 2 * 33);
      int n = g.between(1, 3 * 33);
      int k = g.between(1, 3 * 33);
      Value x = g.quantizedInput("x", batch, m, k);
      Value sum = g.matmul(x, g.int8("w", k, n), "mm");
      if (g.random.nextBoolean()) {
        sum = g.add(sum, g.int32("row", 1000, n));
      }
      if (g.random.nextBoolean()) {
        sum = g.add(sum, g.int32("matrix", 1000, m, n));
      }
      if (g.random.nextBoolean()) {
        sum = g.add(sum, g.int32("scalar", 1000));
      }
      check(g, g.result(epilogues(g, sum)), machine, semantics);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"lopsided", "speck"})
  void hardlyAnyMemoryIsEnough(String machine) {
    for (int seed = 0; seed < 8; seed++) {
      RandomGraphs g = graphs(500 + seed, Semantics.RTL);
      int n = g.between(1, 3 * 33);
      int k = g.between(1, 3 * 33);
      Value x = g.quantizedInput("x", g.between(1, 2), g.between(1, 2 * 33), k);
      Value sum = g.add(g.matmul(x, g.int8("w", k, n), "mm"), g.int32("row", 1000, n));
      check(g, g.result(epilogues(g, sum)), machine, Semantics.RTL);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "dataflows = os,      has no weight-stationary dataflow",
    "spad_bank_rows = 8,  has a scratchpad of 2 tiles; two of each operand are needed"
  })
  void machinesThatNoStreamRunsOnAreRefused(String line, String why) {
    RandomGraphs g = graphs(1, Semantics.RTL);
    Value x = g.quantizedInput("x", 5, 5);
    Graph<Op> graph = g.result(epilogues(g, g.matmul(x, g.int8("w", 5, 5), "mm")));
    GemminiParams machine = ParamsText.parse("odd", "base = norm\nname = odd\n" + line);
    assertThatThrownBy(() -> GemminiCompiler.compile(graph, machine, Semantics.RTL))
        .isInstanceOf(DiagnosticException.class)
        .hasMessageContaining("the machine odd " + why);
  }

  @ParameterizedTest
  @MethodSource("machines")
  void blocksOfColumnsHaveScalesOfTheirOwn(String machine, Semantics semantics) {
    for (int seed = 0; seed < 12; seed++) {
      RandomGraphs g = graphs(1000 + seed, semantics);
      int m = g.between(1, 40);
      int n = g.between(1, 150);
      int k = g.between(1, 70);
      Value sum = g.matmul(g.quantizedInput("x", 1, m, k), g.int8("w", k, n), "mm");
      sum = g.random.nextBoolean() ? g.add(sum, g.int32("row", 1000, n)) : sum;
      Value blocks = g.requantizeBlocks(sum, g.random.nextBoolean());
      Value next = g.requantize(g.matmul(blocks, g.int8("v", n, 9), "next"), 0.02, false);
      check(
          g, g.random.nextBoolean() ? g.result(blocks, next) : g.result(next), machine, semantics);
    }
  }

  private static Value[] epilogues(RandomGraphs g, Value sum) {
    List<Value> outs = new java.util.ArrayList<>();
    if (g.random.nextBoolean()) {
      outs.add(g.requantize(sum, 0.02, g.random.nextBoolean()));
    }
    if (g.random.nextBoolean()) {
      outs.add(g.gelu(sum));
    }
    if (g.random.nextBoolean()) {
      outs.add(softmax(g, sum));
    }
    if (g.random.nextBoolean()) {
      outs.add(g.layerNorm(sum));
    }
    if (outs.isEmpty() || g.random.nextInt(4) == 0) {
      outs.add(sum);
    }
    return outs.toArray(Value[]::new);
  }

  /// Of scores so far apart that all but the largest vanish, or, where libgemmini would shift by
  /// too much, of int8 scores.
  private static Value softmax(RandomGraphs g, Value sum) {
    if (!g.truncating) {
      return g.softmax(sum, 0.001);
    }
    Value near = g.requantize(sum, 0.02, false);
    return g.softmax(g.emit(new Accumulate.Widen(near), "widen"), 0.05);
  }

  @ParameterizedTest
  @MethodSource("machines")
  void sumsOfManyKinds(String machine, Semantics semantics) {
    for (int seed = 0; seed < 25; seed++) {
      RandomGraphs g = graphs(100 + seed, semantics);
      int m = g.between(1, 80);
      int n = g.between(1, 80);
      Value x = g.quantizedInput("x", m, n);
      Value y = g.quantizedInput("y", m, n);
      Value scaled = g.emit(new Accumulate.ChannelMul(x, g.int32("f", 160, n), 0.001), "scale");
      Value sum = g.add(scaled, g.emit(new Accumulate.Widen(y), "widen"));
      Value loaded = g.add(sum, g.quantizedSum("s", 300, m, n));
      Value again = g.emit(new Accumulate.Rescale(loaded, 0.5), "rescale");
      Value mask = g.quantizedSum("mask", 50, 1, n);
      Value last = g.add(again, mask);
      Value twice = g.random.nextBoolean() ? g.add(last, last) : last;
      check(g, g.result(epilogues(g, twice)), machine, semantics);
    }
  }

  @ParameterizedTest
  @MethodSource("machines")
  void rowsLongerThanHalfTheAccumulator(String machine, Semantics semantics) {
    for (int n : new int[] {513, 768, 1030, 1500}) {
      RandomGraphs g = graphs(n, semantics);
      Value s = g.quantizedSum("s", 30, 9, n);
      check(g, g.result(g.layerNorm(s), g.softmax(s, 0.05)), machine, semantics);
    }
  }

  @ParameterizedTest
  @MethodSource("machines")
  void encoderLayers(String machine, Semantics semantics) {
    int[][] shapes = {{1, 16, 2, 16, 64}, {2, 19, 3, 8, 40}, {1, 33, 2, 7, 50}, {3, 5, 1, 20, 17}};
    for (int[] s : shapes) {
      RandomGraphs g = graphs(s[1], semantics);
      Value x = g.quantizedInput("x", s[0], s[1], s[2] * s[3]);
      Value mask = g.int32("mask", 50, s[0], 1, 1, s[1]);
      Value one = g.encoderLayer(x, mask, s[0], s[1], s[2], s[3], s[4]);
      Value two = g.encoderLayer(one, mask, s[0], s[1], s[2], s[3], s[4]);
      Value out = g.emit(new HostBridge.Dequantize(two), "dequantize");
      check(g, g.result(out), machine, semantics);
    }
  }

  @ParameterizedTest
  @MethodSource("machines")
  void rearrangements(String machine, Semantics semantics) {
    for (int seed = 0; seed < 25; seed++) {
      RandomGraphs g = graphs(1000 + seed, semantics);
      int b = g.between(1, 2);
      int s = g.between(1, 20);
      int h = g.between(1, 3);
      int d = g.between(1, 20);
      Value x = g.quantizedInput("x", b, s, h * d);
      Value y = g.requantize(g.matmul(x, g.int8("w", h * d, h * d), "y"), 0.05, false);
      Value heads = g.transpose(g.reshape(y, b, s, h, d), 0, 2, 1, 3);
      Value past = g.quantizedInput("past", b, h, 3, d);
      Value joined = g.emit(new Layout.Concat(List.of(past, heads), 2), "concat");
      Value slice = g.emit(new Layout.Slice(joined, 2, 1, s + 1, 1), "slice");
      Value flat = g.reshape(slice, b * h, (s + 1) * d);
      Value odd = g.reshape(g.transpose(y, 0, 2, 1), b * s, h * d);
      Value wide =
          g.emit(
              new Layout.Broadcast(g.reshape(y, b, 1, s, h * d), List.of(b, 2, s, h * d)), "wide");
      Value scores = g.matmul(slice, g.transpose(joined, 0, 1, 3, 2), "scores");
      check(
          g,
          g.result(
              g.requantize(scores, 0.05, false),
              g.requantize(g.matmul(flat, g.int8("u", (s + 1) * d, 5), "flat"), 0.05, false),
              g.requantize(g.matmul(odd, g.int8("v", h * d, 9), "odd"), 0.05, false),
              g.requantize(g.emit(new Accumulate.Widen(wide), "widen"), 0.7, true),
              joined),
          machine,
          semantics);
    }
  }
}
