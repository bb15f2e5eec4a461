package org.lapidary.tools.inspect;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Op;

/// A choice of operations by the ONNX node they came from.
///
/// @param text `*` stands for any characters, slashes included, `?` for one
/// @param pattern the same as a regular expression
public record NodeGlob(String text, Pattern pattern) {
  private static final int SUGGESTIONS = 5;

  /// Reads a glob.
  public static NodeGlob of(String text) {
    String regex = Pattern.quote(text).replace("*", "\\E.*\\Q").replace("?", "\\E.\\Q");
    return new NodeGlob(text, Pattern.compile(regex));
  }

  /// Whether it chooses what came from a node of this name.
  public boolean matches(String node) {
    return pattern.matcher(node).matches();
  }

  /// The operations it chooses, in order.
  ///
  /// @throws DiagnosticException if there are none
  public List<Graph.Node<? extends Op>> of(String file, Graph<? extends Op> graph) {
    List<Graph.Node<? extends Op>> chosen = new ArrayList<>();
    for (Graph.Node<? extends Op> node : graph.nodes()) {
      if (matches(node.loc().node())) {
        chosen.add(node);
      }
    }
    if (chosen.isEmpty()) {
      String last = text.substring(text.lastIndexOf('/') + 1).replaceAll("[*?]", "");
      List<String> names =
          graph.nodes().stream()
              .map(n -> n.loc().node())
              .filter(n -> !n.isEmpty())
              .distinct()
              .toList();
      List<String> like = names.stream().filter(n -> n.contains(last)).toList();
      throw new DiagnosticException(
          Diagnostic.error(
              Diagnostic.Code.INVALID_INPUT,
              file,
              text,
              "no operation came from a node of this name",
              "there are "
                  + (like.isEmpty() ? names : like)
                      .stream().limit(SUGGESTIONS).collect(Collectors.joining(", "))
                  + ", …; * stands for any characters"));
    }
    return chosen;
  }
}
