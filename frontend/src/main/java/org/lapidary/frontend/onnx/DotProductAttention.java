package org.lapidary.frontend.onnx;

import java.util.List;
import java.util.Optional;
import org.lapidary.ir.DType;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Neural;

/// Scaled dot-product attention, spelled out in the one way the rest of the compiler expects:
/// `softmax(q k^T * scale + bias) v`, with the heads in an axis of their own.
///
/// Shapes: q `[B,H,S,d]`, k `[B,H,T,d]`, v `[B,H,T,e]`, bias broadcast to `[B,H,S,T]`, result
/// `[B,H,S,e]`.
final class DotProductAttention {
  private static final List<Integer> SWAP_HEADS = List.of(0, 2, 1, 3);

  private DotProductAttention() {}

  /// `[B,S,H*d]` to `[B,H,S,d]`; what has four axes already is left alone.
  static Value splitHeads(Call c, Value x, int heads) {
    if (x.type().rank() == 4) {
      return x;
    }
    int hidden = x.type().dim(-1);
    if (x.type().rank() != 3 || heads < 1 || hidden % heads != 0) {
      throw Refusal.shape(
          c.opType() + " cannot divide " + x.type() + " into " + heads + " heads",
          "check num_heads");
    }
    List<Integer> dims = List.of(x.type().dim(0), x.type().dim(1), heads, hidden / heads);
    return c.transpose(c.reshape(x, dims), SWAP_HEADS);
  }

  /// `[B,H,S,d]` to `[B,S,H*d]`.
  static Value mergeHeads(Call c, Value x) {
    List<Integer> dims = x.type().dims();
    return c.reshape(
        c.transpose(x, SWAP_HEADS), List.of(dims.get(0), dims.get(2), dims.get(1) * dims.get(3)));
  }

  /// Every head `times` times in a row, for queries that share keys and values.
  static Value repeatHeads(Call c, Value x, int times) {
    if (times == 1) {
      return x;
    }
    List<Integer> d = x.type().dims();
    Value apart = c.reshape(x, List.of(d.get(0), d.get(1), 1, d.get(2), d.get(3)));
    Value wide = c.broadcast(apart, List.of(d.get(0), d.get(1), times, d.get(2), d.get(3)));
    return c.reshape(wide, List.of(d.get(0), d.get(1) * times, d.get(2), d.get(3)));
  }

  /// `q k^T * scale`.
  static Value scores(Call c, Value q, Value k, double scale) {
    return c.scale(c.emit(new Neural.MatMul(q, c.transposeLast(k))), scale);
  }

  /// `softmax(scores + bias) v`.
  static Value weighted(Call c, Value scores, Optional<Value> bias, Value v) {
    Value biased = bias.map(b -> c.add(scores, b)).orElse(scores);
    return c.emit(new Neural.MatMul(c.emit(new Neural.Softmax(biased, 3)), v));
  }

  /// `true` where query `i` may see key `j`: `j <= i + offset`. Shape `[queries, keys]`.
  static Value causal(Call c, int queries, int keys, int offset) {
    byte[] seen = new byte[Dims.made(queries, keys)];
    for (int i = 0; i < queries; i++) {
      for (int j = 0; j < Math.min(keys, i + offset + 1); j++) {
        seen[i * keys + j] = 1;
      }
    }
    return c.constant(Tensor.bool(List.of(queries, keys), seen));
  }

  /// 0 where the mask is true, `low` elsewhere.
  static Value bias(Call c, Value mask, double low) {
    Value nothing = c.scalar(0, DType.F32);
    return c.emit(new Elementwise.Where(mask, nothing, c.scalar(low, DType.F32)));
  }
}
