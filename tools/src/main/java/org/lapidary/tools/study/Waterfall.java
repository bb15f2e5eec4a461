package org.lapidary.tools.study;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lapidary.gemmini.cost.Baseline;
import org.lapidary.gemmini.search.LayerMatmuls;
import org.lapidary.gemmini.search.TilingCache;
import org.lapidary.machine.GemminiParams;

/// How a model gets faster, one step on top of the other.
///
/// @param shape of the model
/// @param length of the sequence
/// @param latency cycles after which main memory answers
/// @param baseline before the first step
/// @param readBaseline the same if its host left out rows that nobody reads as well; there is no
///   such row where there is no step for them
/// @param steps in order
public record Waterfall(
    TransformerShape shape,
    int length,
    int latency,
    Baseline baseline,
    Baseline readBaseline,
    List<Step> steps) {
  /// All machines of the study have an array of 16 × 16.
  static final int MACS_PER_CYCLE = 256;

  /// What steps there can be, in order; those after `fusion` are not taken by every model.
  public static final List<String> KEYS =
      List.of("integer", "sram", "mapping", "fusion", "unread", "pruning");

  public Waterfall {
    steps = List.copyOf(steps);
  }

  /// The state after a step.
  ///
  /// @param key for scripts
  /// @param what was changed
  /// @param cycles of the whole model
  /// @param layer where the cycles of a layer go
  public record Step(String key, String what, long cycles, LayerTiming layer) {}

  /// Times every step.
  ///
  /// @param kept what a classifier and pruning leave, if the model is one
  static Waterfall of(QuantizedLayers layers, Optional<Kept> kept, int latency, TilingCache cache) {
    TransformerShape shape = layers.shape();
    GemminiParams before = GemminiParams.load("norm").withMemory(latency, 1);
    GemminiParams after = GemminiParams.load("survey").withMemory(latency, 1);
    Target mapped = Target.searched(after, cache);
    Target best = Target.best(after, cache);
    List<Step> steps = new ArrayList<>();
    steps.add(
        step("integer", "Softmax, GELU, LayerNorm in integers", Target.library(before), layers));
    steps.add(
        step("sram", "scratchpad 64 KiB, accumulator 256 KiB", Target.library(after), layers));
    steps.add(step("mapping", "tiles searched instead of the library's", mapped, layers));
    steps.add(step("fusion", "fused where it pays, kernels overlapped", best, layers));
    Optional<QuantizedLayers> read =
        kept.filter(k -> !k.allRows())
            .map(_ -> QuantizedLayers.readByClassifier(shape, layers.length()));
    read.ifPresent(
        l -> steps.add(step("unread", "without the last layer's rows that nobody reads", best, l)));
    kept.filter(k -> !k.isWhole(shape))
        .ifPresent(k -> steps.add(step("pruning", k.toString(), best, k.layers(layers.length()))));
    long products = libraryProducts(layers, layers.length(), latency);
    Baseline baseline = layers.baseline(products);
    return new Waterfall(
        shape,
        layers.length(),
        latency,
        baseline,
        read.map(l -> l.baseline(products, libraryProducts(l, 1, latency))).orElse(baseline),
        steps);
  }

  private static Step step(String key, String what, Target target, QuantizedLayers layers) {
    LayerTiming timing = LayerTiming.of(target.compile(layers.integer()), layers.layers());
    return new Step(key, what, timing.cycles(layers.shape().layers()), timing);
  }

  /// Cycles of a layer's products in the baseline.
  private static long libraryProducts(QuantizedLayers layers, int read, int latency) {
    TransformerShape s = layers.shape();
    return new LayerMatmuls(layers.length(), read, s.model(), s.heads(), s.ffn())
        .libraryCycles(GemminiParams.load("default"), latency);
  }

  /// What it is of, for people: `BERT-Base, 512@20`.
  public String name() {
    return "%s, %d@%d".formatted(shape.name(), length, latency);
  }

  /// Latency of the baseline over that after a step.
  public double speedup(Step step) {
    return (double) baseline.cycles() / step.cycles();
  }

  /// What leaving out rows that nobody reads would take off the baseline, as a factor.
  public double readShare() {
    return (double) readBaseline.cycles() / baseline.cycles();
  }

  /// The step of a name, or else the last one before it.
  public Step step(String key) {
    int last = KEYS.indexOf(key);
    return steps.stream()
        .filter(s -> KEYS.indexOf(s.key()) <= last)
        .reduce((_, later) -> later)
        .orElseThrow();
  }

  /// Cycles the array needs if it never waits: no schedule of all rows of the unpruned model is
  /// faster.
  public long arrayBound() {
    return shape.layerMacs(length) * shape.layers() / MACS_PER_CYCLE;
  }

  /// The same without rows of the last layer that nobody reads.
  public long readBound() {
    long macs = shape.layerMacs(length) * (shape.layers() - 1) + shape.layerMacs(length, 1);
    return macs / MACS_PER_CYCLE;
  }
}
