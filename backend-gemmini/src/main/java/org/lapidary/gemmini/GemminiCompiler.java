package org.lapidary.gemmini;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.lapidary.gemmini.cost.Bound;
import org.lapidary.gemmini.emit.Addresses;
import org.lapidary.gemmini.emit.Emitter;
import org.lapidary.gemmini.emit.MemoryPlan;
import org.lapidary.gemmini.emit.Tiling;
import org.lapidary.gemmini.map.Buffer;
import org.lapidary.gemmini.map.Cache;
import org.lapidary.gemmini.map.Kernel;
import org.lapidary.gemmini.map.KernelCost;
import org.lapidary.gemmini.map.Mapper;
import org.lapidary.gemmini.map.Mapping;
import org.lapidary.gemmini.map.ScheduleOptions;
import org.lapidary.gemmini.map.ScheduleOptions.Order;
import org.lapidary.gemmini.map.View;
import org.lapidary.gemmini.map.Work;
import org.lapidary.gemmini.program.CacheSlot;
import org.lapidary.gemmini.program.MemoryImage;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramTiming;
import org.lapidary.gemmini.program.Region;
import org.lapidary.gemmini.program.Step;
import org.lapidary.gemmini.schedule.Phase;
import org.lapidary.gemmini.schedule.Planner;
import org.lapidary.gemmini.search.TilingCache;
import org.lapidary.gemmini.search.TilingSearch;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;
import org.lapidary.sim.MainMemory;
import org.lapidary.sim.timing.MemoryTiming;

/// Compiles a quantized graph: `QOp`s run on the accelerator, every other operation is a step of
/// the host.
public final class GemminiCompiler {
  /// Commands of a program up to which both orders are timed: a fraction of a second.
  private static final int MOST_TIMED = 300_000;

  private GemminiCompiler() {}

  /// Compiles a graph for a machine.
  ///
  /// @param semantics whose behaviour the program is meant for; its instructions avoid everything
  ///   on which they differ, except LayerNorm's rounding
  /// @throws org.lapidary.ir.DiagnosticException if the machine cannot do it
  public static Program compile(Graph<Op> graph, GemminiParams machine, Semantics semantics) {
    return compile(graph, machine, semantics, ScheduleOptions.DEFAULT);
  }

  /// Compiles a graph for a machine, saying how its kernels are to follow each other.
  ///
  /// @throws org.lapidary.ir.DiagnosticException if the machine cannot do it
  public static Program compile(
      Graph<Op> graph, GemminiParams machine, Semantics semantics, ScheduleOptions options) {
    return compile(graph, machine, semantics, options, List.of());
  }

  /// Compiles a graph of which some inputs and results stay in memory from run to run.
  ///
  /// @param caches the same, in the same order, for all programs that share them; an axis may be of
  ///   any size in each
  /// @throws org.lapidary.ir.DiagnosticException if the machine cannot do it
  public static Program compile(
      Graph<Op> graph,
      GemminiParams machine,
      Semantics semantics,
      ScheduleOptions options,
      List<Cache> caches) {
    TilingSearch search = new TilingSearch(machine, semantics, TilingCache.inMemory());
    return compile(graph, machine, semantics, options, caches, search);
  }

  /// The same, saying also how each sum is cut up.
  ///
  /// @param tilings a [TilingSearch], for example
  /// @throws org.lapidary.ir.DiagnosticException if the machine cannot do it
  public static Program compile(
      Graph<Op> graph,
      GemminiParams machine,
      Semantics semantics,
      ScheduleOptions options,
      List<Cache> caches,
      Function<Kernel.Accumulation, Tiling> tilings) {
    KernelCost cost =
        tilings instanceof TilingSearch search
            ? search
            : new TilingSearch(machine, semantics, TilingCache.inMemory());
    Mapping mapping = Mapper.map(graph, machine, semantics, options, caches, cost);
    Function<Order, Program> ordered =
        order -> program(graph, machine, semantics, mapping, order, tilings);
    return switch (options.order()) {
      case SERIAL, PIPELINED -> ordered.apply(options.order());
      case COST -> fastest(ordered);
    };
  }

  /// Short programs are timed in either order. In long ones there is always something to hide
  /// behind something else.
  private static Program fastest(Function<Order, Program> ordered) {
    Program pipelined = ordered.apply(Order.PIPELINED);
    if (pipelined.commandCount() > MOST_TIMED) {
      return pipelined;
    }
    Program serial = ordered.apply(Order.SERIAL);
    return cycles(serial) < cycles(pipelined) ? serial : pipelined;
  }

  private static long cycles(Program program) {
    return ProgramTiming.of(program, MemoryTiming.of(program.machine())).cycles();
  }

  private static Program program(
      Graph<Op> graph,
      GemminiParams machine,
      Semantics semantics,
      Mapping mapping,
      Order order,
      Function<Kernel.Accumulation, Tiling> tilings) {
    List<Phase> phases = Planner.plan(mapping.work(), machine, order);
    List<CacheSlot> slots = slots(graph, mapping);
    long base =
        slots.isEmpty()
            ? MainMemory.DEFAULT_BASE
            : slots.getLast().address() + slots.getLast().bytes();
    List<Value> inputs = graph.inputs().stream().map(Graph.Port::value).toList();
    List<Value> results = graph.results().stream().map(Graph.Port::value).toList();
    MemoryPlan plan =
        new MemoryPlan(
            base,
            mapping.images().stream().map(i -> i.view().buffer()).toList(),
            Emitter.lifetimes(phases, mapping, inputs, results));
    Addresses addresses = addresses(mapping, slots, plan);
    Emitter.Emitted emitted = Emitter.emit(phases, machine, addresses, tilings);
    Numbering numbers = new Numbering(graph);
    return new Program(
        machine,
        semantics,
        graph,
        emitted.sections().stream().map(numbers::step).toList(),
        emitted.commands().packed(),
        infos(emitted.kernels(), machine, numbers),
        regions(graph, mapping, addresses, numbers),
        slots,
        image(mapping, plan),
        mapping.placements(),
        mapping.fusions());
  }

