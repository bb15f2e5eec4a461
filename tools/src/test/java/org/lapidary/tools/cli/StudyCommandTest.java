package org.lapidary.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What can be asked of a study, and what is refused before any work is done.
class StudyCommandTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "study",
        "study nothing",
        "study survey --keep-heads 0",
        "study survey --keep-heads 13",
        "study survey --keep-neurons 4000",
        "study survey --keep-layers -1",
        "study survey --mappings 0",
        "study survey --threads 0"
      })
  void usageErrorsAreTwo(String line) {
    Shell.Ran ran = Shell.lapidary((Object[]) line.split(" "));
    assertThat(ran.code()).as(ran.err()).isEqualTo(2);
    assertThat(ran.out()).isEmpty();
  }

  @Test
  void anUnknownMachineIsTheUsersMistake() {
    Shell.Ran ran = Shell.lapidary("study", "survey", "--machine", "nowhere");
    assertThat(ran.code()).isEqualTo(1);
    assertThat(ran.err()).contains("nowhere");
  }

  @Test
  void helpHasAnExample() {
    Shell.Ran ran = Shell.lapidary("study", "survey", "--help");
    assertThat(ran.code()).isZero();
    assertThat(ran.out()).contains("Example: lapidary study survey -o survey");
  }
}
