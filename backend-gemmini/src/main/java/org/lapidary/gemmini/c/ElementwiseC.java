package org.lapidary.gemmini.c;

import static org.lapidary.gemmini.c.CText.number;

import java.util.ArrayList;
import java.util.List;
import org.lapidary.ir.DType;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.Strided;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.OpInfo;

/// Elementwise operations in C: one loop nest, one expression.
final class ElementwiseC {
  private ElementwiseC() {}

  /// Statements that compute `y` from `x0`, `x1`, `x2`.
  ///
  /// @param refusal the statement that ends the run where there is no result
  static String code(Elementwise op, String refusal) {
    TensorType type = op.resultType();
    List<int[]> strides = new ArrayList<>();
    strides.add(Strided.strides(type.dims()));
    for (Value operand : OpInfo.operands(op)) {
      strides.add(Strided.broadcastStrides(operand.type().dims(), type.dims()));
    }
    return new LoopNest(type.dims(), strides)
        .code(
            "i",
            at -> {
              List<String> x = new ArrayList<>();
              for (int i = 1; i < at.size(); i++) {
                x.add("x%d[%s]".formatted(i - 1, at.get(i)));
              }
              String guard = dividesIntegers(op) ? "if (%s == 0) {\n%s}\n" : "";
              return guard.formatted(x.getLast(), refusal)
                  + "y[%s] = (%s)(%s);\n"
                      .formatted(at.getFirst(), CText.element(type.dtype()), expression(op, x));
            });
  }

  private static boolean dividesIntegers(Elementwise op) {
    return (op instanceof Elementwise.Div || op instanceof Elementwise.Mod)
        && op.resultType().dtype() != DType.F32;
  }

  private static String expression(Elementwise op, List<String> x) {
    boolean floats = OpInfo.operands(op).getLast().type().dtype() == DType.F32;
    return switch (op) {
      case Elementwise.Cast cast -> cast(cast, x.getFirst(), floats);
      case Elementwise.Where _ -> "%s ? %s : %s".formatted(x.toArray());
      case Elementwise.Unary u ->
          (floats ? real(u) : integer(u)).replace("@", "(" + x.getFirst() + ")");
      case Elementwise.Binary b ->
          (floats ? real(b) : integer(b)).replace("@", x.get(0)).replace("#", x.get(1));
      case Elementwise.Comparison c -> comparison(c).replace("@", x.get(0)).replace("#", x.get(1));
    };
  }

  private static String cast(Elementwise.Cast op, String x, boolean floats) {
    return switch (op.to()) {
      case F32 -> x;
      case I64, I32, I8 -> floats ? "lap_trunc((double)" + x + ")" : x;
      case BOOL -> x + " != 0";
    };
  }

  private static String real(Elementwise.Unary op) {
    return switch (op) {
      case Elementwise.Neg _ -> "-@";
      case Elementwise.Abs _ -> "fabs((double)@)";
      case Elementwise.Exp _ -> "lap_exp((double)@)";
      case Elementwise.Log _ -> "lap_log((double)@)";
      case Elementwise.Sqrt _ -> "sqrt((double)@)";
      case Elementwise.Reciprocal _ -> "1 / (double)@";
      case Elementwise.Erf _ -> "lap_erf(&erf_table, (double)@)";
      case Elementwise.Tanh _ -> "lap_tanh((double)@)";
      case Elementwise.Sigmoid _ -> "lap_sigmoid((double)@)";
      case Elementwise.Relu _ -> "lap_max((double)@, 0)";
      case Elementwise.Floor _ -> "floor((double)@)";
      case Elementwise.Ceil _ -> "ceil((double)@)";
      case Elementwise.Round _ -> "rint((double)@)";
      case Elementwise.Sign _ -> "lap_sign((double)@)";
      case Elementwise.Softplus _ -> "lap_softplus((double)@)";
      case Elementwise.Gelu(_, var tanh) ->
          tanh ? "lap_tanh_gelu((double)@)" : "lap_gelu(&erf_table, (double)@)";
      case Elementwise.Clip(_, var low, var high) ->
          "lap_min(lap_max((double)@, %s), %s)".formatted(number(low), number(high));
      case Elementwise.FakeQuantize(_, var step, var zero, var low, var high) ->
          "lap_on_grid(@, %s, %d, %d, %d)".formatted(number(step), zero, low, high);
      case Elementwise.Sin _, Elementwise.Cos _ ->
          throw new IllegalStateException("refused before: " + op);
      case Elementwise.Not _ -> throw new IllegalStateException(op + " is for booleans only");
    };
  }

  private static String integer(Elementwise.Unary op) {
    return switch (op) {
      case Elementwise.Neg _ -> "lap_sub(0, @)";
      case Elementwise.Abs _ -> "@ < 0 ? lap_sub(0, @) : @";
      case Elementwise.Sign _ -> "(@ > 0) - (@ < 0)";
      case Elementwise.Relu _ -> "@ > 0 ? @ : 0";
      case Elementwise.Not _ -> "@ == 0";
      case Elementwise.Clip(_, var low, var high) ->
          "(double)@ < %s ? %s : (double)@ > %s ? %s : @"
              .formatted(number(low), number((long) low), number(high), number((long) high));
      case Elementwise.Real _ -> throw new IllegalStateException(op + " is for f32 only");
    };
  }

  private static String real(Elementwise.Binary op) {
    return switch (op) {
      case Elementwise.Add _ -> "@ + #";
      case Elementwise.Sub _ -> "@ - #";
      case Elementwise.Mul _ -> "@ * #";
      case Elementwise.Div _ -> "@ / #";
      case Elementwise.Pow _ -> "lap_power((double)@, (double)#)";
      case Elementwise.Min _ -> "lap_min((double)@, (double)#)";
      case Elementwise.Max _ -> "lap_max((double)@, (double)#)";
      case Elementwise.Mod(_, _, var fmod) ->
          fmod
              ? "fmod((double)@, (double)#)"
              : "(double)@ - floor((double)@ / (double)#) * (double)#";
    };
  }

  private static String integer(Elementwise.Binary op) {
    return switch (op) {
      case Elementwise.Add _ -> "lap_add(@, #)";
      case Elementwise.Sub _ -> "lap_sub(@, #)";
      case Elementwise.Mul _ -> "lap_mul(@, #)";
      case Elementwise.Div _ -> "lap_div(@, #)";
      case Elementwise.Pow _ -> "lap_int_power(@, #)";
      case Elementwise.Min _ -> "@ < # ? @ : #";
      case Elementwise.Max _ -> "@ > # ? @ : #";
      case Elementwise.Mod(_, _, var fmod) -> fmod ? "lap_rem(@, #)" : "lap_mod(@, #)";
    };
  }

  private static String comparison(Elementwise.Comparison op) {
    return switch (op) {
      case Elementwise.Equal _ -> "@ == #";
      case Elementwise.Greater _ -> "@ > #";
      case Elementwise.GreaterOrEqual _ -> "@ >= #";
      case Elementwise.Less _ -> "@ < #";
      case Elementwise.LessOrEqual _ -> "@ <= #";
      case Elementwise.And _ -> "@ != 0 && # != 0";
      case Elementwise.Or _ -> "@ != 0 || # != 0";
      case Elementwise.Xor _ -> "(@ != 0) != (# != 0)";
    };
  }
}