  /// One cache after the other from the start of memory on.
  private static List<CacheSlot> slots(Graph<Op> graph, Mapping mapping) {
    List<CacheSlot> slots = new ArrayList<>();
    long address = MainMemory.DEFAULT_BASE;
    for (Map.Entry<Cache, View> e : mapping.caches().entrySet()) {
      Cache cache = e.getKey();
      long bytes = e.getValue().buffer().bytes();
      int past = graph.input(cache.input()).map(v -> v.type().dim(cache.axis())).orElse(0);
      slots.add(
          new CacheSlot(
              cache.input(),
              cache.result(),
              address,
              bytes,
              bytes / (cache.margin() + cache.capacity()),
              cache.margin(),
              past));
      address += bytes;
    }
    return slots;
  }

  /// In a cache, the addresses for as many entries as the program reads.
  private static Addresses addresses(Mapping mapping, List<CacheSlot> slots, MemoryPlan plan) {
    Map<Buffer, Long> resident = new HashMap<>();
    List<View> wholes = List.copyOf(mapping.caches().values());
    for (int i = 0; i < slots.size(); i++) {
      resident.put(wholes.get(i).buffer(), slots.get(i).address());
    }
    return buffer -> {
      Long at = resident.get(buffer);
      return at != null ? at : plan.of(buffer);
    };
  }

  private record Numbering(Map<Value, Integer> values, int inputs) {
    Numbering(Graph<Op> graph) {
      this(new HashMap<>(), graph.inputs().size());
      graph.inputs().forEach(port -> values.put(port.value(), values.size()));
      graph.nodes().forEach(node -> values.put(node.result(), values.size()));
    }

    int value(Value value) {
      return Objects.requireNonNull(values.get(value), "a value of another graph");
    }

    int node(Graph.Node<? extends Op> node) {
      return value(node.result()) - inputs;
    }

    Step step(Emitter.Section section) {
      return section.hostNodes().isEmpty()
          ? new Step.Accelerator(
              section.from(),
              section.to(),
              section.kernelStarts().stream()
                  .map(s -> new Step.Range(s.from(), s.kernel()))
                  .toList())
          : new Step.Host(section.hostNodes().stream().map(this::node).toList());
    }
  }

  private static List<Program.KernelInfo> infos(
      List<Kernel> kernels, GemminiParams machine, Numbering numbers) {
    List<Bound> bounds = Bound.of(kernels, machine);
    return IntStream.range(0, kernels.size())
        .mapToObj(i -> info(kernels.get(i), bounds.get(i), machine, numbers))
        .toList();
  }

  private static Program.KernelInfo info(
      Kernel kernel, Bound bound, GemminiParams machine, Numbering numbers) {
    long arrayMacs = kernel instanceof Kernel.Accumulation a ? a.macs(machine.dim()) : 0;
    boolean refines = kernel.nodes().stream().allMatch(node -> node.loc().isRefinement());
    return new Program.KernelInfo(
        kernel.nodes().stream().map(numbers::node).sorted().toList(),
        refines ? 0 : Bound.modelMacs(kernel, machine.dim()),
        arrayMacs,
        bound);
  }

  /// The regions through which host and accelerator exchange values.
  private static Map<Integer, Region> regions(
      Graph<Op> graph, Mapping mapping, Addresses addresses, Numbering numbers) {
    Set<Value> exchanged = new HashSet<>();
    graph.inputs().forEach(port -> exchanged.add(port.value()));
    graph.results().forEach(port -> exchanged.add(port.value()));
    for (Work work : mapping.work()) {
      if (work instanceof Work.OnHost host) {
        exchanged.add(host.node().result());
        exchanged.addAll(OpInfo.operands(host.node().op()));
      }
    }
    Map<Integer, Region> regions = new HashMap<>();
    mapping
        .places()
        .forEach((value, view) -> {
          if (exchanged.contains(value) && !view.buffer().isConstant()) {
            regions.put(numbers.value(value), region(view, addresses));
          }
        });
    return regions;
  }

  private static Region region(View view, Addresses addresses) {
    int size = view.dtype().bytes();
    return new Region(
        addresses.first(view),
        view.dtype(),
        view.dims(),
        view.strides().stream().map(s -> s * size).toList());
  }

  private static MemoryImage image(Mapping mapping, MemoryPlan plan) {
    List<MemoryImage.Segment> segments = new ArrayList<>();
    for (Mapping.Image image : mapping.images()) {
      Region region = region(image.view(), plan);
      long bytes = image.view().buffer().bytes();
      Data data = image.data();
      segments.add(
          new MemoryImage.Segment(region.address(), bytes, () -> region.pack(data.load(), bytes)));
    }
    return new MemoryImage(plan.base(), plan.end() - plan.base(), segments);
  }
}
