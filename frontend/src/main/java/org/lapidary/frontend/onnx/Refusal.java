package org.lapidary.frontend.onnx;

import org.lapidary.ir.Diagnostic.Code;

/// Stops the lowering of one node (or the reading of one tensor) for a reason the user can
/// understand; the importer turns it into a diagnostic and goes on with the next node.
final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final Code code;
  private final String hint;

  Refusal(Code code, String message, String hint) {
    super(message, null, false, false);
    this.code = code;
    this.hint = hint;
  }

  static Refusal op(String message, String hint) {
    return new Refusal(Code.UNSUPPORTED_OP, message, hint);
  }

  static Refusal type(String message, String hint) {
    return new Refusal(Code.UNSUPPORTED_TYPE, message, hint);
  }

  static Refusal shape(String message, String hint) {
    return new Refusal(Code.SHAPE_MISMATCH, message, hint);
  }

  static Refusal model(String message) {
    return new Refusal(Code.INVALID_MODEL, message, "check the file with onnx.checker.check_model");
  }

  Code code() {
    return code;
  }

  String hint() {
    return hint;
  }

  String text() {
    return String.valueOf(getMessage());
  }
}
