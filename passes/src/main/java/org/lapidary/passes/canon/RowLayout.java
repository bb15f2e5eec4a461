package org.lapidary.passes.canon;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.NnOp;

/// A layout chain seen as two: a *core*, which keeps the leading atoms in the order of the source
/// and arranges the last axis, and a rest, which only moves or merges whole rows of that axis. What
/// treats each row alone may come between the two.
///
/// @param chain the whole
/// @param core the first part
public record RowLayout(LayoutChain chain, LayoutChain core) {

  /// The view of the chain that ends in a value, if one does.
  static Optional<RowLayout> of(Value end, Definitions defs) {
    LayoutChain chain = LayoutChain.endingIn(end, defs);
    if (chain.length() == 0 || chain.dims().size() < 2 || chain.dims().getLast() == 1) {
      return Optional.empty();
    }
    List<Integer> tail = chain.atomsOfAxes().getLast();
    List<Integer> order = new ArrayList<>(leadOf(chain));
    order.sort(null);
    List<Integer> dims = coreDims(chain, tail);
    order.addAll(tail);
    return Optional.of(
        new RowLayout(chain, LayoutChain.of(chain.source(), chain.atoms(), order, dims)));
  }

  private static List<Integer> leadOf(LayoutChain chain) {
    int tail = chain.atomsOfAxes().getLast().size();
    return chain.order().subList(0, chain.order().size() - tail);
  }

  /// The leading axes of the source, without their atoms of the last axis, and the last axis.
  private static List<Integer> coreDims(LayoutChain chain, List<Integer> tail) {
    List<List<Integer>> sourceAxes = chain.atomsOfSourceAxes();
    if (!sourceAxes.isEmpty() && sourceAxes.getLast().equals(tail)) {
      return chain.source().type().dims();
    }
    List<Integer> lead = new ArrayList<>();
    for (List<Integer> axis : sourceAxes) {
      List<Integer> rest = axis.stream().filter(a -> !tail.contains(a)).toList();
      if (axis.isEmpty() || !rest.isEmpty()) {
        lead.add(rest.stream().mapToInt(a -> chain.atoms().get(a)).reduce(1, (a, b) -> a * b));
      }
    }
    // A single head has no atom: of [B,1,S] the 1 belongs to the last axis.
    for (int i = lead.size() - 1; i > 0 && lead.size() > 2; i--) {
      if (lead.get(i) == 1) {
        lead.subList(i, i + 1).clear();
      }
    }
    lead.add(chain.dims().getLast());
    return lead;
  }

  /// Whether the second part moves rows.
  boolean movesRows() {
    List<Integer> lead = leadOf(chain);
    return IntStream.range(1, lead.size()).anyMatch(i -> lead.get(i) < lead.get(i - 1));
  }

  /// Whether the second part merges leading axes.
  boolean mergesAxes() {
    return chain.dims().size() < core.dims().size();
  }

  /// Whether the first part does nothing.
  boolean coreIsSource() {
    return core.keepsOrder() && core.dims().equals(core.source().type().dims());
  }

  /// Does the second part to a value in which a row may have another length.
  Value reapply(Value rows, Function<NnOp, Value> emit) {
    List<Integer> lead = leadOf(chain);
    List<Integer> sorted = lead.stream().sorted().toList();
    List<Integer> atoms = new ArrayList<>();
    List<Integer> order = new ArrayList<>();
    sorted.forEach(a -> atoms.add(chain.atoms().get(a)));
    lead.forEach(a -> order.add(sorted.indexOf(a)));
    int row = rows.type().dim(-1);
    if (row != 1) {
      order.add(atoms.size());
      atoms.add(row);
    }
    List<Integer> dims = new ArrayList<>(chain.dims());
    dims.set(dims.size() - 1, row);
    return LayoutChain.of(rows, atoms, order, dims).plan().applyTo(rows, emit);
  }

  /// Whether another layout does the same to a source of the same type.
  boolean isSameAs(RowLayout other) {
    return chain.atoms().equals(other.chain.atoms())
        && chain.order().equals(other.chain.order())
        && chain.dims().equals(other.chain.dims())
        && chain.source().type().equals(other.chain.source().type());
  }
}
