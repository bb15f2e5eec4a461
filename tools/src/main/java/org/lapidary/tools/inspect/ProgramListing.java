package org.lapidary.tools.inspect;

import java.io.PrintWriter;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.lapidary.gemmini.map.FusionDecision;
import org.lapidary.gemmini.map.Placement;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.Region;
import org.lapidary.gemmini.program.Step;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.ir.text.IrPrinter;
import org.lapidary.machine.isa.Assembly;
import org.lapidary.machine.isa.RoccCommand;
import org.lapidary.sim.Simulator;

/// A program as text or as a document: steps, memory map, placement, kernels with their commands.
public final class ProgramListing {
  private final Program program;
  private final Optional<NodeGlob> only;
  private final Map<Value, String> names;
  private final Map<Integer, int[]> commands = new TreeMap<>();
  private final Set<Integer> chosen = new HashSet<>();

  /// A listing of a program.
  ///
  /// @param file where it came from, for messages
  /// @param only what came from these ONNX nodes; everything if there is no choice
  public ProgramListing(String file, Program program, Optional<NodeGlob> only) {
    this.program = program;
    this.only = only;
    this.names = IrPrinter.names(program.graph());
    List<? extends Graph.Node<? extends Op>> part =
        only.isPresent() ? only.get().of(file, program.graph()) : program.graph().nodes();
    Set<Object> wanted = new HashSet<>(part);
    for (int i = 0; i < program.graph().nodes().size(); i++) {
      if (wanted.contains(program.graph().nodes().get(i))) {
        chosen.add(i);
      }
    }
    for (Step step : program.steps()) {
      if (step instanceof Step.Accelerator a) {
        deal(a);
      }
    }
  }

  /// Deals the commands of a step out to the kernels they serve.
  private void deal(Step.Accelerator step) {
    for (int i = 0; i < step.ranges().size(); i++) {
      Step.Range range = step.ranges().get(i);
      commands.merge(
          range.kernel(),
          IntStream.range(range.from(), step.end(i)).toArray(),
          (x, y) -> IntStream.concat(IntStream.of(x), IntStream.of(y)).toArray());
    }
  }

  /// The kernels that are listed, in the order of the program.
  public List<Integer> kernels() {
    return commands.keySet().stream()
        .filter(k -> program.kernels().get(k).nodes().stream().anyMatch(chosen::contains))
        .toList();
  }

  /// The commands of a kernel, disassembled when they are looked at.
  public List<String> commands(int kernel) {
    int[] mine = Objects.requireNonNull(commands.get(kernel));
    return new AbstractList<>() {
      @Override
      public String get(int i) {
        int at = mine[i] * Simulator.PACKED_LONGS;
        long[] packed = program.commands();
        return Assembly.disassemble(
            new RoccCommand((int) packed[at], packed[at + 1], packed[at + 2]));
      }

      @Override
      public int size() {
        return mine.length;
      }
    };
  }

  /// Prints everything, a line at a time.
  public void print(PrintWriter out) {
    out.println(summary());
    if (only.isEmpty()) {
      out.println("\nsteps");
      steps().forEach(s -> out.println("  " + s));
    }
    List<String> memory = memory();
    if (!memory.isEmpty()) {
      out.println("\nmemory map");
      memory.forEach(m -> out.println("  " + m));
    }
    out.println("\nplacement");
    for (Placement p : placements()) {
      out.printf("  %-11s %-14s %s: %s%n", p.where().text(), p.op(), p.node(), p.reason());
    }
    List<FusionDecision> fusions = fusions();
    if (!fusions.isEmpty()) {
      out.println("\nfusions");
      fusions.forEach(f -> out.println("  " + f));
    }
    for (int kernel : kernels()) {
      out.println("\n" + title(kernel));
      for (int n : program.kernels().get(kernel).nodes()) {
        out.println("  // " + statement(n));
      }
      int[] numbers = Objects.requireNonNull(commands.get(kernel));
      List<String> texts = commands(kernel);
      for (int i = 0; i < numbers.length; i++) {
        out.printf("  %7d  %s%n", numbers[i], texts.get(i));
      }
    }
  }

  /// One line on the whole program.
  public String summary() {
    return String.format(
        Locale.ROOT,
        "program @%s for machine %s (DIM %d), semantics %s: %,d commands in %,d kernels, %,d MACs,"
            + " %d host steps, lower bound %,d cycles",
        program.graph().name(),
        program.machine().name(),
        program.machine().dim(),
        program.semantics().name().toLowerCase(Locale.ROOT),
        program.commandCount(),
        program.kernels().size(),
        program.macs(),
        program.hostNodes(),
        program.boundCycles());
  }

