package org.lapidary.gemmini.map;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.lapidary.gemmini.map.Placement.Where;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.HostBridge;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.ir.op.Shapes;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;

/// Divides a graph between accelerator, host and mere addressing.
public final class Mapper {
  private final Graph<Op> graph;
  private final Uses uses;
  private final Storage storage;
  private final HostRules hostRules;
  private final FusionRules fusion;
  private final Kernels kernels;
  private final Set<Value> demanded = new HashSet<>();
  private final Set<Value> mappedRoots = new HashSet<>();
  private final Map<Value, Set<Work>> producers = new HashMap<>();
  private final List<Work> work = new ArrayList<>();
  private final List<Placement> placements = new ArrayList<>();

  private final CachePlaces caches;

  private Mapper(
      Graph<Op> graph,
      GemminiParams machine,
      Semantics semantics,
      ScheduleOptions options,
      List<Cache> caches,
      KernelCost cost) {
    this.graph = graph;
    this.uses = new Uses(graph);
    this.caches = new CachePlaces(graph, uses, caches);
    this.storage = new Storage(uses, this.caches);
    this.hostRules = new HostRules(uses, machine, semantics);
    this.fusion = new FusionRules(uses, machine, options.fusion(), cost);
    this.kernels = new Kernels(graph.name(), uses, storage, hostRules, fusion, machine);
  }

  /// Divides a graph.
  ///
  /// @param caches what of it stays in memory from run to run
  /// @param cost the judge of fusions
  public static Mapping map(
      Graph<Op> graph,
      GemminiParams machine,
      Semantics semantics,
      ScheduleOptions options,
      List<Cache> caches,
      KernelCost cost) {
    Mapper mapper = new Mapper(graph, machine, semantics, options, caches, cost);
    mapper.demand();
    for (Graph.Port port : graph.inputs()) {
      if (mapper.demanded.contains(port.value())) {
        mapper.storage.allocate(port.value(), port.name());
      }
    }
    graph.nodes().forEach(mapper::map);
    return new Mapping(
        Schedule.order(mapper.work),
        mapper.places(),
        mapper.storage.images(),
        mapper.caches.wholes(),
        mapper.placements,
        Fusions.of(graph, mapper.uses, mapper.hostRules, mapper.fusion));
  }

  /// Places of all values, those that are only another reading of one included.
  private Map<Value, View> places() {
    Map<Value, View> places = new HashMap<>(storage.views());
    for (Graph.Node<Op> node : graph.nodes()) {
      View view = storage.views().get(uses.origin(node.result()));
      if (view != null) {
        places.put(node.result(), view);
      }
    }
    return places;
  }

  /// Marks what the accelerator reads and somebody else provides, through rearrangements.
  private void demand() {
    for (Graph.Node<Op> node : graph.nodes()) {
      if (hostRules.isOnAccelerator(node)) {
        OpInfo.operands(node.op()).forEach(this::demand);
      }
    }
  }

  private void demand(Value value) {
    Value origin = uses.origin(value);
    if (!uses.isConstant(origin)
        && demanded.add(origin)
        && uses.op(origin) instanceof Layout layout) {
      OpInfo.operands(layout).forEach(this::demand);
    }
  }

  private void map(Graph.Node<Op> node) {
    switch (node.op()) {
      case Layout layout -> layout(node, layout);
      case HostBridge _ -> host(node, "between real numbers and integers");
      case NnOp _ -> host(node, "computes in real numbers or indices");
      case Accumulate.Rescale _ ->
          placements.add(Placement.of(node, Where.ADDRESSING, "the same integers"));
      case Accumulate _ -> accumulate(node);
      case MoveOut moveOut -> moveOut(node, moveOut);
    }
  }

  private void accumulate(Graph.Node<Op> node) {
    Optional<String> reason = hostRules.reason(node);
    if (reason.isPresent()) {
      host(node, reason.get());
      return;
    }
    boolean fused = kernels.isFused(node.result());
    placements.add(
        Placement.of(node, Where.ACCELERATOR, fused ? "part of a larger sum" : "a sum of its own"));
    if (!fused) {
      kernel(node.result());
    }
  }

  private void moveOut(Graph.Node<Op> node, MoveOut op) {
    Optional<String> reason = hostRules.reason(node);
    if (reason.isPresent()) {
      host(node, reason.get());
      return;
    }
    FusionRules.Choice choice = fusion.choose(node);
    placements.add(Placement.of(node, Where.ACCELERATOR, choice.text()));
    Value root = uses.origin(op.x());
    if (!choice.fused()) {
      work(kernels.separate(node, op));
      return;
    }
    if (mappedRoots.add(root)) {
      if (!storage.isPlaced(root) && !uses.isConstant(root)) {
        throw new IllegalStateException("no place for the operand of " + op);
      }
      kernel(root);
    }
  }

