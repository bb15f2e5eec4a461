package org.lapidary.gemmini.cost;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lapidary.gemmini.map.Buffer;
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

  /// Takes nothing.
  public static final Bound NONE = new Bound(0, 0, 0, 0);

  /// The bound of a kernel alone.
  public static Bound of(Kernel kernel, GemminiParams machine) {
    return of(List.of(kernel), machine).getFirst();
  }

  /// The bounds of kernels that follow each other: what one has read, the next may still have.
  public static List<Bound> of(List<Kernel> kernels, GemminiParams machine) {
    Set<View> seen = new HashSet<>();
    Map<Buffer, Long> read = new HashMap<>();
    List<Bound> bounds = new ArrayList<>();
    for (Kernel kernel : kernels) {
      long readBytes = 0;
      for (View view : kernel.reads()) {
        if (seen.add(view)) {
          long before = read.getOrDefault(view.buffer(), 0L);
          long needed = distinctBytes(view) - zeroBytes(view, kernel, machine.dim());
          long after = Math.min(before + needed, view.buffer().bytes());
          read.put(view.buffer(), after);
          readBytes += after - before;
        }
      }
      bounds.add(of(kernel, machine, readBytes));
    }
    return bounds;
  }

  private static Bound of(Kernel kernel, GemminiParams machine, long readBytes) {
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

  /// Of two kernels that may overlap: each unit has the work of both.
  public Bound plus(Bound other) {
    return new Bound(
        arrayCycles + other.arrayCycles,
        readCycles + other.readCycles,
        writeCycles + other.writeCycles,
        normaliserCycles + other.normaliserCycles);
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

  /// Bytes of an operand that meet nothing but zeros, or are zeros themselves.
  private static long zeroBytes(View view, Kernel kernel, int dim) {
    if (kernel instanceof Kernel.Accumulation a) {
      for (Contribution c : a.contributions()) {
        if (c instanceof Contribution.Product p && view.equals(p.b())) {
          return p.zeros().elements(p.depth(), a.cols(), dim);
        }
        if (c instanceof Contribution.Product p && view.equals(p.a())) {
          long unread = Math.min((long) p.zeros().emptyRows() * dim, p.depth());
          return distinctBytes(view) / Math.max(1, p.depth()) * unread;
        }
      }
    }
    return 0;
  }

  private static long ceil(long value, long unit) {
    return (value + unit - 1) / unit;
  }

  /// Multiply-accumulates of the model itself, without those that only scale channels and those
  /// with tiles of zeros.
  public static long modelMacs(Kernel kernel, int dim) {
    if (!(kernel instanceof Kernel.Accumulation a)) {
      return 0;
    }
    long rows = a.rows();
    for (int size : a.batch()) {
      rows *= size;
    }
    long macs = 0;
    for (Contribution c : a.contributions()) {
      macs += c instanceof Contribution.Product p ? rows * p.elements(dim) : 0;
    }
    return macs;
  }
}
