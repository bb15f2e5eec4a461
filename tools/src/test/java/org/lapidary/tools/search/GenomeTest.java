package org.lapidary.tools.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lapidary.testkit.Property;

/// The text of genomes.
class GenomeTest {
  @Test
  void everyGenomeReadsBackFromItsText() {
    Property.holds(
        200,
        random -> {
          List<Genome.Layer> layers =
              Stream.generate(
                      () -> new Genome.Layer(1 + random.nextInt(64), 1 + random.nextInt(9999)))
                  .limit(1 + random.nextInt(12))
                  .toList();
          Genome genome = new Genome(1 + random.nextInt(4096), layers);
          assertThat(Genome.parse(genome.toString())).isEqualTo(genome);
        });
  }

  @Test
  void textIsAsTheHelpSays() {
    Genome genome = new Genome(80, List.of(new Genome.Layer(5, 224), new Genome.Layer(4, 96)));
    assertThat(genome).hasToString("80:5x224,4x96");
    assertThat(Genome.parse(" 80:5X224,4x96 ")).isEqualTo(genome);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "80",
        "80:",
        "80:5",
        "80:5x",
        "80:5x224,",
        ":5x224",
        "-8:5x2",
        "8:5x99999999999"
      })
  void anythingElseIsRefusedByName(String text) {
    assertThatThrownBy(() -> Genome.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + text + "' is no genome");
  }
}
