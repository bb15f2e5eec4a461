package org.lapidary.gemmini.map;

import java.util.ArrayList;
import java.util.List;

/// Folds batch axes into the rows where all operands allow it: the more rows, the longer a
/// stationary tile is of use.
final class MergeBatch {
  private MergeBatch() {}

  static Kernel.Accumulation merge(Kernel.Accumulation kernel) {
    Kernel.Accumulation merged = kernel;
    while (!merged.batch().isEmpty() && canMerge(merged)) {
      merged = mergeInnermost(merged);
    }
    return merged;
  }

  private static boolean canMerge(Kernel.Accumulation k) {
    for (Contribution c : k.contributions()) {
      boolean can =
          switch (c) {
            case Contribution.Product p -> rowsMerge(p.a()) && isShared(p.b());
            case Contribution.Diagonal d -> rowsMerge(d.x());
            case Contribution.Matrix m -> rowsMerge(m.x());
          };
      if (!can) {
        return false;
      }
    }
    return k.epilogues().stream().allMatch(e -> rowsMerge(e.out()));
  }

  /// Whether the last row of one batch is followed by the first of the next as by any other row.
  private static boolean rowsMerge(View view) {
    return view.dim(-3) == 1
        || view.dim(-2) == 1
        || view.stride(-3) == view.dim(-2) * view.stride(-2);
  }

  private static boolean isShared(View view) {
    return view.dim(-3) == 1 || view.stride(-3) == 0;
  }

  private static Kernel.Accumulation mergeInnermost(Kernel.Accumulation k) {
    int size = k.batch().getLast();
    List<Contribution> contributions = new ArrayList<>();
    for (Contribution c : k.contributions()) {
      contributions.add(
          switch (c) {
            case Contribution.Product p ->
                new Contribution.Product(mergeRows(p.a()), dropBatch(p.b()), p.zeros());
            case Contribution.Diagonal d ->
                new Contribution.Diagonal(mergeRows(d.x()), dropBatch(d.diagonals()), d.pieces());
            case Contribution.Matrix m -> new Contribution.Matrix(mergeRows(m.x()));
          });
    }
    List<Epilogue> epilogues = new ArrayList<>();
    for (Epilogue e : k.epilogues()) {
      epilogues.add(
          switch (e) {
            case Epilogue.Raw r -> new Epilogue.Raw(mergeRows(r.out()));
            case Epilogue.Scaled s -> new Epilogue.Scaled(s.op(), mergeRows(s.out()));
          });
    }
    return new Kernel.Accumulation(
        k.nodes(),
        k.batch().subList(0, k.batch().size() - 1),
        k.rows() * size,
        k.cols(),
        contributions,
        epilogues);
  }

  private static View mergeRows(View v) {
    int at = v.rank() - 3;
    long stride = v.dim(-2) == 1 ? v.stride(-3) : v.stride(-2);
    return without(v, at, v.dim(-3) * v.dim(-2), stride);
  }

  private static View dropBatch(View v) {
    return without(v, v.rank() - 3, v.dim(-2), v.stride(-2));
  }

  private static View without(View v, int axis, int rows, long rowStride) {
    List<Integer> dims = new ArrayList<>(v.dims());
    List<Long> strides = new ArrayList<>(v.strides());
    dims.remove(/* index */ axis);
    strides.remove(/* index */ axis);
    dims.set(axis, rows);
    strides.set(axis, rowStride);
    return new View(v.buffer(), v.dtype(), v.offset(), dims, strides);
  }
}
