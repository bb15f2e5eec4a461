package org.lapidary.passes.quant;

import java.util.List;

/// What is known about the 32-bit intermediate values of the integer operations.
///
/// @param proved operations in which nothing can leave its width, whatever the input
/// @param observed operations whose calibrated maximum is within the width, with the margin of the
///   options
/// @param canOverflow the others
/// @param findings one line for each operation that is not proved
public record RangeSummary(int proved, int observed, int canOverflow, List<Finding> findings) {

  /// An operation that is not proved.
  ///
  /// @param node name of the ONNX node
  /// @param op name of the operation
  /// @param margin the width over the largest observed value; 0 if nothing is known
  /// @param worst the worst case that the analysis cannot exclude
  public record Finding(String node, String op, double margin, String worst) {}

  public RangeSummary {
    findings = List.copyOf(findings);
  }
}
