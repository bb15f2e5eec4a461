package org.lapidary.gemmini.c;

import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.List;
import org.lapidary.ir.DType;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.Strided;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.HostBridge;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.Shapes;

/// Operations that mix elements, and those on quantized integers, in C: `y` from `x0`, `x1`, ….
final class NeuralC {
  private NeuralC() {}

  static String code(Neural op) {
    TensorType type = op.resultType();
    return switch (op) {
      case Neural.MatMul(var a, var b) when type.dtype() == DType.F32 ->
          products(a, b, type, "lap_matmul_f32(%s, %s, %s, %d, %d, %d);\n");
      case Neural.MatMul(var a, var b) -> products(a, b, type, INTEGER_PRODUCT);
      case Neural.Softmax(_, var axis) -> {
        int a = Shapes.axis(axis, type.rank());
        int size = type.dim(a);
        yield "lap_softmax(x0, y, %d, %d, %d);\n"
            .formatted(
                size == 0 ? 0 : type.elements() / size, size, Strided.strides(type.dims())[a]);
      }
      case Neural.LayerNorm(_, _, _, var epsilon) ->
          "lap_layernorm(x0, x1, x2, y, %d, %d, %s);\n"
              .formatted(rows(type), type.dim(-1), CText.number(epsilon));
      case Neural.FakeQuantizeDynamic _ ->
          "lap_fake_quantize_dynamic(x0, y, %d);\n".formatted(type.elements());
      case Neural.Reduce reduce -> reduce(reduce, type);
    };
  }

  private static int rows(TensorType type) {
    return type.dim(-1) == 0 ? 0 : type.elements() / type.dim(-1);
  }

  /// Rare, so written out where it is used.
  private static final String INTEGER_PRODUCT =
      """
      for (long p = 0; p < %4$d * INT64_C(%6$d); p++) {
      int64_t sum = 0;
      for (long k = 0; k < %5$d; k++) {
      sum = lap_add(sum, lap_mul((%1$s)[p / %6$d * %5$d + k], (%2$s)[k * %6$d + p %% %6$d]));
      }
      (%3$s)[p] = (%7$s)sum;
      }
      """;

  /// Loops over stacks of matrices, which broadcast.
  private static String products(Value a, Value b, TensorType type, String one) {
    int m = a.type().dim(-2);
    int k = a.type().dim(-1);
    int n = b.type().dim(-1);
    List<Integer> batch = type.dims().subList(0, type.rank() - 2);
    List<int[]> strides = new ArrayList<>();
    strides.add(scaled(Strided.strides(batch), m * n));
    strides.add(scaled(Strided.broadcastStrides(stack(a), batch), m * k));
    strides.add(scaled(Strided.broadcastStrides(stack(b), batch), k * n));
    return new LoopNest(batch, strides)
        .code(
            "i",
            at ->
                one.formatted(
                    "x0 + " + at.get(1),
                    "x1 + " + at.get(2),
                    "y + " + at.get(0),
                    m,
                    k,
                    n,
                    CText.element(type.dtype())));
  }

  private static List<Integer> stack(Value v) {
    return v.type().dims().subList(0, v.type().rank() - 2);
  }

  private static int[] scaled(int[] strides, int factor) {
    int[] out = strides.clone();
    for (int i = 0; i < out.length; i++) {
      out[i] *= factor;
    }
    return out;
  }

  private static String reduce(Neural.Reduce op, TensorType type) {
    TensorType from = op.x().type();
    List<Integer> axes = op.axes().stream().map(a -> Shapes.axis(a, from.rank())).toList();
    List<Integer> kept = new ArrayList<>();
    List<Integer> reduced = new ArrayList<>();
    List<Integer> keptSteps = new ArrayList<>();
    List<Integer> reducedSteps = new ArrayList<>();
    int[] steps = Strided.strides(from.dims());
    for (int axis = 0; axis < from.rank(); axis++) {
      (axes.contains(axis) ? reduced : kept).add(from.dim(axis));
      (axes.contains(axis) ? reducedSteps : keptSteps).add(steps[axis]);
    }
    boolean floats = type.dtype() == DType.F32;
    int count = Shapes.elements(reduced);
    return new LoopNest(kept, List.of(Strided.strides(kept), array(keptSteps)))
        .code(
            "i",
            outer ->
                "%s sum = %s;\n".formatted(floats ? "double" : "int64_t", start(op.how(), floats))
                    + new LoopNest(reduced, List.of(array(reducedSteps)))
                        .code("j", inner -> step(op.how(), floats, outer.get(1), inner.getFirst()))
                    + "y[%s] = (%s)(%s);\n"
                        .formatted(
                            outer.get(0),
                            CText.element(type.dtype()),
                            end(op.how(), floats, count)));
  }

  private static int[] array(List<Integer> list) {
    return list.stream().mapToInt(Integer::intValue).toArray();
  }

  private static String start(Neural.Reduction how, boolean floats) {
    return switch (how) {
      case SUM, MEAN, SUM_SQUARE, L2 -> "0";
      case PROD -> "1";
      case MAX -> floats ? "-HUGE_VAL" : "INT64_MIN";
      case MIN -> floats ? "HUGE_VAL" : "INT64_MAX";
    };
  }

