package org.lapidary.gemmini;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lapidary.gemmini.map.Cache;
import org.lapidary.gemmini.map.Placement;
import org.lapidary.gemmini.map.ScheduleOptions;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramRunner;
import org.lapidary.ir.DType;
import org.lapidary.ir.Graph;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.Loc;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.HostBridge;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.Op;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;
import org.lapidary.sim.MainMemory;

/// Keys that stay in main memory while programs of several lengths take turns.
class CacheTest {
  private static final int LONGEST = 24;
  private static final double STEP = 0.5;

  private final Random random = new Random(11);

  /// Some tokens' keys, appended to a cache, and the scores of some queries with all of them.
  private static Graph<Op> attention(int heads, int width, byte[] weight, int tokens, int past) {
    int hidden = heads * width;
    GraphBuilder<Op> g = new GraphBuilder<>("attention");
    TensorType row = new TensorType(DType.I8, List.of(1, tokens, hidden), STEP);
    Value x = g.input("x", row);
    TensorType cache = new TensorType(DType.I8, List.of(1, heads, past, width), STEP);
    Value old = g.input("past", cache);
    Value w =
        g.constant("w", Tensor.of(new TensorType(DType.I8, List.of(hidden, hidden), 1), weight));
    Value sum = g.emit(new Accumulate.MatMulI8(x, w));
    Value key = g.emit(new MoveOut.Requantize(sum, 1 / 64f, false, STEP));
    Value split = g.emit(new Layout.Reshape(key, List.of(1, tokens, heads, width)));
    Value fresh = g.emit(new Layout.Transpose(split, List.of(0, 2, 1, 3)));
    Value keys =
        past == 0 ? fresh : g.emit(new Layout.Concat(List.of(old, fresh), 2), Loc.onnx("append"));
    Value turned = g.emit(new Layout.Transpose(keys, List.of(0, 1, 3, 2)));
    Value query = g.emit(new Layout.Reshape(x, List.of(1, tokens, heads, width)));
    Value queries = g.emit(new Layout.Transpose(query, List.of(0, 2, 1, 3)));
    Value scores = g.emit(new Accumulate.MatMulI8(queries, turned));
    g.result("scores", g.emit(new HostBridge.Dequantize(scores)));
    g.result("present", keys);
    return g.build();
  }

  private Tensor tokens(int hidden, int n) {
    byte[] bytes = new byte[n * hidden];
    random.nextBytes(bytes);
    return Tensor.of(new TensorType(DType.I8, List.of(1, n, hidden), STEP), bytes);
  }

  private static Program compiled(Graph<Op> graph) {
    Cache cache = new Cache("past", "present", 2, LONGEST - 1, LONGEST);
    return GemminiCompiler.compile(
        graph, GemminiParams.load("ibert"), Semantics.RTL, ScheduleOptions.DEFAULT, List.of(cache));
  }

  /// The last `length` entries of all there are, zeros in front.
  private static Tensor window(Tensor all, int length, int heads, int width) {
    int n = all.type().dim(2);
    byte[] out = new byte[heads * length * width];
    for (int h = 0; h < heads; h++) {
      System.arraycopy(
          all.bytes(), h * n * width, out, (h * length + length - n) * width, n * width);
    }
    return Tensor.of(new TensorType(DType.I8, List.of(1, heads, length, width), STEP), out);
  }

