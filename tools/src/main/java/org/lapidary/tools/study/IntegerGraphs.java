package org.lapidary.tools.study;

import java.util.List;
import java.util.SplittableRandom;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.Loc;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.Op;

/// Graphs of the `q` level made directly, for what is not a whole model: the matrix products of a
/// layer with nothing between them, and single products with what follows them. Their constants are
/// arbitrary; cycles do not depend on them.
final class IntegerGraphs {
  private static final double STEP = 1.0 / 64;
  private static final float SCALE = 1f / 128;

  private final GraphBuilder<Op> builder;

  private IntegerGraphs(String name) {
    this.builder = new GraphBuilder<>(name);
  }

  /// The matrix products of one layer, each read out as int8: four projections, two products per
  /// head, two of the feed-forward part.
  static Graph<Op> products(TransformerShape shape, int length) {
    IntegerGraphs g = new IntegerGraphs(shape.name() + " products");
    int width = shape.attention();
    Value x = g.activation("x", length, shape.model());
    Value q = g.heads(g.linear(Part.QUERY, x, width), shape, 1, 0, 2);
    Value k = g.heads(g.linear(Part.KEY, x, width), shape, 1, 2, 0);
    Value v = g.heads(g.linear(Part.VALUE, x, width), shape, 1, 0, 2);
    Value scores = g.requantize(Part.SCORES, g.product(Part.SCORES, q, k));
    Value context = g.requantize(Part.CONTEXT, g.product(Part.CONTEXT, scores, v));
    Value rows = g.builder.emit(new Layout.Transpose(context, List.of(1, 0, 2)));
    Value joined = g.builder.emit(new Layout.Reshape(rows, List.of(length, width)));
    Value out = g.linear(Part.OUT, joined, shape.model());
    Value inner = g.linear(Part.INNER, out, shape.ffn());
    return g.build(g.linear(Part.OUTER, inner, shape.model()));
  }

  /// One product with constant weights, read out as int8.
  static Graph<Op> projection(int length, int from, int to) {
    IntegerGraphs g = new IntegerGraphs("projection");
    return g.build(g.linear(Part.OUT, g.activation("x", length, from), to));
  }

  /// All heads' scores and their softmax.
  static Graph<Op> scores(TransformerShape shape, int length) {
    IntegerGraphs g = new IntegerGraphs("scores");
    Value q = g.heads(g.activation("q", length, shape.attention()), shape, 1, 0, 2);
    Value k = g.heads(g.activation("k", length, shape.attention()), shape, 1, 2, 0);
    Value scores = g.product(Part.SCORES, q, k);
    MoveOut softmax = new MoveOut.SoftmaxI32(scores, 13, 5041, 27, 383, 1f, 1.0 / 127);
    return g.build(g.builder.emit(softmax, at(Part.SOFTMAX)));
  }

  /// A projection normalised straight from its sum, as the survey has it.
  static Graph<Op> projectionAndNorm(int length, int from, int to) {
    IntegerGraphs g = new IntegerGraphs("projection and LayerNorm");
    Value sum = g.sum(Part.OUT, g.activation("x", length, from), to);
    MoveOut norm = new MoveOut.LayerNormI32(sum, 32f, false, STEP);
    return g.build(g.builder.emit(norm, at(Part.ATTENTION_NORM)));
  }

  private Graph<Op> build(Value result) {
    builder.result("y", result);
    return builder.build();
  }

  private Value activation(String name, int rows, int cols) {
    return builder.input(name, new TensorType(DType.I8, List.of(rows, cols), STEP));
  }

  private Value heads(Value x, TransformerShape shape, Integer... permutation) {
    List<Integer> dims = List.of(x.type().dim(0), shape.heads(), shape.headWidth());
    Value split = builder.emit(new Layout.Reshape(x, dims));
    return builder.emit(new Layout.Transpose(split, List.of(permutation)));
  }

  private Value linear(Part part, Value x, int to) {
    return requantize(part, sum(part, x, to));
  }

  private Value sum(Part part, Value x, int to) {
    Value weight = constant(part, new TensorType(DType.I8, List.of(x.type().dim(-1), to), STEP));
    Value bias = constant(part, new TensorType(DType.I32, List.of(to), STEP * STEP));
    return builder.emit(new Accumulate.AddI32(product(part, x, weight), bias), at(part));
  }

  private Value product(Part part, Value a, Value b) {
    return builder.emit(new Accumulate.MatMulI8(a, b), at(part));
  }

  private Value requantize(Part part, Value sum) {
    return builder.emit(new MoveOut.Requantize(sum, SCALE, false, STEP), at(part));
  }

  private Value constant(Part part, TensorType type) {
    String name = part.node(0) + "/" + type.dtype().text();
    return builder.emit(new Layout.Const(Data.lazy(name, type, () -> random(name, type))));
  }

  private static Tensor random(String name, TensorType type) {
    SplittableRandom random = new SplittableRandom(name.hashCode());
    if (type.dtype() == DType.I8) {
      byte[] values = new byte[type.elements()];
      random.nextBytes(values);
      return Tensor.of(type, values);
    }
    return Tensor.of(type, random.ints(type.elements(), -1000, 1000).toArray());
  }

  private static Loc at(Part part) {
    return Loc.onnx(part.node(0));
  }
}
