package org.lapidary.frontend.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Shapes;

/// One ONNX node while it is lowered: its operands, its attributes, the opset it was written for,
/// and where its operations go.
///
/// @param operands one per input of the node; empty where an optional input is left out
/// @param outputs number of outputs the node names
record Call(
    String name,
    String opType,
    long opset,
    Attributes attributes,
    List<Optional<Value>> operands,
    int outputs,
    TensorReader tensors,
    Emitter out) {

  Value in(int index) {
    return maybe(index).orElseThrow(() -> Refusal.model(opType + " lacks its input " + index));
  }

  Optional<Value> maybe(int index) {
    return index < operands.size() ? operands.get(index) : Optional.empty();
  }

  /// All inputs of an operator that takes any number.
  List<Value> all() {
    List<Value> values = operands.stream().flatMap(Optional::stream).toList();
    if (values.isEmpty()) {
      throw Refusal.model(opType + " has no inputs");
    }
    return values;
  }

  /// The elements of an input that must not depend on the inputs of the model.
  Tensor known(int index, String what) {
    return out.known(in(index))
        .orElseThrow(() ->
            Refusal.op(
                opType + " computes its " + what + " from the inputs of the model",
                "shapes must be static: fix the " + what + " when exporting"));
  }

  List<Integer> knownInts(int index, String what) {
    Tensor t = known(index, what);
    long[] values = new long[t.elements()];
    for (int i = 0; i < values.length; i++) {
      values[i] = t.asLong(i);
    }
    return Dims.small(values, what);
  }

  int knownInt(int index, String what) {
    List<Integer> values = knownInts(index, what);
    if (values.size() != 1) {
      throw Refusal.shape(
          "the " + what + " of " + opType + " must be one number, not " + values.size(),
          "check the model");
    }
    return values.getFirst();
  }

  /// Integers that older opsets hold in an attribute and newer ones in an input.
  Optional<List<Integer>> integers(String attribute, int input) {
    if (attributes.has(attribute)) {
      return attributes.integers(attribute);
    }
    return maybe(input).isPresent() ? Optional.of(knownInts(input, attribute)) : Optional.empty();
  }

  // What lowerings are made of; each leaves out what would change nothing.

  Value emit(NnOp op) {
    return out.emit(op);
  }

  Value constant(Tensor tensor) {
    return out.constant(tensor);
  }

  Value constant(Data data) {
    return out.constant(data);
  }

  /// A scalar of the element type of `like`.
  Value scalar(double value, Value like) {
    return scalar(value, like.type().dtype());
  }

  Value scalar(double value, DType dtype) {
    TensorType type = TensorType.of(dtype);
    return constant(
        switch (dtype) {
          case F32 -> Tensor.of(type, new float[] {(float) value});
          case I64 -> Tensor.of(type, new long[] {(long) value});
          case I32 -> Tensor.of(type, new int[] {(int) value});
          case I8, BOOL -> Tensor.of(type, new byte[] {(byte) value});
        });
  }

  Value add(Value a, Value b) {
    return emit(new Elementwise.Add(a, b));
  }

  Value mul(Value a, Value b) {
    return emit(new Elementwise.Mul(a, b));
  }

  /// `x * factor`, or `x` itself for a factor of 1.
  Value scale(Value x, double factor) {
    return factor == 1 ? x : mul(x, scalar(factor, x));
  }

  Value cast(Value x, DType to) {
    return x.type().dtype() == to ? x : emit(new Elementwise.Cast(x, to));
  }

  Value reshape(Value x, List<Integer> dims) {
    return x.type().dims().equals(dims) ? x : emit(new Layout.Reshape(x, dims));
  }

  Value transpose(Value x, List<Integer> permutation) {
    return permutation.equals(Dims.all(x.type().rank()))
        ? x
        : emit(new Layout.Transpose(x, permutation));
  }

  /// Swaps the last two axes.
  Value transposeLast(Value x) {
    if (x.type().rank() < 2) {
      throw Refusal.shape(opType + " transposes " + x.type(), "a matrix is needed");
    }
    return transpose(x, Dims.swapLast(x.type().rank()));
  }

  Value slice(Value x, int axis, int start, int length, int step) {
    boolean whole = start == 0 && step == 1 && length == x.type().dim(axis);
    return whole ? x : emit(new Layout.Slice(x, axis, start, length, step));
  }

  Value slice(Value x, int axis, int start, int length) {
    return slice(x, axis, start, length, 1);
  }

  /// Parts of size zero, such as an empty cache, vanish.
  Value concat(List<Value> parts, int axis) {
    Layout.Concat all = new Layout.Concat(parts, axis);
    int elements = all.resultType().elements(); // the empty parts must fit too
    List<Value> full = parts.stream().filter(p -> p.type().elements() > 0).toList();
    if (elements == 0) {
      return emit(all);
    }
    return full.size() == 1 ? full.getFirst() : emit(new Layout.Concat(full, axis));
  }

  Value broadcast(Value x, List<Integer> dims) {
    return x.type().dims().equals(dims) ? x : emit(new Layout.Broadcast(x, dims));
  }

  int axis(int axis, Value x) {
    return Shapes.axis(axis, x.type().rank());
  }

  /// The parts of `x` of the given sizes, one after the other along an axis.
  List<Value> split(Value x, int axis, List<Integer> sizes) {
    List<Value> parts = new ArrayList<>();
    int start = 0;
    for (int size : sizes) {
      parts.add(slice(x, axis, start, size));
      start += size;
    }
    if (start != x.type().dim(axis)) {
      throw Refusal.shape(
          "the parts " + sizes + " do not make up axis " + axis + " of " + x.type(),
          "check the model");
    }
    return parts;
  }
}
