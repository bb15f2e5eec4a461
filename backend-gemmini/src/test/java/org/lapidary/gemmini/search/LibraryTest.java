package org.lapidary.gemmini.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lapidary.gemmini.emit.KernelStream;
import org.lapidary.gemmini.emit.Tiling;
import org.lapidary.gemmini.emit.TilingSpace;
import org.lapidary.gemmini.search.MatmulShape.Activation;
import org.lapidary.gemmini.search.MatmulShape.Bias;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.ParamsText;
import org.lapidary.machine.Semantics;
import org.lapidary.testkit.Repository;

/// The library's tiler and its loops are what the library does, and the search beats them.
class LibraryTest {
  private static final Path MEASURED = Repository.shared("rtl");
  private static final Pattern LOOP =
      Pattern.compile("(default|norm|lean),mm_(\\d+)x(\\d+)x(\\d+)_b(\\d)_a([013])_f0_loop");
  private static final int CONFIG = 0;

  /// A row of the measurements.
  private record Measured(
      String machine, MatmulShape shape, String stream, int latency, long cycles) {}

  private static List<Measured> measured() throws IOException {
    List<Measured> rows = new ArrayList<>();
    for (String line : Files.readAllLines(MEASURED.resolve("cycles.csv"))) {
      String[] cells = line.split(",", -1);
      Matcher m = LOOP.matcher(cells[0] + "," + cells[1]);
      if (!m.matches() || !cells[5].equals("1") || !cells[6].equals("1")) {
        continue;
      }
      int[] n = new int[6];
      for (int i = 2; i <= 6; i++) {
        n[i - 1] = Integer.parseInt(m.group(i));
      }
      Activation activation =
          List.of(Activation.NONE, Activation.RELU, Activation.NONE, Activation.GELU).get(n[5]);
      Bias bias = List.of(Bias.NONE, Bias.MATRIX, Bias.ROW).get(n[4]);
      rows.add(
          new Measured(
              cells[0],
              new MatmulShape(1, n[1], n[2], n[3], false, bias, activation),
              cells[2],
              Integer.parseInt(cells[4]),
              Long.parseLong(cells[7])));
    }
    return rows;
  }

