package org.lapidary.tools.study;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.lapidary.gemmini.search.LayerMatmuls;
import org.lapidary.gemmini.search.TilingCache;
import org.lapidary.machine.GemminiParams;

/// Utilisation of the array by the matrix products of a BERT-Base layer, for each division of the
/// SRAM. Source of the idea: arXiv 2302.14017, figure 13.
///
/// @param length of the sequence; the survey does not say which it took
public record SramGrid(int length, List<Cell> cells) {
  private static final int KIB = 1024;
  private static final List<Integer> SIZES = List.of(64, 128, 256);
  static final int QUICK = 20;
  static final int SLOW = 100;

  /// One machine. Utilisations are from 0 to 1.
  ///
  /// @param library with the tiles of Gemmini's library, on a memory that answers after 20 cycles
  /// @param librarySlow the same after 100 cycles
  /// @param searched with our tiles, after 20 cycles
  /// @param searchedSlow the same after 100 cycles
  public record Cell(
      int spadKib,
      int accKib,
      double library,
      double librarySlow,
      double searched,
      double searchedSlow) {}

  /// Puts the measurements off.
  static Supplier<SramGrid> later(int length, TilingCache cache, Batch batch) {
    List<Supplier<Cell>> cells = new ArrayList<>();
    for (int acc : SIZES) {
      for (int spad : SIZES) {
        cells.add(batch.later(() -> cell(length, spad, acc, cache)));
      }
    }
    return () -> new SramGrid(length, cells.stream().map(Supplier::get).toList());
  }

  private static Cell cell(int length, int spadKib, int accKib, TilingCache cache) {
    GemminiParams machine =
        GemminiParams.load("default").withPrivateMemories(spadKib * KIB, accKib * KIB);
    LayerMatmuls products = LayerMatmuls.bertBase(length);
    double ideal = (double) products.macs() / machine.peakMacsPerCycle();
    return new Cell(
        spadKib,
        accKib,
        ideal / products.libraryCycles(machine, QUICK),
        ideal / products.libraryCycles(machine, SLOW),
        ideal / products.cycles(machine, QUICK, cache),
        ideal / products.cycles(machine, SLOW, cache));
  }
}
