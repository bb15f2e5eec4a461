package org.lapidary.passes.canon;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Layout.Broadcast;
import org.lapidary.ir.op.Layout.Const;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.ir.pass.FoldConstants;
import org.lapidary.ir.pass.Rewriter;
import org.lapidary.ir.pass.Rule;

/// `op(constants) -> constant`
///
/// What is computed from weights is computed anew each time somebody reads it, so that a transposed
/// or scaled weight costs no memory. Everything else is computed at once, so that other rules can
/// look at it: a mask of a thousand positions too, which is made of integers. Broadcasts to large
/// shapes stay, since they say the same in less.
///
/// @param weightElements constants of more real numbers than this are weights
public record FoldConstant(int weightElements) implements Rule<NnOp> {
  private static final int EAGER_ELEMENTS = 1 << 23;

  /// Biases and gains are not weights.
  public FoldConstant() {
    this(1 << 16);
  }

  @Override
  public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
    if (op instanceof Const || (op instanceof Broadcast && isWeight(op.resultType()))) {
      return Optional.empty();
    }
    List<Data> operands = new ArrayList<>();
    for (Value operand : OpInfo.operands(op)) {
      if (!(rw.def(operand) instanceof Const(var data))) {
        return Optional.empty();
      }
      operands.add(data);
    }
    int eager = operands.stream().anyMatch(d -> isWeight(d.type())) ? 0 : EAGER_ELEMENTS;
    return FoldConstants.fold(op, operands, eager).map(data -> rw.emit(new Const(data)));
  }

  private boolean isWeight(TensorType type) {
    return type.dtype() == DType.F32 && type.elements() > weightElements;
  }
}
