package org.lapidary.tools.study;

import java.util.List;
import java.util.function.Supplier;
import org.lapidary.gemmini.map.ScheduleOptions;
import org.lapidary.gemmini.map.ScheduleOptions.Fusion;
import org.lapidary.gemmini.map.ScheduleOptions.Order;
import org.lapidary.gemmini.search.TilingCache;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Op;
import org.lapidary.machine.GemminiParams;

/// A product and the normalisation of its sum, apart and together. Source of the idea: arXiv
/// 2302.14017, §5.5.2.
///
/// @param name of the pair
/// @param length of the sequence
/// @param accKib size of the accumulator
/// @param published change of latency by fusing, in per cent, as the survey found it; NaN if it did
///   not say
/// @param apart cycles of one after the other, the sums going through main memory
/// @param together cycles when the sums are normalised in the accumulator
/// @param chosen cycles of what our cost rule takes
public record FusionPair(
    String name, int length, int accKib, double published, long apart, long together, long chosen) {
  private static final int SPAD_BYTES = 256 * 1024;

  /// Change of latency by fusing, in per cent.
  public double change() {
    return 100.0 * (together - apart) / apart;
  }

  /// The survey's pairs, put off.
  static List<Supplier<FusionPair>> later(TilingCache cache, Batch batch) {
    TransformerShape s = TransformerShape.BERT_BASE;
    TransformerShape oneHead = s.keeping(s.layers(), 1, s.headWidth(), s.ffn());
    Graph<Op> scores = IntegerGraphs.scores(s, 512);
    Graph<Op> longScores = IntegerGraphs.scores(oneHead, 4096);
    Graph<Op> out = IntegerGraphs.projectionAndNorm(512, s.attention(), s.model());
    Graph<Op> outer = IntegerGraphs.projectionAndNorm(512, s.ffn(), s.model());
    return List.of(
        batch.later(() -> of("Q×K + softmax, one head", 4096, 256, -22, longScores, cache)),
        batch.later(() -> of("Q×K + softmax", 512, 128, -78, scores, cache)),
        batch.later(() -> of("Q×K + softmax", 512, 256, -78, scores, cache)),
        batch.later(() -> of("W_2 + LayerNorm", 512, 128, Double.NaN, outer, cache)),
        batch.later(() -> of("W_2 + LayerNorm", 512, 256, 27, outer, cache)),
        batch.later(() -> of("W_out + LayerNorm", 512, 128, 83, out, cache)),
        batch.later(() -> of("W_out + LayerNorm", 512, 256, -4, out, cache)));
  }

  private static FusionPair of(
      String name, int length, int accKib, double published, Graph<Op> graph, TilingCache cache) {
    GemminiParams machine =
        GemminiParams.load("norm").withPrivateMemories(SPAD_BYTES, accKib * 1024);
    Target target = Target.best(machine, cache);
    return new FusionPair(
        name,
        length,
        accKib,
        published,
        target.with(Target.PLAIN).cycles(graph),
        target.with(new ScheduleOptions(Order.PIPELINED, Fusion.ALWAYS)).cycles(graph),
        target.with(new ScheduleOptions(Order.PIPELINED, Fusion.COST)).cycles(graph));
  }
}
