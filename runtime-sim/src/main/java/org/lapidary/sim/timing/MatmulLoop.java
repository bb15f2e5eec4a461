package org.lapidary.sim.timing;

/// One matmul loop: its bounds in tiles, padding in elements, addresses in bytes, strides in
/// elements, and how far it has been taken up (gemmini.md §5.9).
final class MatmulLoop {
  int tilesI;
  int tilesJ;
  int tilesK;
  int padI;
  int padJ;
  int padK;
  long a;
  long b;
  long d;
  long c;
  long strideA;
  long strideB;
  long strideD;
  long strideC;
  boolean accumulate;
  boolean fullC;
  boolean lowD;
  int activation;
  int idA;
  int idB;
  boolean transposeA;
  boolean transposeB;
  boolean resadd;
  boolean configured;
  boolean startedA;
  boolean startedB;
  boolean startedD;
  boolean startedEx;
  boolean startedSt;
  int region;
  long accRow;

  void reset() {
    configured = startedA = startedB = startedD = startedEx = startedSt = false;
  }

  void set(int funct, long operand1, long operand2) {
    switch (funct) {
      case 9 -> {
        tilesI = LoopUnroller.field(operand2, 0, 16);
        tilesJ = LoopUnroller.field(operand2, 16, 16);
        tilesK = LoopUnroller.field(operand2, 32, 16);
        padI = LoopUnroller.field(operand1, 0, 16);
        padJ = LoopUnroller.field(operand1, 16, 16);
        padK = LoopUnroller.field(operand1, 32, 16);
      }
      case 10 -> {
        a = operand1;
        b = operand2;
      }
      case 11 -> {
        d = operand1;
        c = operand2;
      }
      case 12 -> {
        strideA = operand1;
        strideB = operand2;
      }
      case 13 -> {
        strideD = operand1;
        strideC = operand2;
      }
      default -> run(operand1, operand2);
    }
  }

  private void run(long operand1, long operand2) {
    accumulate = (operand1 & 1) != 0;
    fullC = (operand1 & 2) != 0;
    lowD = (operand1 & 4) != 0;
    activation = LoopUnroller.field(operand1, 8, 3);
    idB = LoopUnroller.field(operand1, 16, 2);
    idA = LoopUnroller.field(operand1, 18, 2);
    transposeA = (operand2 & 1) != 0;
    transposeB = (operand2 & 2) != 0;
    resadd = (operand2 & 4) != 0;
    configured = true;
  }
}
