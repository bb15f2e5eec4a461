package org.lapidary.passes.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.lapidary.frontend.onnx.OnnxImporter;
import org.lapidary.ir.DType;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.PassRunner;
import org.lapidary.passes.PassCatalog;
import org.lapidary.testkit.Repository;

/// Trained models: the integer referee against the float referee. A few samples as a rule; all of
/// them with `-Dlapidary.full=true`.
final class RealModelsTest {
  private static final boolean FULL = Boolean.getBoolean("lapidary.full");
  private static final int LENGTH = 64;

  @Test
  void theShippedClassifierKeepsItsAccuracy() throws IOException {
    Path folder = Repository.root().resolve("testdata/models/bert-reviews");
    Graph<NnOp> graph = load(folder.resolve("model.onnx"), Map.of("batch", 1, "sequence", LENGTH));
    long[] ids = npy(folder.resolve("input_ids.npy"));
    List<Map<String, Tensor>> samples = rows(graph, ids, FULL ? 500 : 40);
    List<Map<String, Tensor>> calibration =
        rows(graph, npy(folder.resolve("calibration/input_ids.npy")), FULL ? 64 : 16);
    Scores scores = compare(graph, calibration, samples, npy(folder.resolve("labels.npy")));
    assertThat(scores.agreement()).isGreaterThanOrEqualTo(0.98);
    assertThat(scores.integer()).isGreaterThanOrEqualTo(scores.real() - 0.02);
  }

  @Test
  void sentimentOfRealSentencesKeepsItsAccuracy() throws IOException {
    Path model = Repository.shared("models/bert-tiny-sst2/model.onnx");
    assumeTrue(Files.exists(model), Repository.absent(model));
    Graph<NnOp> graph = load(model, Map.of("batch", 1, "seq", LENGTH));
    WordPiece words = new WordPiece(Repository.shared("data/bert-vocab/vocab.txt"));
    List<Map<String, Tensor>> samples = new ArrayList<>();
    List<Map<String, Tensor>> calibration = new ArrayList<>();
    List<Long> labels = new ArrayList<>();
    for (String line : lines("data/sst2/test.tsv", FULL ? 872 : 80)) {
      samples.add(inputs(graph, words.encode(line.split("\t")[0], LENGTH)));
      labels.add(Long.valueOf(line.split("\t")[1].strip()));
    }
    for (String line : lines("data/sst2/train.tsv", FULL ? 64 : 24)) {
      calibration.add(inputs(graph, words.encode(line.split("\t")[0], LENGTH)));
    }
    long[] expected = labels.stream().mapToLong(Long::longValue).toArray();
    Scores scores = compare(graph, calibration, samples, expected);
    assertThat(scores.agreement()).isGreaterThanOrEqualTo(0.98);
    assertThat(scores.integer()).isGreaterThanOrEqualTo(scores.real() - 0.015);
    if (FULL) {
      assertThat(scores.real()).isBetween(0.796, 0.798);
    }
  }

