package org.lapidary.gemmini.c;

import java.util.Set;
import org.lapidary.ir.DType;

/// How names and numbers are written in C.
final class CText {
  private static final Set<String> TAKEN =
      Set.of(
          "auto",
          "break",
          "case",
          "char",
          "const",
          "continue",
          "default",
          "do",
          "double",
          "else",
          "enum",
          "extern",
          "float",
          "for",
          "goto",
          "if",
          "inline",
          "int",
          "long",
          "register",
          "restrict",
          "return",
          "short",
          "signed",
          "sizeof",
          "static",
          "struct",
          "switch",
          "typedef",
          "union",
          "unsigned",
          "void",
          "volatile",
          "while",
          "main",
          "asm",
          "bool",
          "true",
          "false",
          "class",
          "new",
          "delete",
          "this",
          "template",
          "private",
          "public");

  private CText() {}

  /// The name as a C (and C++) identifier.
  static String identifier(String name) {
    String clean = name.replaceAll("[^A-Za-z0-9]+", "_").replaceAll("^_+|_+$", "");
    boolean usable = !clean.isEmpty() && !Character.isDigit(clean.charAt(0));
    String id = usable ? clean : "m_" + clean;
    return TAKEN.contains(id) ? id + "_" : id;
  }

  /// The type of elements in memory that is used again for other types.
  static String element(DType dtype) {
    return "lap_" + dtype.text();
  }

  /// The type of elements for users of the library.
  static String plain(DType dtype) {
    return switch (dtype) {
      case F32 -> "float";
      case I64 -> "int64_t";
      case I32 -> "int32_t";
      case I8 -> "int8_t";
      case BOOL -> "uint8_t";
    };
  }

  /// A double, exactly.
  static String number(double v) {
    if (Double.isNaN(v)) {
      return "(double)NAN";
    }
    return Double.isInfinite(v) ? (v > 0 ? "HUGE_VAL" : "-HUGE_VAL") : Double.toHexString(v);
  }

  /// A float, exactly.
  static String number(float v) {
    if (Float.isNaN(v)) {
      return "NAN";
    }
    return Float.isInfinite(v) ? (v > 0 ? "HUGE_VALF" : "-HUGE_VALF") : Float.toHexString(v) + "f";
  }

  /// A 64-bit integer.
  static String number(long v) {
    return v == Long.MIN_VALUE ? "INT64_MIN" : "INT64_C(" + v + ")";
  }

  /// A 32-bit integer.
  static String number(int v) {
    return v == Integer.MIN_VALUE ? "INT32_MIN" : Integer.toString(v);
  }

  /// A string literal.
  static String string(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean plain = c >= ' ' && c < 127 && c != '"' && c != '\\' && c != '?';
      out.append(plain ? String.valueOf(c) : "\\%03o".formatted(c & 0xff));
    }
    return out.append('"').toString();
  }

  /// Text that may stand in a comment.
  static String comment(String text) {
    return text.replaceAll("[^ -~]|[{}\"]", "?").replace("*/", "* /").replace("/*", "/ *");
  }
}