  private void kernel(Value root) {
    mappedRoots.add(root);
    work(kernels.make(root));
  }

  private void work(Kernels.Made made) {
    Set<Work> after = new LinkedHashSet<>();
    made.operands().forEach(v -> after.addAll(producers(v)));
    for (Kernel transpose : made.transposes()) {
      Work first = new Work.OnAccelerator(transpose, new LinkedHashSet<>(after));
      work.add(first);
      after.add(first);
    }
    Work done = new Work.OnAccelerator(made.kernel(), after);
    work.add(done);
    made.results().forEach(v -> produced(v, Set.of(done)));
  }

  private void layout(Graph.Node<Op> node, Layout op) {
    Value result = node.result();
    if (uses.isConstant(result)) {
      placements.add(Placement.of(node, Where.CONSTANT, "known when compiling"));
      return;
    }
    if (!Uses.isMachineType(result) || !OpInfo.operands(op).stream().anyMatch(this::inMemory)) {
      host(node, "rearranges what only the host has");
      return;
    }
    if (op instanceof Layout.Concat concat) {
      concat(node, concat);
      return;
    }
    Value operand = OpInfo.operands(op).getFirst();
    View from = storage.view(operand);
    Optional<View> view =
        from.apply(op).filter(v -> storage.serves(result, v) && storage.belongs(result, v));
    if (view.isPresent()) {
      storage.place(result, view.get());
      produced(result, producers(operand));
      placements.add(Placement.of(node, Where.ADDRESSING, "strides express it"));
      return;
    }
    View to = storage.allocate(result, name(node));
    Optional<View> target = to.before(op);
    if (target.isPresent() && from.unit(-1) && target.get().unit(-1)) {
      Work copy = copy(node, from, target.get(), operand);
      produced(result, Set.of(copy));
      placements.add(Placement.of(node, Where.ACCELERATOR, "copied: strides cannot express it"));
    } else {
      host(node, "neither strides nor row copies express it");
    }
  }

  private boolean inMemory(Value value) {
    return storage.isPlaced(value);
  }

  /// Copies the parts that were not computed in their place.
  private void concat(Graph.Node<Op> node, Layout.Concat op) {
    Value result = node.result();
    View whole =
        storage.isPlaced(result) ? storage.view(result) : storage.allocate(result, name(node));
    List<Value> parts = op.parts().stream().filter(p -> p.type().elements() > 0).toList();
    if (!parts.stream().allMatch(p -> inMemory(p) || uses.isConstant(p))) {
      host(node, "a part is only on the host");
      return;
    }
    int axis = Shapes.axis(op.axis(), result.type().rank());
    Set<Work> done = new LinkedHashSet<>();
    int copies = 0;
    int start = 0;
    for (Value part : parts) {
      View from = storage.view(part);
      View to = whole.part(axis, start, part.type().dim(axis));
      start += part.type().dim(axis);
      if (from.equals(to)) {
        done.addAll(producers(part));
      } else if (from.unit(-1) && to.unit(-1)) {
        done.add(copy(node, from, to, part));
        copies++;
      } else {
        host(node, "neither strides nor row copies express it");
        return;
      }
    }
    produced(result, done);
    placements.add(
        copies == 0
            ? Placement.of(node, Where.ADDRESSING, "every part is computed in its place")
            : Placement.of(node, Where.ACCELERATOR, copies + " of the parts copied"));
  }

  private Work copy(Graph.Node<Op> node, View from, View to, Value operand) {
    Kernel kernel = new Kernel.Copy(List.of(node), from.asBytes(), to.asBytes());
    Work copy = new Work.OnAccelerator(kernel, producers(operand));
    work.add(copy);
    return copy;
  }

  private void host(Graph.Node<Op> node, String reason) {
    placements.add(Placement.of(node, Where.HOST, reason));
    if (demanded.contains(node.result()) && !storage.isPlaced(node.result())) {
      storage.allocate(node.result(), name(node));
    }
    onHost(node);
  }

  private void onHost(Graph.Node<Op> node) {
    Set<Work> after = new LinkedHashSet<>();
    OpInfo.operands(node.op()).forEach(v -> after.addAll(producers(v)));
    Work done = new Work.OnHost(node, after);
    work.add(done);
    produced(node.result(), Set.of(done));
  }

  private Set<Work> producers(Value value) {
    return producers.getOrDefault(uses.origin(value), Set.of());
  }

  private void produced(Value value, Set<Work> by) {
    producers.put(uses.origin(value), by);
  }

  static String name(Graph.Node<? extends Op> node) {
    return node.loc().node().isEmpty() ? OpInfo.of(node.op()).name() : node.loc().node();
  }
}
