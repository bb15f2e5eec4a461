package org.lapidary.gemmini.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lapidary.gemmini.cost.Bound;
import org.lapidary.gemmini.emit.KernelStream;
import org.lapidary.gemmini.emit.StreamTiling;
import org.lapidary.gemmini.emit.TilingSpace;
import org.lapidary.gemmini.search.MatmulShape.Activation;
import org.lapidary.gemmini.search.MatmulShape.Bias;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;

class TilingSearchTest {
  private static final GemminiParams MACHINE = GemminiParams.load("default");
  private static final MatmulShape SHAPE =
      new MatmulShape(2, 100, 90, 70, true, Bias.ROW, Activation.RELU);

  private static Choice search(TilingCache cache) {
    return new TilingSearch(MACHINE, Semantics.RTL, cache).choose(SHAPE.kernel());
  }

  @Test
  void sameChoiceWithAnyNumberOfThreads() {
    Choice alone = search(TilingCache.inMemory());
    TilingSearch shared = new TilingSearch(MACHINE, Semantics.RTL, TilingCache.inMemory());
    List<Choice> many =
        IntStream.range(0, 8).parallel().mapToObj(i -> shared.choose(SHAPE.kernel())).toList();
    assertThat(many).containsOnly(alone);
  }

  @Test
  void cacheIsUsedAndSpoiltFilesAreIgnored(@TempDir Path directory) throws IOException {
    Path cache = directory.resolve("made/when/needed");
    Choice choice = search(TilingCache.in(cache));
    Path file = files(cache).getFirst();
    assertThat(files(cache)).hasSize(1);
    String written = Files.readString(file);
    TilingKey key = TilingKey.of(SHAPE.kernel(), MACHINE, Semantics.RTL);
    assertThat(TilingCache.in(cache).get(key)).contains(choice);
    for (String spoilt :
        List.of("", "x\n", written.substring(0, written.length() / 2), written.replace('s', 't'))) {
      Files.writeString(file, spoilt);
      assertThat(TilingCache.in(cache).get(key)).isEmpty();
      assertThat(search(TilingCache.in(cache))).isEqualTo(choice);
      assertThat(Files.readString(file)).isEqualTo(written);
    }
  }

  private static List<Path> files(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }

  @Test
  void unwritableCacheOnlyCostsTime(@TempDir Path directory) throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "no directory");
    assertThat(search(TilingCache.in(file))).isEqualTo(search(TilingCache.inMemory()));
  }

  @Test
  void keysTellApartWhatTimeDependsOn() {
    assertThat(
            Stream.of(
                    SHAPE,
                    new MatmulShape(2, 100, 90, 70, false, Bias.ROW, Activation.RELU),
                    new MatmulShape(2, 100, 90, 70, true, Bias.NONE, Activation.RELU),
                    new MatmulShape(2, 100, 90, 70, true, Bias.ROW, Activation.NONE),
                    new MatmulShape(1, 100, 90, 70, true, Bias.ROW, Activation.RELU))
                .map(s -> TilingKey.of(s.kernel(), MACHINE, Semantics.RTL)))
        .doesNotHaveDuplicates();
    assertThat(TilingKey.of(SHAPE.kernel(), MACHINE, Semantics.RTL))
        .isEqualTo(TilingKey.of(SHAPE.kernel(), MACHINE, Semantics.RTL))
        .isNotEqualTo(TilingKey.of(SHAPE.kernel(), MACHINE.withMemory(21, 1), Semantics.RTL));
  }

  /// A stream is judged by its beginning: what that says of the whole.
  @ParameterizedTest
  @CsvSource({
    "20, 4 4, 4, 0.01",
    "20, 2 8, 8, 0.01",
    "100, 4 4, 16, 0.01",
    "100, 8 2, 8, 0.01",
    "20, 3 5, 4, 0.05" // the last pieces are smaller
  })
  void extrapolationIsCloseToTheWhole(int latency, String piece, int depth, double error) {
    GemminiParams machine = MACHINE.withMemory(latency, 1);
    MatmulShape shape = new MatmulShape(1, 256, 768, 256, false, Bias.ROW, Activation.NONE);
    TilingSpace space = new TilingSpace(shape.kernel(), machine);
    int[] size = Stream.of(piece.split(" ")).mapToInt(Integer::parseInt).toArray();
    StreamTiling tiling = space.stream(size, depth, true, 4, 4);
    Estimate estimate = new Estimate(shape.kernel(), machine);
    int pieces = (int) estimate.period(tiling) + 2;
    KernelStream start = KernelStream.of(shape.kernel(), tiling, machine, pieces);
    long whole =
        Judge.cycles(KernelStream.of(shape.kernel(), tiling, machine, Integer.MAX_VALUE), machine);
    long guess = Judge.extrapolated(start, machine, estimate.area(tiling), 1);
    assertThat((double) guess / whole).isBetween(1 - error, 1 + error);
    assertThat(whole).isGreaterThanOrEqualTo(estimate.bound(tiling));
    assertThat(whole).isGreaterThanOrEqualTo(Bound.of(shape.kernel(), machine).cycles());
  }

  /// The matrix products of a layer of BERT-base come close to what the array can do.
  @ParameterizedTest
  @CsvSource({"20, 3_680_000", "100, 3_780_000"})
  void layerOfBertBase(int latency, String most) {
    long cycles = LayerMatmuls.bertBase(128).cycles(MACHINE, latency, TilingCache.inMemory());
    assertThat(cycles).isBetween(3_637_248L, Long.parseLong(most.replace("_", "")));
  }
}
