package org.lapidary.passes.quant;

import java.util.Map;

/// What the programs of one model must agree on so that each can read what another wrote, whatever
/// their lengths.
///
/// Their steps come from one calibration ([CalibrationTransfer]); the step of the scores is chosen
/// for the longest row of any of them; what a mask hides contributes exactly nothing, so that a
/// result does not depend on how much padding there is.
///
/// @param caches inputs that take back, as int8, what an earlier run left in a result: input name
///   to result name
/// @param longestRow scores in a row of the longest program; 0 if the program is alone
public record Agreement(Map<String, String> caches, int longestRow) {
  /// A program that agrees with no other.
  public static final Agreement NONE = new Agreement(Map.of(), 0);

  public Agreement {
    caches = Map.copyOf(caches);
  }

  /// Whether there are other programs.
  boolean isShared() {
    return longestRow > 0;
  }
}
