package org.lapidary.ir.eval;

import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Stream;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Op;

/// Applies single operations to tensors.
final class Ops {
  private Ops() {}

  static Tensor apply(Function<Value, Op> op, Tensor x) {
    return Evaluator.apply(op.apply(new Value(x.type())), List.of(x));
  }

  static Tensor apply(BiFunction<Value, Value, Op> op, Tensor a, Tensor b) {
    return Evaluator.apply(op.apply(new Value(a.type()), new Value(b.type())), List.of(a, b));
  }

  static Tensor applyAll(Function<List<Value>, Op> op, Tensor... operands) {
    List<Value> values = Stream.of(operands).map(t -> new Value(t.type())).toList();
    return Evaluator.apply(op.apply(values), List.of(operands));
  }
}
