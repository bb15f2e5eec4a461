package org.lapidary.passes.quant;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.lapidary.ir.DType;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;

/// What a value of the quantized graph stands for: `real = step * gamma * q + beta`, channel by
/// channel of the last axis.
///
/// @param real value of the canonical graph
/// @param stored value of the quantized graph, of the same shape
/// @param step real value of one unit; 0 where the real numbers themselves are stored
/// @param gamma per channel, or empty for 1
/// @param beta per channel, or empty for 0
/// @param channels that are to be read here; empty for all. The others have a form of their own
public record Form(
    Value real, Value stored, double step, List<Double> gamma, List<Double> beta, BitSet channels) {

  static Form same(Value real, Value stored) {
    return new Form(real, stored, 0, List.of(), List.of(), new BitSet());
  }

  static Form of(Value real, Value stored, double step, double[] gamma, double[] beta) {
    return new Form(real, stored, step, list(gamma), list(beta), new BitSet());
  }

  Form on(BitSet some) {
    return new Form(real, stored, step, gamma, beta, some);
  }

  private static List<Double> list(double[] row) {
    return Arrays.stream(row).boxed().toList();
  }

  /// Whether the stored numbers are the real ones.
  public boolean isReal() {
    return step == 0;
  }

  /// The integers for real numbers, rounded to nearest even, saturated.
  public Tensor store(Tensor numbers) {
    if (isReal()) {
      return numbers.retyped(stored.type());
    }
    TensorType type = stored.type();
    int n = type.elements();
    int width = type.dim(-1);
    boolean bytes = type.dtype() == DType.I8;
    double low = bytes ? Byte.MIN_VALUE : Integer.MIN_VALUE;
    double high = bytes ? Byte.MAX_VALUE : Integer.MAX_VALUE;
    byte[] small = new byte[bytes ? n : 0];
    int[] large = new int[bytes ? 0 : n];
    for (int i = 0; i < n; i++) {
      double unit = step * at(gamma, i % width, 1);
      double q = unit == 0 ? 0 : Math.rint((numbers.asDouble(i) - at(beta, i % width, 0)) / unit);
      int saturated = (int) Math.clamp(q, low, high);
      if (bytes) {
        small[i] = (byte) saturated;
      } else {
        large[i] = saturated;
      }
    }
    return Tensor.of(type, bytes ? small : large);
  }

  /// Writes the real numbers of the integers into `out`, for the channels that are read here.
  public void load(Tensor integers, float[] out) {
    int width = stored.type().dim(-1);
    for (int i = 0; i < out.length; i++) {
      int c = i % width;
      if (channels.isEmpty() || channels.get(c)) {
        double unit = isReal() ? 1 : step * at(gamma, c, 1);
        out[i] = (float) (unit * integers.asDouble(i) + at(beta, c, 0));
      }
    }
  }

  private static double at(List<Double> row, int channel, double otherwise) {
    return row.isEmpty() ? otherwise : row.get(channel);
  }
}
