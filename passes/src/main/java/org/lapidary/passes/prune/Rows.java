package org.lapidary.passes.prune;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.lapidary.ir.DType;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Neural;

/// Rows of an activation over all calibration samples, padding left out.
///
/// @param count number of rows
/// @param width elements of each
/// @param elements row after row
record Rows(int count, int width, float[] elements) {
  /// More rows add little to a least squares of some thousand unknowns but time.
  private static final int MOST = 16_384;

  /// Rows of products that are summed in f32 before they enter a sum in f64.
  private static final int BLOCK = 1024;

  /// Which positions of each sample are real, as its input `attention_mask` declares.
  ///
  /// @param masks `[B,S]` by sample; null where there is none
  record Real(List<@Nullable Tensor> masks) {
    static Real of(List<Map<String, Tensor>> samples) {
      java.util.ArrayList<@Nullable Tensor> masks = new java.util.ArrayList<>();
      for (Map<String, Tensor> sample : samples) {
        Tensor mask = sample.get("attention_mask");
        masks.add(mask != null && mask.type().rank() == 2 ? mask : null);
      }
      return new Real(masks);
    }

    boolean is(int sample, int batch, int position) {
      Tensor mask = masks.get(sample);
      return mask == null
          || position >= mask.type().dim(1)
          || batch >= mask.type().dim(0)
          || mask.asDouble(batch * mask.type().dim(1) + position) != 0;
    }
  }

  /// The rows of `[B,S,N]` activations at the first `positions` positions.
  static Rows of(List<Tensor> samples, int positions, Real real) {
    int width = samples.getFirst().type().dim(-1);
    int batch = samples.getFirst().type().dim(0);
    int all = samples.getFirst().type().dim(1);
    int count = 0;
    for (int s = 0; s < samples.size(); s++) {
      for (int r = 0; r < batch * positions; r++) {
        count += real.is(s, r / positions, r % positions) ? 1 : 0;
      }
    }
    int stride = Math.max(1, (count + MOST - 1) / MOST);
    int kept = (count + stride - 1) / stride;
    float[] out = new float[kept * width];
    int seen = 0;
    for (int s = 0; s < samples.size(); s++) {
      for (int r = 0; r < batch * positions; r++) {
        if (!real.is(s, r / positions, r % positions)) {
          continue;
        }
        if (seen % stride == 0) {
          int from = (r / positions * all + r % positions) * width;
          System.arraycopy(samples.get(s).f32(), from, out, seen / stride * width, width);
        }
        seen++;
      }
    }
    return new Rows(kept, width, out);
  }

  /// The same activations, each sample less its mean over its real positions.
  static List<Tensor> levelled(List<Tensor> samples, Real real) {
    return IntStream.range(0, samples.size())
        .mapToObj(s -> levelled(samples.get(s), s, real))
        .toList();
  }

  private static Tensor levelled(Tensor sample, int index, Real real) {
    int width = sample.type().dim(-1);
    int positions = sample.type().dim(1);
    float[] out = sample.f32().clone();
    for (int b = 0; b < sample.type().dim(0); b++) {
      double[] mean = new double[width];
      int count = 0;
      for (int p = 0; p < positions; p++) {
        if (real.is(index, b, p)) {
          count++;
          for (int c = 0; c < width; c++) {
            mean[c] += out[(b * positions + p) * width + c];
          }
        }
      }
      for (int i = b * positions * width; i < (b + 1) * positions * width; i++) {
        out[i] -= (float) (mean[i % width] / Math.max(1, count));
      }
    }
    return Tensor.f32(sample.type().dims(), out);
  }

  /// Some columns.
  Rows columns(int from, int count) {
    float[] out = new float[this.count * count];
    for (int row = 0; row < this.count; row++) {
      System.arraycopy(elements, row * width + from, out, row * count, count);
    }
    return new Rows(this.count, count, out);
  }

  /// Some columns of every row.
  Rows columns(int[] chosen) {
    float[] out = new float[count * chosen.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = elements[i / chosen.length * width + chosen[i % chosen.length]];
    }
    return new Rows(count, chosen.length, out);
  }

  /// `this + factor * other`.
  Rows plus(Rows other, float factor) {
    float[] sum = elements.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += factor * other.elements[i];
    }
    return new Rows(count, width, sum);
  }

  /// The mean of all rows.
  double[] mean() {
    double[] mean = new double[width];
    for (int i = 0; i < elements.length; i++) {
      mean[i % width] += elements[i];
    }
    for (int c = 0; c < width; c++) {
      mean[c] /= Math.max(1, count);
    }
    return mean;
  }

  /// Every row less `mean`.
  Rows centred(double[] mean) {
    float[] out = new float[elements.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = (float) (elements[i] - mean[i % width]);
    }
    return new Rows(count, width, out);
  }

  /// `thisᵀ · other`, row-major `[width, other.width]`, by the referee's product, blocks of rows
  /// summed in f64: fast, the same on any machine, and exact enough for a ridge of a thousandth.
  double[] transposedTimes(Rows other) {
    double[] sum = new double[width * other.width];
    for (int from = 0; from < count; from += BLOCK) {
      int rows = Math.min(BLOCK, count - from);
      float[] turned = new float[width * rows];
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < width; c++) {
          turned[c * rows + r] = elements[(from + r) * width + c];
        }
      }
      Tensor left = Tensor.f32(List.of(width, rows), turned);
      float[] block =
          java.util.Arrays.copyOfRange(
              other.elements, from * other.width, (from + rows) * other.width);
      Tensor right = Tensor.f32(List.of(rows, other.width), block);
      Neural.MatMul product = new Neural.MatMul(new Value(left.type()), new Value(right.type()));
      float[] part = Evaluator.apply(product, List.of(left, right)).f32();
      for (int i = 0; i < sum.length; i++) {
        sum[i] += part[i];
      }
    }
    return sum;
  }

  /// Sum of the squares of all elements.
  double squares() {
    double sum = 0;
    for (float x : elements) {
      sum += (double) x * x;
    }
    return sum;
  }

  static boolean fits(Tensor tensor) {
    return tensor.type().dtype() == DType.F32 && tensor.type().rank() == 3;
  }

  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }

  @Override
  public String toString() {
    return count + " rows of " + width;
  }
}
