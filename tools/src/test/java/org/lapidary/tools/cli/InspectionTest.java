package org.lapidary.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.lapidary.tools.cli.Shell.BERT;
import static org.lapidary.tools.cli.Shell.compileBert;
import static org.lapidary.tools.cli.Shell.lapidary;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lapidary.tools.cli.Shell.Ran;

/// `print`, `diff`, `graph` and `opt` on a real model, its dumps and its program.
final class InspectionTest {
  private static final Object MODEL = BERT.resolve("model.onnx");
  private static final String QUERY = "*layer.0/attention/self/query/MatMul";

  @TempDir static Path folder = Path.of("");
  private static Path program = Path.of("");
  private static Path dumps = Path.of("");

  @BeforeAll
  static void compile() {
    program = folder.resolve("out");
    dumps = folder.resolve("out.ir");
    Ran ran = compileBert(program, 1, 16, 2, "--emit", "program,ir");
    assertThat(ran.code()).as(ran.err()).isZero();
  }

  private static Ran onModel(Object... words) {
    Object[] all = new Object[words.length + 3];
    System.arraycopy(words, 0, all, 0, words.length);
    all[words.length] = "--dim";
    all[words.length + 1] = "batch=1";
    all[words.length + 2] = "sequence=16";
    return lapidary(all);
  }

  private static JsonNode json(Ran ran) throws IOException {
    return new ObjectMapper().readTree(ran.out());
  }

  @Test
  void everyDumpSaysWhatItsPassChanged() throws IOException {
    try (var files = Files.list(dumps)) {
      List<String> names = files.map(f -> String.valueOf(f.getFileName())).sorted().toList();
      List<String> numbers =
          names.stream().filter(n -> n.endsWith(".ir")).map(n -> n.substring(0, 2)).toList();
      assertThat(numbers)
          .isEqualTo(IntStream.range(0, numbers.size()).mapToObj("%02d"::formatted).toList());
      assertThat(names).anyMatch(n -> n.endsWith("-quantize.diff"));
      assertThat(names.stream().filter(n -> n.endsWith(".diff"))).hasSize(numbers.size() - 1);
    }
    String gelu = Files.readString(Shell.dump(dumps, "fuse-gelu.diff"));
    assertThat(gelu).contains("\n+ ").contains("nn.gelu").contains("nn.erf");
    assertThat(gelu.lines().filter(l -> l.contains("nn.erf"))).allMatch(l -> l.startsWith("- "));
    assertThat(gelu).doesNotContain("nn.softmax"); // which this pass leaves alone
  }

  @Test
  void printAfterAPassIsItsDump() throws IOException {
    String dump = Files.readString(Shell.dump(dumps, "fuse-gelu.ir"));
    Ran ran = onModel("print", MODEL, "--after", "fuse-gelu");
    assertThat(ran.out()).isEqualTo(dump.substring(dump.indexOf('\n') + 1));
    Ran quantized =
        onModel(
            "print",
            MODEL,
            "--after",
            "quantize",
            "--calibrate",
            BERT.resolve("calibration"),
            "--calibrate-limit",
            "2");
    assertThat(quantized.out()).isEqualTo(Files.readString(program.resolve("graph.ir")));
    assertThat(onModel("print", MODEL, "--after", "nothing").err())
        .contains("error[invalid-pipeline]", "fold-scales, ", "quantize");
  }

  @Test
  void onlyOneNodeWithTheTypesOfItsOperands() {
    Ran ran = onModel("print", MODEL, "--only", QUERY);
    assertThat(ran.out())
        .contains("nn.matmul(", "// %", ": f32[1,16,128], nn.add from /bert/embeddings")
        .doesNotContain("key/MatMul");
    assertThat(onModel("print", MODEL, "--only", "nobody").code()).isEqualTo(1);
  }

  @Test
  void aProgramIsListedByKernel() throws IOException {
    Ran all = lapidary("print", program);
    assertThat(all.out())
        .contains("\nsteps\n", "\nmemory map\n", "\nplacement\n", "kernel 0: ", "  mvout ");
    Ran one = lapidary("print", program, "--only", QUERY);
    assertThat(one.out()).contains("mvin", "q.matmul", "accelerator").doesNotContain("\nsteps\n");
    assertThat(one.out().lines().filter(l -> l.startsWith("kernel "))).hasSizeBetween(1, 2);
    JsonNode document = json(lapidary("print", program, "--json"));
    int commands = 0;
    for (JsonNode kernel : document.get("kernels")) {
      commands += kernel.get("commands").size();
    }
    assertThat(commands).isEqualTo(document.get("instructions").asInt());
  }

