package org.lapidary.sim.bench;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;
import org.lapidary.sim.MainMemory;
import org.lapidary.sim.Simulator;

/// Paired measurement of the functional simulator: the same 512 × 768 × 768 int8 matmul by explicit
/// commands and through LOOP_WS, in turns, so that whatever else the computer does hits both.
///
/// `java --add-modules jdk.incubator.vector -cp … org.lapidary.sim.bench.SimulatorBenchmark`
public final class SimulatorBenchmark {
  private static final int M = 512;
  private static final int K = 768;
  private static final int N = 768;
  private static final int ROUNDS = 60;
  private static final double NANOS = 1e9;

  /// What was measured.
  ///
  /// @param commands in the program
  /// @param macsPerSecondPerCore best round, by the thread's own processor time
  /// @param macsPerSecond all cores at work, by the clock
  public record Result(
      String form, int commands, double macsPerSecondPerCore, double macsPerSecond) {}

  private SimulatorBenchmark() {}

  /// The shape of the work.
  public static String shape() {
    return M + "x" + K + "x" + N;
  }

  /// Measures both forms on the given machine.
  public static List<Result> run(GemminiParams params) {
    Matmul matmul = new Matmul(params, M, K, N);
    Simulator simulator = simulator(matmul);
    long[][] programs = {matmul.program(false), matmul.program(true)};
    long[] best = {Long.MAX_VALUE, Long.MAX_VALUE};
    int[] outputs = new int[2];
    for (int round = 0; round < ROUNDS; round++) {
      for (int form = 0; form < 2; form++) {
        best[form] = Math.min(best[form], processorNanos(simulator, programs[form]));
        outputs[form] = Arrays.hashCode(simulator.memory().bytes());
      }
    }
    if (outputs[0] != outputs[1]) {
      throw new IllegalStateException("the two forms computed different results");
    }
    List<Result> results = new ArrayList<>();
    for (int form = 0; form < 2; form++) {
      results.add(
          new Result(
              form == 0 ? "explicit" : "loop_ws",
              programs[form].length / Simulator.PACKED_LONGS,
              matmul.macs() * NANOS / best[form],
              allCores(matmul, programs[form])));
    }
    return results;
  }

  private static Simulator simulator(Matmul matmul) {
    MainMemory memory = new MainMemory(MainMemory.DEFAULT_BASE, matmul.memoryBytes());
    new Random(1).nextBytes(memory.bytes());
    return new Simulator(matmul.params(), Semantics.RTL, memory);
  }

  private static long processorNanos(Simulator simulator, long[] program) {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long start = threads.getCurrentThreadCpuTime();
    simulator.execute(program, 0, program.length / Simulator.PACKED_LONGS);
    return threads.getCurrentThreadCpuTime() - start;
  }

  private static double allCores(Matmul matmul, long[] program) {
    int cores = Runtime.getRuntime().availableProcessors();
    try (ExecutorService executor = Executors.newFixedThreadPool(cores)) {
      List<Callable<Long>> work = new ArrayList<>();
      for (int i = 0; i < cores; i++) {
        Simulator own = simulator(matmul);
        work.add(() -> {
          for (int round = 0; round < ROUNDS / 2; round++) {
            own.execute(program, 0, program.length / Simulator.PACKED_LONGS);
          }
          return matmul.macs() * (ROUNDS / 2);
        });
      }
      long start = System.nanoTime();
      long macs = 0;
      for (Future<Long> done : executor.invokeAll(work)) {
        macs += done.get();
      }
      return macs * NANOS / (System.nanoTime() - start);
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException("the benchmark was stopped", e);
    }
  }

  /// Nanoseconds per command for matmuls of growing height: the cost grows with the commands.
  private static void printGrowth(GemminiParams params) {
    System.out.println("\nheight   commands  ns per command (explicit)");
    for (int height = 128; height <= 2048; height *= 2) {
      Matmul matmul = new Matmul(params, height, K, N);
      Simulator simulator = simulator(matmul);
      long[] program = matmul.program(false);
      long best = Long.MAX_VALUE;
      for (int round = 0; round < ROUNDS / 2; round++) {
        best = Math.min(best, processorNanos(simulator, program));
      }
      int commands = program.length / Simulator.PACKED_LONGS;
      System.out.printf(
          Locale.ROOT, "%6d %10d  %14.1f%n", height, commands, (double) best / commands);
    }
  }

  /// Measures the default machine and prints two tables.
  public static void main(String[] args) {
    System.out.println("form      commands  GMAC/s per core  GMAC/s all cores   " + shape());
    for (Result r : run(GemminiParams.load("default"))) {
      System.out.printf(
          Locale.ROOT,
          "%-9s %8d  %15.1f  %16.1f%n",
          r.form(),
          r.commands(),
          r.macsPerSecondPerCore() / NANOS,
          r.macsPerSecond() / NANOS);
    }
    printGrowth(GemminiParams.load("default"));
  }
}
