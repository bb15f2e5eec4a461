package org.lapidary.tools.study;

import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;

/// What a model asks for, by class of operation. Every operation reads its operands and writes its
/// result once, a byte per element, as if local memory were infinite; so intensities are upper
/// bounds. Source: arXiv 2302.14017, §2.2.1.
public record Workload(Map<OperatorClass, Count> classes) {
  /// FLOPs per element of the operations that are no products. The survey gives only a total of the
  /// class, which these reproduce (`4` per score and `58` per element of the residual stream); how
  /// that total divides is our guess.
  private static final int SOFTMAX_FLOPS = 4;

  private static final int GELU_FLOPS = 10;
  private static final int LAYERNORM_FLOPS = 8;

  /// Constants of the survey's "other" class that reproduce its tables 3, 10 and 11: FLOPs and
  /// bytes per element of the residual stream; more bytes in generation, which reads the small
  /// weights anew for every token.
  private static final int OTHER_FLOPS = 58;

  private static final int OTHER_BYTES = 17;
  private static final int OTHER_BYTES_GENERATION = 22;

  public Workload {
    Map<OperatorClass, Count> all = new EnumMap<>(OperatorClass.class);
    for (OperatorClass c : OperatorClass.values()) {
      all.put(c, classes.getOrDefault(c, Count.NONE));
    }
    classes = Collections.unmodifiableMap(all);
  }

  /// The work of one class.
  public Count of(OperatorClass c) {
    return classes.getOrDefault(c, Count.NONE);
  }

  /// All classes together.
  public Count total() {
    return classes.values().stream().reduce(Count.NONE, Count::plus);
  }

  /// Counted on a graph whose nodes are named like those of [TransformerGraph].
  ///
  /// @param times how many such graphs the model is
  public static Workload of(Graph<NnOp> graph, int times) {
    Map<Value, Graph.Node<NnOp>> definitions = graph.definitions();
    Map<OperatorClass, Count> classes = new HashMap<>();
    for (Graph.Node<NnOp> node : graph.nodes()) {
      Part.of(node.loc().node())
          .ifPresent(part ->
              classes.merge(
                  OperatorClass.of(part), count(node.op(), definitions).times(times), Count::plus));
    }
    return new Workload(classes);
  }

  private static Count count(NnOp op, Map<Value, Graph.Node<NnOp>> definitions) {
    long out = op.resultType().elements();
    return switch (op) {
      case Neural.MatMul m -> {
        long depth = m.a().type().dim(-1);
        long read = (long) m.a().type().elements() + m.b().type().elements();
        yield new Count(out * (2 * depth - 1), read + out);
      }
      case Elementwise.Add a when isConstant(a.b(), definitions) ->
          // A bias is added where the product is; a mask the survey does not count.
          new Count(a.b().type().rank() == 1 ? out : 0, 0);
      case Elementwise.Add _ -> new Count(out, 3 * out);
      case Neural.Softmax _ -> new Count(SOFTMAX_FLOPS * out, 2 * out);
      case Elementwise.Gelu _ -> new Count(GELU_FLOPS * out, 2 * out);
      case Neural.LayerNorm n ->
          new Count(LAYERNORM_FLOPS * out, 2 * (out + n.gamma().type().elements()));
      default -> Count.NONE; // constants and rearrangements
    };
  }

  private static boolean isConstant(Value value, Map<Value, Graph.Node<NnOp>> definitions) {
    Graph.Node<NnOp> node = definitions.get(value);
    return node != null && node.op() instanceof Layout.Const;
  }

  /// A whole sequence at once, in closed form; `a = h·w` is `d` unless heads were pruned.
  ///
  /// | class | FLOPs per layer | bytes per layer |
  /// | --- | --- | --- |
  /// | MHA projections | `4·2·d·a·l` | `4·(d·a + (d+a)·l)` |
  /// | act-to-act | `h·(l²·(2w−1) + l·w·(2l−1))` | `h·(4·l·w + 2·l²)` |
  /// | FFN projections | `2·2·d·f·l` | `2·(d·f + d·l + f·l)` |
  /// | other | `4·h·l² + 58·d·l` | `2·h·l² + 17·d·l` |
  public static Workload closedForm(TransformerShape shape, int length) {
    long n = shape.layers();
    long d = shape.model();
    long f = shape.ffn();
    long a = shape.attention();
    long h = shape.heads();
    long w = shape.headWidth();
    long l = length;
    return new Workload(
        Map.of(
            OperatorClass.PROJECTIONS,
            new Count(n * 4 * 2 * d * a * l, n * 4 * (d * a + (d + a) * l)),
            OperatorClass.ACT_TO_ACT,
            new Count(
                n * h * (l * l * (2 * w - 1) + l * w * (2 * l - 1)),
                n * h * (4 * l * w + 2 * l * l)),
            OperatorClass.FFN,
            new Count(n * 2 * 2 * d * f * l, n * 2 * (d * f + d * l + f * l)),
            OperatorClass.OTHER,
            new Count(
                n * (4 * h * l * l + OTHER_FLOPS * d * l),
                n * (2 * h * l * l + OTHER_BYTES * d * l))));
  }

  /// One token after the other, keys and values kept, all `length` steps together; what reproduces
  /// the survey's table 11. The products of a projection are those of a whole sequence, weights are
  /// read in every step, and attention sees `p = l(l+1)/2` pairs.
  ///
  /// | class | FLOPs per layer | bytes per layer |
  /// | --- | --- | --- |
  /// | MHA projections | `4·2·d·a·l` | `4·(d·a + d + a)·l` |
  /// | act-to-act | `h·2·w·l²` | `h·(3·l·w + (2w+1)·p)` |
  /// | FFN projections | `2·2·d·f·l` | `2·(d·f + d + f)·l` |
  /// | other | `4·h·p + 58·d·l` | `2·h·p + 22·d·l` |
  public static Workload generation(TransformerShape shape, int length) {
    long n = shape.layers();
    long d = shape.model();
    long f = shape.ffn();
    long a = shape.attention();
    long h = shape.heads();
    long w = shape.headWidth();
    long l = length;
    long pairs = l * (l + 1) / 2;
    return new Workload(
        Map.of(
            OperatorClass.PROJECTIONS,
            new Count(n * 4 * 2 * d * a * l, n * 4 * (d * a + d + a) * l),
            OperatorClass.ACT_TO_ACT,
            new Count(n * h * 2 * w * l * l, n * h * (3 * l * w + (2 * w + 1) * pairs)),
            OperatorClass.FFN,
            new Count(n * 2 * 2 * d * f * l, n * 2 * (d * f + d + f) * l),
            OperatorClass.OTHER,
            new Count(
                n * (4 * h * pairs + OTHER_FLOPS * d * l),
                n * (2 * h * pairs + OTHER_BYTES_GENERATION * d * l))));
  }
}
