package org.lapidary.frontend.onnx;

import static org.lapidary.frontend.onnx.OnnxOp.many;
import static org.lapidary.frontend.onnx.OnnxOp.microsoftMany;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lapidary.ir.DType;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;

/// Attention as one operator: ONNX's own, and those of ONNX Runtime's transformer optimizer.
final class AttentionOperators {
  private static final String SPELLED =
      "nn.matmul, nn.transpose, nn.mul, nn.add, nn.softmax, nn.matmul";

  private AttentionOperators() {}

  static final List<OnnxOp> ALL =
      List.of(
          many("Attention", 23, SPELLED, AttentionOperators::attention),
          microsoftMany("Attention", SPELLED, AttentionOperators::packedAttention),
          microsoftMany("MultiHeadAttention", SPELLED, AttentionOperators::multiHeadAttention));

  /// Source: ONNX Attention-24.
  private static List<Value> attention(Call c) {
    Attributes at = c.attributes();
    Value q = DotProductAttention.splitHeads(c, c.in(0), at.small("q_num_heads", 0));
    Value k = DotProductAttention.splitHeads(c, c.in(1), at.small("kv_num_heads", 0));
    Value v = DotProductAttention.splitHeads(c, c.in(2), at.small("kv_num_heads", 0));
    int past = c.maybe(4).map(p -> p.type().dim(2)).orElse(0);
    Value keys = cached(c, 4, k);
    Value values = cached(c, 5, v);
    int group = q.type().dim(1) / Math.max(1, keys.type().dim(1));
    double scale = at.number("scale", (float) (1 / Math.sqrt(q.type().dim(3))));
    Value raw =
        DotProductAttention.scores(c, q, DotProductAttention.repeatHeads(c, keys, group), scale);
    Value capped = softcap(c, raw, at.number("softcap", 0));
    Optional<Value> bias = bias(c, q.type().dim(2), keys.type().dim(2), past);
    Value biased = bias.map(b -> c.add(capped, b)).orElse(capped);
    Value weights = unlessFullyMasked(c, c.emit(new Neural.Softmax(biased, 3)), bias);
    Value y = c.emit(new Neural.MatMul(weights, DotProductAttention.repeatHeads(c, values, group)));
    Value shown =
        switch (at.small("qk_matmul_output_mode", 0)) {
          case 0 -> raw;
          case 1 -> capped;
          case 2 -> biased;
          default -> weights;
        };
    boolean flat = c.in(0).type().rank() == 3;
    return List.of(flat ? DotProductAttention.mergeHeads(c, y) : y, keys, values, shown);
  }

  private static Value cached(Call c, int past, Value fresh) {
    return c.maybe(past).map(p -> c.concat(List.of(p, fresh), 2)).orElse(fresh);
  }

  private static Value softcap(Call c, Value x, double cap) {
    return cap == 0 ? x : c.scale(c.emit(new Elementwise.Tanh(c.scale(x, 1 / cap))), cap);
  }

  private static Optional<Value> bias(Call c, int queries, int keys, int past) {
    double never = Double.NEGATIVE_INFINITY;
    List<Value> parts = new ArrayList<>();
    c.maybe(3).ifPresent(mask -> parts.add(additive(c, padded(c, mask, keys))));
    Optional<Value> lengths = c.maybe(6).map(n -> c.cast(n, DType.I64));
    boolean causal = c.attributes().flag("is_causal", false);
    if (causal && lengths.isEmpty()) {
      Value seen = DotProductAttention.causal(c, queries, keys, past);
      parts.add(DotProductAttention.bias(c, seen, never));
    }
    lengths.ifPresent(n -> {
      Value each = c.reshape(n, List.of(n.type().elements(), 1, 1, 1));
      Value column = counter(c, keys);
      parts.add(DotProductAttention.bias(c, c.emit(new Elementwise.Less(column, each)), never));
      if (causal) {
        // Key j is seen by query i if j <= i + length - queries.
        Value row = c.reshape(counter(c, queries), List.of(queries, 1));
        Value end = c.add(c.add(row, each), c.scalar(-queries, each));
        Value seen = c.emit(new Elementwise.LessOrEqual(column, end));
        parts.add(DotProductAttention.bias(c, seen, never));
      }
    });
    return parts.stream().reduce(c::add);
  }

  private static Value counter(Call c, int n) {
    long[] values = new long[Dims.made(n)];
    for (int i = 0; i < n; i++) {
      values[i] = i;
    }
    return c.constant(Tensor.i64(List.of(n), values));
  }

