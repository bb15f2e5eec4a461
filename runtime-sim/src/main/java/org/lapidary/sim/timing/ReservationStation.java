package org.lapidary.sim.timing;

/// The reservation station: entries per class, dependencies by overlap of local rows, in-order
/// issue per class. It keeps no time of its own; the event loop asks and tells.
final class ReservationStation {
  private static final int CLASSES = 3;

  private final TimedMachine machine;
  private final int[] first = new int[CLASSES];
  private final int[] capacity = new int[CLASSES];
  private final long[] free = new long[CLASSES];
  private final long[] members = new long[CLASSES];
  private final int[][] order = new int[CLASSES][];
  private final int[] head = new int[CLASSES];
  private final int[] waiting = new int[CLASSES];

  final int[] funct;
  final long[] rs1;
  final long[] rs2;
  final int[] region;
  final boolean[] unrolled;
  final long[] allocated;

  /// The class whose completion last cleared a dependency, and when; -1 for none.
  final int[] blamed;

  final long[] cleared;
  private final long[] depends;
  private final int[] startA;
  private final int[] endA;
  private final boolean[] writesA;
  private final int[] startB;
  private final int[] endB;

  private long valid;
  private long configs;

  private final int[] blockStride = new int[3];
  private int strideA = 1;
  private int strideC = 1;
  private boolean transposeA;
  private boolean pooling;

  ReservationStation(TimedMachine machine) {
    this.machine = machine;
    int[] sizes = {machine.loads(), machine.executes(), machine.stores()};
    int total = 0;
    for (int unit = 0; unit < CLASSES; unit++) {
      first[unit] = total;
      capacity[unit] = sizes[unit];
      members[unit] = ((1L << sizes[unit]) - 1) << total;
      free[unit] = members[unit];
      order[unit] = new int[sizes[unit]];
      total += sizes[unit];
    }
    if (total >= Long.SIZE) {
      throw new IllegalArgumentException("at most 63 reservation station entries, not " + total);
    }
    funct = new int[total];
    rs1 = new long[total];
    rs2 = new long[total];
    region = new int[total];
    unrolled = new boolean[total];
    allocated = new long[total];
    blamed = new int[total];
    cleared = new long[total];
    depends = new long[total];
    startA = new int[total];
    endA = new int[total];
    writesA = new boolean[total];
    startB = new int[total];
    endB = new int[total];
    java.util.Arrays.fill(blockStride, machine.dim());
  }

  boolean full(int unit) {
    return free[unit] == 0;
  }

  boolean empty() {
    return valid == 0;
  }

  /// Enters a command; returns its entry.
  int allocate(int unit, int function, long operand1, long operand2, long t) {
    int id = Long.numberOfTrailingZeros(free[unit]);
    long bit = 1L << id;
    free[unit] &= ~bit;
    funct[id] = function;
    rs1[id] = operand1;
    rs2[id] = operand2;
    allocated[id] = t;
    blamed[id] = Funct.NONE;
    cleared[id] = t;
    boolean config = function == Funct.CONFIG;
    if (config) {
      startA[id] = endA[id] = startB[id] = endB[id] = -1;
      writesA[id] = false;
      configure(unit, operand1, operand2);
    } else {
      setRanges(id, unit, function, operand1, operand2);
    }
    depends[id] = dependencies(id, unit, config);
    valid |= bit;
    if (config) {
      configs |= bit;
    } else {
      configs &= ~bit;
    }
    order[unit][(head[unit] + waiting[unit]) % capacity[unit]] = id;
    waiting[unit]++;
    return id;
  }

  private void configure(int unit, long operand1, long operand2) {
    if (unit == Funct.EXECUTE) {
      strideA = (int) (operand1 >>> 16) & 0xFFFF;
      strideC = (int) (operand2 >>> 48) & 0xFFFF;
      if ((operand1 & 0x80) == 0) {
        transposeA = (operand1 & 0x100) != 0;
      }
    } else if (unit == Funct.LOAD) {
      blockStride[(int) Math.min(2, operand1 >>> 3 & 3)] = (int) (operand1 >>> 16) & 0xFFFF;
    } else if ((operand1 & 3) == 2) {
      pooling = (operand1 >>> 4 & 3) != 0;
    }
  }

