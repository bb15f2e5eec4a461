package org.lapidary.gemmini.program;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.Diagnostic.Code;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;
import org.lapidary.sim.Checker;
import org.lapidary.sim.MainMemory;
import org.lapidary.sim.Observer;
import org.lapidary.sim.Simulator;
import org.lapidary.sim.timing.MemoryTiming;
import org.lapidary.sim.trace.Recorder;

/// Runs a program on the simulator, the host's steps by the referee. Memory is set up once; each
/// run starts with an accelerator whose state is all zero. Not safe for concurrent use.
public final class ProgramRunner {
  private final Program program;
  private final MainMemory memory;
  private final Map<Value, Integer> numbers;
  private final Map<Value, Graph.Node<Op>> definitions;
  private final Map<Value, Tensor> constants = new HashMap<>();
  private final CachedCommands commands;
  private OptionalInt entries = OptionalInt.empty();

  /// How to run.
  ///
  /// @param semantics whose behaviour the accelerator has
  /// @param timing what memory to predict cycles for; nothing for a faster run without
  /// @param checked whether to trap what a machine would silently get wrong
  /// @param trace prefix of the files to record what the accelerator saw and wrote in
  /// @param timeline who hears how the cycles are spent; needs timing
  public record Options(
      Semantics semantics,
      Optional<MemoryTiming> timing,
      boolean checked,
      Optional<Path> trace,
      Optional<ProgramTimeline> timeline) {
    /// Without a timeline.
    public Options(
        Semantics semantics, Optional<MemoryTiming> timing, boolean checked, Optional<Path> trace) {
      this(semantics, timing, checked, trace, Optional.empty());
    }

    /// As the program was built for.
    public static Options of(Program program) {
      return new Options(program.semantics(), Optional.empty(), false, Optional.empty());
    }

    /// On an accelerator that behaves otherwise than the one the program was built for.
    public Options under(Semantics other) {
      return new Options(other, timing, checked, trace, timeline);
    }

    /// With cycles, for the memory of the machine's configuration.
    public Options timed(GemminiParams machine) {
      return new Options(
          semantics, Optional.of(MemoryTiming.of(machine)), checked, trace, timeline);
    }

    /// In checked mode.
    public Options inCheckedMode() {
      return new Options(semantics, timing, true, trace, timeline);
    }

    /// Recording `PREFIX.trace` and `PREFIX.expect`.
    public Options traced(Path prefix) {
      return new Options(semantics, timing, checked, Optional.of(prefix), timeline);
    }

    /// Telling a timeline how the cycles are spent.
    public Options toldTo(ProgramTimeline listener) {
      return new Options(semantics, timing, checked, trace, Optional.of(listener));
    }
  }

  /// The cycles of a kernel: from the end of the one before to its own end.
  public record KernelCycles(int kernel, long cycles) {}

  /// The outcome of a run.
  ///
  /// @param outputs by name, in the order of the model
  /// @param commands executed by the accelerator
  /// @param cycles of the accelerator, 0 without timing
  /// @param kernelCycles in the order of execution, empty without timing
  /// @param hostNodes evaluated by the host
  public record Result(
      Map<String, Tensor> outputs,
      long commands,
      long cycles,
      List<KernelCycles> kernelCycles,
      int hostNodes) {}

  /// Sets memory up for a program.
  public ProgramRunner(Program program) {
    this(program, new MainMemory(program.memoryBase(), program.memoryBytes()));
    load();
  }

  /// A program in memory that it shares with others that have the same caches.
  ///
  /// @param memory from the program's base on, at least as much as it needs
  public ProgramRunner(Program program, MainMemory memory) {
    this.program = program;
    this.memory = memory;
    this.numbers = program.valueNumbers();
    this.definitions = program.graph().definitions();
    this.commands = new CachedCommands(program);
  }

  /// Puts the program's constants into memory; needed again after another program has been there.
  public void load() {
    program.image().load(memory);
  }

  /// Runs the program as it was built for, without timing.
  public Result run(Map<String, Tensor> inputs) {
    return run(inputs, Options.of(program));
  }

  /// Runs the program on what earlier runs left in its caches, and appends to them.
  ///
  /// @param inputs all but the caches
  /// @param entries what is in the caches; the program sees the last ones, as many as it reads, and
  ///   zeros in front of them if there are fewer
  /// @return all outputs but the caches
  /// @throws DiagnosticException if an input is missing, unknown or of the wrong type
  public Result step(Map<String, Tensor> inputs, Options options, int entries) {
    for (CacheSlot slot : program.caches()) {
      if (entries + slot.margin() < slot.past() || entries >= slot.capacity()) {
        throw new IllegalArgumentException(entries + " entries in " + slot);
      }
    }
    this.entries = OptionalInt.of(entries);
    commands.moveTo(entries);
    try {
      return run(inputs, options);
    } finally {
      this.entries = OptionalInt.empty();
      commands.moveBack();
    }
  }

  /// Runs the program. Caches are inputs and outputs like others.
  ///
  /// @throws DiagnosticException if an input is missing, unknown or of the wrong type
  public Result run(Map<String, Tensor> inputs, Options options) {
    checkInputs(inputs);
    Simulator simulator = new Simulator(program.machine(), options.semantics(), memory);
    Optional<KernelTimer> timer =
        options.timing().map(t -> new KernelTimer(program, t, options.timeline()));
    if (options.trace().isEmpty()) {
      return run(inputs, options, simulator, timer, Optional.empty());
    }
    try (Recorder recorder = Recorder.start(options.trace().get(), simulator)) {
      return run(inputs, options, simulator, timer, Optional.of(recorder));
    }
  }

