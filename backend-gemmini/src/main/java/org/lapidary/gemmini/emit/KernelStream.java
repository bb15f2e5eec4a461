package org.lapidary.gemmini.emit;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.lapidary.gemmini.map.Buffer;
import org.lapidary.gemmini.map.Kernel;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.Diagnostic.Code;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.machine.GemminiParams;
import org.lapidary.sim.MainMemory;

/// The commands of one kernel on a machine at rest, ending with a fence: what a tiling is judged
/// by. Every buffer starts on a line of its own, as in a program.
///
/// @param commands packed, three longs each
/// @param pieces the pieces of the sum that were emitted
@SuppressWarnings("ArrayRecordComponent") // handed to the cycle model and forgotten
public record KernelStream(long[] commands, List<Piece> pieces) {
  private static final int LINE = 64;

  /// A piece has been handed to the pipeline.
  ///
  /// @param commands emitted so far
  /// @param area tiles of the sum in the pieces so far
  public record Piece(int commands, long area) {}

  /// Emits a kernel, or its first pieces.
  ///
  /// @param mostPieces pieces after which to stop
  public static KernelStream of(
      Kernel.Accumulation kernel, Tiling tiling, GemminiParams machine, int mostPieces) {
    OnChip chip = new OnChip(machine);
    Units units = new Units(chip);
    List<Piece> pieces =
        switch (tiling) {
          case StreamTiling s ->
              new AccumulationEmitter(0, kernel, s, units, new Halves(chip), ownLines())
                  .emit(mostPieces);
          case LoopTiling l ->
              new LoopEmitter(0, kernel, l, units, chip, ownLines()).emit(mostPieces, false);
        };
    units.end();
    return new KernelStream(units.pipeline.commands().packed(), pieces);
  }

  /// What Gemmini's own library would do: one call for each matrix of the batch, each ending with a
  /// fence. Source: gemmini.md §10.
  public static KernelStream ofLibrary(
      Kernel.Accumulation kernel, GemminiParams machine, int mostPieces) {
    OnChip chip = new OnChip(machine);
    Units units = new Units(chip);
    LoopTiling tiling = LoopTiling.library(kernel, chip).orElseThrow(() -> noTile(machine));
    List<Piece> pieces =
        new LoopEmitter(0, kernel, tiling, units, chip, ownLines()).emit(mostPieces, true);
    return new KernelStream(units.pipeline.commands().packed(), pieces);
  }

  private static DiagnosticException noTile(GemminiParams machine) {
    return new DiagnosticException(
        Diagnostic.error(
            Code.DOES_NOT_FIT,
            "",
            "",
            "Gemmini's own library finds no tiles on %s: half its accumulator asks for more operands than half its scratchpad holds"
                .formatted(machine.name()),
            "to compare with the library, choose a machine with a larger scratchpad"));
  }

  /// Addresses in the order of first use.
  private static Addresses ownLines() {
    Map<Buffer, Long> starts = new HashMap<>();
    long[] next = {MainMemory.DEFAULT_BASE};
    return buffer ->
        starts.computeIfAbsent(
            buffer,
            b -> {
              long start = next[0];
              next[0] += (b.bytes() + LINE - 1) / LINE * LINE;
              return start;
            });
  }
}
