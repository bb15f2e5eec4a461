package org.lapidary.frontend.onnx;

import static org.lapidary.frontend.onnx.OnnxOp.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lapidary.frontend.onnx.proto.Onnx.TensorProto;
import org.lapidary.ir.DType;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;

/// Operators that make constants, above all of shapes: none of them is left in the graph.
final class ConstantOperators {
  private static final int LONGEST_RANGE = 1 << 22;

  private ConstantOperators() {}

  static final List<OnnxOp> ALL =
      List.of(
          onnx("Constant", 1, "nn.const", ConstantOperators::constant),
          onnx("ConstantOfShape", 9, "nn.const, nn.broadcast", ConstantOperators::ofShape),
          onnx("Shape", 1, "nn.const", ConstantOperators::shape),
          onnx("Size", 1, "nn.const", c -> longs(c, List.of(), c.in(0).type().elements())),
          onnx("Range", 11, "nn.const", ConstantOperators::range),
          onnx("NonZero", 9, "nn.const", ConstantOperators::nonZero),
          onnx("EyeLike", 9, "nn.const", ConstantOperators::eye));

  private static Value longs(Call c, List<Integer> dims, long... values) {
    return c.constant(Tensor.i64(dims, values));
  }

  private static Value constant(Call c) {
    Attributes a = c.attributes();
    Optional<TensorProto> tensor = a.tensor("value");
    if (tensor.isPresent()) {
      return stored(c, tensor.get());
    }
    if (a.has("value_float")) {
      return c.scalar(a.number("value_float", 0), DType.F32);
    }
    if (a.has("value_int")) {
      return longs(c, List.of(), a.integer("value_int", 0));
    }
    if (a.has("value_ints")) {
      long[] values = a.longs("value_ints").stream().mapToLong(l -> l).toArray();
      return longs(c, List.of(values.length), values);
    }
    if (a.has("value_floats")) {
      List<Float> numbers = a.numbers("value_floats");
      float[] values = new float[numbers.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = numbers.get(i);
      }
      return c.constant(Tensor.f32(List.of(values.length), values));
    }
    throw Refusal.type("the Constant holds no dense numbers", "export it as a tensor");
  }

  private static Value stored(Call c, TensorProto tensor) {
    Value value = c.constant(c.tensors().read(tensor, c.name()));
    c.out().declare(value, ElementType.of(tensor.getDataType()));
    return value;
  }

  private static Value ofShape(Call c) {
    List<Integer> dims = c.knownInts(0, "shape");
    Value value =
        c.attributes()
            .tensor("value")
            .map(t -> stored(c, t))
            .orElseGet(() -> c.scalar(0, DType.F32));
    return c.broadcast(c.reshape(value, List.of()), dims);
  }

  private static Value shape(Call c) {
    List<Integer> dims = c.in(0).type().dims();
    int rank = dims.size();
    int start = clamp(c.attributes().small("start", 0), rank);
    int end = Math.max(start, clamp(c.attributes().small("end", rank), rank));
    long[] sizes = dims.subList(start, end).stream().mapToLong(d -> d).toArray();
    return longs(c, List.of(sizes.length), sizes);
  }

  private static int clamp(int axis, int rank) {
    return Math.clamp(axis < 0 ? axis + rank : axis, 0, rank);
  }

  private static Value range(Call c) {
    Tensor start = c.known(0, "start");
    Tensor limit = c.known(1, "limit");
    Tensor delta = c.known(2, "delta");
    if (start.elements() != 1 || limit.elements() != 1 || delta.elements() != 1) {
      throw Refusal.shape("the operands of Range must be single numbers", "check the model");
    }
    double step = delta.asDouble(0);
    double count = Math.ceil((limit.asDouble(0) - start.asDouble(0)) / step);
    if (step == 0 || Double.isNaN(count) || count > LONGEST_RANGE) {
      throw Refusal.shape(
          "Range from "
              + start.asDouble(0)
              + " to "
              + limit.asDouble(0)
              + " by "
              + step
              + " is too long",
          "check --dim values");
    }
    int n = (int) Math.max(count, 0);
    DType dtype = start.type().dtype();
    if (dtype == DType.F32) {
      float[] values = new float[n];
      for (int i = 0; i < n; i++) {
        values[i] = (float) (start.asDouble(0) + i * step);
      }
      return c.constant(Tensor.f32(List.of(n), values));
    }
    long[] values = new long[n];
    for (int i = 0; i < n; i++) {
      values[i] = start.asLong(0) + i * delta.asLong(0);
    }
    return c.cast(longs(c, List.of(n), values), dtype);
  }

  private static Value nonZero(Call c) {
    Tensor x = c.known(0, "operand");
    List<Integer> dims = x.type().dims();

    List<Integer> hits = new ArrayList<>();
    for (int i = 0; i < x.elements(); i++) {
      if (x.asDouble(i) != 0) {
        hits.add(i);
      }
    }
    long[] indices = new long[dims.size() * hits.size()];
    for (int h = 0; h < hits.size(); h++) {
      int rest = hits.get(h);
      for (int axis = dims.size() - 1; axis >= 0; axis--) {
        indices[axis * hits.size() + h] = rest % dims.get(axis);
        rest /= dims.get(axis);
      }
    }
    return longs(c, List.of(dims.size(), hits.size()), indices);
  }

  private static Value eye(Call c) {
    List<Integer> dims = c.in(0).type().dims();
    if (dims.size() != 2) {
      throw Refusal.shape("EyeLike of " + c.in(0).type(), "check --dim values");
    }
    DType to =
        c.attributes().has("dtype")
            ? ElementType.of(c.attributes().small("dtype", 1)).dtype()
            : c.in(0).type().dtype();
    int k = c.attributes().small("k", 0);
    byte[] ones = new byte[Dims.made(dims.get(0), dims.get(1))];
    for (int row = 0; row < dims.get(0); row++) {
      long column = (long) row + k;
      if (column >= 0 && column < dims.get(1)) {
        ones[(int) (row * (long) dims.get(1) + column)] = 1;
      }
    }
    return c.cast(c.constant(Tensor.of(TensorType.of(DType.BOOL, dims), ones)), to);
  }
}
