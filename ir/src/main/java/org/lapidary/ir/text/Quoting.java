package org.lapidary.ir.text;

/// Names in the text form: bare where the grammar allows it, quoted elsewhere.
final class Quoting {
  private Quoting() {}

  /// The name of an input or result. Numbers are quoted, because bare ones name other values.
  static String label(String name) {
    boolean bare = name.matches("[A-Za-z_][A-Za-z0-9_.]*") && !isNumberWord(name);
    return bare ? name : quoted(name);
  }

  /// The name of a graph or constant, after `@`.
  static String name(String name) {
    return name.matches("[A-Za-z0-9_./:-]+") ? name : quoted(name);
  }

  static String quoted(String text) {
    String escaped =
        text.replace("\\", "\\\\")
            .replace("\"", "\\\"")
            .replace("\n", "\\n")
            .replace("\r", "\\r")
            .replace("\t", "\\t");
    return "\"" + escaped + "\"";
  }

  /// The inverse of all three.
  static String unquoted(String text) {
    return text.startsWith("\"") ? text.substring(1, text.length() - 1).translateEscapes() : text;
  }

  /// Words the grammar reads as numbers.
  private static boolean isNumberWord(String name) {
    return name.equals("NaN") || name.equals("Infinity");
  }
}
