package org.lapidary.passes.quant;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.Loc;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.Op;

/// Appends operations of the `q` level, with their integer constants.
final class Emitter {
  /// Bias rows stay this far from the ends of 32 bits.
  private static final double LARGEST_BIAS = 0x1p30;

  /// So many deviations of a product of a low piece fit eight bits.
  static final double PIECE_DEVIATIONS = 6;

  private final GraphBuilder<Op> out;
  private final Map<Sum, Value> finished = new HashMap<>();
  private Loc loc = Loc.NONE;

  Emitter(GraphBuilder<Op> out) {
    this.out = out;
  }

  /// A sum in the accelerator with a row that is still to be added.
  ///
  /// @param value i32
  /// @param step real value of one unit, which may differ from that of the type
  /// @param bias real numbers to be added to every row; empty if there are none
  /// @param blocks what `step` is to be multiplied by in each block of columns, if not by 1
  record Sum(Value value, double step, double[] bias, Optional<Blocks> blocks) {
    Sum(Value value, double step, double[] bias) {
      this(value, step, bias, Optional.empty());
    }

    /// Real value of one unit in a column.
    double step(int column) {
      return blocks.map(b -> step * b.factor(column)).orElse(step);
    }

    Sum plus(double[] row) {
      double[] sum = row.clone();
      for (int i = 0; i < bias.length; i++) {
        sum[i] += bias[i];
      }
      return new Sum(value, step, sum, blocks);
    }

    Sum minus(double number) {
      double[] row = new double[value.type().dim(-1)];
      Arrays.fill(row, -number);
      return plus(row);
    }

    Sum times(double factor) {
      double[] row = Arrays.stream(bias).map(x -> x * factor).toArray();
      return new Sum(value, step * factor, row, blocks);
    }
  }

  /// Factors of blocks of columns.
  record Blocks(int width, double[] factors) {
    double factor(int column) {
      return factors[column / width];
    }
  }

  /// The operations that follow come from here.
  void at(Loc origin) {
    loc = origin.through("quantize");
  }

  Loc loc() {
    return loc;
  }

  /// What is written here only makes integers more exact.
  <T> T refining(Supplier<T> emission) {
    Loc before = loc;
    loc = loc.refining();
    T written = emission.get();
    loc = before;
    return written;
  }

  Value emit(Op op) {
    return out.emit(op, loc);
  }

  void keep(Graph.Node<Op> node) {
    out.keep(node);
  }

  Value constant(Data data) {
    return emit(new Layout.Const(data));
  }

  /// A constant of the host.
  Value real(String name, Tensor tensor) {
    return out.constant(name, tensor);
  }

  /// A row of integers for real numbers.
  Value row(String name, double[] real, double step) {
    int[] q = new int[real.length];
    for (int i = 0; i < q.length; i++) {
      q[i] = (int) Math.clamp(Math.rint(real[i] / step), -LARGEST_BIAS, LARGEST_BIAS);
    }
    return integers(name, List.of(q.length), q, step);
  }

  Value integers(String name, List<Integer> dims, int[] q, double step) {
    Tensor tensor = Tensor.of(new TensorType(DType.I32, dims, step), q);
    return constant(Data.of(loc.node() + "." + name, tensor));
  }

  /// A sum with its row added and its scale in its type.
  Value finish(Sum sum) {
    return finished.computeIfAbsent(sum, this::finishNew);
  }

  private Value finishNew(Sum sum) {
    Value scaled = sum.value();
    if (scaled.type().scale() != sum.step()) {
      scaled = emit(new Accumulate.Rescale(scaled, sum.step()));
    }
    if (Arrays.stream(sum.bias()).allMatch(b -> b == 0)) {
      return scaled;
    }
    double[] units = new double[sum.bias().length];
    for (int i = 0; i < units.length; i++) {
      units[i] = sum.bias()[i] / sum.step(i) * sum.step();
    }
    return emit(new Accumulate.AddI32(scaled, row("bias", units, sum.step())));
  }

  /// A sum as int8.
  Value requantize(Sum sum, boolean relu, double step) {
    Value finished = finish(sum);
    return sum.blocks()
        .map(b -> blocks(finished, sum, b, relu, step))
        .orElseGet(() -> requantize(finished, relu, step));
  }

  private Value blocks(Value i32, Sum sum, Blocks blocks, boolean relu, double step) {
    List<Float> scales =
        Arrays.stream(blocks.factors()).mapToObj(f -> (float) (sum.step() * f / step)).toList();
    return emit(new MoveOut.RequantizeBlocks(i32, scales, blocks.width(), relu, step));
  }

  Value requantize(Value i32, boolean relu, double step) {
    float scale = (float) (i32.type().scale() / step);
    return emit(new MoveOut.Requantize(i32, scale, relu, step));
  }

  /// An int8 value in steps of `step`, each channel times a real number.
  Value channels(Value int8, double int8Step, double[] gamma, double step) {
    int[] factors = new int[gamma.length];
    for (int i = 0; i < factors.length; i++) {
      factors[i] = (int) Math.clamp(Math.rint(gamma[i] * int8Step / step), -0x1p20, 0x1p20);
    }
    Value row = integers("factors", List.of(factors.length), factors, 0);
    return emit(new Accumulate.ChannelMul(int8, row, step));
  }

  /// A sum and a further one in a finer unit, which goes through int8: in a multiple of the first
  /// one's unit, so that all remains in integers.
  ///
  /// @param deviation of the further one, in its own units
  Value addFiner(Value sum, Supplier<Value> finer, double deviation) {
    return refining(() -> addFiner(sum, finer.get(), deviation));
  }

  private Value addFiner(Value sum, Value finer, double deviation) {
    double unit = sum.type().scale();
    double largest = PIECE_DEVIATIONS * deviation * finer.type().scale();
    double step = Math.max(1, Math.rint(largest / 127 / unit)) * unit;
    Value bytes = requantize(finer, false, step);
    double[] ones = new double[sum.type().dim(-1)];
    Arrays.fill(ones, 1);
    return add(sum, channels(bytes, step, ones, unit));
  }

  Value add(Value a, Value b) {
    return emit(new Accumulate.AddI32(a, b));
  }
}
