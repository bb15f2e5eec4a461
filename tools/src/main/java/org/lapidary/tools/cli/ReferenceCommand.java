package org.lapidary.tools.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.lapidary.frontend.onnx.OnnxImporter;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Op;
import org.lapidary.tools.compile.InputBinding;
import org.lapidary.tools.compile.InputCheck;
import org.lapidary.tools.compile.InputSlot;
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
              requireAll(ort, given);
              InputBinding binding =
                  InputBinding.of(model.toString(), ort.inputs(), sizes(ort, given), 0);
              requireRows(binding.dims(), given);
              yield ort.run(binding.complete(given));
            }
          }
          case NN -> {
            Graph<NnOp> graph = OnnxImporter.read(model, arguments.dims).graph();
            yield Evaluator.run(graph, InputCheck.fitted(model.toString(), graph, given));
          }
          case Q -> {
            Graph<Op> graph =
                Lapidary.compile(model, arguments.options(arguments.dims)).quantized().graph();
            yield Evaluator.run(graph, InputCheck.fitted(model.toString(), graph, given));
          }
        };
    inputs.write(outputs, output.manifest());
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

  /// What run would refuse is refused here too: missing and unknown inputs.
  private void requireAll(OnnxRuntimeModel ort, Map<String, Tensor> given) {
    List<Diagnostic> problems = new ArrayList<>();
    List<String> names = ort.inputs().stream().map(InputSlot::name).toList();
    for (InputSlot slot : ort.inputs()) {
      boolean cache = slot.dims().stream().anyMatch(d -> d.contains("past"));
      if (!given.containsKey(slot.name()) && !cache) {
        problems.add(problem(slot.name(), "this input is missing"));
      }
      Tensor array = given.get(slot.name());
      if (array != null) {
        InputCheck.numbers(model.toString(), slot.name(), array, slot.dtype())
            .ifPresent(problems::add);
      }
    }
    for (String name : given.keySet()) {
      if (!names.contains(name)) {
        problems.add(problem(name, "the model has no such input"));
      }
    }
    if (!problems.isEmpty()) {
      throw new DiagnosticException(problems);
    }
  }

  /// Token ids that ONNX Runtime would refuse in words of its own, if we can read the model at all.
  private void requireRows(Map<String, Integer> dims, Map<String, Tensor> given) {
    Graph<NnOp> graph;
    try {
      graph = OnnxImporter.read(model, dims).graph();
    } catch (DiagnosticException _) {
      return; // ONNX Runtime runs more models than we compile
    }
    InputCheck.requireRows(model.toString(), graph, given);
  }

  private Diagnostic problem(String input, String message) {
    return Diagnostic.error(
        Diagnostic.Code.INVALID_INPUT,
        model.toString(),
        input,
        message,
        "pass --input NAME=FILE.npy for each input of the model");
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
