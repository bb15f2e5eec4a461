package org.lapidary.passes.prune;

import java.util.Arrays;
import org.lapidary.passes.prune.PruneRecipe.Score;

/// Which weights of a matrix `[depth, outputs]` become zero, given what each of them is worth: of
/// all tiles of the matrix those worth least, or of every run of weights along the depth.
///
/// @param rows of a tile, along the depth
/// @param columns of a tile
/// @param run weights along the depth of which `stay` stay; 0 where tiles compete with each other
/// @param stay of a run
/// @param keep share of tiles that stay
/// @param score by what they are chosen, and whether the others are refitted
record Sparsity(int rows, int columns, int run, int stay, double keep, Score score) {
  /// Rows that are decided together while those after them are still refitted. Source: Frantar and
  /// Alistarh, SparseGPT, 2023.
  private static final int BAND = 128;

  static Sparsity of(PruneRecipe.Weights weights) {
    int run = weights.run();
    return run == 0
        ? new Sparsity(1, 1, 0, 0, weights.keep(), weights.score())
        : new Sparsity(1, 1, run, weights.stay(), 0, weights.score());
  }

  static Sparsity of(PruneRecipe.Blocks blocks) {
    return new Sparsity(blocks.rows(), blocks.columns(), 0, 0, blocks.keep(), blocks.score());
  }

  /// Rows that are decided together: all, where nothing is refitted.
  int band(int depth) {
    if (score == Score.MAGNITUDE) {
      return depth;
    }
    int unit = Math.max(rows, run);
    return Math.max(unit, BAND / unit * unit);
  }

  /// Which weights go.
  ///
  /// @param worth of each, row-major, `outputs` a row
  boolean[] gone(double[] worth, int outputs) {
    return run > 0 ? inRuns(worth, outputs) : inTiles(worth, outputs);
  }

  private boolean[] inRuns(double[] worth, int outputs) {
    boolean[] gone = new boolean[worth.length];
    int depth = worth.length / outputs;
    for (int from = 0; from < depth; from += run) {
      int length = Math.min(run, depth - from);
      int going = length - (stay * length + run - 1) / run;
      for (int column = 0; column < outputs; column++) {
        for (int n = 0; n < going; n++) {
          int least = -1;
          for (int i = from; i < from + length; i++) {
            int at = i * outputs + column;
            if (!gone[at] && (least < 0 || worth[at] < worth[least])) {
              least = at;
            }
          }
          gone[least] = true;
        }
      }
    }
    return gone;
  }

  private boolean[] inTiles(double[] worth, int outputs) {
    int across = (outputs + columns - 1) / columns;
    int down = (worth.length / outputs + rows - 1) / rows;
    double[] tiles = new double[across * down];
    for (int i = 0; i < worth.length; i++) {
      tiles[tile(i, outputs, across)] += worth[i];
    }
    boolean[] least = least(tiles, tiles.length - (int) Math.ceil(keep * tiles.length - 1e-9));
    boolean[] gone = new boolean[worth.length];
    for (int i = 0; i < worth.length; i++) {
      gone[i] = least[tile(i, outputs, across)];
    }
    return gone;
  }

  private int tile(int at, int outputs, int across) {
    return at / outputs / rows * across + at % outputs / columns;
  }

  /// The `count` least; of equals the first.
  private static boolean[] least(double[] worth, int count) {
    boolean[] least = new boolean[worth.length];
    if (count == 0) {
      return least;
    }
    double[] sorted = worth.clone();
    Arrays.sort(sorted);
    double bound = sorted[count - 1];
    int left = count;
    for (int i = 0; i < worth.length; i++) {
      least[i] = worth[i] < bound;
      left -= least[i] ? 1 : 0;
    }
    for (int i = 0; i < worth.length && left > 0; i++) {
      if (worth[i] == bound) {
        least[i] = true;
        left--;
      }
    }
    return least;
  }
}
