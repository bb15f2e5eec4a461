package org.lapidary.tools.search;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramRunner.KernelCycles;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.tools.explore.Traffic;
import org.lapidary.tools.parallel.Workers;
import org.lapidary.tools.search.Supernet.Block;

/// What every operation of every size takes, so that a candidate's cost is a sum: the kernels of a
/// block as the mapper made them for a sub-network of equal layers, timed in its second layer amid
/// its neighbours. What is in no block (the head, and what the first layer takes longer) is an
/// entry of its own per width.
public final class CostTable {
  private static final int LAYERS = 2;

  private final Map<Key, List<Operation>> entries;

  CostTable(Map<Key, List<Operation>> entries) {
    this.entries = entries;
  }

  /// Which entry.
  ///
  /// @param block `attention`, `feed-forward` or `ends`
  /// @param hidden width of the residual stream
  /// @param size heads or neurons; 0 for the ends
  public record Key(String block, int hidden, int size) implements Comparable<Key> {
    @Override
    public int compareTo(Key other) {
      return java.util.Comparator.comparing(Key::block)
          .thenComparingInt(Key::hidden)
          .thenComparingInt(Key::size)
          .compare(this, other);
    }

    static Key attention(int hidden, int heads) {
      return new Key("attention", hidden, heads);
    }

    static Key feedForward(int hidden, int neurons) {
      return new Key("feed-forward", hidden, neurons);
    }

    static Key ends(int hidden) {
      return new Key("ends", hidden, 0);
    }
  }

  /// A kernel of an entry.
  ///
  /// @param name of the ONNX node and what is computed together
  public record Operation(String name, Cost cost) {}

  /// Fills the table: as many sub-networks are compiled as there are sizes of the block that has
  /// more of them, for every width.
  ///
  /// @param progress told the number of compiled sub-networks, up to [#probes]
  public static CostTable fill(
      Supernet supernet, SearchSpace space, Target target, int threads, LongConsumer progress) {
    List<Genome> probes = probes(supernet, space);
    Map<String, Block> blocks = supernet.blocks();
    List<Map<Key, List<Operation>>> parts =
        Workers.map(
            probes.size(),
            threads,
            () -> target,
            (t, i) -> measure(probes.get(i), supernet, blocks, t),
            progress);
    Map<Key, List<Operation>> all = new TreeMap<>();
    parts.forEach(part -> part.forEach(all::putIfAbsent));
    return new CostTable(all);
  }

  /// How many sub-networks [#fill] compiles.
  public static int probes(SearchSpace space) {
    return space.hidden().size() * Math.max(space.heads().size(), space.neurons().size());
  }

  private static List<Genome> probes(Supernet supernet, SearchSpace space) {
    int layers = Math.min(LAYERS, supernet.largest().layers().size());
    List<Genome> probes = new ArrayList<>();
    for (int hidden : space.hidden()) {
      for (int i = 0; i < probes(space) / space.hidden().size(); i++) {
        probes.add(
            Genome.uniform(
                hidden,
                space.heads().get(i % space.heads().size()),
                space.neurons().get(i % space.neurons().size()),
                layers));
      }
    }
    return probes;
  }

  private static Map<Key, List<Operation>> measure(
      Genome probe, Supernet supernet, Map<String, Block> blocks, Target target) {
    Program program = target.compile(supernet.slice(probe));
    int layers = probe.layers().size();
    Map<Key, Map<String, Cost>> sums = new LinkedHashMap<>();
    List<Traffic> traffic = Traffic.byKernel(program);
    for (Map.Entry<Integer, Long> kernel : cycles(program, target).entrySet()) {
      Program.KernelInfo info = program.kernels().get(kernel.getKey());
      Optional<Block> block = block(info, program, blocks);
      if (block.isPresent() && block.get().layer() == layers - 1) {
        Cost cost = Cost.of(kernel.getValue(), traffic.get(kernel.getKey()));
        sums.computeIfAbsent(key(block.get().kind(), probe), _ -> new LinkedHashMap<>())
            .merge(name(info, program), cost, Cost::plus);
      }
    }
    Map<Key, List<Operation>> entries = new LinkedHashMap<>();
    Cost ends = Cost.of(target.timing(program).cycles(), Traffic.of(program));
    for (Map.Entry<Key, Map<String, Cost>> e : sums.entrySet()) {
      List<Operation> operations = new ArrayList<>();
      e.getValue().forEach((name, cost) -> operations.add(new Operation(name, cost)));
      entries.put(e.getKey(), operations);
      for (int l = 0; l < layers; l++) {
        ends = ends.minus(sum(operations));
      }
    }
    entries.put(Key.ends(probe.hidden()), List.of(new Operation("ends", ends)));
    return entries;
  }

  private static Key key(Block.Kind kind, Genome probe) {
    Genome.Layer layer = probe.layers().getFirst();
    return switch (kind) {
      case ATTENTION -> Key.attention(probe.hidden(), layer.heads());
      case FEED_FORWARD -> Key.feedForward(probe.hidden(), layer.neurons());
    };
  }

  /// Cycles by kernel, in the order in which kernels end first.
  private static Map<Integer, Long> cycles(Program program, Target target) {
    Map<Integer, Long> cycles = new LinkedHashMap<>();
    for (KernelCycles k : target.timing(program).kernels()) {
      cycles.merge(k.kernel(), k.cycles(), Long::sum);
    }
    return cycles;
  }

  /// The block of a kernel's product; without one, that of what it ends with.
  private static Optional<Block> block(
      Program.KernelInfo kernel, Program program, Map<String, Block> blocks) {
    List<Graph.Node<Op>> nodes = nodes(kernel, program);
    Graph.Node<Op> decisive =
        nodes.stream()
            .filter(n -> n.op() instanceof Accumulate.MatMulI8)
            .findFirst()
            .orElse(nodes.getLast());
    return Optional.ofNullable(blocks.get(decisive.loc().node()));
  }

  private static String name(Program.KernelInfo kernel, Program program) {
    List<Graph.Node<Op>> nodes =
        nodes(kernel, program).stream().filter(n -> !(n.op() instanceof Layout)).toList();
    String what =
        nodes.stream()
            .map(n -> OpInfo.of(n.op()).name())
            .distinct()
            .collect(Collectors.joining(" + "));
    return nodes.getLast().loc().node() + ": " + what;
  }

  private static List<Graph.Node<Op>> nodes(Program.KernelInfo kernel, Program program) {
    return kernel.nodes().stream().map(program.graph().nodes()::get).toList();
  }

  /// The entries, sorted.
  public Map<Key, List<Operation>> entries() {
    return java.util.Collections.unmodifiableMap(entries);
  }

  /// The cost of a candidate.
  public Cost cost(Genome genome) {
    Cost cost = entry(Key.ends(genome.hidden()));
    for (Genome.Layer layer : genome.layers()) {
      cost =
          cost.plus(entry(Key.attention(genome.hidden(), layer.heads())))
              .plus(entry(Key.feedForward(genome.hidden(), layer.neurons())));
    }
    return cost;
  }

  private Cost entry(Key key) {
    return sum(Objects.requireNonNull(entries.get(key), () -> "no entry for " + key));
  }

  private static Cost sum(List<Operation> operations) {
    return operations.stream().map(Operation::cost).reduce(Cost.NOTHING, Cost::plus);
  }
}
