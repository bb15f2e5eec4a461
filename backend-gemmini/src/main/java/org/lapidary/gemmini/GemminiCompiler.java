package org.lapidary.gemmini;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.lapidary.gemmini.cost.Bound;
import org.lapidary.gemmini.emit.Emitter;
import org.lapidary.gemmini.emit.MemoryPlan;
import org.lapidary.gemmini.map.Kernel;
import org.lapidary.gemmini.map.Mapper;
import org.lapidary.gemmini.map.Mapping;
import org.lapidary.gemmini.map.ScheduleOptions;
import org.lapidary.gemmini.map.View;
import org.lapidary.gemmini.map.Work;
import org.lapidary.gemmini.program.MemoryImage;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.Region;
import org.lapidary.gemmini.program.Step;
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

/// Compiles a quantized graph: `QOp`s run on the accelerator, every other operation is a step of
/// the host.
public final class GemminiCompiler {
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
    TilingSearch search = new TilingSearch(machine, semantics, TilingCache.inMemory());
    Mapping mapping = Mapper.map(graph, machine, semantics, options);
    List<Value> inputs = graph.inputs().stream().map(Graph.Port::value).toList();
    List<Value> results = graph.results().stream().map(Graph.Port::value).toList();
    MemoryPlan plan =
        new MemoryPlan(
            MainMemory.DEFAULT_BASE,
            mapping.images().stream().map(i -> i.view().buffer()).toList(),
            Emitter.lifetimes(mapping, inputs, results));
    Emitter.Emitted emitted = Emitter.emit(mapping, machine, plan, k -> search.choose(k).tiling());
    Numbering numbers = new Numbering(graph);
    return new Program(
        machine,
        semantics,
        graph,
        emitted.sections().stream().map(numbers::step).toList(),
        emitted.commands().packed(),
        emitted.kernels().stream().map(k -> info(k, machine, numbers)).toList(),
        regions(graph, mapping, plan, numbers),
        image(mapping, plan),
        mapping.placements());
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

  private static Program.KernelInfo info(Kernel kernel, GemminiParams machine, Numbering numbers) {
    Bound bound = Bound.of(kernel, machine);
    long arrayMacs = kernel instanceof Kernel.Accumulation a ? a.macs(machine.dim()) : 0;
    return new Program.KernelInfo(
        kernel.nodes().stream().map(numbers::node).sorted().toList(),
        Bound.modelMacs(kernel),
        arrayMacs,
        bound.cycles());
  }

  /// The regions through which host and accelerator exchange values.
  private static Map<Integer, Region> regions(
      Graph<Op> graph, Mapping mapping, MemoryPlan plan, Numbering numbers) {
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
            regions.put(numbers.value(value), region(view, plan));
          }
        });
    return regions;
  }

  private static Region region(View view, MemoryPlan plan) {
    int size = view.dtype().bytes();
    return new Region(
        plan.first(view),
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
