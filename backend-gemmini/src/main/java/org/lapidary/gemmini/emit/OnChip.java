package org.lapidary.gemmini.emit;

import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.Diagnostic.Code;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.machine.GemminiParams;

/// How the private memories are divided. The scratchpad has four parts, two for each operand, so
/// that one is filled while the other is in use; with four banks each part is a bank, and neither
/// the two operands nor a load and the array ever meet in one. The accumulator, or the part of it
/// that a stream of kernels has to itself, has two halves, in different banks where there are two.
///
/// @param firstAccRow first accumulator row of the first half
/// @param accStride rows from the first to the second half
/// @param halfAccRows rows in each half
/// @param operandTiles tiles of one operand that a stage may have
record OnChip(
    GemminiParams machine, int firstAccRow, int accStride, int halfAccRows, int operandTiles) {
  private static final int PARTS = 4;

  /// Tiles of an operand of one stage in a stream that shares the machine: short stages let the
  /// other stream have its turn.
  private static final int THIN_TILES = 16;

  private static final int SHARED_OPERAND_TILES = 32;

  /// All there is.
  ///
  /// @throws DiagnosticException if no stream runs on such a machine
  OnChip(GemminiParams machine) {
    this(
        machine,
        0,
        machine.accRows() / 2,
        machine.accRows() / 2,
        machine.spadRows() / PARTS / machine.dim());
  }

  OnChip {
    if (machine.dataflows() == GemminiParams.Dataflows.OS) {
      throw unfit(machine, "has no weight-stationary dataflow", "dataflows = ws or both");
    }
    if (operandTiles < 1) {
      throw unfit(
          machine,
          "has a scratchpad of %d tiles; two of each operand are needed"
              .formatted(machine.spadTiles()),
          "at least %d rows in all of its scratchpad's banks".formatted(PARTS * machine.dim()));
    }
  }

  private static DiagnosticException unfit(GemminiParams machine, String why, String need) {
    return new DiagnosticException(
        Diagnostic.error(
            Code.DOES_NOT_FIT,
            "",
            "",
            "the machine %s %s".formatted(machine.name(), why),
            "choose a machine with " + need));
  }

  /// The first half, for a stream of light kernels, which makes two of it.
  OnChip lightShare() {
    return share(0, Math.min(SHARED_OPERAND_TILES, operandTiles));
  }

  /// The second half, for heavy kernels.
  OnChip heavyShare() {
    return share(1, operandTiles);
  }

  /// A small share of both halves, for light kernels beside such as the array has no work with.
  OnChip thinShare() {
    int tiles = waitsForLatency() ? 2 * THIN_TILES : THIN_TILES;
    int rows = Math.min(tiles * dim(), halfAccRows / 2);
    return new OnChip(
        machine, firstAccRow, accStride, rows, Math.min(SHARED_OPERAND_TILES, operandTiles));
  }

  /// The rest of both halves.
  OnChip thickShare() {
    int thin = thinShare().halfAccRows;
    return new OnChip(machine, firstAccRow + thin, accStride, halfAccRows - thin, operandTiles);
  }

  private OnChip share(int half, int tiles) {
    int rows = halfAccRows / 2;
    return new OnChip(machine, firstAccRow + half * accStride, rows, rows, tiles);
  }

  /// Whether loads are slow, so that what is loaded should be used more often.
  boolean waitsForLatency() {
    return new Pace(machine).waitsForLatency();
  }

  /// Accumulator rows that a piece may take: both halves if nobody else is in between.
  int wholeRows() {
    return accStride == halfAccRows ? 2 * halfAccRows : halfAccRows;
  }

  /// Scratchpad rows in each of the parts.
  int partRows() {
    return machine.spadRows() / PARTS;
  }

  int dim() {
    return machine.dim();
  }

  /// First row of a part of the left operand.
  int leftRow(int part) {
    return part * (machine.spadRows() / PARTS);
  }

  /// First row of a part of the right operand.
  int rightRow(int part) {
    return leftRow(2 + part);
  }

  int tiles(int elements) {
    return (elements + dim() - 1) / dim();
  }
}
