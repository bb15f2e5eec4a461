package org.lapidary.gemmini.cost;

import java.util.LinkedHashMap;
import java.util.Map;
import org.lapidary.gemmini.map.Contribution;
import org.lapidary.gemmini.map.Epilogue;
import org.lapidary.gemmini.map.Kernel;
import org.lapidary.gemmini.map.View;
import org.lapidary.machine.GemminiParams;

/// What a kernel takes at least on a machine: the slowest of array, memory bus and normaliser if
/// nothing ever waited and nothing were loaded twice.
///
/// @param arrayCycles multiply-accumulates over DIM²
/// @param readCycles bytes read over the width of the bus
/// @param writeCycles bytes written over the width of the bus
/// @param normaliserCycles vectors of DIM that are read out of the accumulator
public record Bound(long arrayCycles, long readCycles, long writeCycles, long normaliserCycles) {
  private static final int PASSES_FOR_STATISTICS = 3;

  /// The bound of a kernel.
  public static Bound of(Kernel kernel, GemminiParams machine) {
    Map<View, Long> read = new LinkedHashMap<>();
    kernel.reads().forEach(v -> read.put(v, distinctBytes(v)));
    long readBytes = read.values().stream().mapToLong(Long::longValue).sum();
    long writtenBytes = kernel.writes().stream().mapToLong(Bound::distinctBytes).sum();
    long macs = 0;
    long vectors = 0;
    if (kernel instanceof Kernel.Accumulation a) {
      macs = a.macs(machine.dim());
      vectors = vectors(a, machine.dim());
    }
    return new Bound(
        ceil(macs, machine.peakMacsPerCycle()),
        ceil(readBytes, machine.busBytes()),
        ceil(writtenBytes, machine.busBytes()),
        vectors);
  }

  /// The bound itself.
  public long cycles() {
    return Math.max(Math.max(arrayCycles, readCycles), Math.max(writeCycles, normaliserCycles));
  }

  private static long vectors(Kernel.Accumulation kernel, int dim) {
    long rows = kernel.rows();
    for (int size : kernel.batch()) {
      rows *= size;
    }
    long once = rows * ceil(kernel.cols(), dim);
    long vectors = 0;
    for (Epilogue e : kernel.epilogues()) {
      vectors += e.needsWholeRows() ? PASSES_FOR_STATISTICS * once : once;
    }
    return vectors;
  }

  /// Bytes of a view, repeated elements counted once.
  private static long distinctBytes(View view) {
    long elements = view.dtype().bytes();
    for (int axis = 0; axis < view.rank(); axis++) {
      elements *= view.stride(axis) == 0 ? Math.min(1, view.dim(axis)) : view.dim(axis);
    }
    return elements;
  }

  private static long ceil(long value, long unit) {
    return (value + unit - 1) / unit;
  }

  /// Multiply-accumulates of the model itself, without those that only scale channels.
  public static long modelMacs(Kernel kernel) {
    if (!(kernel instanceof Kernel.Accumulation a)) {
      return 0;
    }
    long elements = (long) a.rows() * a.cols();
    for (int size : a.batch()) {
      elements *= size;
    }
    long depth = 0;
    for (Contribution c : a.contributions()) {
      depth += c instanceof Contribution.Product p ? p.depth() : 0;
    }
    return elements * depth;
  }
}
