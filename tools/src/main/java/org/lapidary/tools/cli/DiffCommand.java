package org.lapidary.tools.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.text.GraphDiff;
import org.lapidary.ir.text.GraphDiff.Kind;
import org.lapidary.ir.text.GraphDiff.Line;
import org.lapidary.tools.inspect.Artifact;
import org.lapidary.tools.inspect.ProgramDiff;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// Compares two graphs or two programs by what they mean.
@Command(
    name = "diff",
    mixinStandardHelpOptions = true,
    description = {
      "Says what is different in two models (.onnx or .ir) or two compiled programs.",
      "Operations are compared by what they compute and where they came from: numbers of",
      "values, order, locations and names of constants do not count.",
      "Values are called as in B; those only A has carry a prime: %%12'.",
      "Exit code: 0 nothing differs, 1 something does (or a file cannot be read)."
    },
    footer = {"", "Example: lapidary diff out.ir/02-fuse-layer-norm.ir out.ir/03-fuse-gelu.ir"})
final class DiffCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "A", description = "A model or a compiled program.")
  String first = "";

  @Parameters(index = "1", paramLabel = "B", description = "Another of the same kind.")
  String second = "";

  @Mixin StageArguments stage = new StageArguments();
  @Mixin Output output = new Output();

  @Override
  public Integer call() {
    Artifact a = stage.read(first);
    Artifact b = stage.read(second);
    List<Line> lines =
        switch (a) {
          case Artifact.Model(var x) when b instanceof Artifact.Model(var y) -> {
            GraphDiff diff = GraphDiff.of(x, y);
            List<Line> all = new ArrayList<>();
            if (!diff.isEmpty()) {
              all.add(new Line(Kind.GAP, "graph: " + diff.summary()));
              all.addAll(diff.hunks());
            }
            yield all;
          }
          case Artifact.Compiled(var x) when b instanceof Artifact.Compiled(var y) ->
              ProgramDiff.of(x, y);
          case Artifact.Model _, Artifact.Compiled _ ->
              throw new DiagnosticException(
                  Diagnostic.error(
                      Diagnostic.Code.INVALID_INPUT,
                      second,
                      "",
                      "one is a model, the other a compiled program",
                      "compare two of a kind; a program's graph is its graph.ir"));
        };
    if (output.json()) {
      output.document(document(lines));
    } else {
      lines.forEach(line -> output.out().println(coloured(line)));
    }
    return lines.isEmpty() ? 0 : Main.FAILED;
  }

  private static Map<String, Object> document(List<Line> lines) {
    List<Map<String, String>> list = new ArrayList<>();
    for (Line line : lines) {
      Map<String, String> one = new LinkedHashMap<>();
      one.put("kind", line.kind().name().toLowerCase(java.util.Locale.ROOT));
      one.put("text", line.text());
      list.add(one);
    }
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("equal", lines.isEmpty());
    document.put("lines", list);
    return document;
  }

  /// Red and green on a terminal; `NO_COLOR` and pipes get plain text.
  private static String coloured(Line line) {
    if (!Ansi.AUTO.enabled()) {
      return line.toString();
    }
    return switch (line.kind()) {
      case SAME -> line.toString();
      case REMOVED -> "\033[31m" + line + "\033[0m";
      case ADDED -> "\033[32m" + line + "\033[0m";
      case GAP -> "\033[36m" + line + "\033[0m";
    };
  }
}
