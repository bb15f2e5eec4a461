package org.lapidary.frontend.onnx;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.Diagnostic.Code;
import org.lapidary.ir.DiagnosticException;

/// Everything found wrong with one file, in the order it was met, each thing once.
final class Problems {
  private final String file;
  private final Set<Diagnostic> found = new LinkedHashSet<>();

  /// @param file name of the file as the user should read it
  Problems(String file) {
    this.file = file;
  }

  void add(Code code, String node, String message, String hint) {
    found.add(Diagnostic.error(code, file, node, message, hint));
  }

  void add(String node, Refusal refusal) {
    add(refusal.code(), node, refusal.text(), refusal.hint());
  }

  boolean isEmpty() {
    return found.isEmpty();
  }

  List<Diagnostic> list() {
    return new ArrayList<>(found);
  }

  /// @throws DiagnosticException if anything is wrong
  void stopIfAny() {
    if (!found.isEmpty()) {
      throw new DiagnosticException(list());
    }
  }
}
