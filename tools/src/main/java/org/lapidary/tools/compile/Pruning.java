package org.lapidary.tools.compile;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ForkJoinPool;
import org.lapidary.gemmini.search.MatmulShape;
import org.lapidary.gemmini.search.TilingSearch;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.eval.ConstantCache;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.NnOp;
import org.lapidary.passes.prune.ProductCost;
import org.lapidary.passes.prune.Pruned;
import org.lapidary.passes.prune.Pruner;

/// Pruning for a machine: products cost what their best tiling takes on it.
public final class Pruning {
  private Pruning() {}

  /// Prunes a canonical graph by the recipe of the options.
  public static Pruned of(Graph<NnOp> canonical, CalibrationSet samples, CompileOptions options) {
    ConstantCache weights = new ConstantCache(Runtime.getRuntime().maxMemory() / 4);
    ProductCost cost = cost(options);
    List<Map<String, Tensor>> some = some(canonical, samples.samples());
    // Streams that run in a pool's thread stay in that pool.
    try (ForkJoinPool pool = new ForkJoinPool(options.threads())) {
      return pool.submit(() -> Pruner.prune(canonical, some, options.pruning(), cost, weights))
          .join();
    }
  }

  /// As many samples as fit into the memory while original and pruned model are computed side by
  /// side on all of them.
  private static List<Map<String, Tensor>> some(
      Graph<NnOp> graph, List<Map<String, Tensor>> samples) {
    long widest =
        graph.nodes().stream()
            .filter(n -> !(n.op() instanceof Layout.Const))
            .mapToLong(n -> n.result().type().bytes())
            .max()
            .orElse(1);
    long most = Math.max(1, Runtime.getRuntime().maxMemory() / 3 / (6 * widest));
    return samples.subList(0, (int) Math.min(most, samples.size()));
  }

  /// Cycles of the best tiling of a product, whose inner sizes are whole tiles.
  static ProductCost cost(CompileOptions options) {
    TilingSearch search = new TilingSearch(options.machine(), options.semantics(), options.cache());
    int dim = options.machine().dim();
    return product ->
        search
            .choose(
                new MatmulShape(
                        product.count(),
                        product.rows(),
                        (product.cols() + dim - 1) / dim * dim,
                        (product.depth() + dim - 1) / dim * dim,
                        false,
                        MatmulShape.Bias.NONE,
                        MatmulShape.Activation.NONE)
                    .kernel())
            .cycles();
  }
}
