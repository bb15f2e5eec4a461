package org.lapidary.sim.timing;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Sorts workloads into families by name (rtl/README "Columns and names").
final class Family {
  private static final Pattern MATMUL =
      Pattern.compile("mm_(\\d+)x(\\d+)x(\\d+)_b(\\d)_a(\\d)_f(\\d)_([a-z]+).*");
  private static final int TILE = 16;

  private Family() {}

  static String of(String workload) {
    if (workload.startsWith("conv_")) {
      return "convolution";
    }
    if (workload.startsWith("resadd_")) {
      return "residual-add";
    }
    if (workload.startsWith("norm_")) {
      return "normalised";
    }
    Matcher matmul = MATMUL.matcher(workload);
    return matmul.matches() ? ofMatmul(matmul) : "other";
  }

  private static String ofMatmul(Matcher matmul) {
    String activation = matmul.group(5);
    if (activation.equals("2") || activation.equals("4")) {
      return "normalised";
    }
    for (int dimension = 1; dimension <= 3; dimension++) {
      if (Integer.parseInt(matmul.group(dimension)) % TILE != 0) {
        return "ragged";
      }
    }
    if (!matmul.group(7).equals("loop")) {
      return "explicit-matmul";
    }
    boolean plain = (matmul.group(4) + activation + matmul.group(6)).equals("000");
    return plain ? "loop-matmul" : "bias-activation";
  }
}
