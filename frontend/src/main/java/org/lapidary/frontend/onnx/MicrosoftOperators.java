package org.lapidary.frontend.onnx;

import static org.lapidary.frontend.onnx.OnnxOp.microsoft;
import static org.lapidary.frontend.onnx.OnnxOp.microsoftMany;

import java.util.ArrayList;
import java.util.List;
import org.lapidary.ir.DType;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Indexing;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.Neural.Reduction;

/// What ONNX Runtime's optimizers leave behind: several ONNX operators in one.
///
/// Source: ONNX Runtime ContribOperators.md.
final class MicrosoftOperators {
  private MicrosoftOperators() {}

  static final List<OnnxOp> ALL =
      List.of(
          microsoft("Gelu", "nn.gelu", c -> gelu(c, false)),
          microsoft("BiasGelu", "nn.add, nn.gelu", c -> gelu(c, false)),
          microsoft("FastGelu", "nn.add, nn.gelu", c -> gelu(c, true)),
          microsoft("QuickGelu", "nn.sigmoid, nn.mul", MicrosoftOperators::quickGelu),
          microsoft("FusedMatMul", "nn.transpose, nn.matmul, nn.mul", MicrosoftOperators::matmul),
          microsoft("TransposeMatMul", "nn.transpose, nn.matmul", MicrosoftOperators::matmul),
          microsoft("FusedGemm", "as Gemm, then nn.relu, …", MicrosoftOperators::fusedGemm),
          microsoft("BiasSoftmax", "nn.add, nn.softmax", MicrosoftOperators::biasSoftmax),
          microsoftMany("BiasDropout", "nn.add", MicrosoftOperators::biasDropout),
          microsoftMany(
              "SkipLayerNormalization",
              "nn.add, nn.layernorm",
              MicrosoftOperators::skipLayerNormalization),
          microsoftMany(
              "EmbedLayerNormalization",
              "nn.gather, nn.add, nn.layernorm",
              MicrosoftOperators::embedLayerNormalization));

  private static Value gelu(Call c, boolean tanh) {
    Value x = c.maybe(1).map(bias -> c.add(c.in(0), bias)).orElse(c.in(0));
    return c.emit(new Elementwise.Gelu(x, tanh));
  }

  private static Value quickGelu(Call c) {
    Value scaled = c.scale(c.in(0), c.attributes().number("alpha", 1.702f));
    return c.mul(c.in(0), c.emit(new Elementwise.Sigmoid(scaled)));
  }

  private static Value matmul(Call c) {
    Value a = turned(c, c.in(0), "A");
    Value b = turned(c, c.in(1), "B");
    return c.scale(NeuralOperators.matmul(c, a, b), c.attributes().number("alpha", 1));
  }

  /// `transBatch` moves the first axis to just before the last; `trans` swaps the last two.
  private static Value turned(Call c, Value x, String side) {
    int rank = x.type().rank();
    if (c.attributes().flag("transBatch" + side, false)) {
      List<Integer> order = new ArrayList<>(Dims.all(rank).subList(1, rank));
      order.add(rank - 2, 0);
      x = c.transpose(x, order);
    }
    boolean swap = c.attributes().flag("trans" + side, false) && rank > 1;
    return swap ? c.transposeLast(x) : x;
  }

  private static Value fusedGemm(Call c) {
    Value y = NeuralOperators.gemm(c);
    String activation = c.attributes().text("activation", "Relu");
    return switch (activation) {
      case "Relu" -> c.emit(new Elementwise.Relu(y));
      case "Tanh" -> c.emit(new Elementwise.Tanh(y));
      case "Sigmoid" -> c.emit(new Elementwise.Sigmoid(y));
      default ->
          throw Refusal.op(
              "FusedGemm with activation " + activation + " is not supported",
              "run the optimizer without this fusion");
    };
  }

  /// The bias lacks the axes between its own and the softmax's, or the outermost ones.
  private static Value biasSoftmax(Call c) {
    Value x = c.in(0);
    int rank = x.type().rank();
    int axis = c.axis(c.attributes().small("axis", 1), x);
    Value sum = c.add(x, c.in(1));
    List<Integer> dims = x.type().dims();
    if (!sum.type().dims().equals(dims)) {
      throw Refusal.shape("a bias of type " + c.in(1).type() + " on " + x.type(), "");
    }
    List<Integer> flat =
        List.of(Dims.product(dims.subList(0, axis)), Dims.product(dims.subList(axis, rank)));
    return axis == rank - 1
        ? NeuralOperators.softmax(c, sum, axis)
        : c.reshape(NeuralOperators.softmax(c, c.reshape(sum, flat), 1), dims);
  }

  private static List<Value> biasDropout(Call c) {
    Value biased = c.add(c.in(0), c.in(1));
    return List.of(c.maybe(2).map(r -> c.add(biased, r)).orElse(biased));
  }

  private static List<Value> skipLayerNormalization(Call c) {
    Value sum = c.add(c.in(0), c.in(1));
    Value whole = c.maybe(4).map(bias -> c.add(sum, bias)).orElse(sum);
    double epsilon = c.attributes().number("epsilon", 1e-12f);
    int last = whole.type().rank() - 1;
    Value y = NeuralOperators.layerNorm(c, whole, last, c.in(2), c.maybe(3), epsilon);
    return c.outputs() == 1
        ? List.of(y)
        : List.of(
            y,
            NeuralOperators.mean(c, whole, last),
            NeuralOperators.inverseDeviation(c, whole, last, epsilon),
            whole);
  }

  private static List<Value> embedLayerNormalization(Call c) {
    Value ids = c.in(0);
    int batch = ids.type().dim(0);
    int sequence = ids.type().dim(1);
    Value words = c.emit(new Indexing.Gather(c.in(2), ids, 0));
    Value positions =
        c.maybe(8)
            .map(p -> c.emit(new Indexing.Gather(c.in(3), p, 0)))
            .orElseGet(() -> c.slice(c.in(3), 0, 0, sequence));
    Value sum = c.add(words, positions);
    Value whole =
        c.maybe(1)
            .filter(_ -> c.maybe(4).isPresent())
            .map(s -> c.add(sum, c.emit(new Indexing.Gather(c.in(4), s, 0))))
            .orElse(sum);
    double epsilon = c.attributes().number("epsilon", 1e-12f);
    Value y = NeuralOperators.layerNorm(c, whole, 2, c.in(5), c.maybe(6), epsilon);
    Value lengths =
        c.maybe(7)
            .map(m -> c.emit(new Neural.Reduce(m, Reduction.SUM, List.of(1), false)))
            .map(n -> c.cast(n, DType.I32))
            .orElseGet(() -> c.constant(Tensor.i32(List.of(batch), new int[Dims.made(batch)])));
    return List.of(y, lengths, whole);
  }
}
