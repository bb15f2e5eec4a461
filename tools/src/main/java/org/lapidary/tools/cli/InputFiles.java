package org.lapidary.tools.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Tensor;
import org.lapidary.tools.data.Npy;
import org.lapidary.tools.data.SampleSet;
import picocli.CommandLine.Option;

/// The options `--input NAME=FILE.npy …` and `--output-dir OUT` of commands that run one inference.
final class InputFiles {
  @Option(
      names = "--input",
      arity = "1..*",
      paramLabel = "NAME=FILE.npy",
      description = "Inputs by name; empty caches may be left out.")
  Map<String, Path> files = new LinkedHashMap<>();

  @Option(
      names = "--output-dir",
      paramLabel = "OUT",
      description = "Where each output is written as NAME.npy.")
  Path outputDir = Path.of(".");

  @Option(
      names = "--sample",
      paramLabel = "N",
      description = "Of arrays with one entry per sample, take entry N, from 0.")
  Optional<Integer> sample = Optional.empty();

  /// All arrays as they are in the files, or one sample of them.
  Map<String, Tensor> read() {
    Map<String, Tensor> arrays = read(files);
    if (sample.isEmpty()) {
      return arrays;
    }
    SampleSet samples = new SampleSet("--input", arrays);
    int n = sample.get();
    if (n < 0 || n >= samples.count()) {
      throw new DiagnosticException(
          Diagnostic.error(
              Diagnostic.Code.INVALID_INPUT,
              "--sample",
              "",
              "there is no sample " + n,
              "they are numbered from 0 to " + (samples.count() - 1)));
    }
    return samples.sample(n);
  }

  static Map<String, Tensor> read(Map<String, Path> files) {
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    files.forEach((name, file) -> inputs.put(name, Npy.read(file)));
    return inputs;
  }

  /// Writes every output and what it was made from; characters that file names do not like become
  /// `_`.
  void write(Map<String, Tensor> outputs, Manifest manifest) {
    try {
      Files.createDirectories(outputDir);
      for (Map.Entry<String, Tensor> e : outputs.entrySet()) {
        Npy.write(outputDir.resolve(fileName(e.getKey())), e.getValue());
      }
      manifest.writeInto(outputDir);
    } catch (IOException e) {
      throw new DiagnosticException(
          Diagnostic.error(
              Diagnostic.Code.INVALID_INPUT,
              outputDir.toString(),
              "",
              "cannot be written",
              "choose a writable --output-dir"));
    }
  }

  static String fileName(String output) {
    return output.replaceAll("[^A-Za-z0-9._-]", "_") + ".npy";
  }
}
