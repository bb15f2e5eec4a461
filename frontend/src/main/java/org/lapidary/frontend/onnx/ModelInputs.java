package org.lapidary.frontend.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.lapidary.frontend.onnx.proto.Onnx.GraphProto;
import org.lapidary.frontend.onnx.proto.Onnx.TensorShapeProto.Dimension;
import org.lapidary.frontend.onnx.proto.Onnx.TypeProto;
import org.lapidary.frontend.onnx.proto.Onnx.ValueInfoProto;
import org.lapidary.ir.DType;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;

/// Declares the inputs of a model with the sizes the user bound.
final class ModelInputs {
  private final Dimensions dims;
  private final Problems problems;
  private final Emitter out;

  ModelInputs(Dimensions dims, Problems problems, Emitter out) {
    this.dims = dims;
    this.problems = problems;
    this.out = out;
  }

  /// Inputs that are also initializers are default values: they keep them.
  void bind(GraphProto graph, Scope scope) {
    List<String> seen = new ArrayList<>();
    for (ValueInfoProto input : graph.getInputList()) {
      String name = input.getName();
      if (seen.contains(name)) {
        problems.add(name, Refusal.model("two inputs have the name \"" + name + "\""));
      }
      seen.add(name);
      if (!scope.declaresHere(name)) {
        scope.bind(name, declare(input));
      }
    }
    dims.report();
  }

  private Optional<Value> declare(ValueInfoProto input) {
    try {
      Optional<TensorType> type = type(input);
      if (type.isEmpty()) {
        return Optional.empty();
      }
      TensorType bound = type.get();
      boolean scalar = bound.elements() == 1 && bound.rank() <= 1 && bound.dtype() != DType.F32;
      OptionalInt value = scalar ? dims.value(input.getName()) : OptionalInt.empty();
      Value declared =
          value.isPresent()
              ? out.constant(filled(bound, value.getAsInt()))
              : out.input(input.getName(), bound);
      out.declare(declared, ElementType.of(input.getType().getTensorType().getElemType()));
      return Optional.of(declared);
    } catch (Refusal refusal) {
      problems.add(input.getName(), refusal);
    } catch (IllegalArgumentException e) {
      problems.add(
          input.getName(), Refusal.shape(String.valueOf(e.getMessage()), "check --dim values"));
    }
    return Optional.empty();
  }

  /// The type of an input, or nothing if one of its dimensions is not bound.
  private Optional<TensorType> type(ValueInfoProto input) {
    TypeProto type = input.getType();
    if (!type.hasTensorType()) {
      throw Refusal.type(
          "the input is not a tensor", "only models whose inputs are tensors can be compiled");
    }
    if (!type.getTensorType().hasShape()) {
      throw Refusal.shape("the rank of the input is not declared", "export the model with shapes");
    }
    ElementType element = ElementType.of(type.getTensorType().getElemType());
    List<Integer> sizes = new ArrayList<>();
    boolean complete = true;
    for (Dimension d : type.getTensorType().getShape().getDimList()) {
      OptionalInt size = size(input.getName(), sizes.size(), d);
      complete &= size.isPresent();
      sizes.add(size.orElse(0));
    }
    return complete ? Optional.of(TensorType.of(element.dtype(), sizes)) : Optional.empty();
  }

  private OptionalInt size(String input, int axis, Dimension d) {
    if (d.hasDimValue() && d.getDimValue() >= 0) {
      return OptionalInt.of(Dims.small(d.getDimValue(), "dimension " + axis));
    }
    // Some exporters leave axes without a name; they get one here.
    return dims.size(d.getDimParam().isEmpty() ? input + "." + axis : d.getDimParam());
  }

  private static Tensor filled(TensorType type, int value) {
    return switch (type.dtype()) {
      case I64 -> Tensor.of(type, new long[] {value});
      case I32 -> Tensor.of(type, new int[] {value});
      case BOOL -> Tensor.of(type, new byte[] {(byte) (value == 0 ? 0 : 1)});
      case I8 -> Tensor.of(type, new byte[] {(byte) value});
      case F32 -> throw new IllegalStateException("only integers are bound");
    };
  }
}