  /// A mask may be shorter than the keys: what it does not speak of is not seen.
  private static Value padded(Call c, Value mask, int keys) {
    int missing = keys - mask.type().dim(-1);
    if (missing <= 0) {
      return mask;
    }
    int last = mask.type().rank() - 1;
    double never = mask.type().dtype() == DType.BOOL ? 0 : Double.NEGATIVE_INFINITY;
    Value filler = c.broadcast(c.scalar(never, mask), Dims.with(mask.type().dims(), last, missing));
    return c.emit(new Layout.Concat(List.of(mask, filler), last));
  }

  private static Value additive(Call c, Value mask) {
    return mask.type().dtype() == DType.BOOL
        ? DotProductAttention.bias(c, mask, Double.NEGATIVE_INFINITY)
        : mask;
  }

  /// A query that may see nothing gives 0 and not NaN. Where the bias is known there is none.
  private static Value unlessFullyMasked(Call c, Value weights, Optional<Value> bias) {
    boolean harmless =
        bias.isEmpty()
            || bias.flatMap(c.out()::known).filter(AttentionOperators::everyRowSees).isPresent();
    if (harmless) {
      return weights;
    }
    Value isNumber = c.emit(new Elementwise.Equal(weights, weights));
    Value isNan = c.emit(new Elementwise.Not(isNumber));
    return ElementwiseOperators.where(c, isNan, c.scalar(0, weights), weights);
  }

  private static boolean everyRowSees(Tensor bias) {
    int width = bias.type().dim(-1);
    for (int row = 0; row < bias.elements(); row += width) {
      boolean sees = false;
      for (int i = row; i < row + width; i++) {
        sees |= bias.f32()[i] != Float.NEGATIVE_INFINITY;
      }
      if (!sees) {
        return false;
      }
    }
    return true;
  }

  /// Source: ONNX Runtime ContribOperators.md, Attention.
  private static List<Value> packedAttention(Call c) {
    return packed(c, c.in(0), c.in(1), new Extras(c.maybe(2), c.maybe(3), c.maybe(4), c.maybe(5)));
  }

  /// The optional inputs of attention with packed weights.
  ///
  /// @param bias added to q, k and v
  /// @param mask which keys are seen
  /// @param cache earlier keys and values `[2,B,H,P,d]`
  /// @param scores added to the scores
  record Extras(
      Optional<Value> bias, Optional<Value> mask, Optional<Value> cache, Optional<Value> scores) {}

  /// One matrix makes q, k and v.
  static List<Value> packed(Call c, Value input, Value weight, Extras extras) {
    Attributes at = c.attributes();
    if (at.flag("do_rotary", false) || at.flag("past_present_share_buffer", false)) {
      throw Refusal.op(
          "Attention with rotary positions or a shared cache is not supported",
          "export without these options");
    }
    Value product = NeuralOperators.matmul(c, input, weight);
    Value biased = extras.bias.map(b -> c.add(product, b)).orElse(product);
    int heads = at.small("num_heads", 0);
    int third = biased.type().dim(-1) / 3;
    List<Integer> sizes = at.integers("qkv_hidden_sizes").orElse(List.of(third, third, third));
    List<Value> qkv =
        c.split(biased, 2, sizes).stream()
            .map(x -> DotProductAttention.splitHeads(c, x, heads))
            .toList();
    Optional<Value> cache = extras.cache;
    Value keys = cache.map(p -> extended(c, p, 0, qkv.get(1))).orElse(qkv.get(1));
    Value values = cache.map(p -> extended(c, p, 1, qkv.get(2))).orElse(qkv.get(2));
    int past = cache.map(p -> p.type().dim(3)).orElse(0);
    Value y = headed(c, qkv.getFirst(), keys, values, new Masks(extras.mask, extras.scores, past));
    return c.outputs() == 1
        ? List.of(y)
        : List.of(y, c.concat(List.of(stacked(c, keys), stacked(c, values)), 0));
  }

  /// The cache `[2,B,H,P,d]` holds keys, then values.
  private static Value extended(Call c, Value cache, int which, Value fresh) {
    List<Integer> dims = cache.type().dims();
    Value old = c.reshape(c.slice(cache, 0, which, 1), dims.subList(1, dims.size()));
    return c.concat(List.of(old, fresh), 2);
  }

  private static Value stacked(Call c, Value x) {
    return c.reshape(x, Dims.join(List.of(1), x.type().dims()));
  }

