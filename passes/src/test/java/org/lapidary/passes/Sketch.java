package org.lapidary.passes;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.Loc;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Layout.Const;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.ir.pass.PassContext;
import org.lapidary.ir.pass.Rewrite;
import org.lapidary.ir.pass.Rule;
import org.lapidary.ir.pass.Verifier;
import org.lapidary.passes.canon.CanonicalRules;
import org.lapidary.passes.canon.FoldConstant;
import org.lapidary.testkit.Property;

/// A small graph for a test, drawn by hand, and what the tests ask about it. Every question about a
/// rewrite also compares what the graphs compute, on several generated inputs.
public final class Sketch {
  private static final double TOLERANCE = 1e-5;
  private static final int TRIALS = 4;

  private final GraphBuilder<NnOp> builder = new GraphBuilder<>("sketch");
  private final Random random = new Random(7);
  private int nodes;
  private int inputs;

  public Value input(int... dims) {
    return input(DType.F32, dims);
  }

  public Value input(DType type, int... dims) {
    return builder.input("x" + inputs++, TensorType.of(type, dims));
  }

  /// Appends an operation, named after its number and kind like `/3/matmul`.
  public Value op(NnOp op) {
    String kind = OpInfo.of(op).name().replaceFirst(".*\\.", "");
    return builder.emit(op, Loc.onnx("/" + nodes++ + "/" + kind));
  }

  public Value scalar(double number) {
    return op(new Const(Data.of("c" + nodes, Tensor.f32(List.of(), (float) number))));
  }

  public Value integers(long... elements) {
    return op(new Const(Data.of("i" + nodes, Tensor.i64(List.of(elements.length), elements))));
  }

  public Value constant(Tensor tensor) {
    return op(new Const(Data.of("t" + nodes, tensor)));
  }

  /// A constant of random elements.
  public Value weights(int... dims) {
    TensorType type = TensorType.of(DType.F32, dims);
    return op(new Const(Data.of("w" + nodes, generate(type, random))));
  }

  /// A constant of equal elements.
  public Value filled(double number, int... dims) {
    float[] elements = new float[TensorType.of(DType.F32, dims).elements()];
    java.util.Arrays.fill(elements, (float) number);
    return constant(Tensor.of(TensorType.of(DType.F32, dims), elements));
  }

  /// Ends the graph.
  public Graph<NnOp> returns(Value... results) {
    for (int i = 0; i < results.length; i++) {
      builder.result("y" + i, results[i]);
    }
    return builder.build();
  }

  /// Asserts that a rule fires on a graph, that nothing changes in what it computes, and gives the
  /// names of the operations that are left, constants aside.
  public static List<String> fires(Rule<NnOp> rule, Graph<NnOp> graph) {
    PassContext context = new PassContext();
    List<Rule<NnOp>> rules = List.of(rule, new FoldConstant());
    Graph<NnOp> after = Rewrite.untilStable(graph, rules, context);
    assertThat(context.hits()).containsKey(rule.name());
    requireSame(graph, after);
    return ops(after);
  }

  /// Asserts that a rule leaves a graph alone.
  public static void ignores(Rule<NnOp> rule, Graph<NnOp> graph) {
    PassContext context = new PassContext();
    Graph<NnOp> after = Rewrite.untilStable(graph, List.of(rule), context);
    assertThat(context.hits()).isEmpty();
    assertThat(ops(after)).hasSameSizeAs(ops(graph));
  }

  /// The graph after some rules and the canonical ones, which must compute the same.
  public static Graph<NnOp> rewritten(List<Rule<NnOp>> rules, Graph<NnOp> graph) {
    Graph<NnOp> after = CanonicalRules.applyWith(rules, graph, new PassContext());
    requireSame(graph, after);
    return after;
  }

  /// Names of the operations in order, constants aside.
  public static List<String> ops(Graph<NnOp> graph) {
    return graph.nodes().stream()
        .filter(n -> !(n.op() instanceof Const))
        .map(n -> OpInfo.of(n.op()).name().replaceFirst("nn\\.", ""))
        .toList();
  }

  /// The only operation of a kind.
  public static <T> T only(Class<T> kind, Graph<NnOp> graph) {
    List<T> found = new ArrayList<>();
    for (Graph.Node<NnOp> node : graph.nodes()) {
      if (kind.isInstance(node.op())) {
        found.add(kind.cast(node.op()));
      }
    }
    assertThat(found).hasSize(1);
    return found.getFirst();
  }

  /// Asserts that two graphs compute the same, relative to the largest element of each result.
  public static void requireSame(Graph<NnOp> before, Graph<NnOp> after) {
    Verifier.require(after, NnOp.class);
    Property.holds(TRIALS, random -> requireSame(before, after, generated(before, random)));
  }

  public static void requireSame(
      Graph<NnOp> before, Graph<NnOp> after, Map<String, Tensor> inputs) {
    Map<String, Tensor> expected = Evaluator.run(before, inputs);
    Map<String, Tensor> actual = Evaluator.run(after, inputs);
    assertThat(actual.keySet()).isEqualTo(expected.keySet());
    expected.forEach((name, e) -> {
      Tensor a = Objects.requireNonNull(actual.get(name));
      assertThat(a.type()).isEqualTo(e.type());
      assertThat(difference(e, a)).as("relative difference of %s", name).isLessThan(TOLERANCE);
    });
  }

  private static double difference(Tensor expected, Tensor actual) {
    double largest = 1e-6;
    double worst = 0;
    for (int i = 0; i < expected.elements(); i++) {
      double e = expected.asDouble(i);
      double a = actual.asDouble(i);
      if (Double.isNaN(e) != Double.isNaN(a)) {
        return Double.POSITIVE_INFINITY;
      }
      if (Double.isFinite(e)) {
        largest = Math.max(largest, Math.abs(e));
        worst = Math.max(worst, Math.abs(e - a));
      }
    }
    return worst / largest;
  }

  /// Inputs for a graph; integers are 0, 1 or 2.
  public static Map<String, Tensor> generated(Graph<NnOp> graph, Random random) {
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    for (Graph.Port port : graph.inputs()) {
      inputs.put(port.name(), generate(port.type(), random));
    }
    return inputs;
  }

  private static Tensor generate(TensorType type, Random random) {
    int n = type.elements();
    return switch (type.dtype()) {
      case F32 -> {
        float[] elements = new float[n];
        for (int i = 0; i < n; i++) {
          elements[i] = (float) random.nextGaussian();
        }
        yield Tensor.of(type, elements);
      }
      case I64 -> Tensor.of(type, random.longs(n, 0, 3).toArray());
      case I32 -> Tensor.of(type, random.ints(n, 0, 3).toArray());
      case I8, BOOL -> {
        byte[] elements = new byte[n];
        for (int i = 0; i < n; i++) {
          elements[i] = (byte) random.nextInt(2);
        }
        yield Tensor.of(type, elements);
      }
    };
  }
}
