package org.lapidary.tools.reference.quantized;

import com.google.protobuf.ByteString;

/// `real = scale * (q - zeroPoint)` on eight bits.
///
/// @param signed whether q is int8 or uint8
/// @param scale real value of one unit
/// @param zeroPoint the q that stands for 0
record AffineInt8(boolean signed, float scale, int zeroPoint) {

  /// Covers 0 and everything from `min` to `max`, as `compute_scale_zp` does: the width in f32, the
  /// division in f64.
  static AffineInt8 asymmetric(boolean signed, float min, float max) {
    float low = Math.min(min, 0);
    float high = Math.max(max, 0);
    int first = signed ? Byte.MIN_VALUE : 0;
    double scale = (double) (high - low) / 255;
    if (scale < Float.MIN_NORMAL) {
      return new AffineInt8(signed, 1, 0);
    }
    // An infinite width leaves no number here, which becomes 0 as in the original.
    int zero = (int) Math.rint(first - low / scale);
    return new AffineInt8(signed, (float) scale, zero);
  }

  /// Weights: zero stays zero, the largest absolute value becomes 127.
  static AffineInt8 symmetric(float[] values) {
    Extent extent = Extent.of(values);
    float largest = Math.max(Math.abs(Math.min(extent.min(), 0)), Math.max(extent.max(), 0));
    double scale = (double) (largest + largest) / 254;
    return new AffineInt8(true, scale < Float.MIN_NORMAL ? 1 : (float) scale, 0);
  }

  /// Constants that are treated as activations.
  static AffineInt8 asymmetric(boolean signed, float[] values) {
    Extent extent = Extent.of(values);
    return asymmetric(signed, extent.min(), extent.max());
  }

  AffineInt8 withScale(float newScale) {
    return new AffineInt8(signed, newScale, zeroPoint);
  }

  /// Rounded to nearest even, saturated.
  ByteString quantize(float[] values) {
    int low = signed ? Byte.MIN_VALUE : 0;
    byte[] q = new byte[values.length];
    for (int i = 0; i < q.length; i++) {
      double rounded = Math.rint((double) (values[i] / scale)) + zeroPoint;
      q[i] = (byte) (int) Math.clamp(rounded, low, low + 255);
    }
    return ByteString.copyFrom(q);
  }

  /// The smallest and the largest of some numbers.
  record Extent(float min, float max) {
    static Extent of(float[] values) {
      float min = values.length == 0 ? 0 : values[0];
      float max = min;
      for (float v : values) {
        min = Math.min(min, v);
        max = Math.max(max, v);
      }
      return new Extent(min, max);
    }

    Extent union(Extent other) {
      return new Extent(Math.min(min, other.min), Math.max(max, other.max));
    }
  }
}
