package org.lapidary.gemmini.schedule;

import org.lapidary.gemmini.map.Contribution;
import org.lapidary.gemmini.map.Epilogue;
import org.lapidary.gemmini.map.Kernel;
import org.lapidary.machine.GemminiParams;

/// About how long a kernel keeps the array and the store unit busy: enough to tell which kernels
/// hide which. Source: rtl/README.md, rules 4 and 5, and the cycle model.
///
/// @param array cycles
/// @param store cycles
/// @param statistics whether rows are read several times before they are stored
public record UnitTimes(long array, long store, boolean statistics) {
  /// A one-row store of four vectors, three of which make a row of statistics.
  private static final int STATISTICS_CYCLES = 11;

  private static final int STATISTICS_PASSES = 3;
  private static final int GATHER = 3;

  /// The times of a kernel.
  public static UnitTimes of(Kernel kernel, GemminiParams machine) {
    return switch (kernel) {
      case Kernel.Copy c -> new UnitTimes(0, bytes(c) / machine.busBytes(), false);
      case Kernel.Accumulation a ->
          new UnitTimes(arrayCycles(a, machine), storeCycles(a, machine), a.needsWholeRows());
    };
  }

  /// Whether its stores take so much longer than its computes that it should hide behind others.
  public boolean isHeavy() {
    return store > array && (statistics || array == 0);
  }

  private static long bytes(Kernel.Copy copy) {
    return copy.from().dims().stream().mapToLong(d -> d).reduce(1, (a, b) -> a * b);
  }

  private static long rows(Kernel.Accumulation kernel) {
    return kernel.batch().stream().mapToLong(b -> b).reduce(kernel.rows(), (a, b) -> a * b);
  }

  private static long arrayCycles(Kernel.Accumulation kernel, GemminiParams machine) {
    int dim = machine.dim();
    long tiles = rows(kernel) * ceil(kernel.cols(), dim);
    long cycles = 0;
    for (Contribution c : kernel.contributions()) {
      cycles +=
          switch (c) {
            case Contribution.Product p -> rows(kernel) * p.tiles(dim);
            case Contribution.Diagonal d -> tiles * d.pieces();
            case Contribution.Matrix _ -> 0;
          };
    }
    return cycles;
  }

  private static long storeCycles(Kernel.Accumulation kernel, GemminiParams machine) {
    long rows = rows(kernel);
    long cycles = 0;
    for (Epilogue e : kernel.epilogues()) {
      long lines = ceil(kernel.cols(), machine.maxTransferBytes());
      long perLine = ceil(Math.min(kernel.cols(), machine.maxTransferBytes()), machine.busBytes());
      cycles +=
          switch (e) {
            case Epilogue.Raw _ -> rows * ceil(4L * kernel.cols(), machine.busBytes());
            case Epilogue.Scaled s when s.needsWholeRows() ->
                rows * lines * STATISTICS_PASSES * STATISTICS_CYCLES;
            case Epilogue.Scaled _ -> rows * lines * (perLine + GATHER);
          };
    }
    return cycles;
  }

  private static long ceil(long value, long unit) {
    return (value + unit - 1) / unit;
  }
}
