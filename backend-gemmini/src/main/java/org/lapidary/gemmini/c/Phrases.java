package org.lapidary.gemmini.c;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Sequences of function codes written as sequences of phrases: short sequences that come again and
/// again. An instruction holds its function code as a literal, so a stream of commands needs code
/// for each of them or a jump to it; with phrases, one jump serves many commands.
///
/// Phrases are found by replacing the most frequent pair of neighbours, again and again.
///
/// @param words function codes of each phrase
/// @param texts the given sequences, as numbers of phrases
record Phrases(List<List<Integer>> words, List<int[]> texts) {
  /// Phrases that fit a byte, and code that fits an instruction cache.
  private static final int MOST = 128;

  private static final int LONGEST = 24;

  /// A pair that is rarer is not worth its code.
  private static final int RAREST = 16;

  /// Finds phrases for some sequences.
  static Phrases of(List<int[]> sequences) {
    List<List<Integer>> words = new ArrayList<>();
    List<int[]> texts = new ArrayList<>();
    Map<Integer, Integer> letters = new LinkedHashMap<>();
    for (int[] sequence : sequences) {
      texts.add(
          Arrays.stream(sequence)
              .map(funct ->
                  letters.computeIfAbsent(
                      funct,
                      f -> {
                        words.add(List.of(f));
                        return words.size() - 1;
                      }))
              .toArray());
    }
    while (words.size() < MOST) {
      int pair = mostFrequentPair(texts, words);
      if (pair < 0) {
        break;
      }
      List<Integer> joined = new ArrayList<>(words.get(pair / MOST));
      joined.addAll(words.get(pair % MOST));
      words.add(List.copyOf(joined));
      int name = words.size() - 1;
      texts.replaceAll(text -> replaced(text, pair / MOST, pair % MOST, name));
    }
    return new Phrases(words, texts).withoutUnused();
  }

  private static int mostFrequentPair(List<int[]> texts, List<List<Integer>> words) {
    int[] count = new int[MOST * MOST];
    for (int[] text : texts) {
      for (int i = 1; i < text.length; i++) {
        count[text[i - 1] * MOST + text[i]]++;
      }
    }
    int best = -1;
    for (int pair = 0; pair < count.length; pair++) {
      if (count[pair] >= RAREST
          && (best < 0 || count[pair] > count[best])
          && words.get(pair / MOST).size() + words.get(pair % MOST).size() <= LONGEST) {
        best = pair;
      }
    }
    return best;
  }

  private static int[] replaced(int[] text, int first, int second, int name) {
    int[] out = new int[text.length];
    int n = 0;
    for (int i = 0; i < text.length; i++) {
      boolean here = text[i] == first && i + 1 < text.length && text[i + 1] == second;
      out[n++] = here ? name : text[i];
      i += here ? 1 : 0;
    }
    return Arrays.copyOf(out, n);
  }

  private Phrases withoutUnused() {
    Map<Integer, Integer> names = new LinkedHashMap<>();
    List<int[]> renamed =
        texts.stream()
            .map(text ->
                Arrays.stream(text)
                    .map(name -> names.computeIfAbsent(name, _ -> names.size()))
                    .toArray())
            .toList();
    return new Phrases(names.keySet().stream().map(words::get).toList(), renamed);
  }
}
