package org.lapidary.frontend.onnx;

import static org.lapidary.frontend.onnx.OnnxOp.many;
import static org.lapidary.frontend.onnx.OnnxOp.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lapidary.ir.DType;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Indexing;
import org.lapidary.ir.op.Layout;

/// Operators that pick or place elements by index.
final class IndexingOperators {
  private IndexingOperators() {}

  static final List<OnnxOp> ALL =
      List.of(
          onnx("Gather", 1, "nn.gather, nn.slice", IndexingOperators::gather),
          onnx("GatherElements", 11, "nn.gather_elements", IndexingOperators::gatherElements),
          onnx("GatherND", 11, "nn.gather_nd", IndexingOperators::gatherNd),
          onnx("ScatterND", 11, "nn.scatter_nd", IndexingOperators::scatterNd),
          onnx("CumSum", 11, "nn.cumsum", IndexingOperators::cumSum),
          onnx("Trilu", 14, "nn.trilu", IndexingOperators::trilu),
          onnx("ArgMax", 1, "nn.arg_extreme", c -> argExtreme(c, true)),
          onnx("ArgMin", 1, "nn.arg_extreme", c -> argExtreme(c, false)),
          many("TopK", 1, "nn.top_k, nn.gather_elements", IndexingOperators::topK),
          onnx("OneHot", 9, "nn.one_hot", IndexingOperators::oneHot));

  /// One known position is a slice, which costs the accelerator nothing.
  private static Value gather(Call c) {
    Value x = c.in(0);
    int axis = c.axis(c.attributes().small("axis", 0), x);
    Optional<Tensor> known = c.out().known(c.in(1));
    if (known.isPresent() && known.get().elements() == 1) {
      int size = x.type().dim(axis);
      long at = known.get().asLong(0);
      if (at < -size || at >= size) {
        throw Refusal.shape(
            "Gather at " + at + " from axis " + axis + " of " + x.type(), "check --dim values");
      }
      Value one = c.slice(x, axis, (int) (at < 0 ? at + size : at), 1);
      List<Integer> dims = x.type().dims();
      List<Integer> after = dims.subList(axis + 1, dims.size());
      return c.reshape(one, Dims.join(dims.subList(0, axis), known.get().type().dims(), after));
    }
    return c.emit(new Indexing.Gather(x, c.in(1), axis));
  }

  private static Value gatherElements(Call c) {
    int axis = c.axis(c.attributes().small("axis", 0), c.in(0));
    return c.emit(new Indexing.GatherElements(c.in(0), c.in(1), axis));
  }

  /// Batch axes become leading entries of the index tuples.
  private static Value gatherNd(Call c) {
    int batchDims = c.attributes().small("batch_dims", 0);
    Value indices = c.cast(c.in(1), DType.I64);
    List<Integer> dims = indices.type().dims();
    if (batchDims < 0 || batchDims >= dims.size() || batchDims >= c.in(0).type().rank()) {
      throw Refusal.shape("GatherND with batch_dims " + batchDims, "check the model");
    }
    for (int axis = batchDims - 1; axis >= 0; axis--) {
      long[] counter = new long[Dims.made(dims.get(axis))];
      for (int i = 0; i < counter.length; i++) {
        counter[i] = i;
      }
      List<Integer> shape = new ArrayList<>(java.util.Collections.nCopies(dims.size(), 1));
      shape.set(axis, counter.length);
      Value column =
          c.broadcast(c.constant(Tensor.i64(shape, counter)), Dims.with(dims, dims.size() - 1, 1));
      indices = c.emit(new Layout.Concat(List.of(column, indices), dims.size() - 1));
    }
    return c.emit(new Indexing.GatherNd(c.in(0), indices));
  }

  private static Value scatterNd(Call c) {
    String reduction = c.attributes().text("reduction", "none");
    if (!reduction.equals("none")) {
      throw Refusal.op("ScatterND with reduction " + reduction + " is not supported", "");
    }
    if (c.in(1).type().elements() == 0) {
      return c.in(0);
    }
    return c.emit(new Indexing.ScatterNd(c.in(0), c.in(1), c.in(2)));
  }

  private static Value cumSum(Call c) {
    Value x = c.in(0);
    return c.emit(
        new Indexing.CumSum(
            x,
            c.axis(c.knownInt(1, "axis"), x),
            c.attributes().flag("exclusive", false),
            c.attributes().flag("reverse", false)));
  }

  private static Value trilu(Call c) {
    int k = c.maybe(1).isPresent() ? c.knownInt(1, "k") : 0;
    return c.emit(new Indexing.Trilu(c.in(0), k, c.attributes().flag("upper", true)));
  }

  private static Value argExtreme(Call c, boolean max) {
    Value x = c.in(0);
    return c.emit(
        new Indexing.ArgExtreme(
            x,
            c.axis(c.attributes().small("axis", 0), x),
            c.attributes().flag("keepdims", true),
            max,
            c.attributes().flag("select_last_index", false)));
  }

  /// Values and positions, in order even where any order is allowed.
  private static List<Value> topK(Call c) {
    Value x = c.in(0);
    int axis = c.axis(c.attributes().small("axis", -1), x);
    int k = c.attributes().has("k") ? c.attributes().small("k", 0) : c.knownInt(1, "k");
    boolean largest = c.attributes().flag("largest", true);
    Value positions = c.emit(new Indexing.TopK(x, k, axis, largest));
    return List.of(c.emit(new Indexing.GatherElements(x, positions, axis)), positions);
  }

  private static Value oneHot(Call c) {
    int depth = c.knownInt(1, "depth");
    Tensor values = c.known(2, "values");
    if (values.elements() != 2 || depth < 1) {
      throw Refusal.shape("OneHot needs two values and a depth of 1 or more", "check the model");
    }
    return c.emit(
        new Indexing.OneHot(
            c.cast(c.in(0), DType.I64),
            depth,
            c.attributes().small("axis", -1),
            values.asDouble(0),
            values.asDouble(1),
            values.type().dtype()));
  }
}
