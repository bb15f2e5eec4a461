package org.lapidary.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;
import static org.lapidary.tools.cli.Shell.BERT;
import static org.lapidary.tools.cli.Shell.lapidary;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lapidary.tools.cli.Shell.Ran;

final class PiecesReportTest {
  private static Ran validate(String recipe, Object... more) {
    List<Object> words = new ArrayList<>(List.of("validate", BERT.resolve("model.onnx")));
    words.addAll(List.of("--task", "classify", "--data", BERT, "--limit", 2, "--referee", 2));
    words.addAll(List.of("--calibrate", BERT.resolve("calibration"), "--calibrate-limit", 8));
    words.addAll(List.of("--no-ort-int8", "--nn", 0, "--quantize", recipe));
    words.addAll(List.of(more));
    Ran ran = lapidary(words.toArray());
    assertThat(ran.code()).as(ran.err()).isZero();
    return ran;
  }

  /// The cycles that are shown are those of the programs with and without the pieces.
  @Test
  void everyPieceSaysWhatItCostsAndTheLimitHolds() throws IOException {
    JsonNode plain = new ObjectMapper().readTree(validate("plain", "--json").out());
    assertThat(plain.at("/two_pieces")).isEmpty();
    assertThat(plain.at("/two_pieces_cost").isMissingNode()).isTrue();

    String recipe = "two-pieces{below=60,cycles=0.04}";
    JsonNode found = new ObjectMapper().readTree(validate(recipe, "--json").out());
    assertThat(found.at("/referee_equal").asInt()).isEqualTo(2);
    assertThat(found.at("/two_pieces")).isNotEmpty();
    assertThat(found.at("/one_piece_too_coarse")).isNotEmpty();
    long without = found.at("/two_pieces_cost/cycles_without").asLong();
    long with = found.at("/two_pieces_cost/cycles_with").asLong();
    assertThat(without).isEqualTo(plain.at("/cycles").asLong());
    assertThat(with).isEqualTo(found.at("/cycles").asLong());
    assertThat(with).isGreaterThan(without).isLessThanOrEqualTo((long) (1.04 * without));
    assertThat(found.at("/two_pieces_cost/cycle_model/mean_error_percent").asDouble())
        .isEqualTo(found.at("/cycle_model/mean_error_percent").asDouble());
    for (JsonNode piece : found.at("/two_pieces")) {
      assertThat(piece.at("/cycles").asLong()).isPositive();
      assertThat(piece.at("/decibels_in_two").asDouble())
          .isGreaterThan(piece.at("/decibels_in_one").asDouble() + 20);
    }
  }

  /// Weights and activations in two pieces are exact integers, too.
  @Test
  void theMachineComputesOperandsInTwoPiecesBitForBit() throws IOException {
    String recipe = "two-pieces{below=0,operands=46,most=99,cycles=9}";
    JsonNode found = new ObjectMapper().readTree(validate(recipe, "--json").out());
    assertThat(found.at("/referee_equal").asInt()).isEqualTo(2);
    assertThat(found.at("/float_ops_on_accelerated_path").asInt(-1)).isZero();
    assertThat(found.at("/two_pieces").findValuesAsText("part"))
        .contains("weight", "left operand", "right operand");
    JsonNode plain = new ObjectMapper().readTree(validate("plain", "--json").out());
    assertThat(found.at("/macs").asLong()).isEqualTo(plain.at("/macs").asLong());
    assertThat(found.at("/baseline_cycles").asDouble())
        .as("a host that computes in float needs no pieces")
        .isCloseTo(plain.at("/baseline_cycles").asDouble(), withinPercentage(1));
  }

  @Test
  void theTextNamesTheCycleModel() {
    assertThat(validate("two-pieces{below=60,most=1}").out())
        .containsPattern("in two int8 pieces: sum of \\S+: .* dB in one, .* in two, .* cycles \\(")
        .containsPattern("not worth two pieces: ")
        .containsPattern("pieces: .* % more \\(model gemmini-event-1, mean error 0.7 %\\)");
  }
}
