package org.lapidary.passes.canon;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lapidary.ir.Data;
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
/// Small results are computed at once, so that other rules can look at them. Large ones are
/// computed each time somebody reads them: a transposed or scaled weight costs no memory here.
/// Broadcasts to large shapes stay, since they say the same in less.
///
/// @param eagerElements how many elements, operands and result together, count as small
public record FoldConstant(int eagerElements) implements Rule<NnOp> {

  /// Small is what fits a causal mask of a few hundred positions.
  public FoldConstant() {
    this(1 << 19);
  }

  @Override
  public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
    if (op instanceof Const) {
      return Optional.empty();
    }
    List<Data> operands = new ArrayList<>();
    for (Value operand : OpInfo.operands(op)) {
      if (!(rw.def(operand) instanceof Const(var data))) {
        return Optional.empty();
      }
      operands.add(data);
    }
    long size = op.resultType().elements();
    size += operands.stream().mapToLong(data -> data.type().elements()).sum();
    if (size > eagerElements && op instanceof Broadcast) {
      return Optional.empty();
    }
    return FoldConstants.fold(op, operands, eagerElements).map(data -> rw.emit(new Const(data)));
  }
}
