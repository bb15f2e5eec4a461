package org.lapidary.gemmini.emit;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lapidary.gemmini.map.Contribution;
import org.lapidary.gemmini.map.Epilogue;
import org.lapidary.gemmini.map.Kernel;
import org.lapidary.gemmini.map.View;
import org.lapidary.ir.DType;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.machine.isa.Activation;
import org.lapidary.machine.isa.DramAddr;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.LocalAddr;

/// Emits one accumulation as hardware loops, in the order of Gemmini's library. Source: gemmini.md
/// §10.2.
final class LoopEmitter {
  private final Kernel.Accumulation kernel;
  private final Units units;
  private final Addresses addresses;
  private final int dim;
  private final Contribution.Product product;
  private final View a;
  private final View b;
  private final @Nullable View bias;
  private final Epilogue.Scaled epilogue;
  private final Axis rows;
  private final Axis cols;
  private final Axis depth;
  private final int number;

  /// An axis cut into loops.
  ///
  /// @param size in elements
  /// @param step elements in a loop, but for the last
  private record Axis(int size, int step, int dim) {
    int loops() {
      return (size + step - 1) / step;
    }

    int tiles(int loop) {
      return (Math.min(step, size - loop * step) + dim - 1) / dim;
    }

    int padding(int loop) {
      return loop < loops() - 1 ? 0 : (dim - size % dim) % dim;
    }
  }

  LoopEmitter(
      int number,
      Kernel.Accumulation kernel,
      LoopTiling tiling,
      Units units,
      OnChip chip,
      Addresses addresses) {
    this.number = number;
    this.kernel = kernel;
    this.units = units;
    this.addresses = addresses;
    this.dim = chip.dim();
    this.product = LoopTiling.product(kernel);
    this.a = product.transposesA() ? AccumulationEmitter.transposed(product.a()) : product.a();
    this.b = product.transposesB() ? AccumulationEmitter.transposed(product.b()) : product.b();
    this.bias =
        kernel.contributions().stream()
            .filter(Contribution.Matrix.class::isInstance)
            .map(c -> ((Contribution.Matrix) c).x())
            .findFirst()
            .orElse(null);
    this.epilogue = (Epilogue.Scaled) kernel.epilogues().getFirst();
    this.rows = new Axis(kernel.rows(), tiling.tilesI() * dim, dim);
    this.cols = new Axis(kernel.cols(), tiling.tilesJ() * dim, dim);
    this.depth = new Axis(product.depth(), tiling.tilesK() * dim, dim);
  }

  /// Emits the first pieces of the sum, a piece being what one row of loops adds up.
  ///
  /// @param calls whether every matrix ends with a fence, as a call of the library does
  /// @return where the pieces are
  List<KernelStream.Piece> emit(int mostPieces, boolean calls) {
    int[] batch = new int[kernel.batch().size()];
    List<KernelStream.Piece> pieces = new ArrayList<>();
    units.pipeline.drain(); // plain commands and loops do not mix
    do {
      int before = units.pipeline.commands().count();
      Commands loops = new Commands();
      matrix(batch, loops, before, pieces, mostPieces);
      units.pipeline.writeAsIs(number, loops);
      if (calls) {
        units.pipeline.fence();
        units.pipeline.drain();
      }
    } while (pieces.size() < mostPieces && AccumulationEmitter.advance(batch, kernel.batch()));
    units.left.forget();
    units.right.forget();
    return pieces;
  }

  private void matrix(
      int[] batch, Commands out, int before, List<KernelStream.Piece> pieces, int mostPieces) {
    units.array.configure(out, product.transposesA(), product.transposesB());
    units.stores.prepare(out, epilogue.op(), epilogue.out().stride(-2));
    units.loads.configure(out, Loads.State.LEFT, a.stride(-2), dim, false);
    units.loads.configure(out, Loads.State.RIGHT, b.stride(-2), dim, false);
    boolean narrow = bias != null && bias.dtype() == DType.I8;
    long pitch = biasStride() * (narrow ? 1 : Integer.BYTES);
    units.loads.configure(out, Loads.State.SUM, pitch, dim, narrow);
    for (int i = 0; i < rows.loops(); i++) {
      for (int j = 0; j < cols.loops(); j++) {
        for (int k = 0; k < depth.loops(); k++) {
          loop(out, batch, i, j, k);
        }
        long area = pieces.isEmpty() ? 0 : pieces.getLast().area();
        area += (long) rows.tiles(i) * cols.tiles(j);
        pieces.add(new KernelStream.Piece(before + out.count(), area));
        if (pieces.size() == mostPieces) {
          return;
        }
      }
    }
  }

  /// The library sets a stride even where there is no bias.
  private long biasStride() {
    return bias == null ? kernel.cols() : bias.stride(-2);
  }

  private void loop(Commands out, int[] batch, int i, int j, int k) {
    boolean keepA = rows.loops() * depth.loops() <= 2;
    boolean keepB = cols.loops() * depth.loops() <= 2;
    int row = i * rows.step();
    int col = j * cols.step();
    int inner = k * depth.step();
    long addressA =
        product.transposesA()
            ? addresses.of(a, batch, inner, row)
            : addresses.of(a, batch, row, inner);
    long addressB =
        product.transposesB()
            ? addresses.of(b, batch, col, inner)
            : addresses.of(b, batch, inner, col);
    boolean first = k == 0;
    boolean last = k == depth.loops() - 1;
    out.add(
        new Instr.LoopWsBounds(
            rows.padding(i),
            cols.padding(j),
            depth.padding(k),
            rows.tiles(i),
            cols.tiles(j),
            depth.tiles(k)));
    out.add(
        new Instr.LoopWsAddrsAb(
            keepA && j > 0 ? DramAddr.NONE : new DramAddr(addressA),
            keepB && i > 0 ? DramAddr.NONE : new DramAddr(addressB)));
    out.add(
        new Instr.LoopWsAddrsDc(
            bias != null && first
                ? new DramAddr(addresses.of(bias, batch, row, col))
                : DramAddr.NONE,
            last ? new DramAddr(addresses.of(epilogue.out(), batch, row, col)) : DramAddr.NONE));
    out.add(new Instr.LoopWsStridesAb(a.stride(-2), b.stride(-2)));
    out.add(new Instr.LoopWsStridesDc(biasStride(), epilogue.out().stride(-2)));
    out.add(
        run(
            bias != null || !first,
            keepA ? (i + k == 0 ? 1 : 2) : 0,
            keepB ? (j + k == 0 ? 1 : 2) : 0));
  }

  private Instr run(boolean accumulate, int idA, int idB) {
    return new Instr.LoopWs(
        accumulate,
        false,
        bias != null && bias.dtype() == DType.I8,
        activation(epilogue.op()),
        idB,
        idA,
        product.transposesA(),
        product.transposesB(),
        false,
        false,
        false,
        false,
        false,
        false,
        false,
        false,
        LocalAddr.spad(0));
  }

  private static Activation activation(MoveOut op) {
    return switch (op) {
      case MoveOut.Requantize r -> r.relu() ? Activation.RELU : Activation.NONE;
      case MoveOut.RequantizeBlocks r -> r.relu() ? Activation.RELU : Activation.NONE;
      case MoveOut.GeluI32 _ -> Activation.IGELU;
      case MoveOut.SoftmaxI32 _ -> Activation.SOFTMAX;
      case MoveOut.LayerNormI32 _ -> Activation.LAYERNORM;
    };
  }
}
