package org.lapidary.testkit;

import java.util.Random;

/// Checks that something holds of random examples. The examples are the same in every run; a
/// failure names the seed that makes the one it failed on, and `-Dlapidary.seed=…` runs only that.
public final class Property {
  private static final String SEED = "lapidary.seed";

  /// An odd number with its bits well spread, so that neighbouring runs get unlike seeds.
  private static final long STEP = 0x9E3779B97F4A7C15L;

  private Property() {}

  /// Makes an example from random numbers, and fails if the property does not hold of it.
  @FunctionalInterface
  public interface Check {
    void run(Random random) throws Exception;
  }

  /// Checks a number of examples, stopping at the first that fails.
  ///
  /// @throws AssertionError naming the seed of the failure
  public static void holds(int examples, Check check) {
    Long only = Long.getLong(SEED);
    if (only != null) {
      run(only, check);
      return;
    }
    for (int i = 0; i < examples; i++) {
      run(i * STEP, check);
    }
  }

  private static void run(long seed, Check check) {
    try {
      check.run(new Random(seed));
    } catch (Exception | AssertionError e) {
      throw new AssertionError("replay with -D" + SEED + "=" + seed + ": " + e.getMessage(), e);
    }
  }
}
