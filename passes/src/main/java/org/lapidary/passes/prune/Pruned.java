package org.lapidary.passes.prune;

import java.util.List;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.NnOp;

/// A graph after pruning, and the account of it.
///
/// @param graph what is left, canonical
/// @param recipe what was asked for
/// @param branches what is left of each residual branch, in the order of the graph
/// @param loss squared error of the first result on the calibration samples over its variance
/// @param costBefore of all matrix products
/// @param costAfter of those that are left
/// @param samples calibration samples it was fitted to
public record Pruned(
    Graph<NnOp> graph,
    PruneRecipe recipe,
    List<Kept> branches,
    double loss,
    long costBefore,
    long costAfter,
    int samples) {

  public Pruned {
    branches = List.copyOf(branches);
  }

  /// What is left of a branch.
  ///
  /// @param node ONNX node at its end
  /// @param what heads or neurons
  /// @param groups there were
  /// @param kept there are; 0 if the branch is gone
  /// @param keys channels that each head's queries and keys are compared by; 0 of neurons
  /// @param values channels of each head's values; 0 of neurons
  /// @param error what the fit leaves of its target on the samples, as a share; NaN if there is
  ///   none
  public record Kept(
      String node, String what, int groups, int kept, int keys, int values, double error) {}
}
