package org.lapidary.passes.quant;

/// Where an operation of the original graph runs, and why.
///
/// @param node name of the ONNX node, or of the operation if it has none
/// @param op name of the operation, for example `nn.matmul`
/// @param where the accelerator or the host
/// @param reason one sentence
public record Placement(String node, String op, Where where, String reason) {
  /// The two sides.
  public enum Where {
    ACCELERATOR,
    HOST
  }
}
