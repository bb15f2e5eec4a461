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

/// Writes graphs as `.ir` files into a directory, what a pass changed as `.diff`, and the constants
/// they refer to into its subdirectory `constants`, from where [#store(Path)] finds them again.
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
    write(file, "// " + comment + "\n" + IrPrinter.print(graph));
    return file.toString();
  }

  /// Writes `03-fuse-gelu.ir` and `03-fuse-gelu.diff`, which says what is different from before;
  /// step 0 has nothing before it.
  @Override
  public void step(
      int number,
      String name,
      String comment,
      Graph<? extends Op> before,
      Graph<? extends Op> after) {
    String stem = "%02d-%s".formatted(number, name);
    write(stem + ".ir", comment, after);
    if (number > 0) {
      write(
          directory.resolve(stem + ".diff"),
          "// " + comment + ": " + GraphDiff.of(before, after).text());
    }
  }

  private void write(Path file, String text) {
    try {
      Files.createDirectories(directory);
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The constants of an `.ir` file: those in the directory `constants` beside it.
  public static ConstantStore store(Path irFile) {
    return new ConstantDirectory(irFile.resolveSibling("constants"));
  }
}
