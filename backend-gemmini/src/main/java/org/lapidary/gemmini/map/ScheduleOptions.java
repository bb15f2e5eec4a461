package org.lapidary.gemmini.map;

import java.util.Locale;

/// What the backend may do beyond emitting one operation after the other. No option changes a
/// result: every combination computes the same bytes.
///
/// @param order how kernels follow each other
/// @param fusion whether softmax, LayerNorm and GELU are read out of the sum they need
public record ScheduleOptions(Order order, Fusion fusion) {
  /// How kernels follow each other.
  public enum Order {
    /// One after the other, in the order of the graph.
    SERIAL,
    /// Cut into parts and interleaved, so that stores and statistics hide behind the array.
    PIPELINED,
    /// Whichever of the two the cycle model says is faster; pipelined where a program is too long
    /// to time both.
    COST
  }

  /// Whether softmax, LayerNorm and GELU are read out of the sum they need, while it is in the
  /// accumulator, or from 32-bit sums that went through main memory. Requantization and ReLU belong
  /// to moving out and are never separate.
  public enum Fusion {
    /// Always through main memory, where the machine can move out 32-bit sums.
    OFF,
    /// Whatever the cost model says is faster.
    COST,
    /// Never through main memory.
    ALWAYS
  }

  /// Whatever is fastest.
  public static final ScheduleOptions DEFAULT = new ScheduleOptions(Order.COST, Fusion.COST);

  public ScheduleOptions withOrder(Order newOrder) {
    return new ScheduleOptions(newOrder, fusion);
  }

  public ScheduleOptions withFusion(Fusion newFusion) {
    return new ScheduleOptions(order, newFusion);
  }

  /// Text form, for example `schedule=cost,fusion=cost`.
  @Override
  public String toString() {
    return "schedule=%s,fusion=%s".formatted(order, fusion).toLowerCase(Locale.ROOT);
  }
}