  private void setRanges(int id, int unit, int function, long operand1, long operand2) {
    int rows2 = TimedMachine.rows(operand2);
    switch (unit) {
      case Funct.LOAD -> {
        int stride = blockStride[Funct.loadState(function)];
        rangeA(id, operand2, (machine.blocks(TimedMachine.cols(operand2)) - 1) * stride + rows2);
        writesA[id] = true;
        startB[id] = -1;
      }
      case Funct.STORE -> {
        int rows = (machine.blocks(TimedMachine.cols(operand2)) - 1) * machine.dim() + rows2;
        rangeA(id, operand2, rows);
        if (pooling && startA[id] >= 0) {
          int bankRows = machine.accRows() / machine.accBanks();
          int row = startA[id] - TimedMachine.ACC_BASE;
          endA[id] = TimedMachine.ACC_BASE + (row / bankRows + 1) * bankRows;
        }
        writesA[id] = false;
        startB[id] = -1;
      }
      default -> {
        if (function == Funct.PRELOAD) {
          rangeA(id, operand2, rows2 * strideC);
          writesA[id] = true;
          rangeB(id, operand1, TimedMachine.rows(operand1));
        } else {
          int rows = transposeA ? TimedMachine.cols(operand1) : TimedMachine.rows(operand1);
          rangeA(id, operand1, rows * strideA);
          writesA[id] = false;
          rangeB(id, operand2, rows2);
        }
      }
    }
  }

  private void rangeA(int id, long operand, int rows) {
    startA[id] = machine.row(operand);
    endA[id] = startA[id] + rows;
  }

  private void rangeB(int id, long operand, int rows) {
    startB[id] = machine.row(operand);
    endB[id] = startB[id] + rows;
  }

  private long dependencies(int id, int unit, boolean config) {
    long result = 0;
    if (unit == Funct.STORE) {
      result |= valid & members[Funct.STORE];
    }
    if (config) {
      return unit == Funct.EXECUTE ? result | (valid & members[Funct.STORE] & ~configs) : result;
    }
    for (long rest = valid & ~members[unit]; rest != 0; rest &= rest - 1) {
      int other = Long.numberOfTrailingZeros(rest);
      if (conflicts(id, unit, other)) {
        result |= 1L << other;
      }
    }
    return result;
  }

  private boolean conflicts(int id, int unit, int other) {
    int aStart = startA[id];
    int aEnd = endA[id];
    boolean aa = aStart < endA[other] && startA[other] < aEnd && aStart >= 0 && startA[other] >= 0;
    if (aa && (writesA[id] || writesA[other])) {
      return true;
    }
    if (unit == Funct.EXECUTE) {
      return startB[id] >= 0
          && writesA[other]
          && startB[id] < endA[other]
          && startA[other] < endB[id];
    }
    return writesA[id] && startB[other] >= 0 && aStart < endB[other] && startB[other] < aEnd;
  }

  /// The oldest command of the class that has not been issued, or -1.
  int oldest(int unit) {
    return waiting[unit] == 0 ? -1 : order[unit][head[unit]];
  }

  boolean ready(int id) {
    return depends[id] == 0;
  }

  void issue(int unit) {
    head[unit] = (head[unit] + 1) % capacity[unit];
    waiting[unit]--;
  }

  /// Frees an entry and clears what depended on it.
  void complete(int id, int unit, long t) {
    long bit = 1L << id;
    valid &= ~bit;
    free[unit] |= bit;
    for (int c = 0; c < CLASSES; c++) {
      for (int i = 0; i < waiting[c]; i++) {
        int slot = head[c] + i;
        int other = order[c][slot >= capacity[c] ? slot - capacity[c] : slot];
        if ((depends[other] & bit) != 0) {
          depends[other] &= ~bit;
          cleared[other] = t;
          blamed[other] = unit;
        }
      }
    }
  }
}
