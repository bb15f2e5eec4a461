package org.lapidary.ir;

import java.util.Locale;

/// Something the user can do something about.
///
/// @param severity how bad it is
/// @param code what kind of thing it is, for example `unsupported-op`
/// @param file the file, or empty
/// @param node the ONNX node or value concerned, or empty
/// @param message what is wrong
/// @param hint what to do about it, or empty
public record Diagnostic(
    Severity severity, Code code, String file, String node, String message, String hint) {

  /// How bad it is; errors end the command with exit code 1.
  public enum Severity {
    ERROR,
    WARNING
  }

  /// The kinds of diagnostics; each has a golden error case.
  public enum Code {
    FILE_NOT_FOUND,
    NOT_ONNX,
    TRUNCATED_FILE,
    UNSUPPORTED_OP,
    UNSUPPORTED_OPSET,
    UNSUPPORTED_TYPE,
    UNBOUND_DIMENSION,
    UNKNOWN_DIMENSION,
    SHAPE_MISMATCH,
    MISSING_EXTERNAL_DATA,
    UNSAFE_PATH,
    NOT_A_NUMBER,
    INVALID_MODEL,
    INVALID_INPUT,
    INVALID_MACHINE,
    INVALID_PIPELINE,
    SYNTAX,
    TYPE_MISMATCH,
    DOES_NOT_FIT,
    WRONG_MACHINE,
    CANNOT_QUANTIZE,
    NOT_ON_ACCELERATOR,
    SYNTHETIC_CALIBRATION;

    /// The text form: `unsupported-op`.
    public String text() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  public static Diagnostic error(Code code, String file, String node, String message, String hint) {
    return new Diagnostic(Severity.ERROR, code, file, node, message, hint);
  }

  public static Diagnostic warning(
      Code code, String file, String node, String message, String hint) {
    return new Diagnostic(Severity.WARNING, code, file, node, message, hint);
  }

  /// The same, said of a file where only the name of its graph was known.
  public Diagnostic of(String graph, String inFile) {
    return file.equals(graph) ? new Diagnostic(severity, code, inFile, node, message, hint) : this;
  }

  /// One line: `bert.onnx:/encoder/Einsum: error[unsupported-op]: … hint: …`.
  @Override
  public String toString() {
    StringBuilder s = new StringBuilder(file);
    if (!node.isEmpty()) {
      s.append(file.isEmpty() ? "" : ":").append(node);
    }
    if (!s.isEmpty()) {
      s.append(": ");
    }
    s.append(severity.name().toLowerCase(Locale.ROOT))
        .append('[')
        .append(code.text())
        .append("]: ")
        .append(message);
    if (!hint.isEmpty()) {
      s.append(" hint: ").append(hint);
    }
    return s.toString();
  }
}
