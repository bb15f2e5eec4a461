package org.lapidary.sim.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Golden machine programs recorded elsewhere: every byte must be the same.
class ConformanceTest {
  @ParameterizedTest
  @CsvSource({"programs, 36", "random, 260", "rtl, 7"})
  void everyProgramLeavesTheExpectedBytes(String folder, int programs) {
    Path directory =
        Path.of(System.getProperty("lapidary.root"), "..", "shared", "conformance", folder);
    assumeTrue(
        Files.isDirectory(directory), "../shared not present: golden programs are kept there");
    ReplayDirectory.Result result =
        new ReplayDirectory(directory, null, null).run((name, passed) -> {});
    assertThat(result.failures()).isEmpty();
    assertThat(result.passed()).isEqualTo(programs);
  }
}
