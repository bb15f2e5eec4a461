package org.lapidary.ir.pass;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Loc;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;

/// Applies rules to a graph until none matches any more.
///
/// One round walks the operations in order and offers each to the rules, the first that matches
/// wins; what a rule emits is looked at in the next round. Operations nobody touches keep their
/// values.
public final class Rewrite {
  /// More rounds than any sensible rule list needs; beyond it two rules undo each other.
  public static final int ROUND_LIMIT = 100;

  private Rewrite() {}

  /// The graph after the rules, without dead code.
  ///
  /// @throws IllegalStateException if a rule changes a type or the rules do not settle
  public static <O extends Op> Graph<O> untilStable(
      Graph<O> graph, List<? extends Rule<O>> rules, PassContext context) {
    Graph<O> current = EliminateDeadCode.in(graph);
    Set<String> lastHits = new TreeSet<>();
    for (int round = 0; round < ROUND_LIMIT; round++) {
      lastHits.clear();
      Graph<O> next = new Round<>(current, rules, context, lastHits).run();
      if (lastHits.isEmpty()) {
        return current;
      }
      current = EliminateDeadCode.in(next);
    }
    throw new IllegalStateException(
        "rules do not settle after " + ROUND_LIMIT + " rounds, last fired: " + lastHits);
  }

  /// One walk over the operations.
  private static final class Round<O extends Op> implements Rewriter<O> {
    private final Graph<O> graph;
    private final List<? extends Rule<O>> rules;
    private final PassContext context;
    private final Set<String> hits;
    private final List<Graph.Node<O>> out = new ArrayList<>();
    private final Map<Value, Graph.Node<O>> definitions = new HashMap<>();
    private final Map<Value, Value> replacements = new HashMap<>();
    private final Map<Value, Integer> users = new HashMap<>();
    private Loc loc = Loc.NONE;
    private String rule = "";

    Round(Graph<O> graph, List<? extends Rule<O>> rules, PassContext context, Set<String> hits) {
      this.graph = graph;
      this.rules = rules;
      this.context = context;
      this.hits = hits;
    }

    Graph<O> run() {
      graph.nodes().forEach(node -> countUses(node.op()));
      graph.results().forEach(port -> users.merge(port.value(), 1, Integer::sum));
      for (Graph.Node<O> node : graph.nodes()) {
        visit(node);
      }
      List<Graph.Port> results =
          graph.results().stream()
              .map(port -> new Graph.Port(port.name(), replaced(port.value())))
              .toList();
      return new Graph<>(graph.name(), graph.inputs(), out, results);
    }

    private void visit(Graph.Node<O> node) {
      Graph.Node<O> mapped = node.mapOperands(this::replaced);
      loc = node.loc();
      for (Rule<O> candidate : rules) {
        rule = candidate.name();
        int before = out.size();
        Optional<Value> result = candidate.apply(mapped.op(), this);
        if (result.isPresent()) {
          replace(node, result.get());
          return;
        }
        withdraw(before);
      }
      append(mapped);
    }

    private void replace(Graph.Node<O> node, Value by) {
      if (!by.type().equals(node.result().type())) {
        throw new IllegalStateException(
            "%s turns %s of type %s into type %s"
                .formatted(rule, OpInfo.of(node.op()).name(), node.result().type(), by.type()));
      }
      replacements.put(node.result(), by);
      users.merge(by, users.getOrDefault(node.result(), 0), Integer::sum);
      hits.add(rule);
      context.hit(rule);
    }

    private void append(Graph.Node<O> node) {
      out.add(node);
      definitions.put(node.result(), node);
    }

    /// Takes back what a rule emitted before it gave up.
    private void withdraw(int size) {
      while (out.size() > size) {
        definitions.remove(out.removeLast().result());
      }
    }

    private void countUses(Op op) {
      OpInfo.operands(op).forEach(value -> users.merge(value, 1, Integer::sum));
    }

    private Value replaced(Value value) {
      Value by = replacements.get(value);
      return by == null ? value : by;
    }

    @Override
    public @Nullable O def(Value value) {
      Graph.Node<O> node = definitions.get(value);
      return node == null ? null : node.op();
    }

    @Override
    public Value emit(O op) {
      return emit(op, loc);
    }

    @Override
    public Value emitLike(Value original, O op) {
      return emit(op, loc(original));
    }

    private Value emit(O op, Loc origin) {
      Value result = new Value(op.resultType());
      append(new Graph.Node<>(result, op, origin.through(rule)));
      countUses(op);
      return result;
    }

    @Override
    @SuppressWarnings("unchecked") // constants belong to every level
    public Value constant(String name, Tensor tensor) {
      return emit((O) new Layout.Const(Data.of(name, tensor)));
    }

    @Override
    public int users(Value value) {
      return users.getOrDefault(value, 0);
    }

    @Override
    public Loc loc() {
      return loc;
    }

    @Override
    public Loc loc(Value value) {
      Graph.Node<O> node = definitions.get(value);
      return node == null ? Loc.NONE : node.loc();
    }

    @Override
    public void whyNot(String condition) {
      context.whyNot(loc.node(), rule, condition);
    }
  }
}
