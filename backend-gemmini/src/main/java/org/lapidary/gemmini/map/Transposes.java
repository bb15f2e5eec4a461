package org.lapidary.gemmini.map;

import java.util.List;
import org.lapidary.ir.Graph;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.Op;
import org.lapidary.machine.GemminiParams;

/// Transposes operands by the array, once, where doing it at every use costs more or cannot be
/// done.
///
/// A transposed stationary tile takes DIM cycles more whenever it is loaded, which is once for
/// every piece of rows; a transposed moving operand is free. So the copy, `xᵀ · 1` with `x` moving,
/// takes DIM cycles a tile, once. Source: rtl/README.md, rule 5, and the cycle model.
record Transposes(Diagonals diagonals, GemminiParams machine) {
  /// Row tiles that a stationary tile serves at best.
  private static final int PIECE_TILES = 4;

  /// Uses of a tile from which on a copy is cheaper: the copy itself, moving it out and in, and
  /// waiting for it.
  private static final int LEAST_USES = 3;

  /// Whether the right operand of a product, which lies transposed, should be copied.
  boolean areWorthACopy(View a, View b) {
    int dim = machine.dim();
    int colTiles = (b.dim(-1) + dim - 1) / dim;
    int rowTiles = (a.dim(-2) + dim - 1) / dim;
    int pieceRows = Math.clamp(machine.accRows() / 2 / dim / colTiles, 1, PIECE_TILES);
    boolean impossible = !a.unit(-1);
    return impossible || rowTiles / pieceRows >= LEAST_USES;
  }

  /// A transposed copy of a `[batch.., depth, cols]` operand whose columns are far apart; the
  /// kernel that makes it is appended to `kernels`.
  View copy(Value value, View b, Graph.Node<? extends Op> node, List<Kernel> kernels) {
    TensorType type = TensorType.of(b.dtype(), b.dims());
    long pitch = (b.dim(-1) + LINE_BYTES - 1) / LINE_BYTES * (long) LINE_BYTES;
    long rows = type.elements() / b.dim(-1);
    Buffer buffer = Buffer.activation(Mapper.name(node) + "/transposed", rows * pitch);
    View out = View.rowMajor(buffer, type, pitch);
    MoveOut same = new MoveOut.Requantize(value, 1f, false, 1);
    kernels.add(
        new Kernel.Accumulation(
            List.of(node),
            b.dims().subList(0, b.rank() - 2),
            b.dim(-2),
            b.dim(-1),
            List.of(diagonals.identity(b)),
            List.of(new Epilogue.Scaled(same, out))));
    return out;
  }

  private static final int LINE_BYTES = 64;
}
