package org.lapidary.tools.cli;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.lapidary.tools.blame.BlameReport;
import org.lapidary.tools.blame.Investigation;
import org.lapidary.tools.blame.Verdict;
import org.lapidary.tools.validate.Metric;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Which operation loses the accuracy.
@Command(
    name = "blame",
    mixinStandardHelpOptions = true,
    description = {
      "Compiles a model and tells which ONNX node loses what to quantization: how near its value",
      "comes to the real one, what the task loses when only this node is quantized, what it gains",
      "when only this node stays in float, and with which node, from the start of the model on,",
      "half of the damage is done."
    },
    footer = {
      DataArguments.FORMATS,
      "Example: lapidary blame model.onnx --task classify --data test.tsv \\",
      "           --tokenizer tokenizer.json --calibrate train.tsv --html blame.html"
    })
final class BlameCommand implements Callable<Integer> {
  private static final int DEFAULT_LIMIT = 16;

  @Parameters(paramLabel = "MODEL.onnx", description = "The model.")
  Path model = Path.of("");

  @Mixin DataArguments data = new DataArguments();

  @Option(names = "--html", paramLabel = "FILE", description = "Write a page, too.")
  Optional<Path> html = Optional.empty();

  @Option(names = "--top", paramLabel = "N", description = "Nodes to print; default 20.")
  int top = 20;

  @Mixin CompileArguments arguments = new CompileArguments();
  @Mixin Output output = new Output();

  @Override
  public Integer call() {
    if (data.limit.isEmpty()) {
      data.limit = Optional.of(DEFAULT_LIMIT);
    }
    try (PreparedTask prepared = PreparedTask.of(model, data, arguments)) {
      Metric metric = data.metric.orElse(data.task.metrics(prepared.examples()).getFirst());
      Investigation found;
      long nodes = prepared.compiled().canonical().nodes().size();
      try (Progress progress = Progress.of("blame", Investigation.runs((int) nodes))) {
        found =
            Investigation.of(
                prepared.compiled(),
                data.task,
                metric,
                prepared.examples(),
                arguments.threads,
                progress.steps());
      }
      BlameReport report = new BlameReport(String.valueOf(model.getFileName()), found);
      html.ifPresent(file ->
          Texts.write(file, output.manifest().in(report.page()).getBytes(StandardCharsets.UTF_8)));
      if (output.json()) {
        output.document(report.document());
      } else {
        print(found);
        html.ifPresent(file -> output.out().println("\npage        " + file));
      }
    }
    return 0;
  }

  private void print(Investigation found) {
    output.out().println("model       " + model);
    output
        .out()
        .printf(
            Locale.ROOT,
            "%s, %d samples: fp32 %s, all quantized %s; noise of the outputs %s%n",
            found.metric().text(),
            found.samples(),
            MeasurementTable.text(found.metric(), found.fp32().metric()),
            MeasurementTable.text(found.metric(), found.quantized().metric()),
            decibels(found.quantized().noise()));
    output.out().println("half of it is reached with " + found.firstGuilty() + "\n");
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        List.of(
            "noise, only it",
            "noise, all but it",
            found.metric().text() + ", only it",
            "all but it",
            "SQNR dB",
            "cosine",
            "saturated",
            "cycles",
            "ONNX node"));
    for (Verdict v : found.verdicts().subList(0, Math.min(top, found.verdicts().size()))) {
      rows.add(row(v, found.metric()));
    }
    output.out().print(Output.table(rows));
    output
        .out()
        .printf(
            Locale.ROOT,
            "%nNoise: power of the error of the model's outputs over theirs. SQNR, cosine, saturation:"
                + " of the node's value in the running model.%n%.1f s%n",
            found.seconds());
  }

  private static List<String> row(Verdict v, Metric metric) {
    return List.of(
        decibels(v.alone().noise()),
        decibels(v.without().noise()),
        MeasurementTable.text(metric, v.alone().metric()),
        MeasurementTable.text(metric, v.without().metric()),
        BlameReport.number(v.sqnr()),
        String.format(Locale.ROOT, "%.5f", v.cosine()),
        String.format(Locale.ROOT, "%.2f %%", 100 * v.saturation()),
        Output.count(v.suspect().cycles()),
        v.suspect().node());
  }

  private static String decibels(double noise) {
    return noise == 0 ? "none" : BlameReport.number(10 * Math.log10(noise)) + " dB";
  }
}
