package org.lapidary.passes.prune;

/// What a matrix product costs, in whatever is to be saved. Steps in what it costs where the model
/// is going to run are what kept sizes are rounded to.
@FunctionalInterface
public interface ProductCost {
  /// Floating-point operations, two to a multiply-accumulate.
  ProductCost FLOPS = p -> 2L * p.count() * p.rows() * p.depth() * p.cols();

  /// Weights, a byte each when the model runs; products of two activations have none.
  ProductCost SIZE = p -> p.weighted() ? (long) p.depth() * p.cols() : 0;

  /// The cost of a product.
  long of(Product product);

  /// `count` products `[rows,depth] × [depth,cols]`.
  ///
  /// @param weighted whether the right operand is weights, the same for all of them
  record Product(int count, int rows, int depth, int cols, boolean weighted) {}
}
