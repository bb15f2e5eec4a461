package org.lapidary.frontend.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class CoveragePageTest {
  @Test
  void thePageIsUpToDate() throws IOException {
    Path page = Shared.root().resolve("frontend/COVERAGE.md");
    if (Boolean.getBoolean("golden.update")) {
      Files.writeString(page, CoveragePage.text());
    }
    assertThat(page).content().isEqualTo(CoveragePage.text());
  }
}
