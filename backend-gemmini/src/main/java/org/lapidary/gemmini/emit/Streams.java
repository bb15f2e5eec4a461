package org.lapidary.gemmini.emit;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/// Emits two streams of kernels side by side, stage by stage. A heavy piece comes as soon as the
/// stores of the one before are about done, so that the store unit always has something to do;
/// light stages fill the time of the array in between.
///
/// The two have different accumulator banks: a store cannot read a bank while the array accumulates
/// into it. Source: gemmini.md §11.4.
final class Streams {
  private final Pipeline pipeline;
  private final Runnable lightAlone;
  private final Deque<AccumulationEmitter> heavy;
  private final Deque<AccumulationEmitter> light;

  /// @param lightAlone is told when only light kernels are left
  Streams(
      Pipeline pipeline,
      List<AccumulationEmitter> heavy,
      List<AccumulationEmitter> light,
      Runnable lightAlone) {
    this.lightAlone = lightAlone;
    this.pipeline = pipeline;
    this.heavy = new ArrayDeque<>(heavy);
    this.light = new ArrayDeque<>(light);
  }

  void emit() {
    while (!heavy.isEmpty()) {
      emitStage(light.isEmpty() || isDue(heavy.element()) ? heavy : light);
    }
    lightAlone.run();
    while (!light.isEmpty()) {
      emitStage(light);
    }
  }

  private static void emitStage(Deque<AccumulationEmitter> stream) {
    AccumulationEmitter next = stream.element();
    next.emitStage();
    if (!next.hasNext()) {
      stream.remove();
    }
  }

  /// Whether the array need not wait if a heavy stage is next.
  private boolean isDue(AccumulationEmitter next) {
    return next.nextRows()
        .map(rows ->
            pipeline.storesDone(rows) <= pipeline.arrayTime()
                && (next.computes() || pipeline.hasTimeToLoad()))
        .orElse(true);
  }
}
