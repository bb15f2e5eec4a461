package org.lapidary.passes.quant;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Graph.Node;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.Neural.MatMul;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.EliminateDeadCode;
import org.lapidary.ir.pass.Pass;
import org.lapidary.ir.pass.PassContext;

/// Makes channels that share an int8 grid more alike, by factors that one weight gives and the next
/// takes back:
///
/// ```
/// softmax(s) (x V) O  =  softmax(s) (x V D⁻¹) (D O)
/// (x Q) (x K)ᵀ        =  (x Q D⁻¹) (x K D)ᵀ              head by head
/// relu(x V) O         =  relu(x V D⁻¹) (D O)
/// ```
///
/// D is made of powers of two, so that a model computes the same floats as before, bit for bit.
/// `D_c = r_c^alpha / w_c^(1-alpha)` over its geometric mean, r being the root mean square of the
/// channel and w that of the weights that read it: SmoothQuant's migration (arXiv 2211.10438) with
/// what the weights alone tell of the channel, the operand being a LayerNorm's. A LayerNorm's own
/// gamma needs none: the accelerator has no gamma, it is in the next weight already.
///
/// @param alpha 1 makes channels equal, 0 the weights that read them; q and k share evenly
public record Equalize(double alpha) implements Pass<NnOp, NnOp>, Recipe.Refinement {
  /// Halves the distance between the two, in logarithms.
  public static final Equalize EVEN = new Equalize(0.5);

  /// Channels that differ by less are as equal as powers of two can make them.
  private static final double LEAST_SPREAD = 4;

  public Equalize {
    if (!(alpha >= 0 && alpha <= 1)) {
      throw new IllegalArgumentException("alpha=" + alpha + " where 0 to 1 is due");
    }
  }

  @Override
  public Graph<NnOp> run(Graph<NnOp> graph, PassContext context) {
    return new Run(new ModelView(graph), alpha).run();
  }

  /// A linear layer: `x W + b`, of which nobody reads the sum without its bias.
  private record Layer(Value product, Value sum, Value x, Weight weight) {}

  /// Equalization of one graph.
  private static final class Run {
    private final ModelView model;
    private final double alpha;
    private final Map<Value, double[]> columns = new HashMap<>();
    private final Map<Value, double[]> rows = new HashMap<>();

    Run(ModelView model, double alpha) {
      this.model = model;
      this.alpha = alpha;
    }

    Graph<NnOp> run() {
      for (Node<NnOp> node : model.graph().nodes()) {
        if (node.op() instanceof MatMul(var p, var v)
            && model.def(p) instanceof Neural.Softmax softmax
            && model.isAttention(softmax, p)) {
          scores(model.scores(softmax.x()).scores());
          context(v, node.result());
        } else if (node.op() instanceof MatMul(var a, var _)
            && model.def(a) instanceof Elementwise.Relu(var x)
            && isOnlyUse(a)
            && isOnlyUse(x)) {
          layer(x).ifPresent(from -> migrate(from, node));
        }
      }
      return columns.isEmpty() ? model.graph() : rewritten();
    }

    private void scores(Value scores) {
      Optional<ModelView.Scaled> scaled =
          Optional.ofNullable(model.def(scores)).flatMap(model::scaled);
      if (scaled.isPresent()) {
        scores(scaled.get().x());
      } else if (model.def(scores) instanceof MatMul(var q, var k)) {
        share(heads(q, List.of(0, 2, 1, 3)), heads(k, List.of(0, 2, 3, 1)));
      }
    }

    /// Makes the channels of q and k equally loud.
    private void share(Optional<Layer> q, Optional<Layer> k) {
      boolean match =
          q.isPresent()
              && k.isPresent()
              && q.get().weight().columns() == k.get().weight().columns();
      if (!match) {
        return;
      }
      double[] loudQ = loudness(q.get());
      double[] loudK = loudness(k.get());
      double[] d = new double[loudQ.length];
      for (int c = 0; c < d.length; c++) {
        d[c] = power(Math.sqrt(loudQ[c] / loudK[c]));
      }
      if (Arrays.stream(d).anyMatch(f -> f != 1)) {
        columns.put(q.get().product(), inverse(d));
        columns.put(k.get().product(), d);
      }
    }

