package org.lapidary.frontend.onnx;

import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.Diagnostic.Code;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.NnOp;

/// Refuses weights that are not numbers. Infinities are let through where exporters put them on
/// purpose: as single numbers, and in masks made of 0 and minus infinity.
final class FiniteWeights {
  private static final int INFINITE = Float.floatToRawIntBits(Float.POSITIVE_INFINITY);

  private FiniteWeights() {}

  /// Loads one constant after the other and keeps none.
  static void check(Graph<NnOp> graph, Problems problems) {
    for (Graph.Node<NnOp> node : graph.nodes()) {
      if (node.op() instanceof Layout.Const(Data data) && data.type().dtype() == DType.F32) {
        String fault = fault(data.load().f32());
        if (!fault.isEmpty()) {
          problems.add(
              Code.NOT_A_NUMBER,
              data.name(),
              "the weight " + data.type() + " " + fault,
              "training diverged or the file is damaged: use another checkpoint");
        }
      }
    }
  }

  /// What is wrong with numbers; most often nothing, which the largest magnitude tells.
  private static String fault(float[] values) {
    int largest = 0;
    for (float v : values) {
      largest = Math.max(largest, Float.floatToRawIntBits(Math.abs(v)));
    }
    return largest < INFINITE ? "" : faultIn(values);
  }

  private static String faultIn(float[] values) {
    int infinite = -1;
    boolean mask = true;
    for (int i = 0; i < values.length; i++) {
      float v = values[i];
      if (Float.isNaN(v)) {
        return "is not a number (NaN) at element " + i;
      }
      if (Float.isInfinite(v) && infinite < 0) {
        infinite = i;
      }
      mask &= v == 0 || v == Float.NEGATIVE_INFINITY;
    }
    boolean meant = mask || values.length == 1;
    return infinite < 0 || meant ? "" : "is infinite at element " + infinite;
  }
}
