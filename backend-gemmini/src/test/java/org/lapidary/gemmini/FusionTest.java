package org.lapidary.gemmini;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.lapidary.gemmini.map.FusionDecision;
import org.lapidary.gemmini.map.FusionDecision.Outcome;
import org.lapidary.gemmini.map.FusionPattern;
import org.lapidary.gemmini.map.ScheduleOptions;
import org.lapidary.gemmini.map.ScheduleOptions.Fusion;
import org.lapidary.gemmini.map.ScheduleOptions.Order;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramTiming;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.Op;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;
import org.lapidary.machine.isa.DramAddr;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.Isa;
import org.lapidary.sim.timing.MemoryTiming;

/// Every fusion of the catalogue: it happens, it does not happen, and why.
class FusionTest {
  private static final ScheduleOptions SERIAL = ScheduleOptions.DEFAULT.withOrder(Order.SERIAL);

  private static RandomGraphs graphs() {
    return BitExactnessTest.graphs(1, Semantics.RTL);
  }

  private static Program compile(Graph<Op> graph, GemminiParams machine, Fusion fusion) {
    return GemminiCompiler.compile(graph, machine, Semantics.RTL, SERIAL.withFusion(fusion));
  }

  private static List<FusionDecision> decisions(Graph<Op> graph, Fusion fusion) {
    return compile(graph, GemminiParams.load("ibert"), fusion).fusions();
  }

  private static FusionDecision only(List<FusionDecision> all, FusionPattern pattern) {
    return all.stream().filter(d -> d.pattern() == pattern).findFirst().orElseThrow();
  }

  private static Graph<Op> scores(RandomGraphs g, int heads, int length, int width) {
    Value q = g.quantizedInput("q", heads, length, width);
    Value k = g.transpose(g.quantizedInput("k", heads, length, width), 0, 2, 1);
    return g.result(g.softmax(g.matmul(q, k, "scores"), 0.001));
  }

  @Test
  void scoresAreFusedByCostAndApartIfAskedFor() {
    FusionDecision by = only(decisions(scores(graphs(), 2, 64, 32), Fusion.COST), SOFTMAX);
    FusionDecision off = only(decisions(scores(graphs(), 2, 64, 32), Fusion.OFF), SOFTMAX);
    assertThat(by.outcome()).isEqualTo(Outcome.FUSED);
    assertThat(by.together()).isPositive().isLessThan(by.apart());
    assertThat(off.outcome()).isEqualTo(Outcome.UNFUSED);
    assertThat(off.reason()).contains("as asked for");
  }

  private static final FusionPattern SOFTMAX = FusionPattern.SOFTMAX;

  @Test
  void productsAreNormalisedTogetherOnlyIfThatIsFaster() {
    GemminiParams ibert = GemminiParams.load("ibert");
    int kib = 1024;
    EnumSet<Outcome> seen = EnumSet.noneOf(Outcome.class);
    // Whole rows leave room for one tile of rows, which a slow memory cannot feed.
    List<GemminiParams> machines =
        List.of(
            ibert.withPrivateMemories(256 * kib, 256 * kib),
            ibert.withPrivateMemories(256 * kib, 64 * kib).withMemory(100, 1));
    for (GemminiParams machine : machines) {
      RandomGraphs g = graphs();
      Value x = g.quantizedInput("x", 64, 512);
      Graph<Op> graph = g.result(g.layerNorm(g.matmul(x, g.int8("w", 512, 512), "out")));
      FusionDecision d = only(compile(graph, machine, Fusion.COST).fusions(), FusionPattern.NORM);
      assertThat(d.outcome() == Outcome.FUSED).as("%s", d).isEqualTo(d.together() <= d.apart());
      long chosen = cycles(graph, machine, Fusion.COST);
      long other =
          cycles(graph, machine, d.outcome() == Outcome.FUSED ? Fusion.OFF : Fusion.ALWAYS);
      assertThat(chosen).as("%s", d).isLessThanOrEqualTo(other);
      seen.add(d.outcome());
    }
    assertThat(seen).containsExactlyInAnyOrder(Outcome.FUSED, Outcome.UNFUSED);
  }

  private static long cycles(Graph<Op> graph, GemminiParams machine, Fusion fusion) {
    return ProgramTiming.of(compile(graph, machine, fusion), MemoryTiming.of(machine)).cycles();
  }

