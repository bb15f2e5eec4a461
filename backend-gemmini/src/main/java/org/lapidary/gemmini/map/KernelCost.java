package org.lapidary.gemmini.map;

/// What kernels take: the judge of fusions.
@FunctionalInterface
public interface KernelCost {
  /// About how many cycles a kernel takes alone on a machine at rest.
  long cycles(Kernel.Accumulation kernel);
}
