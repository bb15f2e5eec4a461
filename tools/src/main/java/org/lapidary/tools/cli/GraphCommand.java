package org.lapidary.tools.cli;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.lapidary.gemmini.map.Placement;
import org.lapidary.gemmini.program.Program;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Op;
import org.lapidary.tools.graph.GraphPicture;
import org.lapidary.tools.inspect.Artifact;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Draws a graph.
@Command(
    name = "graph",
    mixinStandardHelpOptions = true,
    description = {
      "Draws an ONNX model, an .ir file or a compiled program: an .svg, or an .html to click",
      "in for types, scales and origins. Repeated layers are folded into one."
    },
    footer = {
      "",
      "Example: lapidary graph model.onnx --dim batch=1 --dim sequence=64 \\",
      "           --after fold-scales -o model.html"
    })
final class GraphCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "FILE",
      description = "A .onnx or .ir file, a compiled program; - is IR text on standard input.")
  String file = "";

  @Option(names = "-o", required = true, paramLabel = "OUT", description = "An .svg or .html file.")
  Path target = Path.of("");

  @Mixin StageArguments stage = new StageArguments();
  @Mixin Output output = new Output();

  @Override
  public Integer call() {
    boolean page = target.toString().endsWith(".html");
    if (!page && !target.toString().endsWith(".svg")) {
      throw new CommandLine.ParameterException(
          output.spec.commandLine(), "-o " + target + " ends neither in .svg nor in .html");
    }
    Artifact artifact = stage.read(file);
    GraphPicture picture =
        switch (artifact) {
          case Artifact.Model(var graph) -> new GraphPicture(graph, _ -> "");
          case Artifact.Compiled(var program) ->
              new GraphPicture(program.graph(), placement(program));
        };
    String text = page ? picture.html() : picture.svg();
    Texts.write(target, output.manifest().in(text).getBytes(StandardCharsets.UTF_8));
    if (output.json()) {
      output.document(document(picture));
    } else {
      output.out().println(target + ": " + picture.operations() + " operations");
      for (GraphPicture.Folded f : picture.folded()) {
        output
            .out()
            .printf("%d × %d operations, from %s on%n", f.times(), f.operations(), f.first());
      }
    }
    return 0;
  }

  private static Function<Graph.Node<? extends Op>, String> placement(Program program) {
    Map<Graph.Node<? extends Op>, String> places = new HashMap<>();
    List<Placement> placements = program.placements();
    for (int i = 0; i < placements.size() && i < program.graph().nodes().size(); i++) {
      Placement p = placements.get(i);
      places.put(program.graph().nodes().get(i), p.where().text() + ": " + p.reason());
    }
    return node -> places.getOrDefault(node, "");
  }

  private Map<String, Object> document(GraphPicture picture) {
    List<Map<String, Object>> folded = new ArrayList<>();
    for (GraphPicture.Folded f : picture.folded()) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("times", f.times());
      one.put("operations", f.operations());
      one.put("first_node", f.first());
      folded.add(one);
    }
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("file", target.toString());
    document.put("operations", picture.operations());
    document.put("folded", folded);
    return document;
  }
}
