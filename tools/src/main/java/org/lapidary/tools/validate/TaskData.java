package org.lapidary.tools.validate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.lapidary.ir.DType;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Tensor;
import org.lapidary.tools.compile.InputBinding;
import org.lapidary.tools.data.SampleSet;
import org.lapidary.tools.data.Tensors;
import org.lapidary.tools.data.TextEncoder;

/// Samples of a task as they stand in a file, before they are fitted to a model's inputs.
///
/// @param rows per sample the arrays of one inference, or of two for sentence pairs
/// @param labels per sample the labels, empty where the file has none
/// @param targets per sample the real-valued label
public record TaskData(
    List<List<Map<String, Tensor>>> rows, List<long[]> labels, List<Double> targets) {
  private static final String IDS = "input_ids";

  /// Reads a `.npz` or directory of arrays (`labels` among them), tab-separated text with a header,
  /// or plain text for language models.
  ///
  /// @param length tokens per window of plain text
  public static TaskData read(
      Path file, Task task, Optional<TextEncoder> encoder, int limit, int length) {
    if (!Files.exists(file)) {
      throw problem(
          Diagnostic.Code.FILE_NOT_FOUND, file, "there is no such file", "check the path");
    }
    String name = file.toString().toLowerCase(Locale.ROOT);
    if (Files.isDirectory(file) || name.endsWith(".npz") || name.endsWith(".npy")) {
      return arrays(SampleSet.read(file).limit(limit));
    }
    TextEncoder text =
        encoder.orElseThrow(() ->
            problem(
                Diagnostic.Code.INVALID_INPUT,
                file,
                "is text, and no tokenizer was given",
                "pass --tokenizer FILE"));
    try {
      return task == Task.LM
          ? windows(Files.readString(file), text, limit, length)
          : table(file, Files.readAllLines(file), text, task, limit);
    } catch (IOException e) {
      throw problem(
          Diagnostic.Code.INVALID_INPUT, file, "cannot be read as UTF-8 text", "convert it");
    }
  }

  public TaskData {
    if (rows.isEmpty()) {
      throw new DiagnosticException(
          Diagnostic.error(
              Diagnostic.Code.INVALID_INPUT,
              "",
              "",
              "the data holds not one sample",
              "text must fill at least one window, a table needs a line below its header"));
    }
  }

  /// Number of samples.
  public int count() {
    return rows.size();
  }

  /// Fits every sample to a model's inputs.
  public List<Example> examples(InputBinding binding, Task task) {
    List<Example> examples = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      List<Map<String, Tensor>> inputs = new ArrayList<>();
      List<Integer> tokens = new ArrayList<>();
      for (Map<String, Tensor> row : rows.get(i)) {
        Map<String, Tensor> complete = binding.complete(row);
        inputs.add(complete);
        tokens.add(realTokens(complete, row));
      }
      int[] wanted = Arrays.stream(labels.get(i)).mapToInt(l -> (int) l).toArray();
      if (task == Task.LM && wanted.length == 0) {
        wanted = shifted(inputs.getFirst(), tokens.getFirst());
      }
      examples.add(new Example(inputs, tokens, wanted, targets.get(i)));
    }
    return examples;
  }

  /// The token after each position; -1 after the last real one.
  private static int[] shifted(Map<String, Tensor> inputs, int tokens) {
    Tensor ids =
        inputs.values().stream()
            .filter(t -> t.type().dtype().isInteger() && t.type().rank() == 2)
            .findFirst()
            .orElseThrow();
    int[] next = new int[ids.elements()];
    for (int i = 0; i < next.length; i++) {
      next[i] = i + 1 < tokens ? (int) ids.asLong(i + 1) : -1;
    }
    return next;
  }

  private static int realTokens(Map<String, Tensor> complete, Map<String, Tensor> row) {
    for (Map.Entry<String, Tensor> e : complete.entrySet()) {
      if (e.getKey().contains("mask") && e.getValue().type().rank() == 2) {
        int n = 0;
        for (int i = 0; i < e.getValue().elements(); i++) {
          n += e.getValue().asDouble(i) != 0 ? 1 : 0;
        }
        return n;
      }
    }
    return row.values().iterator().next().type().dim(-1);
  }

  private static TaskData arrays(SampleSet set) {
    List<List<Map<String, Tensor>>> rows = new ArrayList<>();
    List<long[]> labels = new ArrayList<>();
    List<Double> targets = new ArrayList<>();
    for (int i = 0; i < set.count(); i++) {
      Map<String, Tensor> sample = new LinkedHashMap<>(set.sample(i));
      Tensor label = sample.remove("labels");
      if (label == null) {
        label = sample.remove("label");
      }
      rows.add(List.of(sample));
      boolean real = label != null && label.type().dtype() == DType.F32;
      labels.add(label == null || real ? new long[0] : Tensors.convert(label, DType.I64).i64());
      targets.add(real && label != null ? label.asDouble(0) : 0.0);
    }
    return new TaskData(rows, labels, targets);
  }

  private static TaskData windows(String text, TextEncoder encoder, int limit, int length) {
    long[] ids = encoder.encode(text);
    List<List<Map<String, Tensor>>> rows = new ArrayList<>();
    List<long[]> labels = new ArrayList<>();
    List<Double> targets = new ArrayList<>();
    for (int from = 0; from + length <= ids.length && rows.size() < limit; from += length) {
      rows.add(List.of(Map.of(IDS, row(Arrays.copyOfRange(ids, from, from + length)))));
      labels.add(new long[0]);
      targets.add(0.0);
    }
    return new TaskData(rows, labels, targets);
  }

  private static TaskData table(
      Path file, List<String> lines, TextEncoder encoder, Task task, int limit) {
    List<String> header = List.of(lines.isEmpty() ? new String[0] : lines.getFirst().split("\t"));
    List<Integer> text = columns(header, "sentence", "text", "sentence1", "sentence2");
    List<Integer> label = columns(header, "label", "score", "labels");
    if (text.isEmpty() || (label.isEmpty() && task != Task.EMBED)) {
      throw problem(
          Diagnostic.Code.INVALID_INPUT,
          file,
          "has the columns " + header,
          "the first line must name columns: sentence (or sentence1 and sentence2) and label");
    }
    List<List<Map<String, Tensor>>> rows = new ArrayList<>();
    List<long[]> labels = new ArrayList<>();
    List<Double> targets = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      if (line.isBlank() || rows.size() >= limit) {
        continue;
      }
      String[] cells = line.split("\t", -1);
      List<Map<String, Tensor>> inferences = new ArrayList<>();
      for (int column : text) {
        inferences.add(Map.of(IDS, row(encoder.encode(cells[column].strip()))));
      }
      rows.add(inferences);
      double value = label.isEmpty() ? 0 : number(file, line, cells, label.getFirst());
      labels.add(task == Task.STS ? new long[0] : new long[] {(long) value});
      targets.add(value);
    }
    return new TaskData(rows, labels, targets);
  }

  private static double number(Path file, String line, String[] cells, int column) {
    try {
      return Double.parseDouble(cells[column].strip());
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
      throw problem(
          Diagnostic.Code.INVALID_INPUT,
          file,
          "has a line without a number as its label: " + line,
          "labels are class numbers or scores");
    }
  }

  private static List<Integer> columns(List<String> header, String... names) {
    List<Integer> found = new ArrayList<>();
    for (String name : names) {
      int i = header.indexOf(name);
      if (i >= 0) {
        found.add(i);
      }
    }
    return found;
  }

  private static Tensor row(long[] ids) {
    return Tensor.i64(List.of(1, ids.length), ids);
  }

  private static DiagnosticException problem(
      Diagnostic.Code code, Path file, String message, String hint) {
    return new DiagnosticException(Diagnostic.error(code, file.toString(), "", message, hint));
  }
}
