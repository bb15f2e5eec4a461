package org.lapidary.tools.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.lapidary.ir.Diagnostic;
import org.lapidary.passes.quant.RangeSummary;

/// How what is known about the ranges of integers is shown: as a table, as keys, as diagnostics.
final class RangeReport {
  private RangeReport() {}

  /// One line per integer operation.
  static String table(RangeSummary ranges) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("node", "op", "verdict", "largest", "margin", "of what"));
    for (RangeSummary.Entry e : ranges.entries()) {
      rows.add(
          List.of(
              e.node(), e.op(), verdict(e), "%.0f".formatted(e.largest()), margin(e), e.what()));
    }
    return Output.table(rows);
  }

  /// The counts, then every operation.
  static Map<String, Object> document(RangeSummary ranges) {
    List<Map<String, Object>> ops = new ArrayList<>();
    for (RangeSummary.Entry e : ranges.entries()) {
      Map<String, Object> op = new LinkedHashMap<>();
      op.put("node", e.node());
      op.put("op", e.op());
      op.put("verdict", verdict(e));
      op.put("what", e.what());
      op.put("largest", e.largest());
      op.put("margin", e.margin());
      op.put("witness", e.witness());
      ops.add(op);
    }
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("proved", ranges.proved());
    document.put("observed", ranges.observed());
    document.put("can_overflow", ranges.canOverflow());
    document.put("ops", ops);
    return document;
  }

  /// What is wrong with an operation that is neither proved nor observed with margin enough.
  static Diagnostic diagnostic(String model, RangeSummary.Entry e) {
    String known =
        e.verdict() == RangeSummary.Verdict.OBSERVED
            ? "was only observed, with a margin of " + margin(e)
            : "can overflow";
    return Diagnostic.error(
        Diagnostic.Code.CANNOT_QUANTIZE,
        model,
        e.node(),
        "%s %s: %s reaches %.0f for %s"
            .formatted(e.op(), known, e.what(), e.largest(), e.witness()),
        "leave out --prove, or give calibration samples nearer to those the model will see");
  }

  private static String verdict(RangeSummary.Entry e) {
    return e.verdict().name().toLowerCase(Locale.ROOT);
  }

  private static String margin(RangeSummary.Entry e) {
    return e.margin() < 1000 ? "%.2f".formatted(e.margin()) : "%.0f".formatted(e.margin());
  }
}
