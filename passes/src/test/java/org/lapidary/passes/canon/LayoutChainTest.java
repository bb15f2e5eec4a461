package org.lapidary.passes.canon;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise.Add;
import org.lapidary.ir.op.Layout.Reshape;
import org.lapidary.ir.op.Layout.Transpose;
import org.lapidary.ir.op.NnOp;
import org.lapidary.passes.Sketch;
import org.lapidary.testkit.Property;

class LayoutChainTest {
  private static final List<List<Integer>> SHAPES =
      List.of(
          List.of(24),
          List.of(4, 6),
          List.of(1, 4, 6),
          List.of(2, 2, 6),
          List.of(2, 3, 4),
          List.of(1, 2, 3, 4),
          List.of(2, 1, 3, 1, 4),
          List.of(8, 3),
          List.of(2, 2, 2, 3));

  /// Whatever reshapes and transposes follow each other: the plan does the same in no more steps,
  /// and planning a plan again does not make it shorter.
  @Test
  void planOfARandomChainDoesTheSame() {
    Property.holds(400, LayoutChainTest::checkPlan);
  }

  private static void checkPlan(Random random) {
    Sketch s = new Sketch();
    Value x = s.input(dims(SHAPES.get(random.nextInt(SHAPES.size()))));
    Value end = x;
    int steps = 1 + random.nextInt(5);
    for (int i = 0; i < steps; i++) {
      end = s.op(step(end, random));
    }
    Graph<NnOp> before = s.returns(end);
    Graph<NnOp> after = Sketch.rewritten(Layouts.rules(), before);
    assertThat(after.nodes().size()).isLessThanOrEqualTo(steps);
    LayoutChain again =
        LayoutChain.endingIn(after.results().getFirst().value(), Definitions.of(after));
    assertThat(again.plan().length()).isEqualTo(again.length());
  }

  private static NnOp step(Value x, Random random) {
    if (random.nextBoolean()) {
      return new Reshape(x, SHAPES.get(random.nextInt(SHAPES.size())));
    }
    List<Integer> axes = new ArrayList<>(IntStream.range(0, x.type().rank()).boxed().toList());
    Collections.shuffle(axes, random);
    return new Transpose(x, axes);
  }

  private static int[] dims(List<Integer> dims) {
    return dims.stream().mapToInt(d -> d).toArray();
  }

  @Test
  void reshapeAcrossAtomsEndsTheChain() {
    Sketch s = new Sketch();
    Value x = s.input(6, 4);
    Value t = s.op(new Transpose(x, List.of(1, 0)));
    Value r = s.op(new Reshape(t, List.of(3, 8)));
    Graph<NnOp> graph = s.returns(r);
    LayoutChain chain = LayoutChain.endingIn(r, Definitions.of(graph));
    assertThat(chain.source()).isEqualTo(r);
    assertThat(chain.length()).isZero();
  }

  /// An operand added behind a chain can be added before it.
  @Test
  void pulledBackOperandBroadcastsTheSame() {
    AtomicInteger pulled = new AtomicInteger();
    Property.holds(300, random -> pulled.addAndGet(checkPullBack(random)));
    assertThat(pulled.get()).isGreaterThan(20);
  }

  private static int checkPullBack(Random random) {
    Sketch s = new Sketch();
    Value x = s.input(dims(SHAPES.get(random.nextInt(SHAPES.size()))));
    Value end = s.op(step(s.op(step(x, random)), random));
    LayoutChain chain = LayoutChain.endingIn(end, Definitions.of(s.returns(end)));
    List<Integer> operand =
        end.type().dims().stream().map(d -> random.nextBoolean() ? d : 1).toList();
    Optional<List<Integer>> shape = chain.pullBack(operand);
    if (chain.length() < 2 || shape.isEmpty()) {
      return 0;
    }
    Value m = s.input(dims(operand));
    Value late = s.op(new Add(end, m));
    Value early = s.op(new Add(x, s.op(new Reshape(m, shape.get()))));
    Value moved = chain.plan().applyTo(early, s::op);
    Graph<NnOp> both = s.returns(late, moved);
    Sketch.requireSame(result(both, late), result(both, moved));
    return 1;
  }

  private static Graph<NnOp> result(Graph<NnOp> graph, Value value) {
    return new Graph<>(
        graph.name(), graph.inputs(), graph.nodes(), List.of(new Graph.Port("y", value)));
  }
}
