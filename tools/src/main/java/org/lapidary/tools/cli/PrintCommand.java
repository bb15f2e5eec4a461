package org.lapidary.tools.cli;

import java.util.Optional;
import java.util.concurrent.Callable;
import org.lapidary.tools.inspect.Artifact;
import org.lapidary.tools.inspect.GraphListing;
import org.lapidary.tools.inspect.NodeGlob;
import org.lapidary.tools.inspect.ProgramListing;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Prints a model as IR text, or a program as a listing.
@Command(
    name = "print",
    mixinStandardHelpOptions = true,
    description = {
      "Prints an ONNX model or an .ir file in the text form, constants by hash,",
      "or a compiled program: steps, memory map, placement, commands by kernel."
    },
    footer = {
      "",
      "Example: lapidary print model.onnx --dim batch=1 --dim sequence=64 --after fuse-gelu",
      "         lapidary print out --only '*layer.0/attention/self/query/MatMul'"
    })
final class PrintCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "FILE",
      description = "A .onnx or .ir file, a compiled program; - is IR text on standard input.")
  String file = "";

  @Option(
      names = "--only",
      paramLabel = "NODE-GLOB",
      description = "Only what came from ONNX nodes of this name; * and ? allowed.")
  Optional<String> only = Optional.empty();

  @Mixin StageArguments stage = new StageArguments();
  @Mixin Output output = new Output();

  @Override
  public Integer call() {
    Optional<NodeGlob> glob = only.map(NodeGlob::of);
    switch (stage.read(file)) {
      case Artifact.Model(var graph) -> {
        GraphListing listing = new GraphListing(file, graph, glob);
        if (output.json()) {
          output.document(listing.document());
        } else {
          output.out().print(listing.text());
        }
      }
      case Artifact.Compiled(var program) -> {
        ProgramListing listing = new ProgramListing(file, program, glob);
        if (output.json()) {
          output.document(listing.document());
        } else {
          listing.print(output.out());
        }
      }
    }
    return 0;
  }
}
