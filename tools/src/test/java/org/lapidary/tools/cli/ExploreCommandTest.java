package org.lapidary.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Explorations of a small model, as a user would run them.
final class ExploreCommandTest {
  private static final Path ZOO =
      Path.of(System.getProperty("lapidary.root", ".."), "testdata/models/zoo");
  private static final List<String> SPACE =
      List.of(
          "--axis=quantize=plain|bias-correct",
          "--axis=prune=none|neurons{keep=0.5}",
          "--calibration-method=mse",
          "--axis=dim=own|8",
          "--axis=spad-kib=own|64",
          "--axis=acc-kib=own",
          "--fusion=cost",
          "--schedule=serial");

  @TempDir static Path folder = Path.of("");

  private static Path whole = Path.of("");
  private static JsonNode document = new ObjectMapper().nullNode();

  @BeforeAll
  static void explore() throws IOException {
    whole = folder.resolve("whole");
    Shell.Ran ran = explore(whole, "--threads", "1", "--budget", "points=12", "--json");
    assertThat(ran.code()).as(ran.err()).isZero();
    document = new ObjectMapper().readTree(ran.out());
  }

  private static Shell.Ran explore(Path target, String... more) {
    List<Object> words =
        new ArrayList<>(
            List.of(
                "explore",
                ZOO.resolve("bert-script-11.onnx"),
                "--task",
                "embed",
                "--data",
                ZOO.resolve("bert-script-11.npz"),
                "-o",
                target));
    words.addAll(SPACE);
    words.addAll(Arrays.asList(more));
    return Shell.lapidary(words.toArray());
  }

  private static boolean beats(JsonNode a, JsonNode b) {
    double moreMetric = a.path("metric").asDouble() - b.path("metric").asDouble();
    long moreCycles = a.path("cycles").asLong() - b.path("cycles").asLong();
    return moreMetric >= 0 && moreCycles <= 0 && (moreMetric > 0 || moreCycles < 0);
  }

  @Test
  void theFrontIsWhatNobodyBeats() {
    JsonNode points = document.path("points");
    assertThat(points).hasSize(12);
    for (JsonNode point : points) {
      boolean beaten = false;
      boolean covered = point.path("on_front").asBoolean();
      for (JsonNode other : points) {
        beaten |= beats(other, point);
        covered |=
            other.path("on_front").asBoolean()
                && (beats(other, point)
                    || (other.path("metric").equals(point.path("metric"))
                        && other.path("cycles").equals(point.path("cycles"))));
      }
      assertThat(point.path("on_front").asBoolean() && beaten).as(point.toString()).isFalse();
      assertThat(covered).as(point.toString()).isTrue();
    }
    assertThat(points.findValuesAsText("hash")).doesNotHaveDuplicates();
    assertThat(points.findValuesAsText("metric").stream().distinct().count()).isGreaterThan(1);
    assertThat(points.findValuesAsText("cycles").stream().distinct().count()).isGreaterThan(1);
  }

  @Test
  void neitherThreadsNorAStopShowInTheResult() throws IOException {
    Path again = folder.resolve("again");
    Files.createDirectories(again.resolve("outcomes"));
    try (Stream<Path> known = Files.list(whole.resolve("outcomes"))) {
      for (Path file : known.sorted().limit(9).toList()) {
        Files.copy(file, again.resolve("outcomes").resolve(file.getFileName().toString()));
      }
    }
    try (Stream<Path> known = Files.list(again.resolve("outcomes"))) {
      Files.writeString(known.sorted().findFirst().orElseThrow(), "{ \"kind\": \"cost\", \"outc");
    }
    assertThat(explore(again, "--threads", "3", "--budget", "points=12").code()).isZero();
    for (String name : List.of("front.csv", "points.csv", "explore.html", Manifest.FILE)) {
      assertThat(again.resolve(name)).hasSameTextualContentAs(whole.resolve(name));
    }
    try (Stream<Path> points = Files.list(whole.resolve("points"))) {
      for (Path point : points.toList()) {
        assertThat(again.resolve("points").resolve(point.getFileName().toString()))
            .hasSameBinaryContentAs(point);
      }
    }
  }

  @Test
  void theCommandOfAPointGivesItsFigures() throws IOException {
    JsonNode point = document.path("points").get(11);
    JsonNode stored =
        new ObjectMapper()
            .readTree(
                whole.resolve("points").resolve(point.path("hash").asText() + ".json").toFile());
    List<Object> words = new ArrayList<>(List.of("validate"));
    stored.path("words").forEach(w -> words.add(w.asText()));
    words.addAll(List.of("--json", "--no-ort-int8", "--referee", "1"));
    Shell.Ran ran = Shell.lapidary(words.toArray());
    assertThat(ran.code()).as(ran.err()).isZero();
    JsonNode measured = new ObjectMapper().readTree(ran.out());
    assertThat(measured.path("cycles").asLong()).isEqualTo(point.path("cycles").asLong());
    assertThat(measured.path("metric").path("integer").asDouble())
        .isEqualTo(point.path("metric").asDouble());
    assertThat(measured.path("instructions").asLong())
        .isEqualTo(stored.path("cost").path("instructions").asLong());
  }

  @Test
  void aPointComesOutTheSameOnceMore() throws IOException {
    String hash = document.path("points").get(5).path("hash").asText();
    Path file = whole.resolve("points").resolve(hash + ".json");
    Shell.Ran ran = Shell.lapidary("explore", "--rerun", hash, "-o", whole);
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.out()).isEqualTo(Files.readString(file));

    Path other = folder.resolve("other/points");
    Files.createDirectories(other);
    Files.writeString(
        other.resolve(hash + ".json"),
        Files.readString(file).replaceFirst("\"cycles\" : [0-9]", "\"cycles\" : 77"));
    Shell.Ran wrong = Shell.lapidary("explore", "--rerun", hash, "-o", folder.resolve("other"));
    assertThat(wrong.code()).isEqualTo(1);
    assertThat(wrong.err()).contains("differently");
    assertThat(Shell.lapidary("explore", "--rerun", "0000", "-o", whole).code()).isEqualTo(1);
  }

  @Test
  void thePageNeedsNothingButItself() throws IOException {
    String page = Files.readString(whole.resolve("explore.html"));
    assertThat(page).doesNotContain("src=").doesNotContain("href=").doesNotContain("@import");
    for (JsonNode point : document.path("points")) {
      assertThat(page).contains(point.path("hash").asText());
    }
  }

  @Test
  void whatMakesNoSenseIsRefused() {
    Path target = folder.resolve("refused");
    assertThat(explore(target, "--budget", "points=0").code()).isEqualTo(2);
    assertThat(explore(target, "--axis", "colour=red|blue").code()).isEqualTo(2);
    Shell.Ran engine = explore(target, "--engine", "nobody:there");
    assertThat(engine.code()).isEqualTo(1);
    assertThat(engine.err()).contains("tools/cluster");
    Shell.Ran usual = explore(target, "--axis", "quantize=nonsense");
    assertThat(usual.code()).isEqualTo(1);
    assertThat(usual.err()).contains("nonsense");
    assertThat(target.resolve("front.csv")).doesNotExist();
  }
}