  private static List<long[]> stream(Path file) throws IOException {
    List<long[]> commands = new ArrayList<>();
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.US_ASCII))) {
      reader
          .lines()
          .map(l -> l.split(" "))
          .forEach(w ->
              commands.add(
                  new long[] {
                    Long.parseLong(w[0], 16),
                    Long.parseUnsignedLong(w[1], 16),
                    Long.parseUnsignedLong(w[2], 16)
                  }));
    }
    return commands;
  }

  /// Loop commands with addresses counted from the first of their kind; scales and constants of
  /// configurations differ, and so do only the kinds of those matter.
  private static List<String> normal(List<long[]> commands) {
    List<String> lines = new ArrayList<>();
    TreeSet<String> configs = new TreeSet<>();
    long[] base = new long[4];
    for (long[] c : commands) {
      int funct = (int) c[0];
      if (funct == CONFIG) {
        if ((c[1] & 3) != 3) { // which statistics slot is used depends on the build
          long ignored = (c[1] & 3) == 0 ? 0x18 : 0; // activation of results we never move that way
          configs.add("config %x".formatted(c[1] & 0xFFFF_FFFFL & ~ignored));
        }
      } else if (funct == 10 || funct == 11) {
        int at = 2 * (funct - 10);
        base[at] = base[at] == 0 ? c[1] : base[at];
        base[at + 1] = base[at + 1] == 0 ? c[2] : base[at + 1];
        lines.add(
            "%d %d %d"
                .formatted(
                    funct, c[1] == 0 ? -1 : c[1] - base[at], c[2] == 0 ? -1 : c[2] - base[at + 1]));
      } else if (funct >= 8 && funct <= 13) {
        lines.add("%d %x %x".formatted(funct, c[1], c[2]));
      }
    }
    lines.addAll(configs);
    return lines;
  }

  private static List<String> loops(List<String> normal) {
    return normal.stream().filter(l -> !l.startsWith("config")).toList();
  }

  private static List<long[]> commands(KernelStream stream) {
    List<long[]> commands = new ArrayList<>();
    for (int i = 0; i < stream.commands().length; i += 3) {
      commands.add(
          new long[] {stream.commands()[i], stream.commands()[i + 1], stream.commands()[i + 2]});
    }
    return commands;
  }

  @Test
  void streamsAreTheRecordedOnes() throws IOException {
    assumeTrue(Files.exists(MEASURED), Repository.absent(MEASURED));
    TreeSet<String> seen = new TreeSet<>();
    for (Measured m : measured()) {
      boolean strided = m.shape().rows() > 1; // a single row is given no stride here
      if (strided && seen.add(m.stream())) {
        KernelStream ours =
            KernelStream.ofLibrary(
                m.shape().kernel(), GemminiParams.load(m.machine()), Integer.MAX_VALUE);
        List<String> recorded = normal(stream(MEASURED.resolve(m.stream())));
        assertThat(loops(normal(commands(ours)))).as(m.stream()).isEqualTo(loops(recorded));
        // Where there is a normalisation unit we leave softmax first, in case it was on.
        assertThat(normal(commands(ours))).as(m.stream()).containsAll(recorded);
      }
    }
    assertThat(seen).hasSizeGreaterThan(30);
  }

  /// As far off as the cycle model itself is for loops, on average.
  @Test
  void cyclesAreTheMeasuredOnes() throws IOException {
    assumeTrue(Files.exists(MEASURED), Repository.absent(MEASURED));
    double sum = 0;
    int rows = 0;
    for (Measured m : measured()) {
      if (m.shape().macs() > 20_000_000) {
        continue;
      }
      GemminiParams machine = GemminiParams.load(m.machine()).withMemory(m.latency(), 1);
      long cycles =
          Judge.cycles(
              KernelStream.ofLibrary(m.shape().kernel(), machine, Integer.MAX_VALUE), machine);
      sum += Math.abs((double) cycles / m.cycles() - 1);
      rows++;
    }
    assertThat(rows).isGreaterThan(60);
    assertThat(sum / rows).isLessThan(0.015);
  }

  /// The table of gemmini.md §10.1.
  @ParameterizedTest
  @CsvSource({
    "512, 768, 768, 5 5 48, 4 4 16, 8 8 32, 2 2 16",
    "128, 768, 768, 5 5 48, 4 4 16, 8 8 32, 2 2 16",
    "128, 3072, 768, 5 5 48, 4 4 16, 8 8 32, 2 2 16",
    "128, 768, 3072, 5 5 51, 4 4 16, 8 8 32, 2 2 16",
    "128, 128, 64, 5 6 4, 4 4 4, 8 8 4, 2 4 2"
  })
  void tilesAreTheLibrarys(
      int rows, int cols, int depth, String byDefault, String chip, String ibert, String large) {
    MatmulShape shape = new MatmulShape(1, rows, cols, depth, false, Bias.NONE, Activation.NONE);
    List<String> machines = List.of("default", "chip", "ibert", "large-chip");
    List<String> expected = List.of(byDefault, chip, ibert, large);
    for (int i = 0; i < machines.size(); i++) {
      TilingSpace space = new TilingSpace(shape.kernel(), GemminiParams.load(machines.get(i)));
      assertThat(space.library().map(Tiling::text)).contains("loop " + expected.get(i));
    }
  }

  /// A sample of the sweep, on several machines.
  @ParameterizedTest
  @CsvSource({
    "default, 20",
    "default, 100",
    "ibert, 20",
    "survey, 40",
    "chip, 20",
    "large-chip, 6"
  })
  void searchIsNeverSlower(String name, int latency) {
    GemminiParams machine = GemminiParams.load(name).withMemory(latency, 1);
    List<MatmulShape> shapes =
        MapperSweep.all().stream().filter(s -> s.macs() < 3_000_000).toList();
    for (int i = latency % 7; i < shapes.size(); i += 41) {
      assertNotSlower(shapes.get(i), machine);
    }
  }

  /// Where pieces differ, or memory answers so slowly that streams do not keep the pace they begin
  /// with, whole streams must decide.
  @ParameterizedTest
  @CsvSource({
    "4, 1 32 1 32, 100 3, 4",
    "2, 4 8 2 8, 60 2, 4",
    "8, 4 64 2 64, 250 1, 64",
    "32, 2 64 1 64, 5 1, 16"
  })
  void searchIsNeverSlowerOnOddMachines(int dim, String banks, String memory, int requests) {
    List<Integer> rows = Stream.of(banks.split(" ")).map(Integer::valueOf).toList();
    List<Integer> answers = Stream.of(memory.split(" ")).map(Integer::valueOf).toList();
    GemminiParams machine =
        ParamsText.parse(
                "odd",
                """
                base = norm
                dim = %d
                spad_banks = %d
                spad_bank_rows = %d
                acc_banks = %d
                acc_bank_rows = %d
                mem_requests_in_flight = %d
                load_entries = 2
                store_entries = 2
                """
                    .formatted(dim, rows.get(0), rows.get(1), rows.get(2), rows.get(3), requests))
            .withMemory(answers.getFirst(), answers.getLast());
    assertNotSlower(new MatmulShape(1, 109, 9, 188, false, Bias.MATRIX, Activation.NONE), machine);
    MapperSweep.random(60).stream()
        .filter(s -> s.macs() < 40_000L * dim)
        .forEach(s -> assertNotSlower(s, machine));
  }

  private static void assertNotSlower(MatmulShape shape, GemminiParams machine) {
    if (shape.activation() != Activation.GELU || machine.hasNormalizations()) {
      assertThat(MapperSweep.row(shape, machine)).matches(r -> !r.isSlower(), "not slower");
    }
  }

  /// The library's tile of the sum takes half the accumulator, and then nothing is left for a tile
  /// along the inner axis; our streams have no such limit.
  @Test
  void theLibraryGivesUpWhereNoOperandFits() {
    GemminiParams machine =
        ParamsText.parse(
            "odd",
            "base = norm\nname = odd\nspad_banks = 1\nspad_bank_rows = 256\nacc_bank_rows = 512");
    MatmulShape shape = new MatmulShape(1, 70, 50, 40, false, Bias.NONE, Activation.NONE);
    assertThat(new TilingSpace(shape.kernel(), machine).library()).isEmpty();
    TilingSearch search = new TilingSearch(machine, Semantics.RTL, TilingCache.inMemory());
    assertThat(search.wholeCycles(shape.kernel())).isPositive();
    assertThatThrownBy(() -> search.libraryCycles(shape.kernel()))
        .isInstanceOf(DiagnosticException.class)
        .hasMessageContaining("library finds no tiles on odd");
  }
}
