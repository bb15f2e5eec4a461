package org.lapidary.gemmini.map;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;

/// Makes diagonal matrices that multiply columns by factors. A factor `f` is a sum of pieces no
/// larger than 127, and takes that many matrices.
record Diagonals(Storage storage, int dim) {
  private static final int LARGEST_PIECE = Byte.MAX_VALUE;

  /// Columns of `x` times factors.
  Contribution.Diagonal of(View x, Data factors) {
    int largest = 1;
    for (int f : factors.load().i32()) {
      largest = Math.max(largest, Math.abs(f));
    }
    int pieces = (largest + LARGEST_PIECE - 1) / LARGEST_PIECE;
    return of(x, factors.name() + "/diagonal", pieces, () -> factors.load().i32());
  }

  /// Columns of `x` as they are.
  Contribution.Diagonal identity(View x) {
    int[] ones = new int[x.dim(-1)];
    Arrays.fill(ones, 1);
    return of(x, "identity/diagonal", 1, () -> ones);
  }

  private Contribution.Diagonal of(
      View x, String name, int pieces, java.util.function.Supplier<int[]> factors) {
    int columns = x.dim(-1);
    TensorType type = TensorType.of(DType.I8, pieces * dim, columns);
    View view =
        storage.constant(
            Data.lazy(name, type, () -> Tensor.of(type, tiles(factors.get(), pieces, dim))));
    List<Integer> dims = new ArrayList<>(Collections.nCopies(x.rank() - 2, 1));
    dims.add(pieces * dim);
    dims.add(columns);
    return new Contribution.Diagonal(x, view.broadcast(dims), pieces);
  }

  static byte[] tiles(int[] factor, int pieces, int dim) {
    byte[] tiles = new byte[pieces * dim * factor.length];
    for (int column = 0; column < factor.length; column++) {
      int rest = factor[column];
      for (int piece = 0; piece < pieces; piece++) {
        int part = Math.clamp(rest, -LARGEST_PIECE, LARGEST_PIECE);
        tiles[(piece * dim + column % dim) * factor.length + column] = (byte) part;
        rest -= part;
      }
    }
    return tiles;
  }
}
