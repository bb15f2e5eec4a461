package org.lapidary.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.lapidary.tools.cli.Shell.lapidary;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.tools.cli.Shell.Ran;

/// Damaged and hostile IR text, through `print`, `opt` and `diff`, ends in diagnostics: no stack
/// trace, no internal error, no hang, no memory past the heap. `-Dfuzz.count=N`, or the Maven
/// profile `fuzz`, tries more than the usual number.
final class IrFuzzTest {
  private static final int COUNT = Integer.getInteger("fuzz.count", 120);
  private static final List<String> TOKENS =
      List.of(
          "-1",
          "0",
          "1",
          "7",
          "65536",
          "2147483647",
          "-2147483648",
          "9223372036854775807",
          "1e308",
          "1e999",
          "NaN",
          "-Infinity",
          "true",
          "mean",
          "f32",
          "i8<scale=0.5>",
          "i64",
          "bool",
          "f32[46341,46341]",
          "f32[2147483647]",
          "f32[]",
          "f32[0]",
          "[1,2]",
          "[]",
          "%0",
          "%input_ids",
          "@w [1.0]",
          "@w#0123456789abcdef",
          "\"",
          "{",
          "}",
          "(",
          ")",
          ",",
          "loc(\"onnx:\")");

  @TempDir static Path folder = Path.of("");
  private static final List<List<String>> BASES = new ArrayList<>();

  @BeforeAll
  static void printBases() throws IOException {
    Path model =
        Path.of(System.getProperty("lapidary.root", "..")).resolve("testdata/models/bert-reviews");
    Ran ran =
        lapidary(
            "compile",
            model.resolve("model.onnx"),
            "-o",
            folder.resolve("out"),
            "--dim",
            "batch=1",
            "sequence=2",
            "--emit",
            "program,ir",
            "--calibrate",
            model.resolve("calibration"),
            "--calibrate-limit",
            "1");
    assertThat(ran.code()).as(ran.err()).isZero();
    Path dumps = folder.resolve("out.ir");
    Files.move(dumps.resolve("constants"), folder.resolve("constants"));
    for (String dump : List.of("canonicalize.ir", "quantize.ir")) {
      List<String> lines = Files.readAllLines(Shell.dump(dumps, dump));
      BASES.add(shortened(lines.subList(1, lines.size())));
    }
    Files.write(folder.resolve("base0.ir"), BASES.get(0));
    Files.write(folder.resolve("base1.ir"), BASES.get(1));
  }

  /// The embedding, the first layer and a part of the second: enough of everything, quickly read.
  private static List<String> shortened(List<String> lines) {
    int end = 110;
    String last = lines.get(end - 1);
    String type = type(last);
    List<String> text = new ArrayList<>(lines.subList(0, end));
    text.set(0, lines.getFirst().replaceAll("-> .* \\{", "-> " + type + " {"));
    text.add("  return y = " + last.strip().split(" ")[0]);
    text.add("}");
    return text;
  }

  @Test
  void theBasesAreFine() {
    assertThat(lapidary("print", folder.resolve("base0.ir")).err()).isEmpty();
    assertThat(lapidary("opt", folder.resolve("base0.ir"), "--pipeline", "fuse-gelu").code())
        .isZero();
    assertThat(lapidary("diff", folder.resolve("base1.ir"), folder.resolve("base1.ir")).code())
        .isZero();
  }

  @Test
  void mutatedTextEndsInDiagnostics() throws IOException {
    TreeMap<String, Integer> outcomes = new TreeMap<>();
    for (int seed = 0; seed < COUNT; seed++) {
      Random random = new Random(seed);
      Path file = folder.resolve("mutant" + seed + ".ir");
      int base = random.nextInt(2);
      Files.writeString(file, mutant(BASES.get(base), random));
      Object[] command =
          switch (random.nextInt(4)) {
            case 0 -> new Object[] {"print", file};
            case 1 -> new Object[] {"diff", folder.resolve("base" + base + ".ir"), file};
            case 2 -> new Object[] {"opt", file, "--pipeline", "fold-constants{max-elements=99}"};
            default -> new Object[] {"opt", file};
          };
      Ran ran = tried(seed, command);
      outcomes.merge(command[0] + " exit " + ran.code(), 1, Integer::sum);
      Files.delete(file);
    }
    System.out.println(COUNT + " mutated IR texts tried: " + outcomes);
    assertThat(outcomes.getOrDefault("opt exit 1", 0)).isGreaterThan(COUNT / 10);
    assertThat(outcomes.getOrDefault("opt exit 0", 0)).isGreaterThan(COUNT / 50);
  }

