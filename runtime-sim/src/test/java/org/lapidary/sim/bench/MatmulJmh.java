package org.lapidary.sim.bench;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;
import org.lapidary.sim.MainMemory;
import org.lapidary.sim.Simulator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/// JMH's view of the work of [SimulatorBenchmark]: milliseconds for the 512 × 768 × 768 matmul, by
/// the clock, in a JVM of its own for each form. No test: [#main] starts it.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class MatmulJmh {
  /// How the matmul is told to the machine.
  public enum Form {
    EXPLICIT,
    LOOP_WS
  }

  /// The form to measure.
  @Param public Form form = Form.EXPLICIT;

  private final Matmul matmul = new Matmul(GemminiParams.load("default"), 512, 768, 768);
  private final MainMemory memory = new MainMemory(MainMemory.DEFAULT_BASE, matmul.memoryBytes());
  private final Simulator simulator = new Simulator(matmul.params(), Semantics.RTL, memory);
  private long[] program = {};

  /// Makes program and operands.
  @Setup
  public void prepare() {
    new Random(1).nextBytes(memory.bytes());
    program = matmul.program(form == Form.LOOP_WS);
  }

  /// One matmul of 302 million multiply-accumulates.
  @Benchmark
  public byte[] matmul() {
    simulator.execute(program, 0, program.length / Simulator.PACKED_LONGS);
    return memory.bytes();
  }

  /// Runs both forms and prints JMH's report.
  public static void main(String[] args) throws RunnerException {
    new Runner(new OptionsBuilder().include(MatmulJmh.class.getSimpleName()).build()).run();
  }
}