  /// Source: ONNX Runtime ContribOperators.md, MultiHeadAttention.
  private static List<Value> multiHeadAttention(Call c) {
    if (c.in(0).type().rank() != 3 || c.maybe(1).isEmpty() || c.maybe(2).isEmpty()) {
      throw Refusal.op(
          "MultiHeadAttention with packed projections is not supported",
          "run the optimizer without packed_qkv");
    }
    int heads = c.attributes().small("num_heads", 0);
    Value q = c.in(0);
    Value k = c.in(1);
    Value v = c.in(2);
    if (c.maybe(3).isPresent()) {
      int h = q.type().dim(-1);
      Value bias = c.in(3);
      q = c.add(q, c.slice(bias, 0, 0, h));
      if (k.type().rank() == 3) {
        k = c.add(k, c.slice(bias, 0, h, k.type().dim(-1)));
        v = c.add(v, c.slice(bias, 0, 2 * h, v.type().dim(-1)));
      }
    }
    int past = c.maybe(6).map(p -> p.type().dim(2)).orElse(0);
    Value keys = cached(c, 6, DotProductAttention.splitHeads(c, k, heads));
    Value values = cached(c, 7, DotProductAttention.splitHeads(c, v, heads));
    Value query = DotProductAttention.splitHeads(c, q, heads);
    Masks masks = new Masks(c.maybe(4), c.maybe(5), past);
    return List.of(headed(c, query, keys, values, masks), keys, values);
  }

  /// What keeps queries from keys.
  ///
  /// @param padding lengths `[B]`, ends and starts `[2B]`, or 0/1 by key
  /// @param bias added to the scores
  /// @param past number of cached keys
  private record Masks(Optional<Value> padding, Optional<Value> bias, int past) {}

  private static Value headed(Call c, Value q, Value k, Value v, Masks masks) {
    double scale = c.attributes().number("scale", 0);
    double factor = scale == 0 ? 1 / Math.sqrt(q.type().dim(3)) : scale;
    int queries = q.type().dim(2);
    int keys = k.type().dim(2);
    double filter = c.attributes().number("mask_filter_value", -10000);
    Optional<Value> bias =
        masks.padding.map(
            m -> DotProductAttention.bias(c, seen(c, m, queries, keys, masks.past), filter));
    boolean square = masks.padding.isPresent() && masks.padding.get().type().rank() == 4;
    if (c.attributes().flag("unidirectional", false) && !square) {
      Value causal = DotProductAttention.causal(c, queries, keys, masks.past);
      Value open = bias.orElseGet(() -> c.scalar(0, DType.F32));
      Value closed = c.scalar(-Float.MAX_VALUE, DType.F32);
      bias = Optional.of(ElementwiseOperators.where(c, causal, open, closed));
    }
    Value scores = DotProductAttention.scores(c, q, k, factor);
    Value added = masks.bias.map(b -> c.add(scores, b)).orElse(scores);
    return DotProductAttention.mergeHeads(c, DotProductAttention.weighted(c, added, bias, v));
  }

  /// The mask input, in whichever of its forms, as booleans that broadcast to `[B,H,S,T]`.
  private static Value seen(Call c, Value mask, int queries, int keys, int past) {
    List<Integer> dims = mask.type().dims();
    return switch (dims.size()) {
      case 1 -> withinLengths(c, mask, keys);
      case 2 -> isSet(c, c.reshape(mask, List.of(dims.get(0), 1, 1, dims.get(1))));
      case 3 -> isSet(c, c.reshape(mask, List.of(dims.get(0), 1, dims.get(1), dims.get(2))));
      case 4 -> isSet(c, c.slice(c.slice(mask, 2, past, queries), 3, 0, keys));
      default -> throw Refusal.shape("a mask of type " + mask.type(), "check the model");
    };
  }

  private static Value isSet(Call c, Value mask) {
    return mask.type().dtype() == DType.BOOL
        ? mask
        : c.emit(new Elementwise.Equal(mask, c.scalar(1, mask)));
  }

  private static Value withinLengths(Call c, Value lengths, int keys) {
    int batch = c.in(0).type().dim(0);
    int n = lengths.type().elements();
    if (n != batch && n != 2 * batch) {
      throw Refusal.op("a mask of type " + lengths.type() + " is not supported", "use a 2-D mask");
    }
    Value column = c.cast(counter(c, keys), lengths.type().dtype());
    Value ends = c.reshape(c.slice(lengths, 0, 0, batch), List.of(batch, 1, 1, 1));
    Value before = c.emit(new Elementwise.Less(column, ends));
    if (n == batch) {
      return before;
    }
    Value starts = c.reshape(c.slice(lengths, 0, batch, batch), List.of(batch, 1, 1, 1));
    return c.emit(
        new Elementwise.And(before, c.emit(new Elementwise.GreaterOrEqual(column, starts))));
  }
}
