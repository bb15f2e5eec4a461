package org.lapidary.gemmini.map;

import java.util.List;

/// A term of an accumulation.
public sealed interface Contribution {
  /// What it reads.
  List<View> views();

  /// Matrix product. Shapes: a `[batch.., rows, depth]`, b `[batch.., depth, cols]`.
  ///
  /// @param zeros tiles of `b` that need not be multiplied by; none if `b` is not the same matrix
  ///   for the whole batch
  record Product(View a, View b, ZeroTiles zeros) implements Contribution {
    /// A product of which nothing is known.
    public Product(View a, View b) {
      this(a, b, ZeroTiles.NONE);
    }

    @Override
    public List<View> views() {
      return List.of(a, b);
    }

    /// Length of the inner axis.
    public int depth() {
      return a.dim(-1);
    }

    /// Whether `a` lies in memory with its rows as neighbours, so that the array transposes it.
    public boolean transposesA() {
      return !a.unit(-1);
    }

    /// The same for `b` and its inner axis.
    public boolean transposesB() {
      return !b.unit(-1);
    }

    /// Tiles of `b` that are multiplied by.
    public long tiles(int dim) {
      return ceil(depth(), dim) * ceil(b.dim(-1), dim) - zeros.count();
    }

    /// Elements of `b` that are multiplied by: multiply-accumulates for each row of `a`.
    public long elements(int dim) {
      return (long) depth() * b.dim(-1) - zeros.elements(depth(), b.dim(-1), dim);
    }

    private static long ceil(long value, long unit) {
      return (value + unit - 1) / unit;
    }
  }

  /// Every column times its own factor, as a product with diagonal matrices. Shapes: x `[batch..,
  /// rows, cols]`; diagonals `[pieces * DIM, cols]`, the diagonal tile of piece `p` and column
  /// block `j` being rows `p * DIM …` and columns `j * DIM …`.
  record Diagonal(View x, View diagonals, int pieces) implements Contribution {
    /// Whether `x` lies in memory with its rows as neighbours, so that the array transposes it.
    public boolean transposesX() {
      return !x.unit(-1);
    }

    @Override
    public List<View> views() {
      return List.of(x, diagonals);
    }
  }

  /// An i8 or i32 matrix added as it is; a row that repeats has stride 0.
  record Matrix(View x) implements Contribution {
    @Override
    public List<View> views() {
      return List.of(x);
    }
  }
}
