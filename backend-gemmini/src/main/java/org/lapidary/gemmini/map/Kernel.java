package org.lapidary.gemmini.map;

import java.util.List;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Op;

/// Work for the accelerator between two points at which main memory is consistent.
public sealed interface Kernel {
  /// The graph's nodes this kernel computes.
  List<Graph.Node<? extends Op>> nodes();

  /// Everything read from main memory.
  List<View> reads();

  /// Everything written to main memory.
  List<View> writes();

  /// One i32 sum of shape `[batch.., rows, cols]` in the accumulator, and what is read out of it.
  ///
  /// All views have the shape `[batch.., their rows, their cols]`.
  record Accumulation(
      List<Graph.Node<? extends Op>> nodes,
      List<Integer> batch,
      int rows,
      int cols,
      List<Contribution> contributions,
      List<Epilogue> epilogues)
      implements Kernel {
    public Accumulation {
      nodes = List.copyOf(nodes);
      batch = List.copyOf(batch);
      contributions = List.copyOf(contributions);
      epilogues = List.copyOf(epilogues);
    }

    @Override
    public List<View> reads() {
      return contributions.stream().flatMap(c -> c.views().stream()).toList();
    }

    @Override
    public List<View> writes() {
      return epilogues.stream().map(Epilogue::out).toList();
    }

    /// Whether an epilogue needs all columns of a row in the accumulator at once.
    public boolean needsWholeRows() {
      return epilogues.stream().anyMatch(Epilogue::needsWholeRows);
    }

    /// The same as if no operand had tiles of zeros.
    public Accumulation withoutZeros() {
      List<Contribution> full =
          contributions.stream()
              .map(c ->
                  c instanceof Contribution.Product p ? new Contribution.Product(p.a(), p.b()) : c)
              .toList();
      return new Accumulation(nodes, batch, rows, cols, full, epilogues);
    }

    /// Multiply-accumulates of the array, those with diagonal matrices included, those with tiles
    /// of zeros not.
    public long macs(int dim) {
      long height = rows;
      for (int size : batch) {
        height *= size;
      }
      long macs = 0;
      for (Contribution c : contributions) {
        macs +=
            switch (c) {
              case Contribution.Product p -> height * p.elements(dim);
              case Contribution.Diagonal d -> height * cols * d.pieces() * Math.min(dim, cols);
              case Contribution.Matrix _ -> 0;
            };
      }
      return macs;
    }
  }

  /// int8 elements moved from one view to another of the same shape, neighbours along the last axis
  /// being neighbours in memory on both sides.
  record Copy(List<Graph.Node<? extends Op>> nodes, View from, View to) implements Kernel {
    public Copy {
      nodes = List.copyOf(nodes);
    }

    @Override
    public List<View> reads() {
      return List.of(from);
    }

    @Override
    public List<View> writes() {
      return List.of(to);
    }
  }
}