  @Test
  void hostileTextsEndInDiagnostics() throws IOException {
    String deep = "[".repeat(200_000);
    List<String> texts =
        List.of(
            "",
            "graph",
            "graph @g() { return } }",
            "graph @g(%x: f32[1]) -> f32[1] { %0 = nn.const() {data="
                + deep
                + "} : f32[1] return y = %0 }",
            "graph @g(%x: f32" + deep + ") { return }",
            "(".repeat(200_000),
            "graph @g(%x: f32[99999,99999,99999]) -> f32[1] { %0 = nn.neg(%x) : f32[99999,99999,99999] return y = %0 }",
            "graph @g(%x: f32[2,2147483647]) -> f32[1,4294967294] {"
                + " %0 = nn.reshape(%x) {dims=[1,4294967294]} : f32[1,4294967294] return y = %0 }",
            "graph @g() -> f32[2000000000] { %0 = nn.const() {data=@w#00} : f32[2000000000] return y = %0 }",
            "graph @g() -> f32[2000000000] { %0 = nn.const() {data=@w [1.0]} : f32[1]"
                + " %1 = nn.broadcast(%0) {dims=[2000000000]} : f32[2000000000]"
                + " %2 = nn.exp(%1) : f32[2000000000] return y = %2 }",
            chain(3_000));
    for (int i = 0; i < texts.size(); i++) {
      Path file = folder.resolve("hostile" + i + ".ir");
      Files.writeString(file, texts.get(i));
      for (String command : List.of("print", "opt")) {
        tried(i, command, file);
      }
      tried(i, "diff", file, file);
      tried(i, "graph", file, "-o", folder.resolve("hostile.svg"));
    }
  }

  /// A graph far deeper than any stack.
  @SuppressWarnings("OrphanedFormatString") // %x is the name of a value
  private static String chain(int length) {
    StringBuilder s = new StringBuilder("graph @g(%x: f32[1]) -> f32[1] {\n");
    for (int i = 0; i < length; i++) {
      String operand = i == 0 ? "x" : String.valueOf(i - 1);
      s.append("%%%d = nn.exp(%%%s) : f32[1]\n".formatted(i, operand));
    }
    return s + "return y = %%%d }".formatted(length - 1);
  }

  private static Ran tried(int seed, Object... command) {
    Ran ran =
        assertTimeoutPreemptively(
            Duration.ofSeconds(60), () -> lapidary(command), "seed " + seed + " hangs");
    assertThat(ran.code()).as("seed %d, %s: %s", seed, List.of(command), ran.err()).isIn(0, 1);
    assertThat(ran.err())
        .as("seed %d", seed)
        .doesNotContain("\tat ", "Exception", "internal error");
    if (ran.code() == 1 && !command[0].equals("diff")) {
      assertThat(ran.err()).as("seed %d", seed).contains("error[");
    }
    return ran;
  }

  private static String mutant(List<String> base, Random random) {
    List<String> lines = new ArrayList<>(base);
    for (int n = random.nextInt(3); n >= 0; n--) {
      int at = random.nextInt(lines.size());
      String line = lines.get(at);
      switch (random.nextInt(11)) {
        case 0 -> lines.remove(at);
        case 1 -> lines.add(random.nextInt(lines.size()), line);
        case 2 -> lines.set(at, line.replaceFirst("(nn|q)\\.[a-z_]+", op(random)));
        case 3, 4, 5 -> lines.set(at, retokened(line, random));
        case 6, 7, 8 -> lines.set(at, rewired(lines, at, random));
        case 9 -> lines.set(at, line.replaceFirst("#[0-9a-f]", "#" + random.nextInt(10)));
        default -> {
          String text = String.join("\n", lines);
          return text.substring(0, random.nextInt(text.length()));
        }
      }
      if (lines.isEmpty()) {
        return "";
      }
    }
    String text = String.join("\n", lines) + "\n";
    if (random.nextInt(6) == 0) {
      char[] flipped = text.toCharArray();
      flipped[random.nextInt(flipped.length)] = (char) random.nextInt(0x250);
      return new String(flipped);
    }
    return text;
  }

  /// Makes an operation read another value of the same type.
  private static String rewired(List<String> lines, int at, Random random) {
    String line = lines.get(at);
    int open = line.indexOf("(%") + 1;
    int end = open + line.substring(open).replaceFirst("[,)].*", "").length();
    String old = open == 0 ? "" : line.substring(open, end);
    String type =
        lines.stream()
            .filter(l -> l.startsWith("  " + old + " = "))
            .findFirst()
            .map(IrFuzzTest::type)
            .orElse("");
    List<String> alike =
        lines.subList(1, Math.max(1, at)).stream()
            .filter(l -> l.startsWith("  %") && l.contains(" : " + type + "  "))
            .map(l -> l.strip().split(" ")[0])
            .toList();
    return alike.isEmpty() || old.isEmpty()
        ? line
        : line.substring(0, open) + alike.get(random.nextInt(alike.size())) + line.substring(end);
  }

  private static String type(String statement) {
    return statement.substring(statement.lastIndexOf(" : ") + 3).replaceAll("  loc.*", "");
  }

  private static String op(Random random) {
    List<OpInfo> all = List.copyOf(OpInfo.all());
    return all.get(random.nextInt(all.size())).name();
  }

  /// Puts another token in the place of a number, a name or an attribute.
  private static String retokened(String line, Random random) {
    String[] parts = line.split("(?<=[=,(\\[ {:])|(?=[,)\\]} ])", -1);
    parts[random.nextInt(parts.length)] = TOKENS.get(random.nextInt(TOKENS.size()));
    return String.join("", parts);
  }
}
