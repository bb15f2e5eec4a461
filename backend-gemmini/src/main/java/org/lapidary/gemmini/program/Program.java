package org.lapidary.gemmini.program;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lapidary.gemmini.cost.Bound;
import org.lapidary.gemmini.map.FusionDecision;
import org.lapidary.gemmini.map.Placement;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;
import org.lapidary.sim.Simulator;

/// A compiled model: the graph, which the host's part refers to, and the accelerator's commands.
///
/// Values are numbered: the inputs of the graph first, then the results of its nodes.
///
/// @param machine the configuration it was built for, and runs on
/// @param semantics whose LayerNorm it was built for
/// @param graph the graph it computes
/// @param steps in order
/// @param commands packed, three longs each
/// @param kernels the accelerator's kernels, to which ranges of commands refer
/// @param regions where values are in main memory that host and accelerator exchange
/// @param caches what stays in main memory from run to run, below the image
/// @param image main memory before the start
/// @param placements what runs where, and why
/// @param fusions what is computed together, and why
@SuppressWarnings("ArrayRecordComponent") // millions of commands; treated as immutable
public record Program(
    GemminiParams machine,
    Semantics semantics,
    Graph<Op> graph,
    List<Step> steps,
    long[] commands,
    List<KernelInfo> kernels,
    Map<Integer, Region> regions,
    List<CacheSlot> caches,
    MemoryImage image,
    List<Placement> placements,
    List<FusionDecision> fusions) {

  /// What is worth knowing about a kernel.
  ///
  /// @param nodes indices of the graph's nodes it computes
  /// @param macs multiply-accumulates of the model, without those of diagonal matrices, and none in
  ///   a kernel that only makes integers more exact
  /// @param arrayMacs multiply-accumulates of the array
  /// @param bound what each unit takes at least, counting what is read for the first time
  public record KernelInfo(List<Integer> nodes, long macs, long arrayMacs, Bound bound) {
    public KernelInfo {
      nodes = List.copyOf(nodes);
    }

    /// Cycles the kernel takes alone, at least; next to others it may hide behind them.
    public long boundCycles() {
      return bound.cycles();
    }
  }

  public Program {
    steps = List.copyOf(steps);
    kernels = List.copyOf(kernels);
    regions = Map.copyOf(regions);
    caches = List.copyOf(caches);
    placements = List.copyOf(placements);
    fusions = List.copyOf(fusions);
  }

  /// The cache that an input or a result is kept in.
  public Optional<CacheSlot> cache(String port) {
    return caches.stream()
        .filter(c -> c.input().equals(port) || c.result().equals(port))
        .findFirst();
  }

  /// Where main memory starts: at the first cache, or at the image.
  public long memoryBase() {
    return caches.isEmpty() ? image.base() : caches.getFirst().address();
  }

  /// Size of main memory.
  public long memoryBytes() {
    return image.base() + image.bytes() - memoryBase();
  }

  /// Number of commands.
  public int commandCount() {
    return commands.length / Simulator.PACKED_LONGS;
  }

  /// The numbers of all values.
  public Map<Value, Integer> valueNumbers() {
    Map<Value, Integer> numbers = new HashMap<>();
    graph.inputs().forEach(port -> numbers.put(port.value(), numbers.size()));
    graph.nodes().forEach(node -> numbers.put(node.result(), numbers.size()));
    return numbers;
  }

  /// Number of nodes that the host evaluates.
  public int hostNodes() {
    int count = 0;
    for (Step step : steps) {
      count += step instanceof Step.Host host ? host.nodes().size() : 0;
    }
    return count;
  }

  /// The operations of a kernel.
  public List<Graph.Node<Op>> nodesOf(int kernel) {
    return kernels.get(kernel).nodes().stream().map(graph.nodes()::get).toList();
  }

  /// Where a kernel's cycles stand when told per ONNX node: at its matrix product if it has one,
  /// else at its last operation; what is fused into it costs nothing of its own.
  public String mainNode(int kernel) {
    List<Graph.Node<Op>> nodes = nodesOf(kernel);
    return nodes.stream()
        .filter(n -> n.op() instanceof Accumulate.MatMulI8)
        .findFirst()
        .or(() -> nodes.isEmpty() ? Optional.empty() : Optional.of(nodes.getLast()))
        .map(n -> n.loc().node().isEmpty() ? OpInfo.of(n.op()).name() : n.loc().node())
        .orElse("copy");
  }

  /// Multiply-accumulates of the model per run.
  public long macs() {
    return kernels.stream().mapToLong(KernelInfo::macs).sum();
  }

  /// Lower bound of the cycles of a run, however its kernels overlap: the busiest unit.
  public long boundCycles() {
    return kernels.stream().map(KernelInfo::bound).reduce(Bound.NONE, Bound::plus).cycles();
  }
}
