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
/// @param steps in order
public record Waterfall(
    TransformerShape shape, int length, int latency, Baseline baseline, List<Step> steps) {
  /// All machines of the study have an array of 16 × 16.
  static final int MACS_PER_CYCLE = 256;

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
  /// @param kept what pruning leaves, if that is a step
  static Waterfall of(QuantizedLayers layers, Optional<Kept> kept, int latency, TilingCache cache) {
    TransformerShape shape = layers.shape();
    GemminiParams before = GemminiParams.load("norm").withMemory(latency, 1);
    GemminiParams after = GemminiParams.load("survey").withMemory(latency, 1);
    Target library = Target.library(after);
    Target mapped = Target.searched(after, cache);
    List<Step> steps = new ArrayList<>();
    steps.add(
        step("integer", "Softmax, GELU, LayerNorm in integers", Target.library(before), layers));
    steps.add(step("sram", "scratchpad 64 KiB, accumulator 256 KiB", library, layers));
    steps.add(step("mapping", "tiles searched instead of the library's", mapped, layers));
    steps.add(
        step(
            "fusion",
            "fused where it pays, kernels overlapped",
            Target.best(after, cache),
            layers));
    kept.ifPresent(k ->
        steps.add(
            step("pruning", k.toString(), Target.best(after, cache), k.layers(layers.length()))));
    GemminiParams machine = GemminiParams.load("default");
    long products =
        new LayerMatmuls(layers.length(), shape.model(), shape.heads(), shape.ffn())
            .libraryCycles(machine, latency);
    return new Waterfall(shape, layers.length(), latency, layers.baseline(products), steps);
  }

  private static Step step(String key, String what, Target target, QuantizedLayers layers) {
    LayerTiming timing = LayerTiming.of(target.compile(layers.integer()), layers.layers());
    return new Step(key, what, timing.cycles(layers.shape().layers()), timing);
  }

  /// What it is of, for people: `BERT-Base, 512@20`.
  public String name() {
    return "%s, %d@%d".formatted(shape.name(), length, latency);
  }

  /// Latency of the baseline over that after a step.
  public double speedup(Step step) {
    return (double) baseline.cycles() / step.cycles();
  }

  /// The step of a name, or else the last one before pruning.
  public Step step(String key) {
    return steps.stream()
        .filter(s -> s.key().equals(key))
        .findFirst()
        .orElseGet(() -> key.equals("pruning") ? step("fusion") : steps.getLast());
  }

  /// Cycles the array needs if it never waits: no schedule of the unpruned model is faster.
  public long arrayBound() {
    return shape.layerMacs(length) * shape.layers() / MACS_PER_CYCLE;
  }
}