  private Result run(
      Map<String, Tensor> inputs,
      Options options,
      Simulator simulator,
      Optional<KernelTimer> timer,
      Optional<Recorder> recorder) {
    watch(simulator, options, timer, recorder);
    Map<Value, Tensor> live = new HashMap<>();
    for (Graph.Port port : dueInputs()) {
      define(port.value(), given(port, inputs).retyped(port.type()), live);
    }
    int hostNodes = 0;
    for (Step step : program.steps()) {
      switch (step) {
        case Step.Host host -> {
          timer.ifPresent(t -> t.host(host.nodes()));
          host.nodes().forEach(n -> evaluate(program.graph().nodes().get(n), live));
          hostNodes += host.nodes().size();
        }
        case Step.Accelerator a -> execute(simulator, a, timer);
      }
    }
    memory.observeHostStores(null);
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    for (Graph.Port port : program.graph().results()) {
      if (entries.isEmpty() || program.cache(port.name()).isEmpty()) {
        outputs.put(port.name(), value(port.value(), live));
      }
    }
    return new Result(
        outputs,
        simulator.commandsExecuted(),
        timer.map(KernelTimer::cycles).orElse(0L),
        timer.map(KernelTimer::kernelCycles).orElse(List.of()),
        hostNodes);
  }

  private void watch(
      Simulator simulator,
      Options options,
      Optional<KernelTimer> timer,
      Optional<Recorder> recorder) {
    List<Observer> observers = new ArrayList<>();
    recorder.ifPresent(observers::add);
    if (options.checked()) {
      Checker checker = new Checker(program.machine());
      observers.add(checker);
      memory.observeHostStores((address, data, from, length) -> {
        checker.stored(address, data, from, length);
        recorder.ifPresent(r -> r.stored(address, data, from, length));
      });
    }
    timer.ifPresent(observers::add);
    simulator.observe(observers.isEmpty() ? null : Observer.all(observers));
  }

  private void execute(Simulator simulator, Step.Accelerator step, Optional<KernelTimer> timer) {
    List<Step.Range> ranges = step.ranges();
    for (int i = 0; i < ranges.size(); i++) {
      int kernel = ranges.get(i).kernel();
      timer.ifPresent(t -> t.begin(kernel));
      simulator.execute(commands.packed(), ranges.get(i).from(), step.end(i));
    }
  }

  private void checkInputs(Map<String, Tensor> inputs) {
    for (String name : inputs.keySet()) {
      if (program.graph().input(name).isEmpty()) {
        throw invalid(name, "the model has no input of that name");
      }
    }
    dueInputs().forEach(port -> given(port, inputs));
  }

  /// The inputs that somebody must give: all but the caches when those are in memory.
  private List<Graph.Port> dueInputs() {
    return program.graph().inputs().stream()
        .filter(port -> entries.isEmpty() || program.cache(port.name()).isEmpty())
        .toList();
  }

  private Tensor given(Graph.Port port, Map<String, Tensor> inputs) {
    Tensor given = inputs.get(port.name());
    if (given == null) {
      throw invalid(port.name(), "the input is missing");
    }
    TensorType type = given.type();
    if (type.dtype() != port.type().dtype() || !type.dims().equals(port.type().dims())) {
      throw invalid(port.name(), "given " + type + " where " + port.type() + " is due");
    }
    return given;
  }

  private DiagnosticException invalid(String input, String message) {
    List<String> due =
        program.graph().inputs().stream().map(p -> p.name() + ": " + p.type()).toList();
    return new DiagnosticException(
        Diagnostic.error(
            Code.INVALID_INPUT,
            program.graph().name(),
            input,
            message,
            "the model takes " + String.join(", ", due)));
  }

  private void evaluate(Graph.Node<Op> node, Map<Value, Tensor> live) {
    List<Tensor> operands = OpInfo.operands(node.op()).stream().map(v -> value(v, live)).toList();
    try {
      define(node.result(), Evaluator.apply(node.op(), operands), live);
    } catch (ArithmeticException | IndexOutOfBoundsException e) {
      // Only the data can cause these: a division by zero, an index beyond its axis.
      throw new DiagnosticException(
          Diagnostic.error(
              Code.INVALID_INPUT,
              program.graph().name(),
              node.loc().node(),
              OpInfo.of(node.op()).name() + ": " + e.getMessage(),
              Evaluator.HINT_FOR_DATA));
    }
  }

  private void define(Value value, Tensor tensor, Map<Value, Tensor> live) {
    live.put(value, tensor);
    Region region = region(value);
    if (region != null) {
      region.write(memory, tensor);
    }
  }

  /// A value the host has, or knows as a constant, or reads from memory.
  private Tensor value(Value value, Map<Value, Tensor> live) {
    Tensor known = live.get(value);
    if (known != null) {
      return known;
    }
    Region region = region(value);
    return region != null ? region.read(memory, value.type()) : constant(value);
  }

  private @Nullable Region region(Value value) {
    Region region = program.regions().get(numbers.get(value));
    return region == null || entries.isEmpty()
        ? region
        : region.moved(commands.shift(region.address(), entries.getAsInt()));
  }

  private Tensor constant(Value value) {
    Tensor known = constants.get(value);
    if (known == null) {
      Graph.Node<Op> node = definitions.get(value);
      if (node == null || !(node.op() instanceof Layout layout)) {
        throw new IllegalStateException("nobody computed " + value);
      }
      known =
          Evaluator.apply(layout, OpInfo.operands(layout).stream().map(this::constant).toList());
      constants.put(value, known);
    }
    return known;
  }
}
