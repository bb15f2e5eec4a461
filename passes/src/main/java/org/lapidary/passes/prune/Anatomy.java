package org.lapidary.passes.prune;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.passes.canon.Constants;
import org.lapidary.passes.fuse.AttentionBlock;

/// The parts of a canonical graph that can be taken out.
final class Anatomy {
  private final Graph<NnOp> graph;
  private final Map<Value, NnOp> definitions = new HashMap<>();
  private final Map<Value, List<Value>> users = new HashMap<>();
  private final Map<Value, AttentionBlock> attention = new HashMap<>();

  private Anatomy(Graph<NnOp> graph) {
    this.graph = graph;
    for (Graph.Node<NnOp> node : graph.nodes()) {
      definitions.put(node.result(), node.op());
      for (Value operand : OpInfo.operands(node.op())) {
        users.computeIfAbsent(operand, _ -> new ArrayList<>()).add(node.result());
      }
    }
    // A result of the graph is used by somebody we do not see.
    graph
        .results()
        .forEach(p -> users.computeIfAbsent(p.value(), _ -> new ArrayList<>()).add(p.value()));
    AttentionBlock.in(graph).forEach(e -> attention.put(e.getKey(), e.getValue()));
  }

  /// The residual branches of a graph, by their result, in its order.
  static Map<Value, Branch> branches(Graph<NnOp> graph) {
    Anatomy anatomy = new Anatomy(graph);
    Map<Value, Branch> found = new LinkedHashMap<>();
    for (Graph.Node<NnOp> node : graph.nodes()) {
      if (node.op() instanceof Elementwise.Add(var a, var b)) {
        Optional<Branch> branch = anatomy.branch(node.result(), a, b);
        branch
            .or(() -> anatomy.branch(node.result(), b, a))
            .ifPresent(x -> found.put(x.result(), x));
      }
    }
    return found;
  }

  private @Nullable NnOp def(Value v) {
    return definitions.get(v);
  }

  private boolean isConstant(Value v) {
    return Constants.is(v, this::def);
  }

  /// The branch that ends in `result`, if it is one, added to `stream`.
  private Optional<Branch> branch(Value sum, Value result, Value stream) {
    if (!result.type().dims().equals(stream.type().dims()) || isConstant(stream)) {
      return Optional.empty();
    }
    Value product = result;
    Optional<Value> bias = Optional.empty();
    if (def(result) instanceof Elementwise.Add(var a, var b) && isConstant(b)) {
      product = a;
      bias = Optional.of(b);
    }
    if (!(def(product) instanceof Neural.MatMul(var operand, var weight))
        || !isConstant(weight)
        || weight.type().rank() != 2
        || users(product) != 1
        || users(result) != 1
        || users(operand) != 1) {
      return Optional.empty();
    }
    End end = new End(operand, weight, product, bias, result, stream, sum);
    return heads(end).or(() -> neurons(end));
  }

  private int users(Value v) {
    return users.getOrDefault(v, List.of()).size();
  }

  /// The last layer of a branch and the sum it enters, see [Branch].
  private record End(
      Value operand,
      Value weight,
      Value product,
      Optional<Value> bias,
      Value result,
      Value stream,
      Value sum) {
    Branch branch(
        Branch.Kind kind,
        int groups,
        int width,
        Optional<Branch.Projections> projections,
        List<Value> rows,
        List<Value> inside) {
      return new Branch(
          kind,
          groups,
          width,
          projections,
          rows,
          inside,
          operand,
          weight,
          product,
          bias,
          result,
          stream,
          sum);
    }
  }

  private Optional<Branch> neurons(End end) {
    Region region = new Region(end.operand());
    boolean found =
        region.grow(end.operand())
            && !region.rows.isEmpty()
            && stayIn(end.operand(), region.rows, region.inside);
    return found
        ? Optional.of(
            end.branch(
                Branch.Kind.FEED_FORWARD,
                end.operand().type().dim(-1),
                1,
                Optional.empty(),
                sorted(region.rows),
                sorted(region.inside)))
        : Optional.empty();
  }

  /// What treats every channel alone, up to the products that make the channels.
  private final class Region {
    private final int channels;
    private final Set<Value> rows = new HashSet<>();
    private final Set<Value> inside = new HashSet<>();

    Region(Value operand) {
      this.channels = operand.type().dim(-1);
    }

