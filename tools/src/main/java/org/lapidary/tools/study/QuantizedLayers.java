package org.lapidary.tools.study;

import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.lapidary.gemmini.cost.Baseline;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Op;
import org.lapidary.passes.prune.ReadRows;
import org.lapidary.passes.quant.Calibration;
import org.lapidary.passes.quant.QuantizeOptions;
import org.lapidary.passes.quant.QuantizeOptions.Clipping;
import org.lapidary.passes.quant.Quantizer;

/// The first layers of a model in integers; the second stands for every further one.
///
/// @param shape of the whole model
/// @param length of the sequence
/// @param layers how many are made
/// @param real them in real numbers
/// @param integer the same quantized
public record QuantizedLayers(
    TransformerShape shape, int length, int layers, Graph<NnOp> real, Graph<Op> integer) {
  static final int LAYERS = 2;
  private static final long SEED = 20260101;

  /// Makes them, calibrated on one random input: enough for programs and cycles.
  public static QuantizedLayers of(TransformerShape shape, int length) {
    return of(shape, length, LAYERS);
  }

  /// The same of another number of layers.
  static QuantizedLayers of(TransformerShape shape, int length, int layers) {
    return of(shape, length, layers, TransformerGraph.layers(shape, length, layers));
  }

  /// Two layers and one more, the model's last, which computes only what a classifier reads of it:
  /// the keys and values of all positions, everything else of the first.
  static QuantizedLayers readByClassifier(TransformerShape shape, int length) {
    int layers = LAYERS + 1;
    Graph<NnOp> whole = TransformerGraph.layers(shape, length, layers, 1);
    return of(shape, length, layers, ReadRows.only(whole));
  }

  private static QuantizedLayers of(
      TransformerShape shape, int length, int layers, Graph<NnOp> real) {
    TensorType type = real.inputs().getFirst().type();
    SplittableRandom random = new SplittableRandom(SEED);
    float[] hidden = new float[type.elements()];
    for (int i = 0; i < hidden.length; i++) {
      hidden[i] = (float) (random.nextDouble() * 4 - 2);
    }
    Map<String, Tensor> sample = Map.of(TransformerGraph.INPUT, Tensor.of(type, hidden));
    QuantizeOptions recipe =
        QuantizeOptions.DEFAULT.withActivations(Clipping.MIN_MAX).withWeights(Clipping.MIN_MAX);
    Calibration calibration = Calibration.collect(real, List.of(sample));
    return new QuantizedLayers(
        shape, length, layers, real, Quantizer.quantize(real, calibration, recipe).graph());
  }

  /// The float-host baseline of the whole model: what the host does in the second layer, as often
  /// as there are layers.
  ///
  /// @param matmulCycles of one layer's products on the accelerator
  public Baseline baseline(long matmulCycles) {
    return layerBaseline(LAYERS - 1, matmulCycles).times(shape.layers());
  }

  /// The same of a model whose last layer is the last one here.
  ///
  /// @param lastMatmulCycles of the last layer's products
  Baseline baseline(long matmulCycles, long lastMatmulCycles) {
    return layerBaseline(LAYERS - 1, matmulCycles)
        .times(shape.layers() - 1)
        .plus(layerBaseline(layers - 1, lastMatmulCycles));
  }

  private Baseline layerBaseline(int index, long matmulCycles) {
    String layer = "layer." + index + "/";
    List<Graph.Node<Op>> nodes =
        integer.nodes().stream()
            .filter(n -> n.op() instanceof Layout || n.loc().node().startsWith(layer))
            .toList();
    Graph<Op> alone = new Graph<>(integer.name(), integer.inputs(), nodes, integer.results());
    return Baseline.of(alone, matmulCycles);
  }
}
