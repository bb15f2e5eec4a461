package org.lapidary.gemmini.c;

/// Indents C by its braces.
final class Indentation {
  private Indentation() {}

  /// Lines indented from a level on, four blanks per brace.
  static String of(String code, int level) {
    StringBuilder out = new StringBuilder();
    int depth = level;
    for (String line : code.lines().toList()) {
      depth -= line.startsWith("}") ? 1 : 0;
      out.append("    ".repeat(depth)).append(line).append('\n');
      depth += line.startsWith("}") ? 1 : 0;
      depth += braces(line);
    }
    return out.toString();
  }

  /// Braces of a line, none of which is in a string: those are written octal or not at all.
  private static int braces(String line) {
    int open = 0;
    boolean quoted = false;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      quoted ^= c == '"';
      open += quoted ? 0 : c == '{' ? 1 : c == '}' ? -1 : 0;
    }
    return open;
  }
}
