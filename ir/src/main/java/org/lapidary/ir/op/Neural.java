package org.lapidary.ir.op;

import java.util.ArrayList;
import java.util.List;
import org.lapidary.ir.DType;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;

/// Operations that mix elements: products, reductions, normalisations.
public sealed interface Neural extends NnOp {

  /// Matrix product, accumulated in f32. Shapes: a `[..,M,K]`, b `[..,K,N]`, result `[..,M,N]`.
  /// Source: ONNX MatMul-13, Gemm-13 without its scalars.
  @Name("nn.matmul")
  record MatMul(Value a, Value b) implements Neural {
    @Override
    public TensorType resultType() {
      Shapes.require(
          a.type().dtype() == b.type().dtype() && a.type().dtype() != DType.BOOL,
          "matmul of %s and %s",
          a.type(),
          b.type());
      return TensorType.of(a.type().dtype(), Shapes.matmul(a.type().dims(), b.type().dims()));
    }
  }

  /// `e^x` divided by its sum along an axis. Source: ONNX Softmax-13.
  @Name("nn.softmax")
  record Softmax(Value x, int axis) implements Neural {
    @Override
    public TensorType resultType() {
      Shapes.axis(axis, x.type().rank());
      Shapes.require(x.type().dtype() == DType.F32, "softmax of %s", x.type());
      return x.type();
    }
  }

  /// `(x - mean) / sqrt(variance + epsilon) * gamma + beta` over the last axis. Shapes: x `[..,N]`,
  /// gamma and beta `[N]`. Source: ONNX LayerNormalization-17.
  @Name("nn.layernorm")
  record LayerNorm(Value x, Value gamma, Value beta, double epsilon) implements Neural {
    @Override
    public TensorType resultType() {
      TensorType row = TensorType.of(DType.F32, x.type().dim(-1));
      Shapes.require(
          x.type().dtype() == DType.F32 && gamma.type().equals(row) && beta.type().equals(row),
          "layernorm of %s with gamma %s and beta %s",
          x.type(),
          gamma.type(),
          beta.type());
      return x.type();
    }
  }

  /// What is left of x on 256 steps that span its own range, 0 included. Source: ONNX
  /// DynamicQuantizeLinear-11 followed by DequantizeLinear-13.
  @Name("nn.fake_quantize_dynamic")
  record FakeQuantizeDynamic(Value x) implements Neural {
    @Override
    public TensorType resultType() {
      Shapes.require(x.type().dtype() == DType.F32, "quantization of %s", x.type());
      return x.type();
    }
  }

  /// What a reduction computes.
  enum Reduction {
    SUM,
    MEAN,
    MAX,
    MIN,
    PROD,
    SUM_SQUARE,
    L2
  }

  /// Reduction over some axes. Source: ONNX ReduceSum-13, ReduceMean-18, ReduceMax-18, …
  @Name("nn.reduce")
  record Reduce(Value x, Reduction how, List<Integer> axes, boolean keepDims) implements Neural {
    public Reduce {
      axes = List.copyOf(axes);
    }

    @Override
    public TensorType resultType() {
      Shapes.require(x.type().dtype() != DType.BOOL, "reduction of %s", x.type());
      return x.type().withDims(reduced(x.type().dims(), axes, keepDims));
    }
  }

  /// Shape after reducing `axes`.
  static List<Integer> reduced(List<Integer> dims, List<Integer> axes, boolean keepDims) {
    List<Integer> out = new ArrayList<>();
    List<Integer> positive = new ArrayList<>();
    for (int axis : axes) {
      positive.add(Shapes.axis(axis, dims.size()));
    }
    for (int i = 0; i < dims.size(); i++) {
      if (!positive.contains(i)) {
        out.add(dims.get(i));
      } else if (keepDims) {
        out.add(1);
      }
    }
    return out;
  }
}
