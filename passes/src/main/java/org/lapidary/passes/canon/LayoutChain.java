package org.lapidary.passes.canon;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Layout.Reshape;
import org.lapidary.ir.op.Layout.Transpose;
import org.lapidary.ir.op.NnOp;

/// Any sequence of reshapes and transposes, as one permutation of *atoms*.
///
/// The axes of the source are split into atoms as finely as any reshape of the sequence needs; the
/// sequence then only permutes atoms and groups them into axes again. Axes of size 1 have no atom:
/// they are nothing but brackets. Reshapes that cut across atoms (`[6,4]` to `[8,3]`) have no such
/// form; the chain then starts after them.
///
/// @param source what the chain rearranges
/// @param atoms sizes (all above 1) in the order of the source
/// @param order the atom at each position of the result
/// @param dims shape of the result
/// @param length how many operations the chain was read from
public record LayoutChain(
    Value source, List<Integer> atoms, List<Integer> order, List<Integer> dims, int length) {

  public LayoutChain {
    atoms = List.copyOf(atoms);
    order = List.copyOf(order);
    dims = List.copyOf(dims);
  }

  /// The longest chain that ends in a value; of length 0 if it is not the result of one.
  public static LayoutChain endingIn(Value end, Definitions defs) {
    return switch (defs.def(end)) {
      case Reshape step when isRearrangeable(end) -> endingIn(step.x(), defs).then(step, end);
      case Transpose step when isRearrangeable(end) -> endingIn(step.x(), defs).then(step, end);
      case null, default -> at(end);
    };
  }

  private static boolean isRearrangeable(Value value) {
    return value.type().elements() > 0;
  }

  /// One step more; a new chain at its result if the step cuts across atoms.
  private LayoutChain then(Layout step, Value result) {
    return then(step).orElseGet(() -> at(result));
  }

  /// One step more, if it is a reshape or a transpose that does not cut across atoms.
  public Optional<LayoutChain> then(NnOp step) {
    return switch (step) {
      case Reshape(_, var newDims) -> reshaped(newDims);
      case Transpose(_, var permutation) ->
          Optional.of(transposed(permutation, step.resultType().dims()));
      default -> Optional.empty();
    };
  }

  /// The chain that does nothing.
  public static LayoutChain at(Value source) {
    List<Integer> atoms = source.type().dims().stream().filter(d -> d != 1).toList();
    List<Integer> order = IntStream.range(0, atoms.size()).boxed().toList();
    return new LayoutChain(source, atoms, order, source.type().dims(), 0);
  }

  /// The same rearrangement of another source of the same atoms, or another rearrangement of the
  /// same source: whoever makes one sees to it that the sizes agree.
  static LayoutChain of(Value source, List<Integer> atoms, List<Integer> order, List<Integer> to) {
    return new LayoutChain(source, atoms, order, to, 0);
  }

  /// The chain for a source of which one atom has shrunk to a size (1: it is no atom any more).
  LayoutChain shrunk(int atom, int size, Value newSource, List<Integer> newDims) {
    List<Integer> newAtoms = new ArrayList<>(atoms);
    List<Integer> newOrder = new ArrayList<>(order);
    newAtoms.set(atom, size);
    if (size == 1) {
      drop(newAtoms, atom);
      drop(newOrder, order.indexOf(atom));
      newOrder.replaceAll(a -> a > atom ? a - 1 : a);
    }
    return of(newSource, newAtoms, newOrder, newDims);
  }

  /// The atoms that each axis of the result groups.
  public List<List<Integer>> atomsOfAxes() {
    return grouped(order, dims);
  }

  /// The atoms that each axis of the source groups.
  public List<List<Integer>> atomsOfSourceAxes() {
    return grouped(IntStream.range(0, atoms.size()).boxed().toList(), source.type().dims());
  }

  private List<List<Integer>> grouped(List<Integer> sequence, List<Integer> shape) {
    List<List<Integer>> groups = new ArrayList<>();
    int next = 0;
    for (int dim : shape) {
      List<Integer> group = new ArrayList<>();
      for (int rest = dim; rest > 1; rest /= atoms.get(group.getLast())) {
        group.add(sequence.get(next++));
      }
      groups.add(group);
    }
    return groups;
  }

  /// Whether the elements stay in their row-major order, so that one reshape does it all.
  public boolean keepsOrder() {
    return IntStream.range(1, order.size()).allMatch(i -> order.get(i) > order.get(i - 1));
  }

  /// The shape that an operand which broadcasts to the result must be given to broadcast to the
  /// source instead; empty if no reshape of it does.
  public Optional<List<Integer>> pullBack(List<Integer> operandDims) {
    List<List<Integer>> axes = atomsOfAxes();
    List<Integer> varying = new ArrayList<>();
    for (int i = 0; i < axes.size(); i++) {
      int at = i - (axes.size() - operandDims.size());
      if (at >= 0 && operandDims.get(at) != 1) {
        varying.addAll(axes.get(i));
      }
    }
    List<Integer> shape = new ArrayList<>();
    List<List<Integer>> sourceAxes = atomsOfSourceAxes();
    for (int i = 0; i < sourceAxes.size(); i++) {
      List<Integer> axis = sourceAxes.get(i);
      if (axis.stream().map(varying::contains).distinct().count() > 1) {
        return Optional.empty();
      }
      boolean varies = !axis.isEmpty() && varying.contains(axis.getFirst());
      shape.add(varies ? source.type().dim(i) : 1);
    }
    if (!varying.stream().sorted().toList().equals(varying)) {
      return Optional.empty();
    }
    boolean isVector = shape.stream().limit(Math.max(0, shape.size() - 1)).allMatch(d -> d == 1);
    return Optional.of(isVector ? vector(shape) : shape);
  }

  private static List<Integer> vector(List<Integer> shape) {
    boolean isScalar = shape.isEmpty() || shape.getLast() == 1;
    return isScalar ? List.of() : List.of(shape.getLast());
  }

  private LayoutChain transposed(List<Integer> permutation, List<Integer> newDims) {
    List<List<Integer>> groups = atomsOfAxes();
    int rank = groups.size();
    List<Integer> newOrder =
        permutation.stream().flatMap(a -> groups.get(a < 0 ? a + rank : a).stream()).toList();
    return new LayoutChain(source, atoms, newOrder, newDims, length + 1);
  }

  private Optional<LayoutChain> reshaped(List<Integer> newDims) {
    LayoutChain chain = this;
    int at = 0;
    for (int dim : newDims) {
      int rest = dim;
      while (rest > 1) {
        int atom = chain.order.get(at);
        int size = chain.atoms.get(atom);
        if (rest % size == 0) {
          rest /= size;
        } else if (size % rest == 0) {
          chain = chain.split(atom, rest);
          rest = 1;
        } else {
          return Optional.empty();
        }
        at++;
      }
    }
    return Optional.of(new LayoutChain(source, chain.atoms, chain.order, newDims, length + 1));
  }

  /// Splits one atom into an outer one of the given size and an inner one.
  private LayoutChain split(int atom, int outer) {
    List<Integer> newAtoms = new ArrayList<>(atoms);
    newAtoms.set(atom, outer);
    newAtoms.add(atom + 1, atoms.get(atom) / outer);
    List<Integer> newOrder = new ArrayList<>();
    for (int a : order) {
      newOrder.add(a > atom ? a + 1 : a);
      if (a == atom) {
        newOrder.add(atom + 1);
      }
    }
    return new LayoutChain(source, newAtoms, newOrder, dims, length);
  }

  /// Joins each atom with the next one wherever they stay neighbours and `joinable` allows it for
  /// the first of the two.
  private LayoutChain joined(IntPredicate joinable) {
    for (int i = 0; i + 1 < order.size(); i++) {
      int atom = order.get(i);
      if (order.get(i + 1) == atom + 1 && joinable.test(atom)) {
        List<Integer> newAtoms = new ArrayList<>(atoms);
        newAtoms.set(atom, atoms.get(atom) * atoms.get(atom + 1));
        drop(newAtoms, atom + 1);
        List<Integer> newOrder = new ArrayList<>(order);
        drop(newOrder, i + 1);
        newOrder.replaceAll(a -> a > atom ? a - 1 : a);
        LayoutChain coarser = new LayoutChain(source, newAtoms, newOrder, dims, length);
        return coarser.joined(a -> joinable.test(a < atom ? a : a + 1));
      }
    }
    return this;
  }

  private static void drop(List<Integer> list, int index) {
    list.subList(index, index + 1).clear();
  }

  private static IntPredicate within(List<List<Integer>> axes) {
    return a -> axes.stream().anyMatch(axis -> axis.contains(a) && axis.contains(a + 1));
  }

  /// At most three steps that do what a chain does.
  ///
  /// @param in shape to bring the source into first, or empty
  /// @param permutation axes to permute then, or empty
  /// @param out shape to give the result last, or empty
  public record Plan(
      Optional<List<Integer>> in,
      Optional<List<Integer>> permutation,
      Optional<List<Integer>> out) {

    /// Number of operations.
    public int length() {
      return (in.isPresent() ? 1 : 0)
          + (permutation.isPresent() ? 1 : 0)
          + (out.isPresent() ? 1 : 0);
    }

    /// Emits the operations.
    public Value applyTo(Value source, Function<NnOp, Value> emit) {
      Value value = source;
      if (in.isPresent()) {
        value = emit.apply(new Reshape(value, in.get()));
      }
      if (permutation.isPresent()) {
        value = emit.apply(new Transpose(value, permutation.get()));
      }
      if (out.isPresent()) {
        value = emit.apply(new Reshape(value, out.get()));
      }
      return value;
    }
  }

  /// The shortest plan.
  public Plan plan() {
    if (keepsOrder()) {
      Optional<List<Integer>> out =
          dims.equals(source.type().dims()) ? Optional.empty() : Optional.of(dims);
      return new Plan(Optional.empty(), Optional.empty(), out);
    }
    LayoutChain coarse = joined(_ -> true);
    Plan best = new Plan(Optional.of(coarse.atoms), Optional.of(coarse.order), Optional.of(dims));
    for (Optional<Plan> plan :
        List.of(
            joined(within(atomsOfSourceAxes())).fromSourceAxes(),
            joined(within(atomsOfAxes())).toResultAxes())) {
      if (plan.isPresent() && plan.get().length() <= best.length()) {
        best = plan.get();
      }
    }
    return best;
  }

  /// Permutes the axes of the source as they are; possible if each is one atom.
  private Optional<Plan> fromSourceAxes() {
    List<Integer> from = source.type().dims();
    List<List<Integer>> axes = atomsOfSourceAxes();
    if (axes.stream().anyMatch(a -> a.size() > 1)) {
      return Optional.empty();
    }
    List<Integer> toAxes = from.size() == dims.size() ? dims : from;
    List<Integer> permutation = permutation(axes, toAxes);
    List<Integer> permuted = permutation.stream().map(from::get).toList();
    return Optional.of(
        new Plan(
            Optional.empty(),
            Optional.of(permutation),
            permuted.equals(dims) ? Optional.empty() : Optional.of(dims)));
  }

  /// Brings the source into a shape whose permuted axes are those of the result; possible if each
  /// of these is one atom.
  private Optional<Plan> toResultAxes() {
    if (atomsOfAxes().stream().anyMatch(a -> a.size() > 1)) {
      return Optional.empty();
    }
    List<Integer> in = new ArrayList<>();
    List<List<Integer>> axes = new ArrayList<>();
    int next = 0;
    for (int dim : dims) { // brackets of size 1 stay at the index they have in the result
      boolean bracket = dim == 1;
      in.add(bracket ? 1 : atoms.get(next));
      axes.add(bracket ? List.of() : List.of(next++));
    }
    List<Integer> permutation = permutation(axes, dims);
    return Optional.of(
        new Plan(
            in.equals(source.type().dims()) ? Optional.empty() : Optional.of(in),
            Optional.of(permutation),
            Optional.empty()));
  }

  /// Axes in the order of the result: atoms as `order` says, brackets where `target` has size 1.
  private List<Integer> permutation(List<List<Integer>> axes, List<Integer> target) {
    List<Integer> brackets = new ArrayList<>();
    List<Integer> axisOfAtom = new ArrayList<>();
    for (int i = 0; i < axes.size(); i++) {
      (axes.get(i).isEmpty() ? brackets : axisOfAtom).add(i);
    }
    List<Integer> permutation = new ArrayList<>();
    int next = 0;
    for (int i = 0; i < axes.size(); i++) {
      boolean bracket = next == order.size() || (target.get(i) == 1 && !brackets.isEmpty());
      permutation.add(bracket ? brackets.removeFirst() : axisOfAtom.get(order.get(next++)));
    }
    return permutation;
  }
}
