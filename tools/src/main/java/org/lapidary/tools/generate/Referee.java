package org.lapidary.tools.generate;

import java.util.Arrays;
import java.util.Map;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Op;

/// Computes logits the slow way: the whole sequence anew for every token, without any cache, by the
/// integer referee.
public final class Referee {
  private final Programs programs;

  public Referee(Programs programs) {
    this.programs = programs;
  }

  /// Logits after the last of these tokens.
  public float[] logits(long[] tokens) {
    LanguageModel model = programs.model();
    Graph<Op> graph = programs.referees().get(model.prefill(tokens.length));
    if (graph == null) {
      throw new IllegalArgumentException("no referee for " + tokens.length + " tokens");
    }
    Map<String, Tensor> outputs = Evaluator.run(graph, Feeds.of(graph.inputs(), tokens, 0));
    return row(outputs, model, tokens.length - 1);
  }

  /// The logits of one position.
  static float[] row(Map<String, Tensor> outputs, LanguageModel model, int position) {
    Tensor all = outputs.get(model.logits());
    if (all == null) {
      throw new IllegalStateException("no result " + model.logits());
    }
    int from = position * model.vocabulary();
    return Arrays.copyOfRange(all.f32(), from, from + model.vocabulary());
  }
}