    private void context(Value values, Value result) {
      Optional<Node<NnOp>> turned = onlyUse(result);
      Optional<Node<NnOp>> joined = turned.flatMap(node -> onlyUse(node.result()));
      Optional<Node<NnOp>> out = joined.flatMap(node -> onlyUse(node.result()));
      Optional<Layer> v = heads(values, List.of(0, 2, 1, 3));
      boolean match =
          out.isPresent()
              && v.isPresent()
              && turned.get().op() instanceof Layout.Transpose(var _, var order)
              && order.equals(List.of(0, 2, 1, 3))
              && joined.get().op() instanceof Layout.Reshape(var _, var dims)
              && dims.equals(v.get().sum().type().dims());
      if (match) {
        migrate(v.get(), out.get());
      }
    }

    /// Moves factors from the columns of one weight to the rows of the next.
    private void migrate(Layer from, Node<NnOp> to) {
      if (!(to.op() instanceof MatMul(var _, var b))) {
        return;
      }
      Weight next = model.weight(b).orElse(null);
      if (next == null || next.rows() != from.weight().columns()) {
        return;
      }
      double[] loud = loudness(from);
      double[] read = rowSizes(next);
      double[] d = new double[loud.length];
      for (int c = 0; c < d.length; c++) {
        d[c] = Math.pow(loud[c], alpha) / Math.pow(read[c], 1 - alpha);
      }
      double mean = Math.exp(Arrays.stream(d).map(Math::log).average().orElse(0));
      double[] factors = Arrays.stream(d).map(f -> power(f / mean)).toArray();
      double largest = Arrays.stream(factors).max().orElse(1);
      double smallest = Arrays.stream(factors).min().orElse(1);
      if (largest >= LEAST_SPREAD * smallest) {
        columns.put(from.product(), inverse(factors));
        rows.put(to.result(), factors);
      }
    }

    /// The projection behind the heads of an attention.
    private Optional<Layer> heads(Value v, List<Integer> order) {
      boolean straight =
          isOnlyUse(v)
              && model.def(v) instanceof Layout.Transpose(var parts, var permutation)
              && permutation.equals(order)
              && isOnlyUse(parts)
              && model.def(parts) instanceof Layout.Reshape(var sum, var dims)
              && isOnlyUse(sum)
              && sum.type().rank() == 3
              && dims.size() == 4
              && sum.type().dim(1) == dims.get(1)
              && sum.type().dim(2) == dims.get(2) * dims.get(3);
      return straight ? layer(model.root(v)) : Optional.empty();
    }

    private Optional<Layer> layer(Value sum) {
      if (model.def(sum) instanceof Elementwise.Add(var y, var b)
          && model.isRow(b, sum.type().dim(-1))
          && isOnlyUse(y)) {
        return layer(y).map(l -> new Layer(l.product(), sum, l.x(), l.weight()));
      }
      return model.def(sum) instanceof MatMul(var x, var w)
          ? model.weight(w).map(weight -> new Layer(sum, sum, x, weight))
          : Optional.empty();
    }

    /// Root mean square of each channel of a layer's result, the operand's channels being taken for
    /// independent.
    private double[] loudness(Layer layer) {
      int n = layer.weight().columns();
      float[] w = layer.weight().load();
      int channels = layer.weight().rows();
      double[] gamma = new double[channels];
      double[] beta = new double[channels];
      Arrays.fill(gamma, 1);
      if (model.def(model.root(layer.x())) instanceof Neural.LayerNorm norm
          && model.isConstant(norm.gamma())
          && model.isConstant(norm.beta())) {
        gamma = model.row(norm.gamma(), channels);
        beta = model.row(norm.beta(), channels);
      }
      double[] mean = bias(layer);
      double[] variance = new double[n];
      for (int i = 0; i < w.length; i++) {
        double spread = gamma[i / n] * w[i];
        variance[i % n] += spread * spread;
        mean[i % n] += beta[i / n] * w[i];
      }
      return IntStream.range(0, n)
          .mapToDouble(c -> Math.max(1e-9, Math.sqrt(variance[c] + mean[c] * mean[c])))
          .toArray();
    }

