package org.lapidary.tools.study;

/// Work to be done, whatever does it.
///
/// @param flops floating-point operations, a multiply-accumulate being two
/// @param bytes read and written once each, a byte per element
public record Count(long flops, long bytes) {
  public static final Count NONE = new Count(0, 0);

  public Count plus(Count other) {
    return new Count(flops + other.flops, bytes + other.bytes);
  }

  public Count times(long factor) {
    return new Count(flops * factor, bytes * factor);
  }

  /// Arithmetic intensity, FLOPs per byte.
  public double intensity() {
    return (double) flops / bytes;
  }
}
