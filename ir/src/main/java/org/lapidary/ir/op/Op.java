package org.lapidary.ir.op;

import org.lapidary.ir.TensorType;

/// An operation: a record whose components of type `Value`, `Optional<Value>` or `List<Value>` are
/// its operands and whose other components are its typed attributes. Every operation is pure and
/// has one result.
public sealed interface Op permits NnOp, QOp {

  /// Type of the result, computed from the operands' types and the attributes.
  ///
  /// @throws IllegalArgumentException with a plain sentence if the operands do not fit together
  TensorType resultType();
}
