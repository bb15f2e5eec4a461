package org.lapidary.ir.pass;

import java.util.Optional;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Op;

/// An equation: an operation that matches is replaced by a value that is always equal to it.
///
/// A rule is a record named verb + object. It looks upward only, through the definitions of the
/// operands; it may emit operations and returns the value that takes the place of the operation's
/// result, or nothing when it does not match. The engine owns the rest: order, termination, type
/// preservation, locations, dead code, hit counts.
///
/// @param <O> the level it works on
@FunctionalInterface
public interface Rule<O extends Op> {

  /// Matches and rewrites one operation.
  Optional<Value> apply(O op, Rewriter<O> rw);

  /// The name in locations and hit counts, derived from the class: `merge-transposes`.
  default String name() {
    return Names.kebab(getClass());
  }
}
