package org.lapidary.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.lapidary.tools.cli.Shell.lapidary;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lapidary.tools.cli.Shell.Ran;

/// `lapidary search` as a user calls it.
final class SearchCommandTest {
  private static final Path SUPERNET =
      Path.of(System.getProperty("lapidary.root", ".."), "testdata/models/supernet-java");
  private static final Path MODEL = SUPERNET.resolve("model.onnx");

  /// From the search to a sub-network that is validated: each step takes what the one before gave.
  @Test
  void whatIsFoundCanBeSlicedAndValidated(@TempDir Path folder) throws IOException {
    Path found = folder.resolve("found");
    Ran ran =
        lapidary(
            "search",
            MODEL,
            "--machine",
            "survey",
            "--data",
            SUPERNET.resolve("search"),
            "--limit",
            2,
            "--length",
            16,
            "--threads",
            1,
            "--population",
            4,
            "--generations",
            2,
            "--given-up",
            "100",
            "--cache",
            folder.resolve("cache"),
            "--json",
            "-o",
            found);
    assertThat(ran.code()).as(ran.err()).isZero();
    JsonNode document = new ObjectMapper().readTree(ran.out());
    JsonNode choice = document.get("choices").get(0);
    assertThat(choice.get("edp_gain").asDouble()).isGreaterThan(1);
    assertThat(document.get("table_error_percent").get("worst").asDouble()).isLessThan(1);
    try (var files = Files.list(found)) {
      assertThat(files.map(f -> f.getFileName().toString()))
          .containsExactlyInAnyOrder(
              "search.html", "front.csv", "candidates.csv", "table.csv", Manifest.FILE);
    }
    String genome = choice.get("genome").asText();
    assertThat(Files.readString(found.resolve("front.csv"))).contains(genome);
    Path sub = folder.resolve("sub.onnx");
    Ran sliced =
        lapidary("search", MODEL, "--dim", "batch=1", "sequence=16", "--slice", genome, "-o", sub);
    assertThat(sliced.code()).as(sliced.err()).isZero();
    assertThat(folder.resolve("sub.onnx.manifest.json")).content().contains(genome);
    Ran validated =
        lapidary(
            "validate",
            sub,
            "--machine",
            "survey",
            "--task",
            "lm",
            "--data",
            SUPERNET.resolve("search"),
            "--limit",
            2,
            "--length",
            16,
            "--no-ort-int8",
            "--referee",
            1,
            "--cache",
            folder.resolve("cache"),
            "--json");
    assertThat(validated.code()).as(validated.err()).isZero();
    JsonNode measured = new ObjectMapper().readTree(validated.out());
    assertThat(measured.get("metric").get("fp32").asDouble())
        .isEqualTo(choice.get("metric").asDouble(), org.assertj.core.data.Offset.offset(1e-4));
    assertThat(measured.get("referee_equal").asInt()).isEqualTo(1);
    assertThat(measured.get("cycles").asDouble() / choice.get("cycles").asDouble())
        .isBetween(0.99, 1.01);
  }

  @Test
  void wrongWordsAreRefusedAndNothingIsWritten(@TempDir Path folder) {
    Path out = folder.resolve("out");
    for (List<Object> words :
        List.<List<Object>>of(
            List.of("search", MODEL, "-o", out),
            List.of("search", MODEL, "-o", out, "--data", SUPERNET, "--proxy"),
            List.of("search", MODEL, "-o", out, "--proxy", "--mutation", "2"),
            List.of("search", MODEL, "-o", out, "--slice", "80"))) {
      Ran ran = lapidary(words.toArray());
      assertThat(ran.code()).as(ran.err()).isEqualTo(2);
      assertThat(ran.err()).contains("see lapidary search --help");
    }
    Ran larger =
        lapidary(
            "search", MODEL, "--dim", "batch=1", "sequence=64", "--slice", "96:9x64", "-o", out);
    assertThat(larger.code()).isEqualTo(1);
    assertThat(larger.err()).contains("96:9x64 is no part of the supernet 96:6x256");
    assertThat(out).doesNotExist();
  }
}
