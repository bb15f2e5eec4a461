package org.lapidary.gemmini.emit;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.lapidary.gemmini.map.Buffer;
import org.lapidary.gemmini.map.Kernel;
import org.lapidary.gemmini.map.Mapping;
import org.lapidary.gemmini.map.View;
import org.lapidary.gemmini.map.Work;
import org.lapidary.gemmini.schedule.Phase;
import org.lapidary.gemmini.schedule.UnitTimes;
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
  private final Halves halves;
  private final Hazards hazards;
  private final List<Kernel> kernels = new ArrayList<>();
  private final IdentityHashMap<Kernel, Integer> numbers = new IdentityHashMap<>();
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
    this.halves = new Halves(chip);
    this.hazards = new Hazards(addresses);
  }

  /// Emits phases in order.
  ///
  /// @param tilings how each sum is cut up if it has the machine to itself
  public static Emitted emit(
      List<Phase> phases,
      GemminiParams machine,
      Addresses addresses,
      Function<Kernel.Accumulation, Tiling> tilings) {
    Emitter emitter = new Emitter(machine, addresses, tilings);
    phases.forEach(emitter::phase);
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
    units.end();
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

  private void phase(Phase phase) {
    List<Work.OnAccelerator> parts = new ArrayList<>();
    for (Work work : phase.work()) {
      switch (work) {
        case Work.OnHost host -> host(host.node());
        case Work.OnAccelerator part -> {
          if (!part.kernel().writes().stream().allMatch(View::isEmpty)) {
            parts.add(part);
          }
        }
      }
    }
    if (parts.stream().anyMatch(p -> hazards.needFence(p.kernel()))) {
      units.fence(hazards.written());
      hazards.clear();
    }
    parts.forEach(p -> hazards.add(p.kernel()));
    streams(parts);
  }

  /// Emits what is heavy beside what is light, if there is both.
  private void streams(List<Work.OnAccelerator> parts) {
    List<Work.OnAccelerator> heavy = new ArrayList<>();
    List<Work.OnAccelerator> light = new ArrayList<>();
    for (Work.OnAccelerator part : parts) {
      switch (part.kernel()) {
        case Kernel.Accumulation _ -> (time(part).isHeavy() ? heavy : light).add(part);
        case Kernel.Copy c -> new CopyEmitter(number(part), c, units, chip, addresses).emit();
      }
    }
    boolean computes = heavy.stream().anyMatch(p -> time(p).array() > 0);
    OnChip lightShare = computes ? chip.lightShare() : chip.thinShare();
    OnChip heavyShare = computes ? chip.heavyShare() : chip.thickShare();
    if (heavy.isEmpty()
        || light.isEmpty()
        || !heavy.stream().allMatch(p -> fits(p, heavyShare))
        || !light.stream().allMatch(p -> fits(p, lightShare))) {
      sumsOf(parts).forEach(this::alone);
      return;
    }
    Halves lightHalves = new Halves(lightShare);
    Halves heavyHalves = computes ? new Halves(heavyShare) : new Halves(heavyShare, lightHalves);
    new Streams(
            units.pipeline,
            emitters(heavy, heavyHalves),
            emitters(light, lightHalves),
            () -> lightHalves.spread(chip.accStride()))
        .emit();
  }

  /// Whether rows that must be whole fit one half of a share.
  private static boolean fits(Work.OnAccelerator part, OnChip share) {
    return !(part.kernel() instanceof Kernel.Accumulation sum)
        || !sum.needsWholeRows()
        || share.tiles(sum.cols()) * share.dim() <= share.wholeRows();
  }

  private static List<Work.OnAccelerator> sumsOf(List<Work.OnAccelerator> parts) {
    return parts.stream().filter(p -> p.kernel() instanceof Kernel.Accumulation).toList();
  }

  /// Emits a sum that has the machine to itself.
  private void alone(Work.OnAccelerator part) {
    if (part.kernel() instanceof Kernel.Accumulation sum) {
      switch (tilings.apply(sum)) {
        case StreamTiling s ->
            new AccumulationEmitter(number(part), sum, s, units, halves, addresses).emit();
        case LoopTiling l ->
            new LoopEmitter(number(part), sum, l, units, chip, addresses)
                .emit(Integer.MAX_VALUE, false);
      }
    }
  }

  private List<AccumulationEmitter> emitters(List<Work.OnAccelerator> parts, Halves where) {
    List<AccumulationEmitter> all = new ArrayList<>();
    for (Work.OnAccelerator part : parts) {
      if (part.kernel() instanceof Kernel.Accumulation sum) {
        StreamTiling tiling = StreamTiling.shared(sum, where.chip());
        all.add(new AccumulationEmitter(number(part), sum, tiling, units, where, addresses));
      }
    }
    return all;
  }

  private UnitTimes time(Work.OnAccelerator part) {
    return UnitTimes.of(part.kernel(), chip.machine());
  }

  private int number(Work.OnAccelerator part) {
    return numbers.computeIfAbsent(
        part.whole(),
        k -> {
          kernels.add(k);
          return kernels.size() - 1;
        });
  }

  /// When each activation buffer is in use, in phases.
  ///
  /// @param kept values that somebody reads after the end
  /// @param early values that are there before the start
  public static List<MemoryPlan.Lifetime> lifetimes(
      List<Phase> phases, Mapping mapping, List<Value> early, List<Value> kept) {
    Lifespans spans = new Lifespans();
    early.forEach(v -> use(mapping.places().get(v), 0, spans));
    int at = 0;
    for (Phase phase : phases) {
      for (Work work : phase.work()) {
        use(work, at, mapping, spans);
      }
      at++;
    }
    for (Value value : kept) {
      use(mapping.places().get(value), at, spans);
    }
    return spans.all();
  }

  private static void use(Work work, int at, Mapping mapping, Lifespans spans) {
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
