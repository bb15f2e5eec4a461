package org.lapidary.tools.validate;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.lapidary.ir.Tensor;
import org.lapidary.tools.data.TextEncoder;

/// Sentences of a text on which a model is only observed: its lines; or, where every line has a
/// tab, a word per line, which ends at the first tab, up to the next empty line.
record Sentences(TextEncoder encoder, int limit) {
  List<Map<String, Tensor>> rows(String text) {
    List<String> lines = text.lines().map(String::strip).toList();
    boolean words =
        lines.stream().anyMatch(line -> !line.isEmpty())
            && lines.stream().allMatch(line -> line.isEmpty() || line.contains("\t"));
    List<TextEncoder.Encoded> sentences =
        words
            ? groups(lines).stream().limit(limit).map(encoder::encode).toList()
            : lines.stream()
                .filter(line -> !line.isEmpty())
                .limit(limit)
                .map(encoder::encode)
                .toList();
    return sentences.stream().map(Sample::row).toList();
  }

  /// The first columns of lines up to an empty one.
  private static List<List<String>> groups(List<String> lines) {
    List<List<String>> groups = new ArrayList<>();
    boolean fresh = true;
    for (String line : lines) {
      if (!line.isEmpty()) {
        if (fresh) {
          groups.add(new ArrayList<>());
        }
        groups.getLast().add(line.substring(0, line.indexOf('\t')));
      }
      fresh = line.isEmpty();
    }
    return groups;
  }
}