  @Test
  void aCharacterModelKeepsItsPerplexity() throws IOException {
    Path model = Repository.shared("models/shakespeare-gpt/torchscript_opset17.onnx");
    assumeTrue(Files.exists(model), Repository.absent(model));
    Graph<NnOp> graph = load(model, Map.of());
    long[] text = shakespeare();
    int end = (int) (text.length * 0.95);
    Random random = new Random(1);
    List<Map<String, Tensor>> calibration = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      int at = random.nextInt(end - 128);
      calibration.add(inputs(graph, Arrays.copyOfRange(text, at, at + 128)));
    }
    QuantizedModel quantized = quantize(graph, calibration);
    double realLoss = 0;
    double integerLoss = 0;
    int windows = FULL ? 435 : 4;
    for (int w = 0; w < windows; w++) {
      long[] window = Arrays.copyOfRange(text, end + w * 128, end + w * 128 + 128);
      Map<String, Tensor> sample = inputs(graph, window);
      realLoss += loss(first(Evaluator.run(graph, sample)), window);
      integerLoss += loss(first(Evaluator.run(quantized.graph(), sample)), window);
    }
    double ratio = Math.exp((integerLoss - realLoss) / (windows * 127.0));
    report("shakespeare-gpt: windows %d, perplexity ratio %.4f", windows, ratio);
    assertThat(ratio).isLessThan(1.02);
  }

  @Test
  void aPlannerWithAnEmptyCacheKeepsItsLogits() throws IOException {
    Path model = Repository.shared("models/capp-gpt2/model.onnx");
    assumeTrue(Files.exists(model), Repository.absent(model));
    Map<String, Integer> dims =
        Map.of("batch_size", 1, "sequence_length", 7, "past_sequence_length", 0);
    Graph<NnOp> graph = load(model, dims);
    Random random = new Random(1);
    List<Map<String, Tensor>> samples = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      // A prompt of the model's task: five features, then the token that starts the plan.
      long[] prompt = {
        random.nextInt(6),
        6 + random.nextInt(6),
        12 + random.nextInt(4),
        16 + random.nextInt(3),
        19 + random.nextInt(3),
        24,
        49
      };
      samples.add(inputs(graph, prompt));
    }
    QuantizedModel quantized = quantize(graph, samples.subList(0, 20));
    double worst = 1;
    for (Map<String, Tensor> sample : samples.subList(20, 40)) {
      float[] real = first(Evaluator.run(graph, sample));
      float[] integer = first(Evaluator.run(quantized.graph(), sample));
      worst = Math.min(worst, cosine(real, integer));
    }
    report("capp-gpt2: smallest cosine of logits %.5f", worst);
    assertThat(worst).isGreaterThan(0.99);
  }

  private record Scores(double real, double integer, double agreement) {}

  private static Scores compare(
      Graph<NnOp> graph,
      List<Map<String, Tensor>> calibration,
      List<Map<String, Tensor>> samples,
      long[] labels) {
    QuantizedModel quantized = quantize(graph, calibration);
    int real = 0;
    int integer = 0;
    int agreed = 0;
    for (int i = 0; i < samples.size(); i++) {
      int a = best(first(Evaluator.run(graph, samples.get(i))));
      int b = best(first(Evaluator.run(quantized.graph(), samples.get(i))));
      real += a == labels[i] ? 1 : 0;
      integer += b == labels[i] ? 1 : 0;
      agreed += a == b ? 1 : 0;
    }
    double n = samples.size();
    report(
        "%s: n %.0f, fp32 %.4f, integer %.4f, agreement %.4f",
        graph.name(), n, real / n, integer / n, agreed / n);
    return new Scores(real / n, integer / n, agreed / n);
  }

  private static QuantizedModel quantize(Graph<NnOp> graph, List<Map<String, Tensor>> calibration) {
    QuantizedModel quantized =
        Quantizer.quantize(graph, Calibration.collect(graph, calibration), QuantizeOptions.DEFAULT);
    assertThat(quantized.whyNots()).isEmpty();
    assertThat(quantized.ranges().canOverflow()).isZero();
    return quantized;
  }

  @SuppressWarnings("unchecked") // the nn pipeline gives nn graphs
  private static Graph<NnOp> load(Path model, Map<String, Integer> dims) {
    Graph<NnOp> imported = OnnxImporter.read(model, dims).graph();
    return (Graph<NnOp>) new PassRunner().run(imported, PassCatalog.nn()).graph();
  }

  /// Ids for the input of that name; masks where the ids are not 0; zeros and positions elsewhere.
  private static Map<String, Tensor> inputs(Graph<NnOp> graph, long[] ids) {
    Map<String, Tensor> inputs = new HashMap<>();
    boolean padded = graph.input("token_type_ids").isPresent();
    for (Graph.Port port : graph.inputs()) {
      if (port.type().dtype() != DType.I64) {
        inputs.put(port.name(), Tensor.of(port.type(), new float[port.type().elements()]));
        continue;
      }
      long[] values = new long[ids.length];
      for (int i = 0; i < ids.length; i++) {
        values[i] =
            switch (port.name()) {
              case "input_ids" -> ids[i];
              case "attention_mask" -> padded && ids[i] == 0 ? 0 : 1;
              case "position_ids" -> i;
              default -> 0;
            };
      }
      inputs.put(port.name(), Tensor.of(port.type(), values));
    }
    return inputs;
  }

  private static List<Map<String, Tensor>> rows(Graph<NnOp> graph, long[] ids, int count) {
    List<Map<String, Tensor>> rows = new ArrayList<>();
    for (int i = 0; i < Math.min(count, ids.length / LENGTH); i++) {
      rows.add(inputs(graph, Arrays.copyOfRange(ids, i * LENGTH, (i + 1) * LENGTH)));
    }
    return rows;
  }

  /// A NumPy file of 64-bit integers.
  private static long[] npy(Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    int header = bytes.getShort(8);
    assertThat(new String(bytes.array(), 10, header, StandardCharsets.US_ASCII)).contains("<i8");
    bytes.position(10 + header);
    long[] values = new long[bytes.remaining() / Long.BYTES];
    bytes.asLongBuffer().get(values);
    return values;
  }

  private static List<String> lines(String relative, int count) throws IOException {
    List<String> all = Files.readAllLines(Repository.shared(relative));
    return all.stream().skip(1).filter(l -> !l.isBlank()).limit(count).toList();
  }

  private static long[] shakespeare() throws IOException {
    String text = Files.readString(Repository.shared("data/tinyshakespeare/input.txt"));
    TreeSet<Integer> alphabet = new TreeSet<>(text.chars().boxed().toList());
    Map<Integer, Long> ids = new HashMap<>();
    alphabet.forEach(c -> ids.put(c, (long) ids.size()));
    return text.chars().mapToLong(c -> ids.getOrDefault(c, 0L)).toArray();
  }

  private static float[] first(Map<String, Tensor> results) {
    return results.values().iterator().next().f32();
  }

  private static int best(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      best = logits[i] > logits[best] ? i : best;
    }
    return best;
  }

  /// Sum of the cross-entropies of each next token.
  private static double loss(float[] logits, long[] tokens) {
    int vocabulary = logits.length / tokens.length;
    double loss = 0;
    for (int p = 0; p + 1 < tokens.length; p++) {
      double sum = 0;
      for (int i = 0; i < vocabulary; i++) {
        sum += Math.exp(logits[p * vocabulary + i]);
      }
      loss += Math.log(sum) - logits[p * vocabulary + (int) tokens[p + 1]];
    }
    return loss;
  }

  private static double cosine(float[] a, float[] b) {
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      ab += a[i] * b[i];
      aa += a[i] * a[i];
      bb += b[i] * b[i];
    }
    return ab / Math.sqrt(aa * bb);
  }

  private static void report(String format, Object... args) {
    System.out.println("[quantization] " + format.formatted(args));
  }
}
