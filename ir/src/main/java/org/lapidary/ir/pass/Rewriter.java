package org.lapidary.ir.pass;

import org.jspecify.annotations.Nullable;
import org.lapidary.ir.Loc;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Op;

/// What a rule may ask and do while it looks at one operation.
///
/// @param <O> the level it works on
public interface Rewriter<O extends Op> {

  /// The operation that defines a value, or null for an input of the graph. Made for patterns:
  /// `rw.def(y) instanceof Transpose(var x, var p)`.
  @Nullable O def(Value value);

  /// Appends an operation before the one being looked at; nothing stays of it if the rule does not
  /// match in the end.
  Value emit(O op);

  /// The same, for an operation that takes the place of the one which defines another value, and
  /// therefore keeps its origin.
  Value emitLike(Value original, O op);

  /// Appends a constant.
  Value constant(String name, Tensor tensor);

  /// How many operands and results of the graph are this value; never less than the truth.
  int users(Value value);

  /// Origin of the operation being looked at.
  Loc loc();

  /// Origin of the operation that defines a value.
  Loc loc(Value value);

  /// Reports that the operation nearly matched, and the condition that failed, for the user who
  /// wonders why something was not fused.
  void whyNot(String condition);
}