  @Test
  void anEncoderLayerHasAReasonForEverything() {
    RandomGraphs g = graphs();
    Value x = g.quantizedInput("x", 1, 32, 32);
    Value mask = g.int32("mask", 50, 1, 1, 1, 32);
    Graph<Op> graph = g.result(g.encoderLayer(x, mask, 1, 32, 2, 16, 64));
    List<FusionDecision> all = decisions(graph, Fusion.COST);
    assertThat(only(all, FusionPattern.MOVE_OUT).outcome()).isEqualTo(Outcome.FUSED);
    assertThat(only(all, FusionPattern.SOFTMAX).outcome()).isEqualTo(Outcome.FUSED);
    for (FusionPattern never : List.of(FusionPattern.VALUES, FusionPattern.ATTENTION)) {
      assertThat(only(all, never).outcome()).isEqualTo(Outcome.IMPOSSIBLE);
      assertThat(only(all, never).reason()).contains("on the way to main memory only");
    }
    FusionDecision projections = only(all, FusionPattern.PROJECTIONS);
    assertThat(projections.outcome()).isEqualTo(Outcome.UNFUSED);
    assertThat(projections.reason()).startsWith("3 products that follow each other");
  }

  @Test
  void aProductThatIsRequantizedBeforeGoesThroughMainMemory() {
    RandomGraphs g = graphs();
    Value x = g.quantizedInput("x", 32, 64);
    Value narrow = g.requantize(g.matmul(x, g.int8("w", 64, 64), "out"), 0.02, false);
    Graph<Op> graph = g.result(g.layerNorm(g.emit(new Accumulate.Widen(narrow), "widen")));
    FusionDecision d = only(decisions(graph, Fusion.COST), FusionPattern.NORM);
    assertThat(d.outcome()).isEqualTo(Outcome.IMPOSSIBLE);
    assertThat(d.reason()).contains("requantized before");
  }

  @Test
  void projectionsOfOneOperandLoadItOnceAndMeetAtNoFence() {
    Program one = projections(1);
    Program three = projections(3);
    assertThat(loadsOfInput(three)).isPositive().isEqualTo(loadsOfInput(one));
    assertThat(fences(three)).isEqualTo(fences(one));
  }

  private static Program projections(int count) {
    RandomGraphs g = graphs();
    Value x = g.quantizedInput("x", 64, 64);
    Value[] all = new Value[count];
    for (int i = 0; i < count; i++) {
      all[i] = g.requantize(g.matmul(x, g.int8("w" + i, 64, 64), "p" + i), 0.01 + i, false);
    }
    return compile(g.result(all), GemminiParams.load("ibert"), Fusion.COST);
  }

  /// Elements of the input that are loaded, as often as they are.
  private static long loadsOfInput(Program program) {
    long start = Objects.requireNonNull(program.regions().get(1), "x").address();
    return instructions(program)
        .mapToLong(i ->
            switch (i) {
              case Instr.Mvin m when inside(start, m.from()) -> (long) m.rows() * m.cols();
              case Instr.Mvin2 m when inside(start, m.from()) -> (long) m.rows() * m.cols();
              case Instr.Mvin3 m when inside(start, m.from()) -> (long) m.rows() * m.cols();
              default -> 0; // loads nothing of it
            })
        .sum();
  }

  private static boolean inside(long start, DramAddr address) {
    return address.bytes() >= start && address.bytes() < start + 64 * 64;
  }

  private static long fences(Program program) {
    return instructions(program).filter(i -> i instanceof Instr.Fence).count();
  }

  private static Stream<Instr> instructions(Program program) {
    long[] words = program.commands();
    return IntStream.range(0, words.length / 3)
        .map(i -> 3 * i)
        .mapToObj(i -> Isa.decode((int) words[i], words[i + 1], words[i + 2]));
  }

  @Test
  void aSumOfTheHostIsOnlyLoaded() {
    RandomGraphs g = graphs();
    Graph<Op> graph = g.result(g.layerNorm(g.quantizedSum("s", 30, 32, 48)));
    FusionDecision d = only(decisions(graph, Fusion.COST), FusionPattern.EMBEDDING);
    assertThat(d.outcome()).isEqualTo(Outcome.IMPOSSIBLE);
    assertThat(d.reason()).contains("host");
  }

  @Test
  void embeddingsThatTheAcceleratorAddsAreNormalisedWithTheirSum() {
    RandomGraphs g = graphs();
    Value sum = g.add(g.quantizedSum("words", 30, 32, 48), g.int32("positions", 500, 32, 48));
    FusionDecision d =
        only(decisions(g.result(g.layerNorm(sum)), Fusion.COST), FusionPattern.EMBEDDING);
    assertThat(d.outcome()).isEqualTo(Outcome.FUSED);
    assertThat(d.together()).isLessThanOrEqualTo(d.apart());
  }

  @Test
  void thePageHasTheCatalogue() throws IOException {
    Path page = Path.of(System.getProperty("lapidary.root"), "backend-gemmini", "README.md");
    String text = Files.readString(page);
    assertThat(Arrays.stream(FusionPattern.values()))
        .allSatisfy(p ->
            assertThat(text)
                .contains("| %s | %s | %s |".formatted(p.title(), p.together(), p.condition())));
  }
}
