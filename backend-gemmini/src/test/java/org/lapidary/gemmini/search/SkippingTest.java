package org.lapidary.gemmini.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lapidary.gemmini.cost.Bound;
import org.lapidary.gemmini.map.Contribution;
import org.lapidary.gemmini.map.Kernel;
import org.lapidary.gemmini.map.ZeroTiles;
import org.lapidary.gemmini.search.MatmulShape.Activation;
import org.lapidary.gemmini.search.MatmulShape.Bias;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;

/// Leaving out tiles of zeros never costs a cycle, whatever the pattern.
class SkippingTest {
  private static Kernel.Accumulation withZeros(MatmulShape shape, double keep, Random random) {
    int dim = 16;
    byte[] data = new byte[shape.depth() * shape.cols()];
    for (int k = 0; k < shape.depth(); k += dim) {
      for (int c = 0; c < shape.cols(); c += dim) {
        if (random.nextDouble() < keep) {
          data[k * shape.cols() + c] = 1;
        }
      }
    }
    TensorType type = TensorType.of(DType.I8, shape.depth(), shape.cols());
    ZeroTiles zeros = ZeroTiles.of(Data.of("w", Tensor.of(type, data)), dim);
    Kernel.Accumulation dense = shape.kernel();
    List<Contribution> sum =
        dense.contributions().stream()
            .map(c ->
                c instanceof Contribution.Product p
                    ? new Contribution.Product(p.a(), p.b(), zeros)
                    : c)
            .toList();
    return new Kernel.Accumulation(
        dense.nodes(), dense.batch(), dense.rows(), dense.cols(), sum, dense.epilogues());
  }

  private static <T> T one(List<T> list, Random random) {
    return list.get(random.nextInt(list.size()));
  }

  @ParameterizedTest
  @CsvSource({"20, 1", "20, 2", "100, 3"})
  void neverSlower(int latency, long seed) {
    GemminiParams machine = GemminiParams.load("default").withMemory(latency, 1);
    Random random = new Random(seed);
    for (int i = 0; i < 12; i++) {
      Bias bias = one(List.of(Bias.values()), random);
      MatmulShape shape =
          new MatmulShape(
              1,
              1 + random.nextInt(200),
              1 + random.nextInt(300),
              1 + random.nextInt(400),
              random.nextInt(4) == 0,
              bias,
              one(List.of(Activation.values()), random));
      double keep = one(List.of(0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98), random);
      TilingSearch search = new TilingSearch(machine, Semantics.RTL, TilingCache.inMemory());
      Kernel.Accumulation sparse = withZeros(shape, keep, random);
      long with = search.wholeCycles(sparse);
      long without = search.wholeCycles(shape.kernel());
      assertThat(with)
          .as("%s, keep %s", shape, keep)
          .isBetween(Bound.of(sparse, machine).cycles(), without);
    }
  }
}