    /// Adds a value and everything above it; false if it cannot belong.
    boolean grow(Value v) {
      if (rows.contains(v) || inside.contains(v)) {
        return true;
      }
      if (v.type().rank() == 0 || v.type().dim(-1) != channels) {
        return false;
      }
      return switch (def(v)) {
        case Neural.MatMul(var _, var weight)
            when isConstant(weight) && weight.type().rank() == 2 ->
            rows.add(v);
        case Elementwise op -> {
          inside.add(v);
          yield OpInfo.operands(op).stream().allMatch(o -> isRow(o) || grow(o));
        }
        case null, default -> false;
      };
    }
  }

  private boolean isRow(Value v) {
    return isConstant(v) && Constants.isAlongLastAxis(v);
  }

  private List<Value> sorted(Set<Value> values) {
    return graph.nodes().stream().map(Graph.Node::result).filter(values::contains).toList();
  }

  private Optional<Branch> heads(End end) {
    if (!(def(end.operand()) instanceof Layout.Reshape(var split, var _))
        || !(def(split) instanceof Layout.Transpose(var context, var permutation))
        || !permutation.equals(List.of(0, 2, 1, 3))
        || !attention.containsKey(context)) {
      return Optional.empty();
    }
    AttentionBlock block = attention.get(context);
    int heads = context.type().dim(1);
    int width = context.type().dim(3);
    Set<Value> inside = new HashSet<>(List.of(end.operand(), split));
    Set<Value> ends = new HashSet<>(List.of(block.q(), block.keys(), block.values()));
    List<Branch.Projection> three =
        Stream.of(block.q(), block.keys(), block.values())
            .flatMap(v -> projection(v, heads, inside).stream())
            .toList();
    Set<Value> rows = three.stream().map(Branch.Projection::product).collect(Collectors.toSet());
    if (three.size() < 3 || !cone(context, ends, inside) || !stayIn(end.operand(), rows, inside)) {
      return Optional.empty();
    }
    Branch.Projections projections =
        new Branch.Projections(three.get(0), three.get(1), three.get(2));
    return Optional.of(
        end.branch(
            Branch.Kind.ATTENTION,
            heads,
            width,
            Optional.of(projections),
            sorted(rows),
            sorted(inside)));
  }

  /// Whether nobody but the last layer reads anything of the branch.
  private boolean stayIn(Value operand, Set<Value> rows, Set<Value> inside) {
    return Stream.concat(rows.stream(), inside.stream())
        .filter(v -> !v.equals(operand))
        .allMatch(v -> inside.containsAll(users.getOrDefault(v, List.of())));
  }

  /// From the context up to queries, keys and values; masks stay outside.
  private boolean cone(Value v, Set<Value> ends, Set<Value> inside) {
    inside.add(v);
    return switch (def(v)) {
      case Neural.MatMul(var a, var b) ->
          (ends.contains(a) || cone(a, ends, inside))
              && (ends.contains(b) || cone(b, ends, inside));
      case Neural.Softmax(var x, var _) -> cone(x, ends, inside);
      case Elementwise.Add(var a, var _) -> cone(a, ends, inside);
      case Elementwise.Mul(var a, var c) when Constants.scalar(c, this::def).isPresent() ->
          cone(a, ends, inside);
      case null, default -> false;
    };
  }

  /// From queries, keys or values `[B,h,·,·]` up to their projection of the stream.
  private Optional<Branch.Projection> projection(Value v, int heads, Set<Value> inside) {
    if (!(def(v) instanceof Layout.Transpose(var split, var permutation))
        || permutation.get(1) != 2
        || permutation.get(0) != 0
        || !(def(split) instanceof Layout.Reshape(var flat, var dims))
        || dims.size() != 4
        || dims.get(2) != heads
        || flat.type().rank() != 3) {
      return Optional.empty();
    }
    inside.add(v);
    inside.add(split);
    Value product = flat;
    if (def(flat) instanceof Elementwise.Add(var a, var b) && isRow(b)) {
      inside.add(flat);
      product = a;
    }
    return def(product) instanceof Neural.MatMul(var _, var weight)
            && isConstant(weight)
            && weight.type().rank() == 2
        ? Optional.of(new Branch.Projection(product, flat))
        : Optional.empty();
  }
}
