package org.lapidary.frontend.onnx;

import java.util.List;
import java.util.function.Function;
import org.lapidary.ir.Value;

/// One ONNX operator that can be imported: the table of these is the coverage.
///
/// @param domain empty for ONNX itself
/// @param name the `op_type`
/// @param since first opset whose meaning is honoured
/// @param becomes what it is lowered to, for the coverage page
/// @param lowering how
record OnnxOp(String domain, String name, int since, String becomes, Lowering lowering) {
  static final String MICROSOFT = "com.microsoft";

  /// Gives one value per output of the node; trailing outputs may be left out, and are then refused
  /// if anybody reads them.
  @FunctionalInterface
  interface Lowering {
    List<Value> lower(Call call);
  }

  /// An operator of ONNX with one output.
  static OnnxOp onnx(String name, int since, String becomes, Function<Call, Value> lowering) {
    return new OnnxOp("", name, since, becomes, c -> List.of(lowering.apply(c)));
  }

  /// An operator of ONNX with several outputs.
  static OnnxOp many(String name, int since, String becomes, Lowering lowering) {
    return new OnnxOp("", name, since, becomes, lowering);
  }

  /// An operator of ONNX Runtime's own with one output.
  static OnnxOp microsoft(String name, String becomes, Function<Call, Value> lowering) {
    return new OnnxOp(MICROSOFT, name, 1, becomes, c -> List.of(lowering.apply(c)));
  }

  /// An operator of ONNX Runtime's own with several outputs.
  static OnnxOp microsoftMany(String name, String becomes, Lowering lowering) {
    return new OnnxOp(MICROSOFT, name, 1, becomes, lowering);
  }
}
