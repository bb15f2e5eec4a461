package org.lapidary.tools.inspect;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.lapidary.frontend.onnx.OnnxImporter;
import org.lapidary.gemmini.program.Container;
import org.lapidary.gemmini.program.Program;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.text.ConstantStore;
import org.lapidary.ir.text.IrDumps;
import org.lapidary.ir.text.IrParser;

/// What there is to look at: a graph, or a program with its graph.
public sealed interface Artifact {
  /// The graph; of a program, the integer one.
  Graph<? extends Op> graph();

  /// An ONNX model as imported, or IR text.
  record Model(Graph<? extends Op> graph) implements Artifact {}

  /// A compiled program.
  record Compiled(Program program) implements Artifact {
    @Override
    public Graph<? extends Op> graph() {
      return program.graph();
    }
  }

  /// Reads a program directory, IR text (`*.ir`), or else an ONNX model.
  ///
  /// @param dims sizes of the symbolic dimensions of an ONNX model
  /// @throws org.lapidary.ir.DiagnosticException if it is missing or damaged
  static Artifact read(Path file, Map<String, Integer> dims) {
    if (Files.isDirectory(file)) {
      return new Compiled(Container.read(file));
    }
    if (!file.toString().endsWith(".ir")) {
      return new Model(OnnxImporter.read(file, dims).graph());
    }
    try {
      return parse(file.toString(), Files.readAllBytes(file), IrDumps.store(file));
    } catch (IOException e) {
      throw new DiagnosticException(
          Diagnostic.error(
              Diagnostic.Code.FILE_NOT_FOUND,
              file.toString(),
              "",
              "cannot be read",
              "check the path"));
    }
  }

  /// Reads IR text.
  static Artifact parse(String source, byte[] text, ConstantStore store) {
    return new Model(IrParser.parse(source, new String(text, StandardCharsets.UTF_8), store));
  }
}
