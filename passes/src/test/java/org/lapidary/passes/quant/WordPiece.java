package org.lapidary.passes.quant;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// BERT's uncased tokenizer, as far as ASCII text needs it: words and punctuation, then the longest
/// pieces of the vocabulary.
final class WordPiece {
  private final Map<String, Integer> ids = new HashMap<>();

  WordPiece(Path vocabulary) throws IOException {
    List<String> lines = Files.readAllLines(vocabulary);
    for (int i = 0; i < lines.size(); i++) {
      ids.put(lines.get(i), i);
    }
  }

  /// `[CLS]`, the pieces, `[SEP]`, padded with 0 to a length.
  long[] encode(String text, int length) {
    List<Integer> out = new ArrayList<>(List.of(id("[CLS]")));
    for (String word : text.toLowerCase(Locale.ROOT).split("\\s+|(?<=\\p{Punct})|(?=\\p{Punct})")) {
      if (!word.isBlank()) {
        out.addAll(pieces(word));
      }
    }
    while (out.size() >= length) {
      out.removeLast();
    }
    out.add(id("[SEP]"));
    return Arrays.copyOf(out.stream().mapToLong(Integer::longValue).toArray(), length);
  }

  private List<Integer> pieces(String word) {
    List<Integer> out = new ArrayList<>();
    int from = 0;
    while (from < word.length()) {
      int to = word.length();
      String prefix = from == 0 ? "" : "##";
      while (to > from && !ids.containsKey(prefix + word.substring(from, to))) {
        to--;
      }
      if (to == from) {
        return List.of(id("[UNK]"));
      }
      out.add(id(prefix + word.substring(from, to)));
      from = to;
    }
    return out;
  }

  private int id(String piece) {
    return ids.getOrDefault(piece, 0);
  }
}
