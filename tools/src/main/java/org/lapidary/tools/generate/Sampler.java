package org.lapidary.tools.generate;

import java.util.Arrays;
import java.util.Comparator;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;

/// Chooses the next token: the likeliest, or one drawn from the softmax of `logits / temperature`
/// over the `topK` likeliest.
///
/// The same seed gives the same tokens on every machine: `L64X128MixRandom` of `java.util.random`
/// is an exact algorithm, `StrictMath.exp` an exact function, sums are taken from the likeliest
/// token on, and of equal logits the lower token comes first.
public final class Sampler {
  /// The generator's name in `java.util.random`.
  public static final String GENERATOR = "L64X128MixRandom";

  private final double temperature;
  private final int topK;
  private final RandomGenerator random;

  /// @param temperature 0 for the likeliest token always
  /// @param topK how many tokens may be drawn; 0 for all
  public Sampler(double temperature, int topK, long seed) {
    if (!(temperature >= 0 && temperature < Double.POSITIVE_INFINITY) || topK < 0) {
      throw new IllegalArgumentException("temperature " + temperature + ", top " + topK);
    }
    this.temperature = temperature;
    this.topK = topK;
    this.random = RandomGeneratorFactory.of(GENERATOR).create(seed);
  }

  /// The likeliest token, every time.
  public static Sampler greedy() {
    return new Sampler(0, 0, 0);
  }

  /// The next token; each call that draws takes one number from the generator.
  public int next(float[] logits) {
    if (temperature == 0) {
      return likeliest(logits);
    }
    int[] order =
        IntStream.range(0, logits.length)
            .boxed()
            .sorted(
                Comparator.comparingDouble((Integer i) -> -logits[i])
                    .thenComparingInt(Integer::intValue))
            .limit(topK == 0 ? logits.length : topK)
            .mapToInt(Integer::intValue)
            .toArray();
    double[] weights =
        Arrays.stream(order)
            .mapToDouble(i -> StrictMath.exp((logits[i] - (double) logits[order[0]]) / temperature))
            .toArray();
    double sum = 0;
    for (double w : weights) {
      sum += w;
    }
    double left = random.nextDouble() * sum;
    for (int i = 0; i < order.length; i++) {
      left -= weights[i];
      if (left < 0) {
        return order[i];
      }
    }
    return order[order.length - 1];
  }

  private static int likeliest(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      best = logits[i] > logits[best] ? i : best;
    }
    return best;
  }
}
