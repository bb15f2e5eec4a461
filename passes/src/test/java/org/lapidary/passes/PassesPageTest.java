package org.lapidary.passes;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.pass.Pass;
import org.lapidary.ir.pass.Pipeline;
import org.lapidary.ir.pass.Rule;
import org.lapidary.testkit.Golden;
import org.lapidary.testkit.Repository;

/// `PASSES.md` says what the sources say: names and options come from the records, descriptions and
/// equations from their doc comments.
class PassesPageTest {
  @Test
  void pageIsFresh() throws IOException {
    StringBuilder page =
        new StringBuilder("# Passes\n\nGenerated from the sources; `PassesPageTest` compares.\n\n");
    page.append("| pass | level | what it does |\n|---|---|---|\n");
    for (Pass<?, ?> pass : PassCatalog.passes()) {
      page.append("| `%s` | %s | %s |\n".formatted(pass.text(), levels(pass), doc(pass)));
    }
    page.append("\n## Rules\n\nWhat `canonicalize` applies every other pass applies too.\n");
    for (var entry : PassCatalog.rules().entrySet()) {
      page.append("\n### %s\n\n| rule | equation |\n|---|---|\n".formatted(entry.getKey()));
      for (Rule<?> rule : entry.getValue()) {
        page.append("| `%s` | %s |\n".formatted(rule.name(), doc(rule)));
      }
    }
    page.append("\n## Pipelines\n\n`nn.pipeline`:\n\n");
    PassCatalog.nn().passes().forEach(p -> page.append("* `" + p.text() + "`\n"));
    Golden.check(Repository.root().resolve("passes/PASSES.md"), page.toString());
  }

  /// Every rule has a test that names it, where it fires and where it must not.
  @Test
  void everyRuleIsTested() throws IOException {
    StringBuilder tests = new StringBuilder();
    for (String module : List.of("passes", "ir")) {
      try (Stream<Path> files =
          Files.walk(Repository.root().resolve(module).resolve("src/test/java"))) {
        for (Path file : files.filter(f -> f.toString().endsWith("Test.java")).toList()) {
          tests.append(Files.readString(file));
        }
      }
    }
    for (List<? extends Rule<?>> rules : PassCatalog.rules().values()) {
      for (Rule<?> rule : rules) {
        assertThat(tests).containsPattern("\\b" + rule.getClass().getSimpleName() + "\\b");
      }
    }
  }

  private static String levels(Pass<?, ?> pass) {
    return level(pass.takes()) + " → " + level(pass.gives());
  }

  private static String level(Class<? extends Op> type) {
    return type.getSimpleName()
        .replaceAll("Op$", "")
        .replaceAll("^$", "any")
        .toLowerCase(Locale.ROOT);
  }

  /// The first paragraph of the doc comment of a record.
  private static String doc(Object object) throws IOException {
    Class<?> type = object.getClass();
    String file = type.getName().replace('.', '/').replaceAll("\\$.*", "") + ".java";
    for (String module : List.of("passes", "ir")) {
      Path source = Repository.root().resolve(module + "/src/main/java").resolve(file);
      if (Files.exists(source)) {
        return doc(Files.readAllLines(source), type.getSimpleName());
      }
    }
    throw new IllegalStateException("no source of " + type);
  }

  private static String doc(List<String> lines, String record) {
    int at = 0;
    while (!lines.get(at).contains("record " + record + "(")) {
      at++;
    }
    List<String> comment = new ArrayList<>();
    for (int i = at - 1; lines.get(i).strip().startsWith("///"); i--) {
      comment.addFirst(lines.get(i).strip().substring(3).strip());
    }
    int end = comment.indexOf("");
    List<String> first = end < 0 ? comment : comment.subList(0, end);
    assertThat(first).as("doc comment of %s", record).isNotEmpty();
    return String.join(" ", first).replace("|", "\\|");
  }

  @Test
  void pipelinesPrintAndParseBack() {
    Pipeline nn = PassCatalog.nn();
    assertThat(PassCatalog.parse("again", nn.text())).isEqualTo(nn);
    assertThat(nn.passes()).isNotEmpty();
  }

  @Test
  void namesAreUnique() {
    assertThat(PassCatalog.passes().stream().map(Pass::name)).doesNotHaveDuplicates();
    assertThat(PassCatalog.rules().values().stream().flatMap(List::stream).map(Rule::name))
        .doesNotHaveDuplicates();
  }
}