  private static String step(Neural.Reduction how, boolean floats, String outer, String inner) {
    String expression =
        switch (how) {
          case SUM, MEAN -> floats ? "sum + v" : "lap_add(sum, v)";
          case SUM_SQUARE, L2 -> floats ? "sum + v * v" : "lap_add(sum, lap_mul(v, v))";
          case PROD -> floats ? "sum * v" : "lap_mul(sum, v)";
          case MAX -> floats ? "lap_max(sum, v)" : "sum > v ? sum : v";
          case MIN -> floats ? "lap_min(sum, v)" : "sum < v ? sum : v";
        };
    return "%1$s v = (%1$s)x0[%2$s + %3$s];\nsum = %4$s;\n"
        .formatted(floats ? "double" : "int64_t", outer, inner, expression);
  }

  private static String end(Neural.Reduction how, boolean floats, int count) {
    return switch (how) {
      case MEAN -> floats ? "sum / " + count + ".0" : "lap_div(sum, " + count + ")";
      case L2 -> floats ? "sqrt(sum)" : "lap_trunc(sqrt((double)sum))";
      case SUM, SUM_SQUARE, PROD, MAX, MIN -> "sum";
    };
  }

  static String code(Accumulate op) {
    TensorType type = op.resultType();
    return switch (op) {
      case Accumulate.MatMulI8(var a, var b) ->
          products(a, b, type, "lap_matmul_i8(%s, %s, %s, %d, %d, %d);\n");
      case Accumulate.ChannelMul _ ->
          each(type, "lap_mul32(x0[i], x1[i %% %d])".formatted(type.dim(-1)));
      case Accumulate.Widen _ -> each(type, "x0[i]");
      case Accumulate.AddI32(var a, var b) ->
          new LoopNest(
                  type.dims(),
                  List.of(
                      Strided.strides(type.dims()),
                      Strided.broadcastStrides(b.type().dims(), type.dims())))
              .code(
                  "i", at -> "y[%1$s] = lap_add32(x0[%1$s], x1[%2$s]);\n".formatted(at.toArray()));
      case Accumulate.Rescale _ -> throw new IllegalStateException("nothing to compute for " + op);
    };
  }

  private static String each(TensorType type, String expression) {
    return "for (long i = 0; i < %d; i++) {\ny[i] = %s;\n}\n"
        .formatted(type.elements(), expression);
  }

  static String code(MoveOut op) {
    TensorType type = op.resultType();
    return switch (op) {
      case MoveOut.Requantize r -> requantize(type, CText.number(r.scale()), r.relu());
      case MoveOut.RequantizeBlocks r ->
          "static const float scales[] = {%s};\n"
                  .formatted(r.scales().stream().map(CText::number).collect(joining(", ")))
              + requantize(
                  type, "scales[i %% %d / %d]".formatted(type.dim(-1), r.columns()), r.relu());
      case MoveOut.GeluI32 g ->
          each(
              type,
              "lap_scale8(lap_igelu(x0[i], %s, %s), %s)"
                  .formatted(CText.number(g.qb()), CText.number(g.qc()), CText.number(g.scale())));
      case MoveOut.SoftmaxI32 s ->
          rowwise(
              type,
              "lap_isoftmax_row(x0 + r * %1$d, y + r * %1$d, %1$d, %2$s, %3$s, %4$s, %5$s, %6$s);\n"
                  .formatted(
                      type.dim(-1),
                      CText.number(s.qln2()),
                      CText.number(s.qln2Inv()),
                      CText.number(s.qb()),
                      CText.number(s.qc()),
                      CText.number(s.scale())));
      case MoveOut.LayerNormI32 l ->
          rowwise(
              type,
              "lap_ilayernorm_row(x0 + r * %1$d, y + r * %1$d, %1$d, %2$s, %3$d);\n"
                  .formatted(type.dim(-1), CText.number(l.scale()), l.truncating() ? 1 : 0));
    };
  }

  private static String requantize(TensorType type, String scale, boolean relu) {
    return "for (long i = 0; i < %d; i++) {\nint8_t v = lap_scale8(x0[i], %s);\ny[i] = %s;\n}\n"
        .formatted(type.elements(), scale, relu ? "v < 0 ? 0 : v" : "v");
  }

  private static String rowwise(TensorType type, String body) {
    return "for (long r = 0; r < %d; r++) {\n%s}\n".formatted(rows(type), body);
  }

  static String code(HostBridge op) {
    TensorType type = op.resultType();
    return switch (op) {
      case HostBridge.Quantize q ->
          each(
              type,
              "(%s)lap_round_clamp((double)x0[i] / %s, %s, %s)"
                  .formatted(
                      CText.element(type.dtype()),
                      CText.number(q.scale()),
                      CText.number(q.low()),
                      CText.number(q.high())));
      case HostBridge.Dequantize(var x) ->
          each(type, "(lap_f32)((double)x0[i] * %s)".formatted(CText.number(x.type().scale())));
    };
  }
}