  @Test
  void diffFindsNothingInTheSameAndSomethingInOthers() throws IOException {
    Ran same = onModel("diff", MODEL, Shell.dump(dumps, "import.ir"));
    assertThat(same.code()).as(same.out()).isZero();
    assertThat(same.out()).isEmpty();
    assertThat(lapidary("diff", program, program).code()).isZero();
    Ran other =
        onModel("diff", Shell.dump(dumps, "fuse-layer-norm.ir"), Shell.dump(dumps, "fuse-gelu.ir"));
    assertThat(other.code()).isEqualTo(1);
    assertThat(other.out()).startsWith("@@ graph: ").contains("+ ", "nn.gelu");
    assertThat(other.out()).doesNotContain("\033[");
    JsonNode document = json(lapidary("diff", program, program, "--json"));
    assertThat(document.get("equal").asBoolean()).isTrue();
    assertThat(lapidary("diff", program, MODEL, "--dim", "batch=1", "sequence=16").err())
        .contains("one is a model");
  }

  @Test
  void aChangedProgramSaysWhere() throws IOException {
    Path other = folder.resolve("other");
    Ran compiled =
        lapidary(
            "compile",
            MODEL,
            "-o",
            other,
            "--dim",
            "batch=1",
            "sequence=16",
            "--calibrate",
            BERT.resolve("calibration"),
            "--calibrate-limit",
            "1",
            "--semantics",
            "libgemmini");
    assertThat(compiled.code()).isZero();
    Ran diff = lapidary("diff", program, other);
    assertThat(diff.code()).isEqualTo(1);
    assertThat(diff.out())
        .contains("@@ machine", "- semantics = RTL", "+ semantics = LIBGEMMINI", "truncating=true")
        .contains("@@ kernel ");
  }

  @Test
  void aGraphFoldsTheLayersOfTheModelAndOfTheProgram() throws IOException {
    Path svg = folder.resolve("a.svg");
    Ran ran = onModel("graph", MODEL, "-o", svg, "--after", "fold-scales", "--json");
    assertThat(json(ran).get("folded").get(0).get("times").asInt()).isEqualTo(4);
    assertThat(svg).content().startsWith("<?xml").contains("× 4", "layernorm");
    Path page = folder.resolve("a.html");
    assertThat(lapidary("graph", program, "-o", page).code()).isZero();
    assertThat(page).content().contains("accelerator: ", "scale");
    assertThat(onModel("graph", MODEL, "-o", folder.resolve("a.png")).code()).isEqualTo(2);
  }

  @Test
  void passesRunOneByOneAndUpToALimit() throws IOException {
    JsonNode two = json(onModel("opt", MODEL, "--pipeline", "canonicalize fuse-gelu", "--json"));
    assertThat(two.get("passes")).hasSize(2);
    assertThat(two.get("passes").get(1).get("ops_after").asInt())
        .isLessThan(two.get("passes").get(1).get("ops_before").asInt());
    assertThat(json(onModel("opt", MODEL, "--pass-limit", "3", "--json")).get("passes")).hasSize(3);
    Ran option = onModel("opt", MODEL, "--pipeline", "fold-constants{max-elements=4}", "--stats");
    assertThat(option.err()).contains("fold-constants{max-elements=4}", "ops before");
    assertThat(onModel("opt", MODEL, "--pipeline", "fuse-gelu{a=1}").err())
        .contains("fuse-gelu has no option a");
    assertThat(onModel("opt", MODEL, "--pass-limit", "-1").code()).isEqualTo(2);
  }

  @Test
  void usageErrorsAreOneLineThatSaysWhereToReadOn() {
    Ran threads = onModel("compile", MODEL, "-o", folder.resolve("no"), "--threads", "0");
    assertThat(threads.code()).isEqualTo(2);
    assertThat(threads.err().lines())
        .singleElement()
        .asString()
        .contains("--threads", "see lapidary compile --help");
  }

  @ParameterizedTest
  @ValueSource(strings = {"print", "opt", "diff", "asm", "disasm", "replay", "run"})
  void failuresAreOneDocumentToo(String command) throws IOException {
    Object[] words =
        command.equals("diff")
            ? new Object[] {command, "no.ir", "no.ir", "--json"}
            : new Object[] {command, "no.ir", "--json"};
    Ran ran = lapidary(words);
    assertThat(ran.code()).isEqualTo(1);
    assertThat(json(ran).get("diagnostics").get(0).get("severity").asText()).isEqualTo("error");
  }
}
