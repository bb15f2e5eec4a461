package org.lapidary.ir.pass;

import java.util.Locale;

/// The names of rules, passes and their options in text: `FuseGelu` is `fuse-gelu`.
final class Names {
  private Names() {}

  static String kebab(Class<?> type) {
    return kebab(type.getSimpleName());
  }

  static String kebab(String camelCase) {
    return camelCase.replaceAll("([a-z0-9])([A-Z])", "$1-$2").toLowerCase(Locale.ROOT);
  }

  static String kebab(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
