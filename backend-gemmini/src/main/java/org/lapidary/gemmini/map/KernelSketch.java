package org.lapidary.gemmini.map;

import java.util.ArrayList;
import java.util.List;
import org.lapidary.ir.DType;
import org.lapidary.ir.Graph;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.Op;

/// Kernels as they would be, every operand in row-major memory of its own: for judging what to
/// build before anything has a place.
record KernelSketch(Uses uses, int dim) {
  /// The sum of an operation and everything that it is made of, read out by the operation.
  Kernel.Accumulation together(Graph.Node<? extends Op> node, MoveOut op) {
    return kernel(node, op.x(), terms(op.x()), new Epilogue.Scaled(op, view(node.result())));
  }

  /// The sum, moved out as it is.
  Kernel.Accumulation sum(Graph.Node<? extends Op> node, MoveOut op) {
    return kernel(node, op.x(), terms(op.x()), new Epilogue.Raw(view(op.x())));
  }

  /// The operation on a sum that is loaded.
  Kernel.Accumulation separate(Graph.Node<? extends Op> node, MoveOut op) {
    Contribution loaded = new Contribution.Matrix(view(op.x()));
    return kernel(node, op.x(), List.of(loaded), new Epilogue.Scaled(op, view(node.result())));
  }

  private static Kernel.Accumulation kernel(
      Graph.Node<? extends Op> node, Value sum, List<Contribution> terms, Epilogue epilogue) {
    List<Integer> shape = shape(sum);
    int rank = shape.size();
    return MergeBatch.merge(
        new Kernel.Accumulation(
            List.of(node),
            shape.subList(0, rank - 2),
            shape.get(rank - 2),
            shape.getLast(),
            terms,
            List.of(epilogue)));
  }

  private List<Contribution> terms(Value sum) {
    List<Contribution> terms = new ArrayList<>();
    collect(sum, shape(sum), terms);
    return terms;
  }

  private void collect(Value value, List<Integer> shape, List<Contribution> terms) {
    if (!(uses.op(value) instanceof Accumulate op) || !sameShape(value, shape)) {
      terms.add(new Contribution.Matrix(view(value).broadcast(shape)));
      return;
    }
    int rank = shape.size();
    switch (op) {
      case Accumulate.MatMulI8 m -> {
        List<Integer> left = new ArrayList<>(shape);
        List<Integer> right = new ArrayList<>(shape);
        left.set(rank - 1, m.a().type().dim(-1));
        right.set(rank - 2, m.a().type().dim(-1));
        terms.add(
            new Contribution.Product(
                view(m.a()).broadcast(left), view(m.b()).broadcast(right), zeros(m.b())));
      }
      case Accumulate.ChannelMul c -> {
        int columns = shape.getLast();
        Buffer buffer = Buffer.constant("diagonal", (long) dim * columns);
        View diagonal = View.rowMajor(buffer, TensorType.of(DType.I8, dim, columns), columns);
        List<Integer> dims = new ArrayList<>(shape);
        dims.set(rank - 2, dim);
        terms.add(new Contribution.Diagonal(view(c.x()), diagonal.broadcast(dims), 1));
      }
      case Accumulate.Widen w -> terms.add(new Contribution.Matrix(view(w.x())));
      case Accumulate.AddI32 a -> {
        collect(a.a(), shape, terms);
        collect(a.b(), shape, terms);
      }
      case Accumulate.Rescale r -> collect(r.x(), shape, terms);
    }
  }

  /// What is rearranged first counts as full.
  private ZeroTiles zeros(Value weights) {
    return uses.op(weights) instanceof Layout.Const c
        ? ZeroTiles.of(c.data(), dim)
        : ZeroTiles.NONE;
  }

  private static boolean sameShape(Value value, List<Integer> shape) {
    return shape(value).equals(shape);
  }

  private static List<Integer> shape(Value value) {
    List<Integer> shape = new ArrayList<>(value.type().dims());
    while (shape.size() < 2) {
      shape.addFirst(1);
    }
    return shape;
  }

  private static View view(Value value) {
    TensorType type = new TensorType(value.type().dtype(), shape(value), value.type().scale());
    Buffer buffer = Buffer.activation("", (long) type.elements() * type.dtype().bytes());
    return View.rowMajor(buffer, type, type.dim(-1));
  }
}
