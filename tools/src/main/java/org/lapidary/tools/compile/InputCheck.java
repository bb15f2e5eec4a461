package org.lapidary.tools.compile;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lapidary.ir.DType;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Indexing;
import org.lapidary.ir.op.Op;
import org.lapidary.tools.data.Tensors;

/// What a model cannot take, said in words of its inputs before anybody computes with it.
public final class InputCheck {
  private InputCheck() {}

  /// The arrays a model with fixed input types needs: converted, checked, empty ones filled in.
  ///
  /// @param model file or directory, for messages
  /// @throws DiagnosticException naming every input that is missing, unknown, or of another shape
  public static Map<String, Tensor> fitted(
      String model, Graph<? extends Op> graph, Map<String, Tensor> given) {
    List<Graph.Port> wanted = graph.inputs();
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    List<Diagnostic> problems = new ArrayList<>();
    for (Graph.Port port : wanted) {
      TensorType type = port.type();
      Tensor value = given.get(port.name());
      if (value == null && type.elements() == 0) {
        value = Tensors.convert(Tensor.i64(type.dims()), type.dtype());
      }
      if (value == null) {
        problems.add(
            problem(model, port, "is missing", "pass --input " + port.name() + "=FILE.npy"));
      } else if (!value.type().dims().equals(type.dims())) {
        problems.add(
            problem(
                model,
                port,
                "has shape " + value.type().dims() + ", the program needs " + type.dims(),
                "pad or cut the array, or compile with other --dim values"));
      } else {
        numbers(model, port.name(), value, type.dtype()).ifPresent(problems::add);
        if (!problems.isEmpty()) {
          continue;
        }
        inputs.put(port.name(), Tensors.convert(value, type.dtype()));
      }
    }
    for (String name : given.keySet()) {
      if (wanted.stream().noneMatch(p -> p.name().equals(name))) {
        problems.add(
            Diagnostic.error(
                Diagnostic.Code.INVALID_INPUT,
                model,
                name,
                "the model has no such input",
                "its inputs are " + wanted.stream().map(Graph.Port::name).toList()));
      }
    }
    if (!problems.isEmpty()) {
      throw new DiagnosticException(problems);
    }
    requireRows(model, graph, inputs);
    return inputs;
  }

  private static Diagnostic problem(String model, Graph.Port port, String what, String hint) {
    return Diagnostic.error(
        Diagnostic.Code.INVALID_INPUT, model, port.name(), "this input " + what, hint);
  }

  /// What is wrong with the numbers of an array that stands for an input of some element type:
  /// fractions, NaN, or more than the type holds.
  public static Optional<Diagnostic> numbers(String file, String input, Tensor given, DType due) {
    if (due == DType.F32 || due == DType.BOOL) {
      return Optional.empty();
    }
    long low =
        due == DType.I8 ? Byte.MIN_VALUE : due == DType.I32 ? Integer.MIN_VALUE : Long.MIN_VALUE;
    long high =
        due == DType.I8 ? Byte.MAX_VALUE : due == DType.I32 ? Integer.MAX_VALUE : Long.MAX_VALUE;
    for (int i = 0; i < given.elements(); i++) {
      double value = given.asDouble(i);
      if (value != Math.rint(value) || value < low || value > high) {
        return Optional.of(
            Diagnostic.error(
                Diagnostic.Code.INVALID_INPUT,
                file,
                input,
                "this input takes %s, but element %d is %s".formatted(due.text(), i, value),
                "save the array as integers"));
      }
    }
    return Optional.empty();
  }

  /// Insists that token ids, and whatever else looks rows up in a table, lie within it.
  ///
  /// @throws DiagnosticException naming the inputs, the values and the sizes of the tables
  public static void requireRows(
      String file, Graph<? extends Op> graph, Map<String, Tensor> inputs) {
    List<Diagnostic> problems = new ArrayList<>();
    for (Graph.Node<? extends Op> node : graph.nodes()) {
      if (node.op() instanceof Indexing.Gather(Value table, Value ids, int axis)) {
        for (Graph.Port port : graph.inputs()) {
          Tensor given = inputs.get(port.name());
          if (port.value().equals(ids) && given != null) {
            outside(file, port.name(), given, table.type().dim(axis)).ifPresent(problems::add);
          }
        }
      }
    }
    if (!problems.isEmpty()) {
      throw new DiagnosticException(problems);
    }
  }

  private static Optional<Diagnostic> outside(String file, String input, Tensor ids, int rows) {
    for (int i = 0; i < ids.elements(); i++) {
      long id = ids.asLong(i);
      if (id < -rows || id >= rows) {
        return Optional.of(
            Diagnostic.error(
                Diagnostic.Code.INVALID_INPUT,
                file,
                input,
                "element %d is %d, but the table it looks up has %d rows".formatted(i, id, rows),
                "use ids from 0 to " + (rows - 1) + "; is it the model's own tokenizer?"));
      }
    }
    return Optional.empty();
  }
}
