package org.lapidary.tools.validate;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.lapidary.tools.data.TextEncoder;

/// Text for language models: windows of running text, a sample per line, or prompts with answers of
/// which only the answer is scored.
record LanguageText(Path file, TextEncoder encoder, DataOptions options) {

  List<Sample> samples(String text, boolean table) {
    if (table) {
      return prompts(new Table(file, encoder, options), text);
    }
    if (!options.lines()) {
      int from = (int) (text.length() * (1 - options.tail()));
      return windows(encoder.encode(text.substring(from)).ids(), options);
    }
    return text.lines()
        .filter(line -> !line.isBlank())
        .limit(options.limit())
        .map(line -> sample(framed(encoder.encode(line).ids()), 0))
        .toList();
  }

  /// Windows one after the other; what does not fill one is left out.
  static List<Sample> windows(long[] ids, DataOptions options) {
    int length = options.length();
    List<Sample> samples = new ArrayList<>();
    for (int from = 0; from + length <= ids.length && samples.size() < options.limit(); ) {
      samples.add(Sample.of(Arrays.copyOfRange(ids, from, from + length), new int[0]));
      from += length;
    }
    return samples;
  }

  private List<Sample> prompts(Table table, String text) {
    List<Sample> samples = new ArrayList<>();
    for (Table.Row row : table.rows(text)) {
      String prompt = row.cell("prompt", "sentence", "text");
      String answer = row.has("answer") ? row.cell("answer") : "";
      long[] first = encoder.encode(prompt).ids();
      long[] second = answer.isEmpty() ? new long[0] : encoder.encode(answer).ids();
      int scoredFrom = answer.isEmpty() ? 0 : first.length + (int) options.start().stream().count();
      long[] whole = LongStream.concat(Arrays.stream(first), Arrays.stream(second)).toArray();
      samples.add(sample(framed(whole), scoredFrom));
    }
    return samples;
  }

  private long[] framed(long[] ids) {
    return LongStream.concat(
            LongStream.concat(options.start().stream(), Arrays.stream(ids)), options.end().stream())
        .toArray();
  }

  /// The last token is a target only.
  private static Sample sample(long[] ids, int scoredFrom) {
    int n = Math.max(1, ids.length - 1);
    int[] labels = new int[n];
    for (int i = 0; i < n; i++) {
      labels[i] = i + 1 < ids.length && i + 1 >= scoredFrom ? (int) ids[i + 1] : -1;
    }
    return Sample.of(Arrays.copyOf(ids, n), labels);
  }
}
