package org.lapidary.passes.canon;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Layout.Const;

/// Reading and making constants.
public final class Constants {
  private Constants() {}

  /// The constant a value is, if it is one.
  public static Optional<Data> of(Value value, Definitions defs) {
    return defs.def(value) instanceof Const(var data) ? Optional.of(data) : Optional.empty();
  }

  public static boolean is(Value value, Definitions defs) {
    return defs.def(value) instanceof Const;
  }

  /// The number, if the value is a constant of one element.
  public static OptionalDouble scalar(Value value, Definitions defs) {
    return value.type().elements() == 1 && defs.def(value) instanceof Const(var data)
        ? OptionalDouble.of(data.load().asDouble(0))
        : OptionalDouble.empty();
  }

  /// Whether the value is a constant of one element that is exactly `number`.
  public static boolean isScalar(Value value, double number, Definitions defs) {
    OptionalDouble scalar = scalar(value, defs);
    return scalar.isPresent() && scalar.getAsDouble() == number;
  }

  /// A scalar.
  public static Const scalar(double number) {
    return new Const(
        Data.of(Float.toString((float) number), Tensor.f32(List.of(), (float) number)));
  }

  /// A vector of equal elements.
  public static Const vector(int length, double number) {
    float[] elements = new float[length];
    Arrays.fill(elements, (float) number);
    String name = Float.toString((float) number) + "x" + length;
    return new Const(Data.of(name, Tensor.of(TensorType.of(DType.F32, length), elements)));
  }

  /// Whether broadcasting `operand` changes nothing but the last axis of a value of rank `rank`: a
  /// scalar, or a vector along that axis.
  public static boolean isAlongLastAxis(Value operand) {
    List<Integer> dims = operand.type().dims();
    return dims.stream().limit(Math.max(0, dims.size() - 1)).allMatch(d -> d == 1);
  }
}
