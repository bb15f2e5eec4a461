package org.lapidary.tools.profile;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramRunner.KernelCycles;
import org.lapidary.sim.timing.Activity;
import org.lapidary.sim.timing.CycleModel;
import org.lapidary.sim.timing.Unit;

/// Where the cycles of a program go.
///
/// @param program that was predicted
/// @param cycles of the accelerator in one inference
/// @param kernels in the order of execution: from the end of the one before to its own end
/// @param spent cycles of each unit by activity and kernel
public record Profile(Program program, long cycles, List<KernelCycles> kernels, List<Spent> spent) {
  public Profile {
    kernels = List.copyOf(kernels);
    spent = List.copyOf(spent);
  }

  /// Cycles that a unit spent on something for a kernel.
  public record Spent(Unit unit, Activity activity, int kernel, long cycles) {}

  /// The cycles at an ONNX node.
  ///
  /// @param node where the cycles of its kernels stand, see [Program#mainNode]
  /// @param cycles from the end of the kernel before to the end of its own, summed
  /// @param boundCycles what its kernels take alone at least
  /// @param macs multiply-accumulates of the array for it
  /// @param readBytes that its commands fetched from main memory, whole beats
  /// @param writtenBytes that they wrote there
  /// @param array what the array did for it
  public record NodeCycles(
      String node,
      long cycles,
      long boundCycles,
      long macs,
      long readBytes,
      long writtenBytes,
      Map<Activity, Long> array) {
    /// Cycles the array spent on it, waiting included. Over all nodes they are those of the
    /// program.
    public long arrayCycles() {
      return array.values().stream().mapToLong(n -> n).sum();
    }

    /// Cycles the array worked on it.
    public long work() {
      return array.getOrDefault(Activity.WORK, 0L);
    }

    private NodeCycles plus(long moreCycles, long moreBound, long moreMacs) {
      return new NodeCycles(
          node,
          cycles + moreCycles,
          boundCycles + moreBound,
          macs + moreMacs,
          readBytes,
          writtenBytes,
          array);
    }

    private NodeCycles moved(long read, long written) {
      return new NodeCycles(
          node, cycles, boundCycles, macs, readBytes + read, writtenBytes + written, array);
    }
  }

  /// Cycles the array stood still for one reason at one ONNX node.
  public record Stall(String node, Activity cause, long cycles) {}

  /// What a unit did in all.
  public Map<Activity, Long> unit(Unit unit) {
    Map<Activity, Long> sums = new LinkedHashMap<>();
    for (Activity a : Activity.values()) {
      long sum = 0;
      for (Spent s : spent) {
        sum += s.unit() == unit && s.activity() == a ? s.cycles() : 0;
      }
      if (sum > 0) {
        sums.put(a, sum);
      }
    }
    return sums;
  }

  /// Every ONNX node with cycles, in the order in which they first run.
  public List<NodeCycles> nodes() {
    Map<String, NodeCycles> nodes = new LinkedHashMap<>();
    boolean[] counted = new boolean[program.kernels().size()];
    for (KernelCycles k : kernels) {
      NodeCycles before = of(k.kernel(), nodes);
      Program.KernelInfo info = program.kernels().get(k.kernel());
      boolean first = !counted[k.kernel()];
      counted[k.kernel()] = true;
      nodes.put(
          before.node(),
          before.plus(k.cycles(), first ? info.boundCycles() : 0, first ? info.arrayMacs() : 0));
    }
    for (Spent s : spent) {
      NodeCycles at = of(s.kernel(), nodes);
      long bytes = s.cycles() * program.machine().busBytes();
      switch (s.unit()) {
        case EXECUTE -> at.array().merge(s.activity(), s.cycles(), Long::sum);
        case READ -> nodes.put(at.node(), at.moved(bytes, 0));
        case WRITE -> nodes.put(at.node(), at.moved(0, bytes));
        case LOAD, STORE, NORMALISER -> {} // not told per node
      }
    }
    return List.copyOf(nodes.values());
  }

  private NodeCycles of(int kernel, Map<String, NodeCycles> nodes) {
    String node = program.mainNode(kernel);
    NodeCycles known = nodes.get(node);
    return known != null ? known : new NodeCycles(node, 0, 0, 0, 0, 0, new LinkedHashMap<>());
  }

  /// Why the array stood still, the longest first.
  public List<Stall> stalls() {
    List<Stall> stalls = new ArrayList<>();
    for (NodeCycles node : nodes()) {
      node.array()
          .forEach((activity, cycles) -> {
            if (activity.waits()) {
              stalls.add(new Stall(node.node(), activity, cycles));
            }
          });
    }
    stalls.sort(Comparator.comparingLong((Stall s) -> -s.cycles()));
    return stalls;
  }

  /// The keys that scripts read.
  public Map<String, Object> document() {
    Map<String, Object> d = new LinkedHashMap<>();
    d.put("program", program.graph().name());
    d.put("machine", program.machine().name());
    d.put("cycles", cycles);
    d.put("cycle_model", model());
    d.put("bound_cycles", program.boundCycles());
    d.put("instructions", program.commandCount());
    d.put("host_steps", program.hostNodes());
    Map<String, Object> units = new LinkedHashMap<>();
    for (Unit unit : Unit.values()) {
      units.put(unit.name().toLowerCase(java.util.Locale.ROOT), keyed(unit(unit)));
    }
    d.put("units", units);
    d.put("nodes", nodes().stream().map(Profile::node).toList());
    d.put(
        "array_stalls",
        stalls().stream()
            .map(s ->
                Map.of("node", s.node(), "cause", s.cause().key(), "cycles", (Object) s.cycles()))
            .map(java.util.TreeMap::new)
            .toList());
    return d;
  }

  /// Name and known error of what the cycles come from.
  public static Map<String, Object> model() {
    var error = CycleModel.knownError().overall();
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("name", CycleModel.NAME);
    model.put("mean_error_percent", error.mean());
    model.put("p90_error_percent", error.p90());
    model.put("worst_error_percent", error.worst());
    return model;
  }

  private static Map<String, Object> node(NodeCycles n) {
    Map<String, Object> d = new LinkedHashMap<>();
    d.put("node", n.node());
    d.put("cycles", n.cycles());
    d.put("bound_cycles", n.boundCycles());
    d.put("macs", n.macs());
    d.put("read_bytes", n.readBytes());
    d.put("written_bytes", n.writtenBytes());
    d.put("array", keyed(n.array()));
    return d;
  }

  private static Map<String, Long> keyed(Map<Activity, Long> cycles) {
    Map<String, Long> keyed = new LinkedHashMap<>();
    cycles.forEach((activity, n) -> keyed.put(activity.key(), n));
    return keyed;
  }
}
