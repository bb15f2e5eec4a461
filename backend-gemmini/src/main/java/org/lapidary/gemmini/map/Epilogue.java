package org.lapidary.gemmini.map;

import org.lapidary.ir.op.MoveOut;

/// What becomes of an accumulation: moved out to main memory one way or another.
public sealed interface Epilogue {
  /// Where it goes, `[batch.., rows, cols]`.
  View out();

  /// Whether it needs statistics of whole rows.
  boolean needsWholeRows();

  /// The i32 sums as they are.
  record Raw(View out) implements Epilogue {
    @Override
    public boolean needsWholeRows() {
      return false;
    }
  }

  /// As int8, through the scale and activation units.
  record Scaled(MoveOut op, View out) implements Epilogue {
    @Override
    public boolean needsWholeRows() {
      return switch (op) {
        case MoveOut.Requantize _, MoveOut.RequantizeBlocks _, MoveOut.GeluI32 _ -> false;
        case MoveOut.SoftmaxI32 _, MoveOut.LayerNormI32 _ -> true;
      };
    }
  }
}