  @ParameterizedTest
  @CsvSource({"2,16", "4,16", "3,10", "1,64", "6,32"})
  void everyProgramReadsWhatTheOthersWrote(int heads, int width) {
    int hidden = heads * width;
    byte[] weight = new byte[hidden * hidden];
    random.nextBytes(weight);
    Map<Integer, Graph<Op>> graphs = new LinkedHashMap<>();
    Map<Integer, Program> programs = new LinkedHashMap<>();
    for (int past : new int[] {0, 7, 15, 23}) {
      graphs.put(past, attention(heads, width, weight, past == 0 ? 8 : 1, past));
      programs.put(past, compiled(of(graphs, past)));
    }
    long bytes = programs.values().stream().mapToLong(Program::memoryBytes).max().orElseThrow();
    MainMemory memory = new MainMemory(of(programs, 0).memoryBase(), bytes);

    Tensor prompt = tokens(hidden, 8);
    Tensor none = window(Tensor.i8(List.of(1, heads, 0, width)), 0, heads, width);
    Map<String, Tensor> expected = Evaluator.run(of(graphs, 0), Map.of("x", prompt, "past", none));
    assertThat(step(of(programs, 0), memory, prompt, 0)).isEqualTo(expected.get("scores"));
    Tensor all = window(of(expected, "present"), 8, heads, width);
    int entries = 5; // the other three were padding
    all = first(all, entries, heads, width);
    for (; entries < LONGEST; entries++) {
      int past = entries <= 7 ? 7 : entries <= 15 ? 15 : 23;
      Tensor token = tokens(hidden, 1);
      Tensor seen = window(all, past, heads, width);
      expected = Evaluator.run(of(graphs, past), Map.of("x", token, "past", seen));
      assertThat(step(of(programs, past), memory, token, entries))
          .as("%d entries", entries)
          .isEqualTo(expected.get("scores"));
      all = last(of(expected, "present"), entries + 1, heads, width);
    }
  }

  private static <K, V> V of(Map<K, V> map, K key) {
    return Objects.requireNonNull(map.get(key), () -> "no " + key);
  }

  private static Tensor step(Program program, MainMemory memory, Tensor token, int entries) {
    ProgramRunner runner = new ProgramRunner(program, memory);
    runner.load();
    Map<String, Tensor> outputs =
        runner
            .step(Map.of("x", token), ProgramRunner.Options.of(program).inCheckedMode(), entries)
            .outputs();
    assertThat(outputs).containsOnlyKeys("scores");
    return of(outputs, "scores");
  }

  private static Tensor first(Tensor all, int n, int heads, int width) {
    return cut(all, 0, n, heads, width);
  }

  private static Tensor last(Tensor all, int n, int heads, int width) {
    return cut(all, all.type().dim(2) - n, n, heads, width);
  }

  private static Tensor cut(Tensor all, int from, int n, int heads, int width) {
    int length = all.type().dim(2);
    byte[] out = new byte[heads * n * width];
    for (int h = 0; h < heads; h++) {
      System.arraycopy(all.bytes(), (h * length + from) * width, out, h * n * width, n * width);
    }
    return Tensor.of(new TensorType(DType.I8, List.of(1, heads, n, width), STEP), out);
  }

  @Test
  void appendingIsAddressing() {
    byte[] weight = new byte[32 * 32];
    Program program = compiled(attention(2, 16, weight, 1, 15));
    assertThat(program.placements())
        .filteredOn(p -> p.node().equals("append"))
        .extracting(Placement::where)
        .containsExactly(Placement.Where.ADDRESSING);
  }

  @Test
  void withoutStepsACacheIsAnInputLikeOthers() {
    byte[] weight = new byte[32 * 32];
    Arrays.fill(weight, (byte) 3);
    Graph<Op> graph = attention(2, 16, weight, 1, 15);
    byte[] bytes = new byte[2 * 15 * 16];
    random.nextBytes(bytes);
    Tensor past = Tensor.of(new TensorType(DType.I8, List.of(1, 2, 15, 16), STEP), bytes);
    Map<String, Tensor> inputs = Map.of("x", tokens(32, 1), "past", past);
    assertThat(new ProgramRunner(compiled(graph)).run(inputs).outputs())
        .isEqualTo(Evaluator.run(graph, inputs));
  }

  @Test
  void aFullCacheIsRefused() {
    Program program = compiled(attention(2, 16, new byte[32 * 32], 1, 23));
    ProgramRunner runner = new ProgramRunner(program);
    assertThatThrownBy(() ->
            runner.step(Map.of("x", tokens(32, 1)), ProgramRunner.Options.of(program), LONGEST))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
