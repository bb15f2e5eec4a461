package org.lapidary.sim.timing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CycleTableTest {
  private static final String HEADER =
      "config,workload,stream,mem_latency,beat_interval,cmd_gap,cycles\n";

  private static Path table(Path folder, String rows, String trace) throws IOException {
    Files.writeString(folder.resolve("one.trace"), trace);
    return Files.writeString(folder.resolve("t.csv"), HEADER + rows);
  }

  @Test
  void predictsEveryRow(@TempDir Path folder) throws IOException {
    String mvin = "0 3f80000000100101 10\n2 80001000 10001000000000\n";
    Path table =
        table(folder, "default,mm_16x16x16_b0_a0_f0_swp,one.trace,20,1,1,60\n", "# one\n" + mvin);
    CycleTable result = CycleTable.predict(table);
    assertThat(result.rows()).hasSize(1);
    CycleTable.Row row = result.rows().get(0);
    assertThat(row.measured()).isEqualTo(60);
    assertThat(row.predicted()).isEqualTo(58);
    assertThat(result.overall().mean()).isEqualTo(100.0 * 2 / 60);
    assertThat(result.families()).containsOnlyKeys("explicit-matmul");
  }

  @Test
  void namesDecideTheFamily() {
    assertThat(Family.of("mm_128x64x64_b0_a0_f0_loop_t4x4x4")).isEqualTo("loop-matmul");
    assertThat(Family.of("mm_100x70x50_b2_a0_f0_jit")).isEqualTo("ragged");
    assertThat(Family.of("mm_64x64x64_b0_a0_f1_loop")).isEqualTo("bias-activation");
    assertThat(Family.of("mm_64x64x64_b2_a2_f0_loop")).isEqualTo("normalised");
    assertThat(Family.of("norm_softmax_16x64")).isEqualTo("normalised");
    assertThat(Family.of("conv_b1_d8_ci16_co16_k3_s1_p1_a0")).isEqualTo("convolution");
    assertThat(Family.of("resadd_64x64_r0")).isEqualTo("residual-add");
    assertThat(Family.of("mine")).isEqualTo("other");
  }

  @Test
  void saysWhatIsWrongWithATable(@TempDir Path folder) throws IOException {
    Path noSuchStream = table(folder, "default,x,two.trace,20,1,1,60\n", "");
    assertThatThrownBy(() -> CycleTable.predict(noSuchStream)).hasMessageContaining("two.trace");
    Path notANumber = table(folder, "default,x,one.trace,fast,1,1,60\n", "");
    assertThatThrownBy(() -> CycleTable.predict(notANumber))
        .hasMessageContaining("t.csv:2")
        .hasMessageContaining("mem_latency");
    Path badTrace = table(folder, "default,x,one.trace,20,1,1,60\n", "2 80001000\n");
    assertThatThrownBy(() -> CycleTable.predict(badTrace)).hasMessageContaining("one.trace:1");
    Path empty = Files.writeString(folder.resolve("e.csv"), "a,b\n1,2\n");
    assertThatThrownBy(() -> CycleTable.predict(empty)).hasMessageContaining("no column config");
  }
}
