package org.lapidary.gemmini.emit;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.lapidary.gemmini.map.Buffer;
import org.lapidary.gemmini.map.Kernel;
import org.lapidary.gemmini.map.Mapping;
import org.lapidary.gemmini.map.View;
import org.lapidary.gemmini.map.Work;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.machine.GemminiParams;

/// Emits all the work of a graph in order.
public final class Emitter {
  private final Addresses addresses;
  private final Function<Kernel.Accumulation, Tiling> tilings;
  private final OnChip chip;
  private final Units units;
  private final Hazards hazards;
  private final List<Kernel> kernels = new ArrayList<>();
  private final List<Section> sections = new ArrayList<>();
  private int sectionStart;
  private int sectionMarks;

  /// Work that one of the two processors does alone.
  ///
  /// @param hostNodes for the host, else empty
  /// @param from first command of the accelerator
  /// @param to after the last command
  /// @param kernelStarts kernel number and first command, in order
  public record Section(
      List<Graph.Node<Op>> hostNodes, int from, int to, List<KernelStart> kernelStarts) {}

  /// Commands from `from` on serve a kernel.
  public record KernelStart(int kernel, int from) {}

  /// What was emitted.
  public record Emitted(List<Section> sections, Commands commands, List<Kernel> kernels) {}

  private Emitter(
      GemminiParams machine, Addresses addresses, Function<Kernel.Accumulation, Tiling> tilings) {
    this.tilings = tilings;
    this.addresses = addresses;
    this.chip = new OnChip(machine);
    this.units = new Units(chip);
    this.hazards = new Hazards(addresses);
  }

  /// Emits the work of a mapping.
  ///
  /// @param tilings how each sum is cut up
  public static Emitted emit(
      Mapping mapping,
      GemminiParams machine,
      Addresses addresses,
      Function<Kernel.Accumulation, Tiling> tilings) {
    Emitter emitter = new Emitter(machine, addresses, tilings);
    for (Work work : mapping.work()) {
      switch (work) {
        case Work.OnHost host -> emitter.host(host.node());
        case Work.OnAccelerator kernel -> emitter.kernel(kernel.kernel());
      }
    }
    emitter.endSection();
    return new Emitted(emitter.sections, emitter.units.pipeline.commands(), emitter.kernels);
  }

  private void host(Graph.Node<Op> node) {
    endSection();
    if (sections.isEmpty() || sections.getLast().hostNodes().isEmpty()) {
      sections.add(new Section(new ArrayList<>(), 0, 0, List.of()));
    }
    sections.getLast().hostNodes().add(node);
  }

  /// Ends a section of the accelerator, if there is one.
  private void endSection() {
    units.fence();
    hazards.clear();
    int end = units.pipeline.commands().count();
    if (end > sectionStart) {
      List<Pipeline.Mark> marks = units.pipeline.marks();
      List<KernelStart> starts = new ArrayList<>();
      for (Pipeline.Mark mark : marks.subList(sectionMarks, marks.size())) {
        starts.add(new KernelStart(mark.kernel(), mark.from()));
      }
      sections.add(new Section(List.of(), sectionStart, end, starts));
      sectionStart = end;
      sectionMarks = marks.size();
    }
  }

  private void kernel(Kernel kernel) {
    if (kernel.writes().stream().allMatch(View::isEmpty)) {
      return;
    }
    if (hazards.needFence(kernel)) {
      units.fence();
      hazards.clear();
    }
    hazards.add(kernel);
    int number = kernels.size();
    kernels.add(kernel);
    switch (kernel) {
      case Kernel.Accumulation a -> accumulation(number, a);
      case Kernel.Copy c -> new CopyEmitter(number, c, units, chip, addresses).emit();
    }
  }

  private void accumulation(int number, Kernel.Accumulation kernel) {
    switch (tilings.apply(kernel)) {
      case StreamTiling s ->
          new AccumulationEmitter(number, kernel, s, units, chip, addresses).emit();
      case LoopTiling l ->
          new LoopEmitter(number, kernel, l, units, chip, addresses).emit(Integer.MAX_VALUE, false);
    }
  }

  /// When each activation buffer is in use, in positions of the work.
  ///
  /// @param kept values that somebody reads after the end
  /// @param early values that are there before the start
  public static List<MemoryPlan.Lifetime> lifetimes(
      Mapping mapping, List<Value> early, List<Value> kept) {
    Lifespans spans = new Lifespans();
    early.forEach(v -> use(mapping.places().get(v), 0, spans));
    int at = 0;
    for (Work work : mapping.work()) {
      switch (work) {
        case Work.OnHost host -> {
          use(mapping.places().get(host.node().result()), at, spans);
          for (Value operand : OpInfo.operands(host.node().op())) {
            use(mapping.places().get(operand), at, spans);
          }
        }
        case Work.OnAccelerator kernel -> {
          for (View view : kernel.kernel().writes()) {
            use(view, at, spans);
          }
          for (View view : kernel.kernel().reads()) {
            use(view, at, spans);
          }
        }
      }
      at++;
    }
    for (Value value : kept) {
      use(mapping.places().get(value), at, spans);
    }
    return spans.all();
  }

  private static void use(@Nullable View view, int at, Lifespans spans) {
    if (view != null && view.buffer().isActivation()) {
      spans.use(view.buffer(), at);
    }
  }

  /// First and last use of buffers, in the order of first use.
  private static final class Lifespans {
    private final Map<Buffer, Integer> indices = new HashMap<>();
    private final List<MemoryPlan.Lifetime> list = new ArrayList<>();

    void use(Buffer buffer, int at) {
      Integer index = indices.putIfAbsent(buffer, list.size());
      if (index == null) {
        list.add(new MemoryPlan.Lifetime(buffer, at, at));
      } else {
        list.set(index, new MemoryPlan.Lifetime(buffer, list.get(index).from(), at));
      }
    }

    List<MemoryPlan.Lifetime> all() {
      return list;
    }
  }
}
