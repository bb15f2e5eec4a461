package org.lapidary.gemmini.search;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.lapidary.gemmini.search.MatmulShape.Activation;
import org.lapidary.gemmini.search.MatmulShape.Bias;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;

/// The search against Gemmini's own library, shape by shape.
public final class MapperSweep {
  private static final int[] HIDDEN = {128, 256, 312, 384, 512, 768, 1024};
  private static final int[] HEADS = {32, 64};
  private static final int[] LENGTHS = {7, 16, 33, 64, 128, 197, 256, 384, 512};
  private static final List<Bias> BIASES = List.of(Bias.values());
  private static final List<Activation> ACTIVATIONS = List.of(Activation.values());
  private static final int RANDOM = 500;
  private static final long SEED = 20_240_601;

  private MapperSweep() {}

  /// A shape, what was chosen for it, and what the library takes.
  ///
  /// @param nanos processor time of the search
  public record Row(MatmulShape shape, Choice choice, long libraryCycles, long nanos) {
    /// Whether the library is faster.
    public boolean isSlower() {
      return choice.cycles() > libraryCycles;
    }
  }

  /// Searches for one shape, with nothing remembered.
  public static Row row(MatmulShape shape, GemminiParams machine) {
    TilingSearch search = new TilingSearch(machine, Semantics.RTL, TilingCache.inMemory());
    ThreadMXBean processor = ManagementFactory.getThreadMXBean();
    long start = processor.getCurrentThreadCpuTime();
    Choice choice = search.choose(shape.kernel());
    long nanos = processor.getCurrentThreadCpuTime() - start;
    return new Row(shape, choice, search.libraryCycles(shape.kernel()), nanos);
  }

  /// All matrix products of BERTs and GPTs with the usual sizes.
  public static List<MatmulShape> transformers() {
    Set<MatmulShape> shapes = new LinkedHashSet<>();
    for (int length : LENGTHS) {
      for (int hidden : HIDDEN) {
        shapes.add(dense(length, hidden, hidden, Activation.NONE));
        shapes.add(dense(length, 3 * hidden, hidden, Activation.NONE));
        shapes.add(dense(length, 4 * hidden, hidden, Activation.GELU));
        shapes.add(dense(length, 4 * hidden, hidden, Activation.RELU));
        shapes.add(dense(length, hidden, 4 * hidden, Activation.NONE));
        for (int head : HEADS) {
          int heads = hidden / head;
          shapes.add(
              new MatmulShape(heads, length, length, head, true, Bias.NONE, Activation.NONE));
          shapes.add(
              new MatmulShape(heads, length, head, length, false, Bias.NONE, Activation.NONE));
        }
      }
    }
    return List.copyOf(shapes);
  }

  /// Seeded random shapes.
  public static List<MatmulShape> random(int count) {
    Random random = new Random(SEED);
    List<MatmulShape> shapes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      shapes.add(
          new MatmulShape(
              random.nextInt(4) == 0 ? 1 + random.nextInt(8) : 1,
              size(random),
              size(random),
              size(random),
              random.nextBoolean(),
              one(BIASES, random),
              one(ACTIVATIONS, random)));
    }
    return shapes;
  }

  /// Both together.
  public static List<MatmulShape> all() {
    List<MatmulShape> shapes = new ArrayList<>(transformers());
    shapes.addAll(random(RANDOM));
    return shapes;
  }

  private static <T> T one(List<T> list, Random random) {
    return list.get(random.nextInt(list.size()));
  }

  /// From 1 to 1024, each power of two as likely as the next.
  private static int size(Random random) {
    return (int) Math.round(Math.pow(2, random.nextDouble() * 10));
  }

  private static MatmulShape dense(int length, int cols, int depth, Activation activation) {
    return new MatmulShape(1, length, cols, depth, false, Bias.ROW, activation);
  }
}
