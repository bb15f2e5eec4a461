package org.lapidary.ir.text;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.pass.PassRunner;

/// Writes graphs as `.ir` files into a directory, and the constants they refer to into its
/// subdirectory `constants`, from where [#store(Path)] finds them again.
///
/// @param directory need not exist before the first dump
public record IrDumps(Path directory) implements PassRunner.Dumps {

  @Override
  public String write(String fileName, String comment, Graph<? extends Op> graph) {
    Path file = directory.resolve(fileName);
    ConstantDirectory constants = new ConstantDirectory(directory.resolve("constants"));
    for (Graph.Node<? extends Op> node : graph.nodes()) {
      if (node.op() instanceof Layout.Const(Data data) && !IrPrinter.isInline(data)) {
        constants.write(data);
      }
    }
    try {
      Files.createDirectories(directory);
      Files.writeString(file, "// " + comment + "\n" + IrPrinter.print(graph));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return file.toString();
  }

  /// The constants of an `.ir` file: those in the directory `constants` beside it.
  public static ConstantStore store(Path irFile) {
    return new ConstantDirectory(irFile.resolveSibling("constants"));
  }
}
