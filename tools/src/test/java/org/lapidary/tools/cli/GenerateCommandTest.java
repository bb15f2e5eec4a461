package org.lapidary.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Generation as its users meet it, on the shipped model.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class GenerateCommandTest {
  private static final Path MODEL =
      Path.of(System.getProperty("lapidary.root", ".."), "testdata/models/gpt-reviews");

  @TempDir static Path folder = Path.of("");
  private Path programs = Path.of("");

  private record Ran(int code, String out, String err) {}

  private static Ran lapidary(Object... words) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code =
        Main.run(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            Arrays.stream(words).map(String::valueOf).toArray(String[]::new));
    return new Ran(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private Ran generate(Object... more) {
    Object[] words = new Object[more.length + 2];
    words[0] = "generate";
    words[1] = programs;
    System.arraycopy(more, 0, words, 2, more.length);
    return lapidary(words);
  }

  @BeforeAll
  void compile() {
    programs = folder.resolve("programs");
    Ran ran =
        lapidary(
            "compile",
            MODEL.resolve("model.onnx"),
            "-o",
            programs,
            "--generate",
            24,
            "--calibrate",
            MODEL.resolve("calibration"),
            "--calibrate-limit",
            4);
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.out()).contains("prefill-16", "prefill-24").doesNotContain("decode");
  }

  @Test
  void textGoesInAndComesOutEqualToTheReferee() {
    Ran ran =
        generate(
            "--tokenizer",
            MODEL.resolve("vocab.txt"),
            "--prompt",
            "the soup",
            "--max-tokens",
            "5",
            "--verify");
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.out().strip().split("\\s+")).hasSizeBetween(4, 5);
    assertThat(ran.err())
        .contains("3 tokens in, 5 out")
        .contains("cycles/token over 4 tokens")
        .contains("cycles: model gemmini-event-1, mean error")
        .contains("no cache (the model has no caches): every token computes the whole sequence")
        .contains("verified: all 5 steps equal");
  }

  @Test
  void aSeedDrawsTheSameTokensAndAnotherSeedOthers() {
    Object[] draw = {
      "--prompt", "2,10", "--temperature", "1.5", "--no-timing", "--max-tokens", "9", "--seed"
    };
    String once = generate(with(draw, "1")).out();
    assertThat(once).isNotBlank().isEqualTo(generate(with(draw, "1")).out());
    assertThat(generate(with(draw, "2")).out()).isNotEqualTo(once);
    assertThat(generate(with(draw, "1", "--top-k", "1")).out())
        .isEqualTo(generate("--prompt", "2,10", "--no-timing", "--max-tokens", "9").out());
  }

  private static Object[] with(Object[] first, Object... more) {
    Object[] all = Arrays.copyOf(first, first.length + more.length);
    System.arraycopy(more, 0, all, first.length, more.length);
    return all;
  }

  @Test
  void itEndsAtAStopTokenOrWhenTheProgramsAreFull() {
    String free = generate("--prompt", "2 10", "--no-timing", "--max-tokens", "3").out().strip();
    String second = free.split(" ")[1];
    Ran stopped = generate("--prompt", "2 10", "--no-timing", "--stop", second);
    assertThat(stopped.out().strip()).isEqualTo(free.substring(0, free.lastIndexOf(' ')));
    assertThat(stopped.err()).contains("(stop token)");
    String prompt = "2" + ",10".repeat(21);
    Ran full = generate("--prompt", prompt, "--no-timing", "--json");
    assertThat(full.out()).contains("\"end\" : \"length\"", "\"cached\" : false");
  }

  @Test
  void whatCannotBeContinuedIsRefused() {
    for (String prompt : new String[] {"", "a,b", "1,74", "-1", "2" + ",2".repeat(24)}) {
      Ran ran = generate("--prompt", prompt);
      assertThat(ran.code()).as(prompt).isEqualTo(1);
      assertThat(ran.err()).contains("error[invalid-input]").contains("hint: ");
      assertThat(ran.err().lines().count()).isEqualTo(1);
    }
    assertThat(generate("--prompt", "1", "--temperature", "-1").code()).isEqualTo(2);
    assertThat(lapidary("generate", MODEL, "--prompt", "1").err())
        .contains("error[file-not-found]", "--generate");
    assertThat(lapidary("run", programs).err()).contains("error[file-not-found]");
  }

  @Test
  void somebodyElsesFilesStay() throws IOException {
    Path other = folder.resolve("other");
    Files.createDirectories(other);
    Files.writeString(other.resolve("notes.txt"), "mine");
    Ran ran = lapidary("compile", MODEL.resolve("model.onnx"), "-o", other, "--generate", 16);
    assertThat(ran.code()).isEqualTo(1);
    assertThat(other.resolve("notes.txt")).exists();
  }
}
