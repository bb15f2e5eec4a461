package org.lapidary.tools.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.lapidary.frontend.onnx.OnnxImporter;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Op;
import org.lapidary.tools.compile.InputBinding;
import org.lapidary.tools.compile.Lapidary;
import org.lapidary.tools.reference.OnnxRuntimeModel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// One inference in floating point.
@Command(
    name = "reference",
    mixinStandardHelpOptions = true,
    description = "Runs one inference through ONNX Runtime, or through one of our own referees.",
    footer = {
      "",
      "Example: lapidary reference model.onnx --input input_ids=ids.npy --output-dir out"
    })
final class ReferenceCommand implements Callable<Integer> {
  /// Who computes.
  enum Level {
    ORT,
    NN,
    Q
  }

  @Parameters(paramLabel = "MODEL.onnx", description = "The model.")
  Path model = Path.of("");

  @Option(
      names = "--level",
      description = "ort (ONNX Runtime, default), nn (float referee) or q (integer referee).")
  Level level = Level.ORT;

  @Mixin CompileArguments arguments = new CompileArguments();
  @Mixin InputFiles inputs = new InputFiles();
  @Mixin Output output = new Output();

  @Override
  public Integer call() {
    Map<String, Tensor> given = inputs.read();
    Map<String, Tensor> outputs =
        switch (level) {
          case ORT -> {
            try (OnnxRuntimeModel ort = OnnxRuntimeModel.load(model)) {
              yield ort.run(
                  InputBinding.of(model.toString(), ort.inputs(), sizes(ort, given), 0)
                      .complete(given));
            }
          }
          case NN -> {
            Graph<NnOp> graph = OnnxImporter.read(model, arguments.dims).graph();
            yield Evaluator.run(graph, InputFiles.fitted(model.toString(), graph.inputs(), given));
          }
          case Q -> {
            Graph<Op> graph =
                Lapidary.compile(model, arguments.options(arguments.dims)).quantized().graph();
            yield Evaluator.run(graph, InputFiles.fitted(model.toString(), graph.inputs(), given));
          }
        };
    inputs.write(outputs);
    Map<String, Object> shapes = new LinkedHashMap<>();
    outputs.forEach((name, t) -> shapes.put(name, t.type().dims()));
    if (output.json()) {
      output.document(Map.of("engine", level.name().toLowerCase(Locale.ROOT), "outputs", shapes));
    } else {
      shapes.forEach(
          (name, dims) -> output.out().println(name + " " + dims + " -> " + inputs.outputDir));
    }
    return 0;
  }

  /// Sizes of the symbolic axes, as the given arrays have them.
  private Map<String, Integer> sizes(OnnxRuntimeModel ort, Map<String, Tensor> given) {
    Map<String, Integer> sizes = new LinkedHashMap<>(arguments.dims);
    for (var slot : ort.inputs()) {
      Tensor t = given.get(slot.name());
      for (int i = 0; t != null && i < slot.dims().size() && i < t.type().rank(); i++) {
        if (!slot.dims().get(i).matches("[0-9]*")) {
          sizes.putIfAbsent(slot.dims().get(i), t.type().dim(i));
        }
      }
    }
    return sizes;
  }
}
