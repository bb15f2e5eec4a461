package org.lapidary.tools.cli;

import java.nio.file.Path;
import java.util.Optional;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.text.ConstantStore;
import org.lapidary.tools.compile.Stages;
import org.lapidary.tools.inspect.Artifact;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// The options of commands that look at a model amid its compilation.
final class StageArguments {
  @Option(
      names = "--after",
      paramLabel = "PASS",
      description = "As it is after this pass of the pipeline, or after quantize.")
  Optional<String> after = Optional.empty();

  @Mixin CompileArguments arguments = new CompileArguments();

  /// A graph or a program, from a file or from standard input.
  Artifact read(String file) {
    Artifact read =
        file.equals("-")
            ? Artifact.parse("-", Texts.bytes("-"), ConstantStore.NONE)
            : Artifact.read(Path.of(file), arguments.dims);
    if (after.isEmpty()) {
      return read;
    }
    return switch (read) {
      case Artifact.Model(var graph) ->
          new Artifact.Model(Stages.after(after.get(), graph, arguments.options(arguments.dims)));
      case Artifact.Compiled _ ->
          throw new DiagnosticException(
              Diagnostic.error(
                  Diagnostic.Code.INVALID_INPUT,
                  file,
                  "",
                  "is a compiled program, through with all passes",
                  "leave out --after, or give the ONNX model"));
    };
  }
}
