package org.lapidary.ir.op;

import java.util.List;
import org.lapidary.ir.DType;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;

/// Operations that read i32 sums out of the accumulator as int8, through the scale and activation
/// units. `scale8(v, s)` is `v` as float32 (nearest even) times the float32 `s` (nearest even),
/// rounded to an integer (nearest even) and saturated to [-128, 127]. `outScale` is only the type's
/// scale of the result. Source: gemmini.md §6.1, §6.6, §7.
public sealed interface MoveOut extends QOp {
  Value x();

  double outScale();

  @Override
  default TensorType resultType() {
    Shapes.require(x().type().dtype() == DType.I32, "%s where i32 is needed", x().type());
    return new TensorType(DType.I8, x().type().dims(), outScale());
  }

  /// Those that look at a whole row, the last axis, before they write an element.
  sealed interface RowWise extends MoveOut {
    @Override
    default TensorType resultType() {
      Shapes.require(x().type().rank() > 0, "rows of %s", x().type());
      return MoveOut.super.resultType();
    }
  }

  /// `scale8(x, scale)`, then `max(0, ·)` if `relu`. `scale` is positive. Source: gemmini.md §6.6.
  @Name("q.requantize")
  record Requantize(Value x, float scale, boolean relu, double outScale) implements MoveOut {}

  /// [Requantize] with a scale of its own for every `columns` elements of the last axis, which its
  /// length need not divide: what a weight whose blocks of columns have steps of their own needs to
  /// end on one grid. The scale of x's type is a nominal one. Source: gemmini.md §6.6; the store
  /// configuration may change between stores.
  @Name("q.requantize_blocks")
  record RequantizeBlocks(Value x, List<Float> scales, int columns, boolean relu, double outScale)
      implements MoveOut {
    public RequantizeBlocks {
      scales = List.copyOf(scales);
    }

    @Override
    public TensorType resultType() {
      int n = x.type().rank() == 0 ? 0 : x.type().dim(-1);
      Shapes.require(
          columns > 0 && n > 0 && (n - 1) / columns + 1 == scales.size(),
          "%d scales for every %d columns of %s",
          scales.size(),
          columns,
          x.type());
      return MoveOut.super.resultType();
    }

    /// Scale of a column.
    public float scale(int column) {
      return scales.get(column / columns);
    }
  }

  /// I-BERT's GELU, all in wrapping 32-bit arithmetic. `scale` is negative, as `qc` is.
  ///
  /// ```
  /// c = min(|x|, -qb)
  /// p = (c + qb)^2 + qc
  /// result = scale8(x * (sgn(x) * p + qc), scale)      sgn(0) = +1
  /// ```
  ///
  /// Source: gemmini.md §7.1.
  @Name("q.gelu")
  record GeluI32(Value x, int qb, int qc, float scale, double outScale) implements MoveOut {}

  /// I-BERT's softmax over the last axis; 127 stands for 1.
  ///
  /// ```
  /// t = x - max(row)
  /// z = (-t * qln2Inv) >> 16                 at full width
  /// r = t + z * qln2
  /// e = ((r + qb)^2 + qc) >>> z              0 once z reaches 32
  /// result = scale8(e, 127f / float(sum(e)) * scale)
  /// ```
  ///
  /// Under `libgemmini` the shift is taken modulo 32 and `scale` must be 1 to agree. Source:
  /// gemmini.md §7.2, §7.6.
  @Name("q.softmax")
  record SoftmaxI32(Value x, int qln2, int qln2Inv, int qb, int qc, float scale, double outScale)
      implements RowWise {}

  /// I-BERT's LayerNorm over the last axis, without gamma and beta.
  ///
  /// ```
  /// mean = trunc(sum(x) / N)
  /// sd = isqrt(trunc(sum((x - mean)^2) / N))           0 becomes 1
  /// inv = 1f / float(sd)
  /// result = scale8(x - mean, inv * scale)
  /// result = scale8(trunc(float(x - mean) * inv), scale)   if truncating, as libgemmini does
  /// ```
  ///
  /// Source: gemmini.md §7.4, §7.5.
  @Name("q.layernorm")
  record LayerNormI32(Value x, float scale, boolean truncating, double outScale)
      implements RowWise {}
}