  private String title(int kernel) {
    Program.KernelInfo info = program.kernels().get(kernel);
    return String.format(
        Locale.ROOT,
        "kernel %d: %,d commands, %,d MACs, lower bound %,d cycles",
        kernel,
        commands(kernel).size(),
        info.macs(),
        info.boundCycles());
  }

  private String statement(int node) {
    return IrPrinter.statement(
        program.graph().nodes().get(node), v -> Objects.requireNonNull(names.get(v)));
  }

  private List<String> steps() {
    List<String> lines = new ArrayList<>();
    for (Step step : program.steps()) {
      switch (step) {
        case Step.Host host -> host.nodes().forEach(n -> lines.add("host         " + statement(n)));
        case Step.Accelerator a ->
            lines.add(
                "accelerator  commands %d to %d, kernels %s"
                    .formatted(
                        a.from(),
                        a.to() - 1,
                        a.ranges().stream().map(Step.Range::kernel).distinct().toList()));
      }
    }
    return lines;
  }

  private List<String> memory() {
    List<String> lines = new ArrayList<>();
    if (only.isEmpty()) {
      long base = program.image().base();
      long constants = base + program.image().contentBytes();
      lines.add("0x%x to 0x%x  constants".formatted(base, constants));
      lines.add("0x%x to 0x%x  activations".formatted(constants, base + program.image().bytes()));
    }
    regions()
        .forEach((value, region) ->
            lines.add(
                "0x%x  %s: %s%s, byte strides %s"
                    .formatted(
                        region.address(),
                        value,
                        region.dtype().text(),
                        region.dims(),
                        region.stridesBytes())));
    return lines;
  }

  /// Where values that host and accelerator exchange are, by name.
  private Map<String, Region> regions() {
    Map<String, Region> regions = new LinkedHashMap<>();
    int inputs = program.graph().inputs().size();
    for (Map.Entry<Integer, Region> e : new TreeMap<>(program.regions()).entrySet()) {
      int number = e.getKey();
      if (number < inputs) {
        if (only.isEmpty()) {
          regions.put("%" + program.graph().inputs().get(number).name(), e.getValue());
        }
      } else if (chosen.contains(number - inputs)) {
        Graph.Node<Op> node = program.graph().nodes().get(number - inputs);
        String origin = OpInfo.of(node.op()).name() + " " + node.loc().node();
        regions.put(names.get(node.result()) + " " + origin, e.getValue());
      }
    }
    return regions;
  }

  private List<Placement> placements() {
    return program.placements().stream()
        .filter(p -> only.isEmpty() || only.get().matches(p.node()))
        .toList();
  }

  private List<FusionDecision> fusions() {
    return program.fusions().stream()
        .filter(f -> only.isEmpty() || only.get().matches(f.node()))
        .toList();
  }

  /// The same as a document.
  public Map<String, Object> document() {
    List<Map<String, Object>> kernels = new ArrayList<>();
    for (int k : kernels()) {
      Program.KernelInfo info = program.kernels().get(k);
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("kernel", k);
      one.put(
          "nodes",
          info.nodes().stream().map(n -> program.graph().nodes().get(n).loc().node()).toList());
      one.put("statements", info.nodes().stream().map(this::statement).toList());
      one.put("macs", info.macs());
      one.put("bound_cycles", info.boundCycles());
      one.put("commands", commands(k));
      kernels.add(one);
    }
    List<Map<String, Object>> placement = new ArrayList<>();
    for (Placement p : placements()) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("node", p.node());
      one.put("op", p.op());
      one.put("where", p.where().text());
      one.put("reason", p.reason());
      placement.add(one);
    }
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("kind", "program");
    document.put("machine", program.machine().name());
    document.put("semantics", program.semantics().name().toLowerCase(Locale.ROOT));
    document.put("instructions", program.commandCount());
    document.put("macs", program.macs());
    document.put("host_steps", program.hostNodes());
    document.put("bound_cycles", program.boundCycles());
    document.put("steps", only.isEmpty() ? steps() : List.of());
    document.put("memory", memory());
    document.put("placement", placement);
    document.put("fusions", fusions().stream().map(FusionDecision::document).toList());
    document.put("kernels", kernels);
    return document;
  }
}
