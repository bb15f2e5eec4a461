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
/// @param samples in the order of the file
/// @param scored which positions count
public record TaskData(List<Sample> samples, Scored scored) {

  /// Reads arrays (`.npz`, `.npy` or a directory, `labels` among them) or text: tab-separated with
  /// a header, a word per line for tokens, running text or lines for language models.
  public static TaskData read(Path file, Task task, DataOptions options) {
    if (!Files.exists(file)) {
      throw problem(
          Diagnostic.Code.FILE_NOT_FOUND, file, "there is no such file", "check the path");
    }
    List<Sample> samples = isArrays(file) ? arrays(file, task, options) : text(file, task, options);
    if (samples.isEmpty()) {
      throw problem(
          Diagnostic.Code.INVALID_INPUT,
          file,
          "holds not one sample",
          "text must fill at least one window, a table needs a line below its header");
    }
    return new TaskData(samples, options.scored());
  }

  /// The inputs, without labels, of a file on which a model is only observed. Where the task does
  /// not say how text is to be read, its tokenizer does: line by line or, if it can go on from one
  /// line to the next, in windows.
  public static List<Map<String, Tensor>> unlabelled(
      Path file, Optional<Task> task, DataOptions options) {
    boolean sentences = task.isEmpty() || task.get().readsSentences();
    Optional<TextEncoder> encoder = options.encoder().filter(_ -> sentences && !isArrays(file));
    if (encoder.isPresent() && Files.isRegularFile(file)) {
      Table table = new Table(file, encoder.get(), options);
      if (isTable(file) && !table.hasPrompts(content(file))) {
        boolean joined = task.filter(t -> t.joins(options.pairsJoined())).isPresent();
        return table.unlabelled(content(file), joined);
      }
      if (!isTable(file) && encoder.get().readsLines()) {
        return new Sentences(encoder.get(), options.limit()).rows(content(file));
      }
    }
    return read(file, sentences ? Task.LM : task.get(), options).rows();
  }

  private static boolean isArrays(Path file) {
    return Files.isDirectory(file) || endsWith(file, ".npz") || endsWith(file, ".npy");
  }

  private static boolean isTable(Path file) {
    return endsWith(file, ".tsv");
  }

  private static boolean endsWith(Path file, String ending) {
    return file.toString().toLowerCase(Locale.ROOT).endsWith(ending);
  }

  public TaskData {
    samples = List.copyOf(samples);
  }

  /// Number of samples.
  public int count() {
    return samples.size();
  }

  /// The arrays of every inference.
  public List<Map<String, Tensor>> rows() {
    return samples.stream().flatMap(s -> s.rows().stream()).toList();
  }

  private static List<Sample> text(Path file, Task task, DataOptions options) {
    TextEncoder encoder =
        options
            .encoder()
            .orElseThrow(() ->
                problem(
                    Diagnostic.Code.INVALID_INPUT,
                    file,
                    "is text, and no tokenizer was given",
                    "pass --tokenizer FILE"));
    String all = content(file);
    return switch (task) {
      case LM -> new LanguageText(file, encoder, options).samples(all, isTable(file));
      case TOKEN_CLASSIFY -> new LabelledWords(file, encoder, options).samples(all);
      case CLASSIFY, STS, EMBED -> new Table(file, encoder, options).samples(all, task);
    };
  }

  private static String content(Path file) {
    try {
      String text = Files.readString(file);
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (IOException e) {
      throw problem(
          Diagnostic.Code.INVALID_INPUT, file, "cannot be read as UTF-8 text", "convert it");
    }
  }

  private static List<Sample> arrays(Path file, Task task, DataOptions options) {
    SampleSet set = SampleSet.read(file);
    boolean stream = set.arrays().size() == 1 && first(set).type().rank() == 1;
    if (stream && task == Task.LM) {
      return LanguageText.windows(Tensors.convert(first(set), DType.I64).i64(), options);
    }
    List<Sample> samples = new ArrayList<>();
    for (int i = 0; i < Math.min(options.limit(), set.count()); i++) {
      samples.add(sample(new LinkedHashMap<>(set.sample(i)), file, options));
    }
    return samples;
  }

  private static Tensor first(SampleSet set) {
    return set.arrays().values().iterator().next();
  }

  private static Sample sample(Map<String, Tensor> arrays, Path file, DataOptions options) {
    Tensor label = arrays.remove("labels");
    Tensor alone = arrays.remove("label");
    label = label == null ? alone : label;
    if (arrays.size() == 1 && file.toString().endsWith(".npy")) {
      rename(arrays, arrays.keySet().iterator().next(), file); // a name is the file's, no input's
    }
    options.ids().ifPresent(name -> rename(arrays, name, file));
    options.pad().ifPresent(pad -> arrays.computeIfPresent(Sample.IDS, (_, t) -> cut(t, pad)));
    boolean real = label != null && label.type().dtype() == DType.F32;
    int[] labels = label == null || real ? new int[0] : integers(label);
    return new Sample(List.of(arrays), labels, label == null ? 0 : label.asDouble(0));
  }

  private static void rename(Map<String, Tensor> arrays, String name, Path file) {
    Tensor ids = arrays.remove(name);
    if (ids == null) {
      throw problem(
          Diagnostic.Code.INVALID_INPUT,
          file,
          "has no array '" + name + "'; it has " + arrays.keySet(),
          "check --ids");
    }
    arrays.put(Sample.IDS, ids);
  }

  /// Ids without the padding at their end.
  private static Tensor cut(Tensor ids, long pad) {
    long[] all = Tensors.convert(ids, DType.I64).i64();
    int real = all.length;
    while (real > 1 && all[real - 1] == pad) {
      real--;
    }
    return Tensor.i64(List.of(1, real), Arrays.copyOf(all, real));
  }

  private static int[] integers(Tensor labels) {
    return Arrays.stream(Tensors.convert(labels, DType.I64).i64()).mapToInt(l -> (int) l).toArray();
  }

  /// Fits every sample to a model's inputs.
  public List<Example> examples(InputBinding binding, Task task) {
    List<Example> examples = new ArrayList<>();
    for (Sample sample : samples) {
      List<Map<String, Tensor>> inputs = new ArrayList<>();
      List<Integer> tokens = new ArrayList<>();
      for (Map<String, Tensor> row : sample.rows()) {
        Map<String, Tensor> complete = binding.complete(row);
        inputs.add(complete);
        tokens.add(realTokens(complete, row));
      }
      int[] labels = sample.labels();
      if (task == Task.LM && labels.length == 0) {
        labels = shifted(binding.ids(inputs.getFirst()), tokens.getFirst());
      }
      examples.add(new Example(inputs, tokens, scored(labels, task), sample.target()));
    }
    return examples;
  }

  private int[] scored(int[] labels, Task task) {
    int[] asked = labels.clone();
    for (int i = 0; i < asked.length && task != Task.CLASSIFY; i++) {
      asked[i] = scored.includes(i, asked.length) ? asked[i] : -1;
    }
    return asked;
  }

  /// The token after each position; -1 after the last real one.
  private static int[] shifted(Tensor ids, int tokens) {
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
    Tensor ids = row.getOrDefault(Sample.IDS, row.values().iterator().next());
    return ids.type().dim(-1);
  }

  static DiagnosticException problem(Diagnostic.Code code, Path file, String message, String hint) {
    return new DiagnosticException(Diagnostic.error(code, file.toString(), "", message, hint));
  }
}
