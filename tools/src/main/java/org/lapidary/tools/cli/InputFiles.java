package org.lapidary.tools.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.op.Op;
import org.lapidary.tools.compile.InputCheck;
import org.lapidary.tools.data.Npy;
import org.lapidary.tools.data.Tensors;
import picocli.CommandLine.Option;

/// The options `--input NAME=FILE.npy …` and `--output-dir OUT` of commands that run one inference.
final class InputFiles {
  @Option(
      names = "--input",
      arity = "1..*",
      paramLabel = "NAME=FILE.npy",
      description = "Inputs by name; empty caches may be left out.")
  Map<String, Path> files = new LinkedHashMap<>();

  @Option(
      names = "--output-dir",
      paramLabel = "OUT",
      description = "Where each output is written as NAME.npy.")
  Path outputDir = Path.of(".");

  /// All arrays as they are in the files.
  Map<String, Tensor> read() {
    return read(files);
  }

  static Map<String, Tensor> read(Map<String, Path> files) {
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    files.forEach((name, file) -> inputs.put(name, Npy.read(file)));
    return inputs;
  }

  /// The arrays a model with fixed input types needs: converted, checked, empty ones filled in.
  static Map<String, Tensor> fitted(
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
        InputCheck.numbers(model, port.name(), value, type.dtype()).ifPresent(problems::add);
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
    InputCheck.requireRows(model, graph, inputs);
    return inputs;
  }

  private static Diagnostic problem(String model, Graph.Port port, String what, String hint) {
    return Diagnostic.error(
        Diagnostic.Code.INVALID_INPUT, model, port.name(), "this input " + what, hint);
  }

  /// Writes every output; characters that file names do not like become `_`.
  void write(Map<String, Tensor> outputs) {
    try {
      Files.createDirectories(outputDir);
      for (Map.Entry<String, Tensor> e : outputs.entrySet()) {
        Npy.write(outputDir.resolve(fileName(e.getKey())), e.getValue());
      }
    } catch (IOException e) {
      throw new DiagnosticException(
          Diagnostic.error(
              Diagnostic.Code.INVALID_INPUT,
              outputDir.toString(),
              "",
              "cannot be written",
              "choose a writable --output-dir"));
    }
  }

  static String fileName(String output) {
    return output.replaceAll("[^A-Za-z0-9._-]", "_") + ".npy";
  }
}
