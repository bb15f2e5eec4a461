package org.lapidary.ir.pass;

import java.util.Locale;

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
}
