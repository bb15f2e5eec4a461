package org.lapidary.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lapidary.ir.Tensor;
import org.lapidary.testkit.Repository;
import org.lapidary.tools.data.Npy;
import org.lapidary.tools.data.Tensors;

/// Equal inputs give equal bytes, manifests included, whoever runs it, where, and on what.
final class ReproducibilityTest {
  private static final Path ZOO = Repository.root().resolve("testdata/models/zoo");

  private static final List<String> INPUTS =
      List.of("input_ids", "attention_mask", "token_type_ids");

  @TempDir Path folder = Path.of("");

  @Test
  void nothingOfTheSurroundingsGetsIntoAnOutput() throws Exception {
    Path here = user("here");
    Path there = user("there/with spaces");
    Map<String, String> one =
        outputs(here, "1", List.of("-Xmx256m", "-Duser.language=en", "-Duser.timezone=UTC"));
    Map<String, String> other =
        outputs(there, "2", List.of("-Xmx1g", "-Duser.language=de", "-Duser.timezone=Asia/Tokyo"));
    assertThat(other).isEqualTo(one);
    assertThat(one)
        .containsKeys(
            "out/lapidary-manifest.json",
            "out/memory.bin",
            "out.ir/lapidary-manifest.json",
            "results/lapidary-manifest.json",
            "results/logits.npy",
            "report.html",
            "model.html");
  }

  @Test
  void theManifestNamesVersionOptionsAndHashes() throws IOException, NoSuchAlgorithmException {
    Path model = user("mine").resolve("model.onnx");
    Path html = model.resolveSibling("model.html");
    assertThat(
            Shell.lapidary("graph", model, "--dim", "batch=1", "--dim", "sequence=8", "-o", html)
                .code())
        .isZero();
    String page = Files.readString(html);
    int from = page.indexOf("id=\"manifest\">") + "id=\"manifest\">".length();
    JsonNode manifest =
        new ObjectMapper().readTree(page.substring(from, page.indexOf("</script>", from)));
    byte[] sha = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(model));
    assertThat(manifest.at("/made_by").asText()).isEqualTo(Main.VERSION);
    assertThat(manifest.at("/command").asText()).isEqualTo("graph");
    assertThat(manifest.at("/options/--dim").asText()).isEqualTo("{batch=1, sequence=8}");
    assertThat(manifest.at("/inputs/0/name").asText()).isEqualTo("model.onnx");
    assertThat(manifest.at("/inputs/0/sha256").asText()).isEqualTo(HexFormat.of().formatHex(sha));
    assertThat(page).doesNotContain(folder.toString());
  }

  @Test
  void aFileThatCannotCarryItsManifestHasItBeside() throws IOException {
    Path model = user("beside").resolve("model.onnx");
    Path rewritten = model.resolveSibling("rewritten.onnx");
    Path dumps = model.resolveSibling("dumps");
    Shell.Ran ran =
        Shell.lapidary(
            "opt", model, "--dim", "batch=1", "sequence=8", "--dump-dir", dumps, "-o", rewritten);
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(model.resolveSibling("rewritten.onnx.manifest.json"))
        .content()
        .contains("\"command\" : \"opt\"", "\"name\" : \"model.onnx\"")
        .doesNotContain(folder.toString());
    assertThat(dumps.resolve(Manifest.FILE)).content().contains("\"command\" : \"opt\"");
  }

  @Test
  void theVersionIsThatOfTheBuild() throws IOException {
    assertThat(Files.readString(Repository.root().resolve("pom.xml")))
        .contains("<version>" + Main.VERSION.replace("lapidary ", "") + "</version>");
  }

  /// A folder with a model and an input.
  private Path user(String name) throws IOException {
    Path home = Files.createDirectories(folder.resolve(name));
    Files.copy(ZOO.resolve("bert-script-11.onnx"), home.resolve("model.onnx"));
    Map<String, Tensor> arrays = Npy.readZip(ZOO.resolve("bert-script-11.npz"));
    for (String input : INPUTS) {
      Tensor array = Objects.requireNonNull(arrays.get(input));
      Npy.write(home.resolve(input + ".npy"), Tensors.rows(array, 0, 1));
    }
    return home;
  }

  /// Every file that a few commands write in a folder, in Java machines of their own.
  private static Map<String, String> outputs(Path home, String threads, List<String> jvm)
      throws IOException, InterruptedException {
    java(
        home,
        jvm,
        List.of("compile", "model.onnx", "-o", "out", "--dim", "batch=1", "--dim", "sequence=8"),
        List.of("--emit", "program,ir", "--cache", "cache", "--threads", threads));
    List<String> inputs = new ArrayList<>();
    for (String input : INPUTS) {
      inputs.addAll(List.of("--input", input + "=" + home.resolve(input + ".npy")));
    }
    java(home, jvm, List.of("run", "out", "--output-dir", "results"), inputs);
    java(home, jvm, List.of("graph", "out", "-o", "model.html"), List.of());
    java(home, jvm, List.of("report", "out", "-o", "report.html"), List.of());
    Map<String, String> files = new TreeMap<>();
    try (Stream<Path> walk = Files.walk(home)) {
      for (Path file : walk.filter(Files::isRegularFile).toList()) {
        String name = home.relativize(file).toString();
        if (!name.startsWith("cache")) {
          files.put(name, Files.readString(file, StandardCharsets.ISO_8859_1));
        }
      }
    }
    return files;
  }

  private static void java(Path home, List<String> jvm, List<String> command, List<String> more)
      throws IOException, InterruptedException {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.addAll(jvm);
    line.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    line.addAll(List.of("-cp", classpath(), "org.lapidary.tools.cli.Main"));
    line.addAll(command);
    line.addAll(more);
    Process process =
        new ProcessBuilder(line).directory(home.toFile()).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
  }

  /// Of the loader where there is one that tells, as not every runner has its classes on the path.
  private static String classpath() {
    Stream<Path> entries =
        Main.class.getClassLoader() instanceof URLClassLoader loader
            ? Stream.of(loader.getURLs()).map(url -> Path.of(URI.create(url.toString())))
            : Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(Path::of);
    return entries
        .map(entry -> entry.toAbsolutePath().toString())
        .collect(Collectors.joining(File.pathSeparator));
  }
}
