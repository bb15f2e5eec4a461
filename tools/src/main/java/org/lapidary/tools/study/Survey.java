package org.lapidary.tools.study;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramTiming;
import org.lapidary.gemmini.search.TilingCache;
import org.lapidary.machine.GemminiParams;
import org.lapidary.sim.timing.CycleModel;
import org.lapidary.sim.timing.MemoryTiming;

/// The findings of arXiv 2302.14017 on our own machine model: workloads, the float-host baseline,
/// the way from it to an integer program, and what memories, tiles and fusion decide. Everything is
/// made here; no model file is needed.
public final class Survey {
  private static final TransformerShape BERT = TransformerShape.BERT_BASE;
  private static final List<Integer> LENGTHS = List.of(128, 256, 512);

  /// The length at which the survey breaks its baseline down.
  private static final int HEADLINE = 512;

  private static final int QUICK = SramGrid.QUICK;
  private static final int SLOW = SramGrid.SLOW;

  private final Batch batch = new Batch();
  private final TilingCache cache = TilingCache.inMemory();
  private final Map<String, QuantizedLayers> layers = new ConcurrentHashMap<>();
  private final SurveyOptions options;
  private final List<Supplier<Waterfall>> waterfalls;
  private final Supplier<Waterfall> headline;
  private final Map<String, Supplier<Double>> encoders = new TreeMap<>();
  private final Map<String, Supplier<Long>> products = new TreeMap<>();
  private final List<Supplier<FusionPair>> pairs;
  private final Supplier<SramGrid> grid;
  private final List<Supplier<MappingSpread>> spreads;

  /// A study that has yet to run; the longest pieces of work come first.
  public Survey(SurveyOptions options) {
    this.options = options;
    headline = later(BERT, HEADLINE, QUICK);
    Supplier<Waterfall> slow = later(BERT, HEADLINE, SLOW);
    Supplier<Waterfall> gpt2 = later(TransformerShape.GPT2, HEADLINE, QUICK);
    waterfalls = List.of(later(BERT, 128, QUICK), later(BERT, 256, QUICK), headline, slow, gpt2);
    for (String machine : List.of("ibert", "survey")) {
      encoders.put(machine, batch.later(() -> encoderUtilisation(machine)));
    }
    spreads = MappingSpread.later(options.mappings(), cache, batch);
    pairs = FusionPair.later(cache, batch);
    grid = SramGrid.later(HEADLINE, cache, batch);
    for (int length : List.of(128, HEADLINE)) {
      for (int latency : List.of(QUICK, SLOW)) {
        products.put(length + "@" + latency, batch.later(() -> productCycles(length, latency)));
      }
    }
  }

  /// Pieces of work, for a progress bar.
  public int tasks() {
    return batch.size();
  }

  /// Does everything.
  public SurveyResults run(LongConsumer progress) {
    batch.run(options.threads(), progress);
    Map<Integer, Workload> counted = new TreeMap<>();
    for (int length : LENGTHS) {
      counted.put(length, Workload.of(TransformerGraph.layers(BERT, length, 1), BERT.layers()));
    }
    return new SurveyResults(
        waterfalls.stream().map(Supplier::get).toList(),
        headline.get(),
        counted,
        gotten(products),
        gotten(encoders),
        grid.get(),
        pairs.stream().map(Supplier::get).toList(),
        spreads.stream().map(Supplier::get).toList());
  }

  private static <T> Map<String, T> gotten(Map<String, Supplier<T>> suppliers) {
    Map<String, T> results = new TreeMap<>();
    suppliers.forEach((key, s) -> results.put(key, s.get()));
    return results;
  }

  private Supplier<Waterfall> later(TransformerShape shape, int length, int latency) {
    return batch.later(() -> {
      QuantizedLayers layers = layers(shape, length);
      Optional<Kept> kept =
          Optional.of(options.kept()).filter(k -> k.shape().name().equals(shape.name()));
      return Waterfall.of(layers, kept, latency, cache);
    });
  }

  /// Several waterfalls and machines share a model.
  private QuantizedLayers layers(TransformerShape shape, int length) {
    return layers.computeIfAbsent(shape.name() + length, _ -> QuantizedLayers.of(shape, length));
  }

  private double encoderUtilisation(String name) {
    GemminiParams machine = GemminiParams.load(name);
    Program program = Target.best(machine, cache).compile(layers(BERT, HEADLINE).integer());
    long macs = BERT.layers() * BERT.layerMacs(HEADLINE);
    long cycles = LayerTiming.of(program).cycles(BERT.layers());
    return (double) macs / machine.peakMacsPerCycle() / cycles;
  }

  private long productCycles(int length, int latency) {
    GemminiParams machine = GemminiParams.load("default").withMemory(latency, 1);
    Program program = Target.best(machine, cache).compile(IntegerGraphs.products(BERT, length));
    return ProgramTiming.of(program, MemoryTiming.of(machine)).cycles();
  }

  /// What was found, in words, tables and charts.
  ///
  /// @param machine whose roofline is drawn
  public static Report report(SurveyResults results, GemminiParams machine) {
    List<Section> sections = new ArrayList<>();
    sections.add(LatencySections.waterfall(results));
    sections.add(LatencySections.baseline(results.headline()));
    sections.add(LatencySections.after(results.headline()));
    sections.add(MappingSections.limits(results));
    sections.add(MappingSections.grid(results.grid()));
    sections.add(MappingSections.fusion(results.pairs()));
    sections.add(MappingSections.spread(results.spreads()));
    sections.add(WorkloadSections.workload(results.counted()));
    sections.add(WorkloadSections.roofline(machine, results.counted()));
    sections.add(MappingSections.method());
    return new Report(
        "The survey on our machine: ours beside theirs",
        List.of(
            "Kim et al., “Full Stack Optimization of Transformer Inference: a Survey” (arXiv"
                + " 2302.14017), studied BERT on Gemmini. This page repeats its findings with"
                + " Lapidary: the same models, our compiler, a cycle model of the same hardware.",
            summary(results),
            "Cycles are predictions of the model %s: mean error against the RTL %s %%, worst %s %%."
                .formatted(
                    CycleModel.NAME,
                    CycleModel.knownError().overall().mean(),
                    CycleModel.knownError().overall().worst())),
        sections);
  }

  private static String summary(SurveyResults results) {
    Waterfall w = results.headline();
    Waterfall.Step last = w.steps().getLast();
    return ("BERT-Base at length 512 on the machine “survey”: %s faster than the float-host baseline (an"
            + " assumption, see below), %s of the array's peak; the survey reports %s×.%s%s")
        .formatted(
            Format.times(w.speedup(w.step("fusion"))),
            Format.percent((double) w.arrayBound() / w.step("fusion").cycles()),
            Published.SPEEDUP,
            w.step("unread").key().equals("unread")
                ? " Without the last layer's rows that no classifier reads: %s (%s if the host leaves them out, too)."
                    .formatted(
                        Format.times(w.speedup(w.step("unread"))),
                        Format.times(w.readShare() * w.speedup(w.step("unread"))))
                : "",
            last.key().equals("pruning")
                ? " Pruned (%s): %s.".formatted(last.what(), Format.times(w.speedup(last)))
                : "");
  }
}
