package org.lapidary.passes.canon;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lapidary.ir.Data;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Layout.Broadcast;
import org.lapidary.ir.op.Layout.Const;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;
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
    TensorType type = op.resultType();
    long size = type.elements() + operands.stream().mapToLong(d -> d.type().elements()).sum();
    if (size > eagerElements) {
      return op instanceof Broadcast ? Optional.empty() : Optional.of(lazy(op, operands, rw));
    }
    try {
      Tensor result = evaluate(op, operands);
      return Optional.of(rw.emit(new Const(Data.of(name(op, operands), result))));
    } catch (ArithmeticException divisionByZero) {
      return Optional.empty(); // to be reported when, and if, it is run
    }
  }

  private static Value lazy(NnOp op, List<Data> operands, Rewriter<NnOp> rw) {
    String name = name(op, operands);
    return rw.emit(new Const(Data.lazy(name, op.resultType(), () -> evaluate(op, operands))));
  }

  private static Tensor evaluate(NnOp op, List<Data> operands) {
    return Evaluator.apply(op, operands.stream().map(Data::load).toList());
  }

  private static String name(NnOp op, List<Data> operands) {
    String verb = OpInfo.of(op).name().replaceFirst(".*\\.", "");
    return operands.isEmpty() ? verb : operands.getFirst().name() + "." + verb;
  }
}
