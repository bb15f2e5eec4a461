package org.lapidary.machine.isa;

/// Which of the two softmax constants a norm configuration carries. Source: gemmini.md §5.8.
public enum NormConstant {
  QLN2,
  QLN2_INV
}
