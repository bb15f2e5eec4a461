package org.lapidary.passes.quant;

import java.util.List;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;

/// A constant matrix `[K,N]`, to be read when it is quantized and not kept afterwards.
///
/// @param data where it is
/// @param transposed whether it is stored as `[N,K]`
record Weight(Data data, boolean transposed) {

  int rows() {
    return data.type().dim(transposed ? 1 : 0);
  }

  int columns() {
    return data.type().dim(transposed ? 0 : 1);
  }

  /// The elements in row-major order, for reading only.
  float[] load() {
    float[] stored = data.load().f32();
    if (!transposed) {
      return stored;
    }
    int k = rows();
    int n = columns();
    float[] out = new float[stored.length];
    for (int row = 0; row < k; row++) {
      for (int column = 0; column < n; column++) {
        out[row * n + column] = stored[column * k + row];
      }
    }
    return out;
  }

  /// The step of one int8 grid for all elements.
  static double step(float[] w, QuantizeOptions options) {
    Histogram values = new Histogram();
    values.add(w);
    return options.weights().step(values, options.percentile());
  }

  /// Int8 numbers with one step for all.
  static Data quantize(String name, List<Integer> dims, float[] w, QuantizeOptions options) {
    double step = step(w, options);
    double perStep = 1 / step;
    byte[] q = new byte[w.length];
    for (int i = 0; i < q.length; i++) {
      q[i] = (byte) Math.clamp(Math.rint(w[i] * perStep), -127, 127);
    }
    TensorType type = new TensorType(DType.I8, dims, step);
    return Data.of(name, Tensor.of(type, q));
  }
}
