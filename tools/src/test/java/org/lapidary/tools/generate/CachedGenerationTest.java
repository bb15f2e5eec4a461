package org.lapidary.tools.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.lapidary.gemmini.map.Placement;
import org.lapidary.gemmini.program.Program;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.HostBridge;
import org.lapidary.ir.op.Op;
import org.lapidary.machine.Semantics;
import org.lapidary.testkit.Repository;
import org.lapidary.tools.compile.CalibrationSet;
import org.lapidary.tools.compile.CompileOptions;
import org.lapidary.tools.data.Npy;
import org.lapidary.tools.reference.OnnxRuntimeModel;

/// A GPT-2 that somebody else trained and exported with caches in and out: prompts of 7 tokens,
/// answers that end in token 51, and what ONNX Runtime answers in fp32.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class CachedGenerationTest {
  private static final Path FOLDER = Repository.shared("models/capp-gpt2");
  private static final Path MODEL = FOLDER.resolve("model.onnx");
  private static final int PROMPT = 7;
  private static final long END = 51;
  private static final int PADDING = 52;
  private static final Continuation.Limits LIMITS = new Continuation.Limits(26, Set.of(END));

  @TempDir static Path folder = Path.of("");
  private List<Map<String, Tensor>> chains = List.of();
  private Programs programs = compiledLater();

  private static Programs compiledLater() {
    LanguageModel none = new LanguageModel(0, "", 0, 0, "", false, "", "", List.of());
    return new Programs(none, Map.of(), Map.of());
  }

  @BeforeAll
  void compile() {
    assumeTrue(Files.exists(MODEL), Repository.absent(MODEL));
    chains = chains(12);
    Programs made = compile(List.of(16, 32, 48));
    ProgramsDirectory.write(made, folder.resolve("programs"), "{}");
    programs = ProgramsDirectory.read(folder.resolve("programs"));
  }

  private Programs compile(List<Integer> lengths) {
    CompileOptions options =
        CompileOptions.of(Map.of())
            .withThreads(1)
            .withCalibration(graph -> CalibrationSet.of("chains", graph, chains));
    return LanguageModelCompiler.compile(MODEL, options, lengths, _ -> {}).programs();
  }

  /// Sequences to calibrate on: prompts that are not among the stored ones, continued by ONNX
  /// Runtime.
  private static List<Map<String, Tensor>> chains(int count) {
    List<Map<String, Tensor>> rows = new ArrayList<>();
    try (OnnxRuntimeModel ort = OnnxRuntimeModel.load(MODEL)) {
      Signature signature = new Signature(MODEL, ort.inputs(), Map.of());
      for (int i = 0; i < count; i++) {
        int n = 16 * 37 * i + 5; // the stored ones are every 16th
        long[] digits = {n / 1120 % 7, n / 160 % 7, n / 80 % 2, n / 20 % 4, n / 5 % 4, n % 5};
        long[] first = {0, 7, 14, 16, 20, 24};
        List<Long> ids = new ArrayList<>();
        for (int d = 0; d < digits.length; d++) {
          ids.add(first[d] + digits[d]);
        }
        ids.add(49L);
        while (ids.getLast() != END && ids.size() < 40) {
          ids.add((long) Sampler.greedy().next(logits(ort, signature, ids)));
        }
        long[] row = ids.stream().mapToLong(Long::longValue).toArray();
        rows.add(Map.of("input_ids", Tensor.i64(List.of(1, row.length), row)));
      }
    }
    return rows;
  }

  private static float[] logits(OnnxRuntimeModel ort, Signature signature, List<Long> ids) {
    int n = ids.size();
    Map<String, Tensor> feeds = new LinkedHashMap<>();
    long[] row = ids.stream().mapToLong(Long::longValue).toArray();
    feeds.put("input_ids", Tensor.i64(List.of(1, n), row));
    feeds.put(
        "attention_mask",
        Tensor.i64(List.of(1, n), LongStream.generate(() -> 1).limit(n).toArray()));
    feeds.put("position_ids", Tensor.i64(List.of(1, n), LongStream.range(0, n).toArray()));
    signature.slots().stream()
        .filter(s -> signature.role(s) == Role.CACHE)
        .forEach(s -> feeds.put(s.name(), Tensor.f32(List.of(1, 4, 0, 16))));
    Tensor all = Objects.requireNonNull(ort.run(feeds).get("logits"));
    return Arrays.copyOfRange(all.f32(), (n - 1) * 53, n * 53);
  }

  private static long[] answer(Tensor tokens, int row) {
    int width = tokens.type().dim(1);
    return IntStream.range(0, width)
        .mapToLong(i -> tokens.asLong(row * width + i))
        .filter(t -> t != PADDING)
        .toArray();
  }

  private Continuation generate(Generation generation, long[] answer, Optional<Referee> referee) {
    long[] prompt = Arrays.copyOf(answer, PROMPT);
    return Continuation.of(generation, prompt, LIMITS, Sampler.greedy(), referee, _ -> {});
  }

  @Test
  void answersEqualFp32AndEveryStepTheReferee() {
    Tensor tokens =
        Objects.requireNonNull(Npy.readZip(FOLDER.resolve("greedy_fp32.npz")).get("tokens"));
    Generation generation = new Generation(programs, false);
    int equal = 0;
    int count = 0;
    for (int row = 0; row < tokens.type().dim(0); row += 10) {
      long[] answer = answer(tokens, row);
      boolean verify = row % 70 == 0;
      Continuation made =
          generate(
              generation, answer, verify ? Optional.of(new Referee(programs)) : Optional.empty());
      assertThat(made.verified()).isEqualTo(verify ? made.tokens().size() : 0);
      long[] whole =
          LongStream.concat(
                  LongStream.of(answer).limit(PROMPT),
                  made.tokens().stream().mapToLong(Long::longValue))
              .toArray();
      equal += Arrays.equals(whole, answer) ? 1 : 0;
      count++;
    }
    assertThat(equal).as("of %d chains", count).isGreaterThanOrEqualTo(count - 1);
  }

  @Test
  void neitherBucketsNorPaddingNorCacheShowInTheLogits() {
    int exact = PROMPT + 12;
    Programs others = compile(List.of(exact, 48));
    Generation one = new Generation(programs, false);
    Generation another = new Generation(others, false);
    long[] prompt = {6, 13, 15, 19, 23, 28, 49};
    float[] a = one.start(prompt);
    float[] b = another.start(prompt);
    for (int n = PROMPT; n < 48; n++) {
      assertThat(a).as("after %d tokens", n).isEqualTo(b);
      if (n == exact) { // the same sequence without any padding or cache
        Graph<Op> graph = Objects.requireNonNull(others.referees().get(Bucket.prefill(n)));
        Map<String, Tensor> outputs =
            Evaluator.run(graph, Feeds.of(graph.inputs(), one.tokens(), 0));
        assertThat(a).isEqualTo(Referee.row(outputs, others.model(), n - 1));
      }
      long next = n % 3 == 0 ? 50 : 25 + n % 28;
      a = one.append(next);
      b = another.append(next);
    }
  }

  @Test
  void keysAndValuesAreAppendedByAddressing() {
    Program decode = Objects.requireNonNull(programs.programs().get(Bucket.decode(32)));
    assertThat(decode.caches()).hasSize(8);
    assertThat(decode.placements())
        .filteredOn(p -> p.op().equals("nn.concat"))
        .hasSize(8)
        .allMatch(p -> p.where() == Placement.Where.ADDRESSING);
    assertThat(decode.graph().nodes())
        .filteredOn(n -> n.op() instanceof HostBridge.Dequantize)
        .as("only the logits leave the accelerator")
        .hasSize(1);
  }

  @Test
  void theOriginalFunctionalModelIsRefused() {
    CompileOptions options = CompileOptions.of(Map.of()).withSemantics(Semantics.LIBGEMMINI);
    assertThatThrownBy(() -> LanguageModelCompiler.compile(MODEL, options, List.of(16), _ -> {}))
        .isInstanceOf(DiagnosticException.class)
        .hasMessageContaining("padding would show");
  }
}
