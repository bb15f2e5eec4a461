package org.lapidary.gemmini.c;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lapidary.gemmini.emit.MemoryPlan;
import org.lapidary.gemmini.map.Buffer;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.Region;
import org.lapidary.gemmini.program.Step;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;

/// What the host does, and in which memory: the same decisions that
/// [org.lapidary.gemmini.program.ProgramRunner] takes while it runs, taken beforehand.
///
/// @param sections one per step of the program, one before them for the inputs and one behind them
///   for the results
/// @param constants what host steps read, in the order of first use
/// @param bytes memory for values of the host
record HostPlan(List<List<Action>> sections, List<Tensor> constants, long bytes) {

  /// Where a value of the host is.
  sealed interface Place {
    /// In memory that the caller gives.
    record Given(Graph.Port input) implements Place {}

    /// The constant of that number.
    record Constant(int index) implements Place {}

    /// At a distance in the host's memory.
    record Own(long offset) implements Place {}
  }

  /// A piece of work.
  sealed interface Action {
    /// Evaluates a node.
    record Compute(Graph.Node<Op> node, List<Place> operands, Place result) implements Action {}

    /// Copies a value out of the memory of the accelerator.
    record Load(Value value, Region region, Place to) implements Action {}

    /// Copies a value into the memory of the accelerator.
    record Store(Value value, Place from, Region region) implements Action {}

    /// Copies a result to the caller.
    record Give(Graph.Port result, Place from) implements Action {}
  }

  static HostPlan of(Program program) {
    // Twice: what is used until when is known at the end, and decides about places.
    Walk lifetimes = new Walk(program, Map.of());
    lifetimes.run();
    List<MemoryPlan.Lifetime> all = lifetimes.lifetimes();
    MemoryPlan plan = new MemoryPlan(0, List.of(), all);
    Map<Integer, Long> offsets = new HashMap<>();
    for (int i = 0; i < all.size(); i++) {
      offsets.put(i, plan.of(all.get(i).buffer()));
    }
    Walk walk = new Walk(program, offsets);
    walk.run();
    return new HostPlan(walk.sections, walk.constants, plan.end());
  }

  /// One walk through the program in the order of execution.
  private static final class Walk {
    final Program program;
    final Map<Integer, Long> offsets;
    final Map<Value, Integer> numbers;
    final Map<Value, Graph.Node<Op>> definitions;
    final Map<Value, Slot> live = new HashMap<>();
    final Map<Value, Slot> constantSlots = new LinkedHashMap<>();
    final List<Tensor> constants = new ArrayList<>();
    final List<Slot> own = new ArrayList<>();
    final List<List<Action>> sections = new ArrayList<>();
    List<Action> actions = new ArrayList<>();
    int now;

    /// A place and how long it is needed.
    static final class Slot {
      final Place place;
      final long bytes;
      final int from;
      int to;

      Slot(Place place, long bytes, int from) {
        this.place = place;
        this.bytes = bytes;
        this.from = from;
        this.to = from;
      }
    }

    Walk(Program program, Map<Integer, Long> offsets) {
      this.program = program;
      this.offsets = offsets;
      this.numbers = program.valueNumbers();
      this.definitions = program.graph().definitions();
    }

    List<MemoryPlan.Lifetime> lifetimes() {
      return own.stream()
          .map(s -> new MemoryPlan.Lifetime(Buffer.activation("host", s.bytes), s.from, s.to))
          .toList();
    }

    void run() {
      for (Graph.Port port : program.graph().inputs()) {
        define(port.value(), new Slot(new Place.Given(port), port.type().bytes(), 0));
      }
      endSection();
      for (Step step : program.steps()) {
        if (step instanceof Step.Host host) {
          Map<Value, Slot> loaded = new HashMap<>();
          host.nodes().forEach(n -> evaluate(program.graph().nodes().get(n), loaded));
        }
        endSection();
      }
      Map<Value, Slot> loaded = new HashMap<>();
      for (Graph.Port port : program.graph().results()) {
        actions.add(new Action.Give(port, use(port.value(), loaded).place));
      }
      endSection();
    }

    private void endSection() {
      sections.add(List.copyOf(actions));
      actions = new ArrayList<>();
    }

    private void evaluate(Graph.Node<Op> node, Map<Value, Slot> loaded) {
      now++;
      List<Slot> operands = OpInfo.operands(node.op()).stream().map(v -> use(v, loaded)).toList();
      if (node.op() instanceof Layout.Reshape || node.op() instanceof Accumulate.Rescale) {
        define(node.result(), operands.getFirst());
        return;
      }
      Slot result = allocate(node.result());
      actions.add(
          new Action.Compute(node, operands.stream().map(s -> s.place).toList(), result.place));
      define(node.result(), result);
    }

    private void define(Value value, Slot slot) {
      live.put(value, slot);
      Region region = program.regions().get(numbers.get(value));
      if (region != null) {
        actions.add(new Action.Store(value, slot.place, region));
      }
    }

    private Slot use(Value value, Map<Value, Slot> loaded) {
      Slot slot = live.get(value);
      Region region = program.regions().get(numbers.get(value));
      if (slot == null && region != null) {
        slot = loaded.computeIfAbsent(value, v -> load(v, region));
      } else if (slot == null) {
        slot = constantSlots.computeIfAbsent(value, this::constant);
      }
      slot.to = now;
      return slot;
    }

    private Slot load(Value value, Region region) {
      Slot slot = allocate(value);
      actions.add(new Action.Load(value, region, slot.place));
      return slot;
    }

    private Slot allocate(Value value) {
      Place place = new Place.Own(offsets.getOrDefault(own.size(), 0L));
      Slot slot = new Slot(place, Math.max(1, value.type().bytes()), now);
      own.add(slot);
      return slot;
    }

    private Slot constant(Value value) {
      constants.add(evaluated(value));
      return new Slot(new Place.Constant(constants.size() - 1), value.type().bytes(), 0);
    }

    private Tensor evaluated(Value value) {
      Graph.Node<Op> node = definitions.get(value);
      if (node == null || !(node.op() instanceof Layout layout)) {
        throw new IllegalStateException("nobody computed " + value);
      }
      return Evaluator.apply(
          layout, OpInfo.operands(layout).stream().map(this::evaluated).toList());
    }
  }
}
