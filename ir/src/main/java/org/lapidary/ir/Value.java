package org.lapidary.ir;

/// The result of an operation, or an input of a graph. Equality is identity: op records hold
/// values, never other ops, so that comparing and hashing them costs nothing on shared graphs.
public final class Value {
  private final TensorType type;

  public Value(TensorType type) {
    this.type = type;
  }

  public TensorType type() {
    return type;
  }

  @Override
  public String toString() {
    return "%@" + Integer.toHexString(System.identityHashCode(this)) + ": " + type;
  }
}
