package org.lapidary.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestkitTest {
  @TempDir private Path directory;

  @AfterEach
  void clear() {
    System.clearProperty("lapidary.seed");
    System.setProperty("golden.update", "false");
  }

  @Test
  void propertiesSeeTheSameExamplesEveryTime() {
    List<Integer> first = new ArrayList<>();
    List<Integer> second = new ArrayList<>();
    Property.holds(10, random -> first.add(random.nextInt()));
    Property.holds(10, random -> second.add(random.nextInt()));
    assertThat(first).isEqualTo(second).doesNotHaveDuplicates().hasSize(10);
  }

  @Test
  void aFailureNamesTheSeedThatReplaysIt() {
    List<Integer> seen = new ArrayList<>();
    Property.Check failsAtTheThird =
        random -> {
          seen.add(random.nextInt());
          assertThat(seen).hasSizeLessThan(3);
        };
    assertThatThrownBy(() -> Property.holds(10, failsAtTheThird))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("replay with -Dlapidary.seed=");
    String message = "";
    try {
      seen.clear();
      Property.holds(10, failsAtTheThird);
    } catch (AssertionError e) {
      message = String.valueOf(e.getMessage());
    }
    int bad = seen.getLast();
    System.setProperty(
        "lapidary.seed", message.replaceAll("(?s).*lapidary.seed=(-?\\d+):.*", "$1"));
    Property.holds(10, random -> assertThat(random.nextInt()).isEqualTo(bad));
  }

  @Test
  void goldenTextIsComparedLineByLine() throws IOException {
    Path file = directory.resolve("a.expect");
    Files.writeString(file, "one\ntwo\n");
    Golden.check(file, "one\ntwo\n");
    assertThatThrownBy(() -> Golden.check(file, "one\nzwei\n"))
        .hasMessageContainingAll("line 2", "expected: two", "actual:   zwei");
    assertThatThrownBy(() -> Golden.check(file, "one\n")).hasMessageContaining("actual:   (end)");
    assertThatThrownBy(() -> Golden.check(directory.resolve("b.expect"), "one\n"))
        .hasMessageContaining("it does not exist");
    System.setProperty("golden.update", "true");
    Golden.check(file, "new\n");
    assertThat(file).hasContent("new\n");
  }

  @Test
  void casesHaveACommandAndAnExpectation() throws IOException {
    CaseFile alone = new CaseFile(Files.writeString(directory.resolve("a.ir"), "// opt  -\nx\n"));
    assertThat(alone.command()).containsExactly("opt", "-");
    assertThat(CaseFile.orphans(directory)).containsExactly(alone.file());
    Path expectation = Files.writeString(directory.resolve("a.expect"), "y\n");
    assertThat(CaseFile.orphans(directory)).isEmpty();
    alone.check("y\n");
    assertThatThrownBy(() -> alone.check("x\n")).isInstanceOf(AssertionError.class);
    Files.delete(alone.file());
    assertThat(CaseFile.orphans(directory)).containsExactly(expectation);
    CaseFile mute = new CaseFile(Files.writeString(directory.resolve("b.ir"), "graph\n"));
    assertThatThrownBy(mute::command).hasMessageContaining("the first line must be //");
  }

  /// Hygiene of the whole checkout.
  @Test
  void noCaseFileIsAnOrphan() {
    assertThat(CaseFile.orphans()).isEmpty();
  }

  @Test
  void theRootHoldsTheModules() {
    assertThat(Repository.root().resolve("testdata")).isDirectory();
    assertThat(Repository.absent(Repository.shared("models/x.onnx")))
        .isEqualTo("…/shared not present: models/x.onnx");
  }
}
