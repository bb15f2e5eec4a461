package org.lapidary.passes.prune;

import java.util.List;
import org.lapidary.ir.Tensor;

/// What a pruned model's result has lost.
final class Loss {
  private Loss() {}

  /// Squared difference over the variance of the original, rows of padding left out.
  static double of(List<Tensor> original, List<Tensor> pruned, Rows.Real real) {
    Rows before = rows(original, real);
    Rows difference = before.plus(rows(pruned, real), -1);
    double variance = before.centred(before.mean()).squares();
    return variance == 0 ? difference.squares() : difference.squares() / variance;
  }

  private static Rows rows(List<Tensor> results, Rows.Real real) {
    if (Rows.fits(results.getFirst())) {
      return Rows.of(results, results.getFirst().type().dim(1), real);
    }
    int width = results.getFirst().type().dim(-1);
    int each = results.getFirst().elements();
    float[] all = new float[results.size() * each];
    for (int s = 0; s < results.size(); s++) {
      System.arraycopy(results.get(s).f32(), 0, all, s * each, each);
    }
    return new Rows(all.length / width, width, all);
  }
}
