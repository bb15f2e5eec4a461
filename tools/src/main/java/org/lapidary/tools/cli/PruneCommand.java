package org.lapidary.tools.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.lapidary.frontend.onnx.OnnxExporter;
import org.lapidary.frontend.onnx.OnnxImporter;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.NnOp;
import org.lapidary.passes.prune.Pruned;
import org.lapidary.passes.quant.GivenSteps;
import org.lapidary.tools.compile.CalibrationSet;
import org.lapidary.tools.compile.CompileOptions;
import org.lapidary.tools.compile.Lapidary;
import org.lapidary.tools.compile.Pruning;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// A model with parts taken out, as a model.
@Command(
    name = "prune",
    mixinStandardHelpOptions = true,
    description = {
      "Takes heads, neurons or layers out of a model after training, fits what is left to the",
      "original on calibration inputs, and writes the result as an ONNX model in fp32, of the sizes",
      "given with --dim. passes/PRUNING.md has the recipes."
    },
    footer = {
      "",
      "Example: lapidary prune model.onnx --dim batch=1 --dim sequence=128 --calibrate samples.npz \\",
      "           --prune 'budget{cycles=0.6}' -o pruned.onnx"
    })
final class PruneCommand implements Callable<Integer> {
  @Parameters(paramLabel = "MODEL.onnx", description = "The model.")
  Path model = Path.of("");

  @Option(names = "-o", required = true, paramLabel = "FILE", description = "The pruned model.")
  Path target = Path.of("");

  @Mixin CompileArguments arguments = new CompileArguments();
  @Mixin Output output = new Output();
  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    CompileOptions options = arguments.options(arguments.dims);
    if (options.pruning().isEmpty()) {
      throw new ParameterException(spec.commandLine(), "--prune RECIPE is missing");
    }
    Graph<NnOp> imported = OnnxImporter.read(model, options.dims()).graph();
    Graph<NnOp> canonical =
        GivenSteps.of(Lapidary.canonicalize(model, imported, options).graph().at(NnOp.class))
            .graph();
    CalibrationSet samples = options.calibration().apply(canonical);
    if (samples.synthetic()) {
      output
          .err()
          .println(
              Diagnostic.warning(
                  Diagnostic.Code.SYNTHETIC_CALIBRATION,
                  model.toString(),
                  "",
                  "what is left was fitted to random inputs, so accuracy means nothing",
                  "pass --calibrate FILE with real samples"));
    }
    Pruned pruned = Lapidary.of(model, canonical, () -> Pruning.of(canonical, samples, options));
    OnnxExporter.write(pruned.graph(), target);
    output.manifest().writeBeside(target);
    if (output.json()) {
      Map<String, Object> document = new LinkedHashMap<>();
      document.put("model", target.toString());
      document.put("pruning", PruningReport.document(pruned));
      output.document(document);
    } else {
      output.out().print(PruningReport.text(pruned));
      output.out().println("written: " + target);
    }
    return 0;
  }
}
