package org.lapidary.sim.timing;

/// Command numbers and classes, as the reservation station sorts them.
final class Funct {
  static final int CONFIG = 0;
  static final int MVIN2 = 1;
  static final int MVIN = 2;
  static final int MVOUT = 3;
  static final int COMPUTE_PRELOADED = 4;
  static final int COMPUTE_ACCUMULATED = 5;
  static final int PRELOAD = 6;
  static final int FLUSH = 7;
  static final int LOOP_WS = 8;
  static final int LOOP_WS_FIRST = 9;
  static final int LOOP_WS_LAST = 13;
  static final int MVIN3 = 14;
  static final int LOOP_CONV = 15;
  static final int LOOP_CONV_FIRST = 16;
  static final int LOOP_CONV_LAST = 21;

  static final int LOAD = 0;
  static final int EXECUTE = 1;
  static final int STORE = 2;
  static final int NONE = -1;

  private Funct() {}

  static boolean isMatmulLoop(int funct) {
    return funct >= LOOP_WS && funct <= LOOP_WS_LAST;
  }

  static boolean isConvLoop(int funct) {
    return funct >= LOOP_CONV && funct <= LOOP_CONV_LAST;
  }

  /// LOAD, EXECUTE or STORE for commands that enter the reservation station, else NONE.
  static int unit(int funct, long rs1) {
    return switch (funct) {
      case MVIN, MVIN2, MVIN3 -> LOAD;
      case MVOUT -> STORE;
      case COMPUTE_PRELOADED, COMPUTE_ACCUMULATED, PRELOAD -> EXECUTE;
      case CONFIG ->
          switch ((int) rs1 & 3) {
            case 0 -> EXECUTE;
            case 1 -> LOAD;
            default -> STORE;
          };
      default -> NONE;
    };
  }

  /// Which of the three load configurations an mvin uses.
  static int loadState(int funct) {
    return funct == MVIN ? 0 : funct == MVIN2 ? 1 : 2;
  }
}
