package org.lapidary.gemmini;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lapidary.gemmini.program.Container;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramRunner;
import org.lapidary.gemmini.program.ProgramRunner.Options;
import org.lapidary.gemmini.program.ProgramTiming;
import org.lapidary.ir.Diagnostic.Code;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.HostBridge;
import org.lapidary.ir.op.Op;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;
import org.lapidary.sim.Simulator;
import org.lapidary.sim.timing.MemoryTiming;
import org.lapidary.sim.trace.Replay;

/// What a compiled program is on disk, and what it tells about a run.
class ContainerTest {
  @TempDir Path temp;

  private final RandomGraphs made = new RandomGraphs(7, false);
  private final Graph<Op> graph = encoder(made);

  private static Graph<Op> encoder(RandomGraphs g) {
    Value x = g.quantizedInput("x", 1, 21, 24);
    Value y = g.encoderLayer(x, g.int32("mask", 50, 1, 1, 1, 21), 1, 21, 3, 8, 40);
    return g.result(g.emit(new HostBridge.Dequantize(y), "dequantize"));
  }

  private Program compiled() {
    return GemminiCompiler.compile(graph, GemminiParams.load("ibert"), Semantics.RTL);
  }

  @Test
  void comesBackAsItWasWritten() {
    Program program = compiled();
    Path directory = temp.resolve("program");
    Container.write(program, directory);
    Program back = Container.read(directory, GemminiParams.load("ibert"));
    assertThat(back.steps()).isEqualTo(program.steps());
    assertThat(back.commands()).isEqualTo(program.commands());
    assertThat(back.regions()).isEqualTo(program.regions());
    assertThat(back.kernels()).isEqualTo(program.kernels());
    assertThat(back.placements()).isEqualTo(program.placements());
    Map<String, Tensor> expected = Evaluator.run(graph, made.inputs);
    assertThat(new ProgramRunner(back).run(made.inputs).outputs()).isEqualTo(expected);
  }

  @Test
  void equalGraphsGiveEqualBytes() throws IOException {
    Container.write(compiled(), temp.resolve("one"));
    Graph<Op> again = encoder(new RandomGraphs(7, false));
    Container.write(
        GemminiCompiler.compile(again, GemminiParams.load("ibert"), Semantics.RTL),
        temp.resolve("two"));
    assertThat(content(temp.resolve("one"))).isEqualTo(content(temp.resolve("two")));
  }

  private static Map<String, String> content(Path directory) throws IOException {
    Map<String, String> files = new TreeMap<>();
    try (Stream<Path> walk = Files.walk(directory)) {
      for (Path file : walk.filter(Files::isRegularFile).toList()) {
        files.put(directory.relativize(file).toString(), Arrays.toString(Files.readAllBytes(file)));
      }
    }
    return files;
  }

  @Test
  void anotherMachineIsRefused() {
    Path directory = temp.resolve("program");
    Container.write(compiled(), directory);
    refused(Code.WRONG_MACHINE, () -> Container.read(directory, GemminiParams.load("chip")));
    GemminiParams slowerMemory = GemminiParams.load("ibert").withMemory(100, 2);
    assertThat(Container.read(directory, slowerMemory).commandCount()).isPositive();
  }

  @Test
  void damageIsNoticed() throws IOException {
    Path directory = temp.resolve("program");
    refused(Code.FILE_NOT_FOUND, () -> Container.read(directory));
    Container.write(compiled(), directory);
    Path memory = directory.resolve("memory.bin");
    Files.write(memory, Arrays.copyOf(Files.readAllBytes(memory), 100));
    refused(Code.TRUNCATED_FILE, () -> Container.read(directory));
    Files.writeString(directory.resolve("program.json"), "{");
    refused(Code.INVALID_INPUT, () -> Container.read(directory));
  }

  @Test
  void onlyProgramsAreReplaced() throws IOException {
    Path directory = temp.resolve("mine");
    Files.createDirectories(directory);
    Files.writeString(directory.resolve("thesis.tex"), "years of work");
    refused(Code.INVALID_INPUT, () -> Container.write(compiled(), directory));
    assertThat(directory.resolve("thesis.tex")).hasContent("years of work");
    assertThat(temp).isDirectoryContaining(p -> p.endsWith("mine"));
    try (Stream<Path> left = Files.list(temp)) {
      assertThat(left).hasSize(1);
    }
  }

  private static void refused(Code code, org.assertj.core.api.ThrowableAssert.ThrowingCallable c) {
    assertThatThrownBy(c)
        .isInstanceOfSatisfying(
            DiagnosticException.class,
            e -> assertThat(e.diagnostics()).extracting(d -> d.code()).isEqualTo(List.of(code)));
  }

  @ParameterizedTest
  @EnumSource(Semantics.class)
  void exportedTracesReplayFromZeroedMemory(Semantics semantics) {
    RandomGraphs g = new RandomGraphs(8, semantics == Semantics.LIBGEMMINI);
    Program program = GemminiCompiler.compile(encoder(g), GemminiParams.load("ibert"), semantics);
    Path prefix = temp.resolve("run");
    Options options = Options.of(program).inCheckedMode().traced(prefix);
    Map<String, Tensor> outputs = new ProgramRunner(program).run(g.inputs, options).outputs();
    assertThat(outputs).isEqualTo(new ProgramRunner(program).run(g.inputs).outputs());
    Replay replay =
        new Replay(
            temp.resolve("run.trace"),
            program.machine(),
            semantics,
            new Replay.InitialMemory.Zeros(program.image().bytes()),
            program.image().base());
    Simulator replayed = replay.run();
    assertThat(Replay.check("run", replayed, temp.resolve("run.expect"))).isEmpty();
  }

  @Test
  void aRunnerServesManyInputs() {
    ProgramRunner runner = new ProgramRunner(compiled());
    Tensor first = Objects.requireNonNull(made.inputs.get("x"));
    float[] other = first.f32().clone();
    for (int i = 0; i < other.length; i++) {
      other[i] = -other[i];
    }
    Map<String, Tensor> second = Map.of("x", Tensor.of(first.type(), other));
    for (Map<String, Tensor> inputs : List.of(made.inputs, second, made.inputs)) {
      assertThat(runner.run(inputs).outputs()).isEqualTo(Evaluator.run(graph, inputs));
    }
  }

  @Test
  void timingChangesNothingAndCoversEveryKernel() {
    Program program = compiled();
    ProgramRunner runner = new ProgramRunner(program);
    ProgramRunner.Result timed =
        runner.run(made.inputs, Options.of(program).timed(program.machine()));
    assertThat(timed.outputs()).isEqualTo(runner.run(made.inputs).outputs());
    assertThat(timed.cycles()).isGreaterThan(program.boundCycles()).isPositive();
    assertThat(timed.kernelCycles().stream().mapToLong(k -> k.cycles()).sum())
        .isEqualTo(timed.cycles());
    assertThat(ProgramTiming.of(program, MemoryTiming.of(program.machine())))
        .as("the same without running it")
        .isEqualTo(new ProgramTiming(timed.cycles(), timed.kernelCycles()));
    assertThat(timed.kernelCycles().stream().map(k -> k.kernel()).distinct())
        .hasSize(program.kernels().size());
  }

  @Test
  void wrongInputsAreRefused() {
    ProgramRunner runner = new ProgramRunner(compiled());
    refused(Code.INVALID_INPUT, () -> runner.run(Map.of()));
    Tensor x = Tensor.f32(List.of(1), 1f);
    refused(Code.INVALID_INPUT, () -> runner.run(Map.of("x", x)));
  }
}
