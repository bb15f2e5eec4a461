package org.lapidary.passes.prune;

import java.util.List;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.NnOp;

/// A graph after pruning, and the account of it.
///
/// @param graph what is left, canonical
/// @param recipe what was asked for
/// @param branches what is left of each residual branch, in the order of the graph, and of the
///   residual stream, if channels were asked for, and of the tokens behind each cut
/// @param loss squared error of the first result on the calibration samples over its variance
/// @param cycles of all matrix products where the model is going to run
/// @param flops of them
/// @param weights of them
/// @param samples calibration samples it was fitted to
public record Pruned(
    Graph<NnOp> graph,
    PruneRecipe recipe,
    List<Kept> branches,
    double loss,
    Change cycles,
    Change flops,
    Change weights,
    int samples) {

  public Pruned {
    branches = List.copyOf(branches);
  }

  /// What there was and what there is.
  public record Change(long before, long after) {
    /// What is left, as a share.
    public double share() {
      return before == 0 ? 1 : (double) after / before;
    }
  }

  /// What is left of a branch, or of the tokens behind an attention.
  ///
  /// @param node ONNX node at its end
  /// @param what heads, neurons, channels or tokens
  /// @param groups there were
  /// @param kept there are; 0 if the branch is gone
  /// @param keys channels that each head's queries and keys are compared by; 0 of others
  /// @param values channels of each head's values; 0 of others
  /// @param error what the fit leaves of its target on the samples, as a share; NaN if there is
  ///   none
  public record Kept(
      String node, String what, int groups, int kept, int keys, int values, double error) {}
}
