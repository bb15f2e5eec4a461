package org.lapidary.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

class GemminiParamsTest {
  static final List<String> shipped = ParamsText.SHIPPED;

  @ParameterizedTest
  @FieldSource("shipped")
  void everyShippedMachinePrintsAndParsesBack(String name) {
    GemminiParams params = GemminiParams.load(name);
    assertThat(params.name()).isEqualTo(name);
    assertThat(ParamsText.parse("text", ParamsText.print(params))).isEqualTo(params);
  }

  @ParameterizedTest
  @CsvSource({
    "default, 16, 16384, 1024",
    "norm, 16, 16384, 1024",
    "lean, 16, 16384, 1024",
    "chip, 16, 4096, 512",
    "large-chip, 32, 4096, 512",
    "ibert, 16, 16384, 2048",
    "survey, 16, 4096, 4096"
  })
  void sizesAreThoseOfTheNotes(String name, int dim, int spadRows, int accRows) {
    GemminiParams params = GemminiParams.load(name);
    assertThat(params.dim()).isEqualTo(dim);
    assertThat(params.spadRows()).isEqualTo(spadRows);
    assertThat(params.accRows()).isEqualTo(accRows);
  }

  @Test
  void everyFileOfAMachineIsListed() throws IOException, URISyntaxException {
    URL one = Objects.requireNonNull(GemminiParams.class.getResource("default.machine"));
    try (Stream<Path> files = Files.list(Path.of(one.toURI()).getParent())) {
      assertThat(files.map(f -> f.getFileName().toString()).filter(f -> f.endsWith(".machine")))
          .containsExactlyInAnyOrderElementsOf(
              ParamsText.SHIPPED.stream().map(name -> name + ".machine").toList());
    }
  }

  @Test
  void onlyTheSurveySplitIsObjectedTo() {
    for (String name : ParamsText.SHIPPED) {
      List<GemminiParams.Objection> objections = GemminiParams.load(name).objections();
      if (name.equals("survey")) {
        assertThat(objections)
            .singleElement()
            .satisfies(o -> {
              assertThat(o.fatal()).isFalse();
              assertThat(o.reason())
                  .contains("scratchpad tiles - 2 >= accumulator tiles, here 256 - 2 < 256");
            });
      } else {
        assertThat(objections).as(name).isEmpty();
      }
    }
  }

  @Test
  void mistakesAreNamed() {
    assertThatThrownBy(() -> ParamsText.parse("f", "base = default\ndim = 12"))
        .hasMessage("f: dim must be a power of two from 2 to 128, is 12");
    assertThatThrownBy(() -> ParamsText.parse("f", "base = default\ndimm = 8"))
        .hasMessage("f: unknown key 'dimm'");
    assertThatThrownBy(() -> ParamsText.parse("f", "dim = 8")).hasMessage("f: no line for 'name'");
    assertThatThrownBy(() -> ParamsText.parse("f", "base = default\ndim = big"))
        .hasMessage("f: 'big' is no value for dim");
    assertThatThrownBy(() -> GemminiParams.load("no-such"))
        .hasMessageContaining("no machine is called 'no-such'");
  }

  @Test
  void changesCanBeSaidBehindAName() {
    GemminiParams small = GemminiParams.load("ibert{dim=8, acc_bank_rows=512}");
    assertThat(small.dim()).isEqualTo(8);
    assertThat(small.accBankRows()).isEqualTo(512);
    assertThat(small.hasNormalizations()).isTrue();
    assertThat(ParamsText.parse("again", ParamsText.print(small))).isEqualTo(small);
    assertThatThrownBy(() -> GemminiParams.load("ibert{dimm=8}"))
        .hasMessage("ibert{dimm=8}: unknown key 'dimm'");
    assertThatThrownBy(() -> GemminiParams.load("nobody{dim=8}"))
        .hasMessageContaining("no machine is called 'nobody'");
  }

  @Test
  void memoryCanBeReplaced() {
    GemminiParams slow = GemminiParams.load("default").withMemory(100, 2);
    assertThat(slow.memLatencyCycles()).isEqualTo(100);
    assertThat(slow.memBeatIntervalCycles()).isEqualTo(2);
    assertThat(slow.withMemory(20, 1)).isEqualTo(GemminiParams.load("default"));
  }
}
