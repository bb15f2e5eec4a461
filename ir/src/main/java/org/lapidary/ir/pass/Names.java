package org.lapidary.ir.pass;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.stream.IntStream;

/// The names of rules, passes and their options in text: `FuseGelu` is `fuse-gelu`.
final class Names {
  /// Rules are asked for their names at every operation they meet.
  private static final ClassValue<String> OF_CLASS =
      new ClassValue<>() {
        @Override
        protected String computeValue(Class<?> type) {
          return kebab(type.getSimpleName());
        }
      };

  private Names() {}

  static String kebab(Class<?> type) {
    return OF_CLASS.get(type);
  }

  static String kebab(String camelCase) {
    return camelCase.replaceAll("([a-z0-9])([A-Z])", "$1-$2").toLowerCase(Locale.ROOT);
  }

  static String kebab(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /// What there is instead of a name that is none, beginning with the likeliest slip of the pen.
  static String instead(String name, Collection<String> known) {
    String all = String.join(", ", known);
    return known.stream()
        .min(Comparator.comparingInt((String k) -> distance(name, k)))
        .filter(k -> distance(name, k) <= Math.max(1, k.length() / 3))
        .map(k -> "; did you mean " + k + "? There are " + all)
        .orElse(", only " + all);
  }

  /// Letters to put in, take out or change to get from one word to the other (Levenshtein).
  private static int distance(String a, String b) {
    int[] row = IntStream.rangeClosed(0, b.length()).toArray();
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(changed, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
