package org.lapidary.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.lapidary.tools.cli.Shell.lapidary;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.lapidary.testkit.Repository;
import org.lapidary.tools.cli.Shell.Ran;

final class ValidateCommandTest {
  private static final Path MODEL = Repository.root().resolve("testdata/models/gpt-reviews");

  private static Ran validate(Object... more) {
    Stream<Object> words =
        Stream.of(
            "validate",
            MODEL.resolve("model.onnx"),
            "--task",
            "lm",
            "--data",
            MODEL,
            "--calibrate",
            MODEL.resolve("calibration"),
            "--no-ort-int8",
            "--referee",
            1);
    return lapidary(Stream.concat(words, Stream.of(more)).toArray());
  }

  @Test
  void theFloatRefereeIsAnEngineAndSaysHowManySamplesItScored() throws IOException {
    Ran few = validate("--limit", 6, "--nn", 4, "--calibrate-skip", 60, "--json");
    Ran all = validate("--limit", 4, "--nn", 9, "--calibrate-skip", 60, "--json");
    assertThat(few.err()).contains("4 samples of").contains("after the first 60");
    JsonNode partly = new ObjectMapper().readTree(few.out());
    JsonNode whole = new ObjectMapper().readTree(all.out());
    assertThat(partly.at("/samples_by_engine/nn").asInt()).isEqualTo(4);
    assertThat(partly.at("/samples_by_engine/integer").asInt()).isEqualTo(6);
    assertThat(partly.at("/agreements/nn").asDouble()).isEqualTo(1);
    double fp32 = whole.at("/metric/fp32").asDouble();
    assertThat(whole.at("/metric/nn").asDouble()).isCloseTo(fp32, within(1e-4 * fp32));
    assertThat(partly.at("/metric/nn")).isEqualTo(whole.at("/metric/nn"));
    assertThat(partly.at("/metric/fp32")).isNotEqualTo(whole.at("/metric/fp32"));
  }

  @Test
  void tokensAreLeftBehindInIntegers() throws IOException {
    Path bert = Repository.root().resolve("testdata/models/bert-reviews");
    Ran ran =
        lapidary(
            "validate",
            bert.resolve("model.onnx"),
            "--task",
            "classify",
            "--data",
            bert,
            "--calibrate",
            bert.resolve("calibration"),
            "--calibrate-limit",
            8,
            "--prune",
            "tokens{keep=0.75}, unread",
            "--limit",
            4,
            "--referee",
            2,
            "--no-ort-int8",
            "--json");
    assertThat(ran.code()).as(ran.err()).isZero();
    JsonNode found = new ObjectMapper().readTree(ran.out());
    assertThat(found.at("/referee_equal").asInt()).isEqualTo(2);
    assertThat(found.at("/float_ops_on_accelerated_path").asInt(-1)).isZero();
  }

  @Test
  void nothingIsLeftToCalibrateOnIfAllIsPassedOver() {
    Ran none = validate("--calibrate-skip", 64);
    assertThat(none.code()).isEqualTo(1);
    assertThat(none.err()).contains("not one sample to calibrate on");
  }
}
