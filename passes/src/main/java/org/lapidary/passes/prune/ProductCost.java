package org.lapidary.passes.prune;

/// What a matrix product costs where the model is going to run. Steps in it are what kept sizes are
/// rounded to.
@FunctionalInterface
public interface ProductCost {
  /// Multiply-accumulates, for want of a machine.
  ProductCost MACS = (count, rows, depth, cols) -> (long) count * rows * depth * cols;

  /// The cost of `count` products `[rows,depth] × [depth,cols]`, in cycles or whatever is to be
  /// saved.
  long of(int count, int rows, int depth, int cols);
}
