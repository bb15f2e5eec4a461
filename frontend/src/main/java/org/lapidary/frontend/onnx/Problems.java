package org.lapidary.frontend.onnx;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
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

  /// What was found; an operator that is missing at many nodes is reported at the first, with the
  /// number of the others.
  List<Diagnostic> list() {
    Map<String, List<Diagnostic>> alike = new LinkedHashMap<>();
    for (Diagnostic d : found) {
      boolean one = d.code() == Code.UNSUPPORTED_OP;
      String key = one ? d.message() : d.toString();
      alike.computeIfAbsent(key, _ -> new ArrayList<>()).add(d);
    }
    return alike.values().stream().map(Problems::merged).toList();
  }

  private static Diagnostic merged(List<Diagnostic> alike) {
    Diagnostic first = alike.getFirst();
    int more = alike.size() - 1;
    String also = more == 0 ? "" : " (also at " + more + " more node" + (more > 1 ? "s)" : ")");
    return Diagnostic.error(
        first.code(), first.file(), first.node(), first.message() + also, first.hint());
  }

  /// @throws DiagnosticException if anything is wrong
  void stopIfAny() {
    if (!found.isEmpty()) {
      throw new DiagnosticException(list());
    }
  }
}
