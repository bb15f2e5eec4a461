package org.lapidary.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.lapidary.tools.cli.Shell.BERT;
import static org.lapidary.tools.cli.Shell.compileBert;
import static org.lapidary.tools.cli.Shell.lapidary;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lapidary.ir.Tensor;
import org.lapidary.tools.cli.Shell.Ran;
import org.lapidary.tools.data.Npy;

/// A timeline whose slices are the reported cycles: the same sums, nothing twice, nothing left out.
final class ProfileCommandTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path folder = Path.of("");
  private static Path program = Path.of("");
  private static final List<Object> inputs = new ArrayList<>();

  @BeforeAll
  static void compile() throws IOException {
    program = folder.resolve("out");
    Ran ran = compileBert(program, 1, 16, 2);
    assertThat(ran.code()).as(ran.err()).isZero();
    inputs.add("--input");
    for (String name : List.of("input_ids", "attention_mask", "token_type_ids")) {
      Tensor rows = Npy.read(BERT.resolve(name + ".npy"));
      long[] first = java.util.Arrays.copyOf(rows.i64(), 16);
      Path file = folder.resolve(name + ".npy");
      Npy.write(file, Tensor.i64(List.of(1, 16), first));
      inputs.add(name + "=" + file);
    }
  }

  private static Ran profile(Object... words) {
    List<Object> all = new ArrayList<>(List.of("profile", program));
    all.addAll(List.of(words));
    Ran ran = lapidary(all.toArray());
    assertThat(ran.code()).as(ran.err()).isZero();
    return ran;
  }

  private static JsonNode read(Path trace) throws IOException {
    try (InputStream in = Files.newInputStream(trace)) {
      return JSON.readTree(trace.toString().endsWith(".gz") ? new GZIPInputStream(in) : in);
    }
  }

  private static Map<String, List<JsonNode>> tracks(JsonNode trace) {
    Map<Integer, String> names = new TreeMap<>();
    Map<String, List<JsonNode>> tracks = new LinkedHashMap<>();
    for (JsonNode event : trace.get("traceEvents")) {
      int tid = event.get("tid").asInt();
      if (event.get("name").asText().equals("thread_name")) {
        names.put(tid, event.get("args").get("name").asText());
      } else if (event.get("ph").asText().equals("X")) {
        tracks.computeIfAbsent(names.get(tid), _ -> new ArrayList<>()).add(event);
      }
    }
    return tracks;
  }

  /// Sums the slices of a track by what they say they are.
  private static Map<String, Long> sums(List<JsonNode> slices) {
    Map<String, Long> sums = new TreeMap<>();
    for (JsonNode slice : slices) {
      if (slice.get("cat").asText().equals("joined")) {
        slice.get("args").properties().stream()
            .filter(e -> e.getValue().isNumber() && !e.getKey().equals("slices"))
            .forEach(e -> sums.merge(e.getKey(), e.getValue().asLong(), Long::sum));
      } else {
        sums.merge(slice.get("cat").asText(), slice.get("dur").asLong(), Long::sum);
      }
    }
    return sums;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 40, 1000})
  void theSlicesAreTheReportedCycles(int resolution) throws IOException {
    Path file = folder.resolve("trace" + resolution + ".json.gz");
    JsonNode document =
        JSON.readTree(profile("-o", file, "--json", "--resolution", resolution).out());
    long cycles = document.get("cycles").asLong();
    Map<String, List<JsonNode>> tracks = tracks(read(file));
    assertThat(tracks.keySet())
        .containsExactlyInAnyOrder(
            "ONNX node", "load", "execute", "store", "normaliser", "DMA read", "DMA write");
    tracks.forEach((name, slices) -> {
      boolean whole = List.of("ONNX node", "load", "execute", "store").contains(name);
      long end = 0;
      for (JsonNode slice : slices) {
        long from = slice.get("ts").asLong();
        assertThat(from).as("%s", slice).isGreaterThanOrEqualTo(end);
        assertThat(!whole || from == end).as("a gap before %s", slice).isTrue();
        end = from + slice.get("dur").asLong();
      }
      assertThat(end).as(name).isLessThanOrEqualTo(cycles);
      assertThat(!whole || end == cycles).as(name).isTrue();
      if (!name.equals("ONNX node")) {
        String key = name.replace("DMA ", "").toLowerCase(Locale.ROOT);
        Map<String, Long> unit = new TreeMap<>();
        document
            .get("units")
            .get(key)
            .properties()
            .forEach(e -> unit.put(e.getKey(), e.getValue().asLong()));
        assertThat(sums(slices)).as(name).isEqualTo(unit);
      }
    });
    long ofNodes = 0;
    for (JsonNode node : document.get("nodes")) {
      ofNodes += node.get("cycles").asLong();
    }
    assertThat(ofNodes).isEqualTo(cycles);
    assertThat(document.get("trace").get("slices").asLong())
        .isEqualTo(
            tracks.entrySet().stream()
                .filter(t -> !t.getKey().equals("ONNX node"))
                .mapToLong(t -> t.getValue().size())
                .sum());
  }

  @Test
  void runningTakesTheCyclesThatWerePredictedAndTimingChangesNoBit() throws IOException {
    Path predicted = folder.resolve("predicted.json");
    Path run = folder.resolve("run.json");
    profile("-o", predicted);
    List<Object> withInputs = new ArrayList<>(List.of("-o", run));
    withInputs.addAll(inputs);
    profile(withInputs.toArray());
    assertThat(run).hasSameBinaryContentAs(predicted);

    List<Object> words = new ArrayList<>(List.of("run", program, "--json"));
    words.addAll(inputs);
    List<Object> timed = new ArrayList<>(words);
    timed.addAll(List.of("--output-dir", folder.resolve("timed")));
    List<Object> untimed = new ArrayList<>(words);
    untimed.addAll(List.of("--output-dir", folder.resolve("untimed"), "--no-timing"));
    Ran ran = lapidary(timed.toArray());
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(lapidary(untimed.toArray()).code()).isZero();
    assertThat(folder.resolve("timed/logits.npy"))
        .hasSameBinaryContentAs(folder.resolve("untimed/logits.npy"));
    assertThat(JSON.readTree(ran.out()).get("cycles"))
        .isEqualTo(read(predicted).get("otherData").get("cycles"));
  }

  @Test
  void aPartCanBeChosen() throws IOException {
    Path file = folder.resolve("part.json");
    profile("-o", file, "--only", "*layer.1/output/dense/MatMul", "--from", "1");
    List<JsonNode> slices = tracks(read(file)).getOrDefault("execute", List.of());
    assertThat(slices)
        .isNotEmpty()
        .allMatch(s ->
            s.get("args").get("node").asText().equals("/bert/encoder/layer.1/output/dense/MatMul"));
    assertThat(slices).anyMatch(s -> s.get("name").asText().endsWith("/MatMul compute_preloaded"));
    assertThat(slices).anyMatch(s -> s.get("name").asText().startsWith("waits for "));
    long from = slices.getFirst().get("ts").asLong() + 100;
    profile("-o", file, "--from", from, "--to", from + 50);
    for (JsonNode event : read(file).get("traceEvents")) {
      if (event.get("ph").asText().equals("X")) {
        assertThat(event.get("ts").asLong()).isLessThan(from + 50);
        assertThat(event.get("ts").asLong() + event.get("dur").asLong()).isGreaterThan(from);
      }
    }
  }

  @Test
  void theSummaryNamesTheModelOfTheCyclesAndFoldsLayers() {
    String text = profile().out();
    assertThat(text)
        .contains("model gemmini-event-1, known error: mean 0.7 %")
        .contains("  4  /bert/encoder/layer.*/output/dense/MatMul")
        .contains("DMA write");
  }

  @Test
  void mistakesAreTold() {
    Ran ran = lapidary("profile", program, "--only", "*nothing*");
    assertThat(ran.code()).isEqualTo(1);
    assertThat(ran.err()).contains("*nothing*").contains("there are");
    Path nowhere = folder.resolve("no/such/folder/trace.json");
    ran = lapidary("profile", program, "-o", nowhere);
    assertThat(ran.code()).isEqualTo(1);
    assertThat(ran.err()).contains("cannot be written");
    assertThat(lapidary("profile", program, "--from", 9, "--to", 3).code()).isEqualTo(2);
    assertThat(lapidary("profile", program, "--resolution", 0).code()).isEqualTo(2);
    assertThat(lapidary("profile", folder.resolve("nothing")).code()).isEqualTo(1);
    ran = lapidary("profile", program, "--input", "input_ids=" + folder.resolve("none.npy"));
    assertThat(ran.code()).isEqualTo(1);
  }
}
