package org.lapidary.tools.compile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lapidary.ir.DType;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.passes.quant.Calibration;

class CalibratingTest {
  private static final int SAMPLES = 150;

  @TempDir Path directory;

  /// `gelu(x w)`.
  private static Graph<NnOp> graph() {
    GraphBuilder<NnOp> out = new GraphBuilder<>("graph");
    Value x = out.input("x", TensorType.of(DType.F32, List.of(1, 3, 8)));
    Value w = out.emit(new Layout.Const(org.lapidary.ir.Data.of("w", random(7, List.of(8, 4)))));
    out.result("y", out.emit(new Elementwise.Gelu(out.emit(new Neural.MatMul(x, w)), false)));
    return out.build();
  }

  private static Tensor random(long seed, List<Integer> dims) {
    Random random = new Random(seed);
    float[] values = new float[dims.stream().reduce(1, Math::multiplyExact)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.f32(dims, values);
  }

  private static CalibrationSet samples(Graph<NnOp> graph, int count) {
    List<Map<String, Tensor>> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      rows.add(Map.of("x", random(i, List.of(1, 3, 8))));
    }
    return CalibrationSet.of("random", graph, rows);
  }

  private static byte[] bytes(Graph<NnOp> graph, Calibration calibration) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    calibration.save(graph, bytes);
    return bytes.toByteArray();
  }

  @Test
  void aStoppedRunGoesOnWhereItWas() throws IOException {
    Graph<NnOp> graph = graph();
    CalibrationSet set = samples(graph, SAMPLES);
    Path file = directory.resolve("seen");
    Calibration whole = Calibrating.run(graph, set, 0, 1, _ -> {});
    LongConsumer stop =
        done -> {
          if (done > 100) {
            throw new CancellationException();
          }
        };
    assertThatThrownBy(() -> Calibrating.run(graph, set.keptIn(file), 0, 2, stop))
        .isInstanceOf(CancellationException.class);
    List<Long> steps = new ArrayList<>();
    Calibration resumed = Calibrating.run(graph, set.keptIn(file), 0, 2, steps::add);
    assertThat(steps.getFirst()).isGreaterThan(64);
    assertThat(bytes(graph, resumed)).isEqualTo(bytes(graph, whole));
    steps.clear();
    Calibration known = Calibrating.run(graph, set.keptIn(file), 0, 2, steps::add);
    assertThat(steps).isEmpty();
    assertThat(bytes(graph, known)).isEqualTo(bytes(graph, whole));
  }

  @Test
  void whatBelongsToOtherSamplesOrIsDamagedIsRefused() throws IOException {
    Graph<NnOp> graph = graph();
    Path file = directory.resolve("seen");
    Calibrating.run(graph, samples(graph, 5).keptIn(file), 0, 1, _ -> {});
    assertThatThrownBy(() -> Calibrating.run(graph, samples(graph, 6).keptIn(file), 0, 1, _ -> {}))
        .isInstanceOf(DiagnosticException.class)
        .hasMessageContaining("another model or of other samples");
    byte[] written = Files.readAllBytes(file);
    for (int length = 0; length < written.length; length += 97) {
      Files.write(file, java.util.Arrays.copyOf(written, length));
      assertThatThrownBy(
              () -> Calibrating.run(graph, samples(graph, 5).keptIn(file), 0, 1, _ -> {}))
          .isInstanceOf(DiagnosticException.class);
    }
  }
}