    private double[] bias(Layer layer) {
      return model.def(layer.sum()) instanceof Elementwise.Add(var _, var b)
          ? model.row(b, layer.weight().columns())
          : new double[layer.weight().columns()];
    }

    private static double[] rowSizes(Weight weight) {
      float[] w = weight.load();
      int n = weight.columns();
      double[] squares = new double[weight.rows()];
      for (int i = 0; i < w.length; i++) {
        squares[i / n] += (double) w[i] * w[i] / n;
      }
      return Arrays.stream(squares).map(s -> Math.max(1e-9, Math.sqrt(s))).toArray();
    }

    /// The nearest power of two, at most 2^8 away from 1.
    private static double power(double factor) {
      double exponent = Math.rint(Math.log(factor) / Math.log(2));
      return Math.scalb(1.0, (int) Math.clamp(exponent, -8, 8));
    }

    private static double[] inverse(double[] d) {
      return Arrays.stream(d).map(f -> 1 / f).toArray();
    }

    private boolean isOnlyUse(Value v) {
      return model.uses(v).size() == 1
          && model.graph().results().stream().noneMatch(port -> port.value().equals(v));
    }

    private Optional<Node<NnOp>> onlyUse(Value v) {
      return isOnlyUse(v) ? Optional.of(model.uses(v).getFirst()) : Optional.empty();
    }

    private Graph<NnOp> rewritten() {
      List<Node<NnOp>> nodes = new ArrayList<>();
      for (Node<NnOp> node : model.graph().nodes()) {
        switch (node.op()) {
          case MatMul(var a, var b)
              when columns.containsKey(node.result()) || rows.containsKey(node.result()) -> {
            Value w = constant(scaled(b, node.result()), node, nodes);
            nodes.add(new Node<>(node.result(), new MatMul(a, w), node.loc()));
          }
          case Elementwise.Add(var y, var b) when columns.containsKey(y) -> {
            Value row = constant(scaledRow(b, columns.get(y)), node, nodes);
            nodes.add(new Node<>(node.result(), new Elementwise.Add(y, row), node.loc()));
          }
          default -> nodes.add(node); // no weight of it is scaled
        }
      }
      Graph<NnOp> graph = model.graph();
      return EliminateDeadCode.in(
          new Graph<>(graph.name(), graph.inputs(), nodes, graph.results()));
    }

    private static Value constant(Data data, Node<NnOp> reader, List<Node<NnOp>> nodes) {
      Node<NnOp> node = new Node<>(new Value(data.type()), new Layout.Const(data), reader.loc());
      nodes.add(node);
      return node.result();
    }

    /// Computed when it is read, as weights are.
    private Data scaled(Value b, Value product) {
      Weight weight = model.weight(b).orElseThrow();
      double[] column = columns.get(product);
      double[] row = rows.get(product);
      TensorType type = TensorType.of(DType.F32, weight.rows(), weight.columns());
      return Data.lazy(
          weight.data().name() + ".equal",
          type,
          () -> {
            float[] w = weight.load().clone();
            for (int i = 0; i < w.length; i++) {
              double factor = column == null ? 1 : column[i % weight.columns()];
              w[i] *= (float) (row == null ? factor : factor * row[i / weight.columns()]);
            }
            return Tensor.of(type, w);
          });
    }

    private Data scaledRow(Value b, double[] factors) {
      double[] row = model.row(b, factors.length);
      float[] scaled = new float[row.length];
      for (int c = 0; c < row.length; c++) {
        scaled[c] = (float) (row[c] * factors[c]);
      }
      String name = model.def(b) instanceof Layout.Const(var data) ? data.name() : "";
      return Data.of(name + ".equal", Tensor.f32(List.of(row.length), scaled));
    }
  }
}
