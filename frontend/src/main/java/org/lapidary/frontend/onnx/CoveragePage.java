package org.lapidary.frontend.onnx;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/// The page that lists what can be imported, made from the table of operators.
final class CoveragePage {
  private CoveragePage() {}

  static String text() {
    List<OnnxOp> own = OperatorTable.ALL.stream().filter(o -> o.domain().isEmpty()).toList();
    List<OnnxOp> others = OperatorTable.ALL.stream().filter(o -> !o.domain().isEmpty()).toList();
    return """
    # Operators that are imported

    Made from the declarations in `org.lapidary.frontend.onnx`; a test fails when this page is
    out of date, and `mvn -pl frontend -am test -Dgolden.update=true` writes it again.

    Models of opset %d to %d are read. An operator's meaning is honoured from the opset given
    here on. Local functions are inlined, `If` is resolved when its condition can be computed.

    ## ONNX (%d)

    %s
    ## com.microsoft (%d)

    %s\
    """
        .formatted(
            OnnxImporter.OLDEST_OPSET,
            OnnxImporter.NEWEST_OPSET,
            own.size(),
            table(own),
            others.size(),
            table(others));
  }

  private static String table(List<OnnxOp> ops) {
    String rows =
        ops.stream()
            .sorted(Comparator.comparing(OnnxOp::name))
            .map(CoveragePage::row)
            .collect(Collectors.joining());
    return "| operator | from opset | becomes |\n|---|---|---|\n" + rows;
  }

  private static String row(OnnxOp op) {
    long since = op.domain().isEmpty() ? Math.max(op.since(), OnnxImporter.OLDEST_OPSET) : 1;
    return "| %s | %d | %s |\n".formatted(op.name(), since, op.becomes());
  }
}
