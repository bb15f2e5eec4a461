package org.lapidary.tools.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.lapidary.frontend.onnx.OnnxImporter;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.text.IrDumps;
import org.lapidary.ir.text.IrParser;
import org.lapidary.ir.text.IrPrinter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Prints a model as IR text.
@Command(
    name = "print",
    mixinStandardHelpOptions = true,
    description = "Prints an ONNX model or an .ir file in the text form; constants by hash.",
    footer = {"", "Example: lapidary print model.onnx --dim batch=1 --dim sequence=64"})
final class PrintCommand implements Callable<Integer> {
  @Parameters(paramLabel = "FILE", description = "A .onnx or .ir file.")
  Path file = Path.of("");

  @Option(names = "--dim", arity = "1..*", paramLabel = "NAME=N", description = "Symbolic sizes.")
  Map<String, Integer> dims = new LinkedHashMap<>();

  @Option(
      names = "--only",
      paramLabel = "NODE-GLOB",
      description = "Only the lines that came from ONNX nodes of this name, * and ? allowed.")
  Optional<String> only = Optional.empty();

  @Mixin Output output = new Output();

  @Override
  public Integer call() {
    String text = IrPrinter.print(read(file, dims));
    if (only.isPresent()) {
      Pattern wanted = Pattern.compile(".*loc\\(\"[^\"]*" + glob(only.get()) + "[\"|].*");
      text =
          text.lines()
              .filter(line -> wanted.matcher(line).matches())
              .map(line -> line + "\n")
              .reduce("", String::concat);
    }
    output.out().print(text);
    return 0;
  }

  /// A graph of either kind of file.
  static Graph<? extends Op> read(Path file, Map<String, Integer> dims) {
    return file.toString().endsWith(".ir")
        ? IrParser.parse(file.toString(), Texts.read(file.toString()), IrDumps.store(file))
        : OnnxImporter.read(file, dims).graph();
  }

  private static String glob(String glob) {
    return Pattern.quote(glob).replace("*", "\\E.*\\Q").replace("?", "\\E.\\Q");
  }
}
