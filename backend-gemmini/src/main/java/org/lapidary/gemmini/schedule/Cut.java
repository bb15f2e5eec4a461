package org.lapidary.gemmini.schedule;

import java.util.ArrayList;
import java.util.List;
import org.lapidary.gemmini.map.Contribution;
import org.lapidary.gemmini.map.Epilogue;
import org.lapidary.gemmini.map.Kernel;
import org.lapidary.gemmini.map.View;

/// Cuts kernels into parts that compute disjoint parts of the result.
final class Cut {
  /// Rows of the usual piece of a sum, in tiles: cuts elsewhere would leave smaller pieces.
  private static final int PIECE_TILES = 4;

  private Cut() {}

  /// The upper and the lower half of the rows; the kernel itself if it has too few.
  static List<Kernel.Accumulation> rows(Kernel.Accumulation kernel, int dim) {
    int step = PIECE_TILES * dim;
    if (kernel.rows() < 2 * step) {
      return List.of(kernel);
    }
    int axis = kernel.batch().size();
    int first = (kernel.rows() / 2 + step - 1) / step * step;
    return List.of(part(kernel, axis, 0, first), part(kernel, axis, first, kernel.rows() - first));
  }

  /// Groups along the longest axis of the batch; the kernel itself if there is none.
  static List<Kernel.Accumulation> batch(Kernel.Accumulation kernel, int groups) {
    int axis = 0;
    for (int i = 1; i < kernel.batch().size(); i++) {
      axis = kernel.batch().get(i) > kernel.batch().get(axis) ? i : axis;
    }
    if (kernel.batch().isEmpty() || kernel.batch().get(axis) < groups) {
      return List.of(kernel);
    }
    int size = kernel.batch().get(axis);
    List<Kernel.Accumulation> parts = new ArrayList<>();
    for (int g = 0; g < groups; g++) {
      int from = size * g / groups;
      parts.add(part(kernel, axis, from, size * (g + 1) / groups - from));
    }
    return parts;
  }

  private static Kernel.Accumulation part(Kernel.Accumulation k, int axis, int from, int length) {
    boolean ofRows = axis == k.batch().size();
    List<Contribution> contributions = new ArrayList<>();
    for (Contribution c : k.contributions()) {
      contributions.add(
          switch (c) {
            case Contribution.Product p ->
                new Contribution.Product(
                    part(p.a(), axis, from, length),
                    ofRows ? p.b() : part(p.b(), axis, from, length),
                    p.zeros());
            case Contribution.Diagonal d ->
                new Contribution.Diagonal(
                    part(d.x(), axis, from, length),
                    ofRows ? d.diagonals() : part(d.diagonals(), axis, from, length),
                    d.pieces());
            case Contribution.Matrix m -> new Contribution.Matrix(part(m.x(), axis, from, length));
          });
    }
    List<Epilogue> epilogues = new ArrayList<>();
    for (Epilogue e : k.epilogues()) {
      epilogues.add(
          switch (e) {
            case Epilogue.Raw r -> new Epilogue.Raw(part(r.out(), axis, from, length));
            case Epilogue.Scaled s ->
                new Epilogue.Scaled(s.op(), part(s.out(), axis, from, length));
          });
    }
    List<Integer> batch = new ArrayList<>(k.batch());
    if (!ofRows) {
      batch.set(axis, length);
    }
    return new Kernel.Accumulation(
        k.nodes(), batch, ofRows ? length : k.rows(), k.cols(), contributions, epilogues);
  }

  private static View part(View view, int axis, int from, int length) {
    // What is the same for the whole axis stays so.
    return view.dim(axis) == 1 ? view : view.part(axis, from, length);
  }
}
