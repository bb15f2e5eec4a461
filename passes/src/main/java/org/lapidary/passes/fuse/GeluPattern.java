package org.lapidary.passes.fuse;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise.Erf;
import org.lapidary.ir.op.Elementwise.Tanh;
import org.lapidary.ir.op.NnOp;
import org.lapidary.passes.canon.Constants;
import org.lapidary.passes.canon.Definitions;
import org.lapidary.passes.fuse.Recognition.Found;
import org.lapidary.passes.fuse.Recognition.Missed;
import org.lapidary.passes.fuse.Recognition.Unlike;

/// The Gaussian error linear unit, `x/2 (1 + t)` where t is `erf(x / sqrt 2)` or `tanh(sqrt(2/pi)
/// (x + 0.044715 x^3))`, as polynomials: any spelling of them will do.
public final class GeluPattern {
  private static final double TOLERANCE = 5e-4;
  private static final double SQRT_HALF = Math.sqrt(0.5);
  private static final double TANH_SLOPE = Math.sqrt(2 / Math.PI);
  private static final double TANH_CUBE = TANH_SLOPE * 0.044715;
  private static final int DEPTH = 5;

  private GeluPattern() {}

  /// The operand of a GELU and which of the two it is.
  public record Parts(Value x, boolean tanh) {}

  /// Whether an operation with that result is the GELU of some value.
  public static Recognition<Parts> recognise(NnOp root, Definitions defs) {
    List<Value> cone =
        Polynomial.isArithmetic(root, defs)
            ? Cone.above(root, DEPTH, op -> Polynomial.isArithmetic(op, defs), defs)
            : List.of();
    Recognition<Parts> nearest = new Unlike<>();
    for (Value t : cone) {
      if (defs.def(t) instanceof Erf || defs.def(t) instanceof Tanh) {
        Recognition<Parts> result = around(root, t, defs);
        if (result instanceof Found || nearest instanceof Unlike) {
          nearest = result;
        }
      }
    }
    return nearest;
  }

  private static Recognition<Parts> around(NnOp root, Value t, Definitions defs) {
    boolean tanh = defs.def(t) instanceof Tanh;
    Value argument =
        switch (defs.def(t)) {
          case Erf(var a) -> a;
          case Tanh(var a) -> a;
          case null, default -> t;
        };
    Optional<Value> base = base(argument, tanh, defs);
    if (base.isEmpty()) {
      return new Missed<>(
          1,
          t,
          tanh
              ? "its argument should be 0.7978846 x + 0.0356774 x^3 of one x"
              : "its argument should be x / sqrt 2 = 0.7071068 x of one x");
    }
    Value x = base.get();
    Optional<Polynomial> whole = Polynomial.expand(root, Set.of(x, t), defs);
    Polynomial wanted =
        Polynomial.of(x).times(0.5).plus(Polynomial.of(x).times(Polynomial.of(t)).times(0.5));
    Map<Value, String> names = Map.of(x, "x", t, tanh ? "tanh" : "erf");
    if (whole.isEmpty() || !whole.get().isCloseTo(wanted, TOLERANCE)) {
      String found = whole.map(p -> p.text(names)).orElse("something longer");
      boolean ofBoth = whole.filter(p -> p.isOf(Set.of(x, t))).isPresent();
      return new Missed<>(
          ofBoth ? 3 : 2,
          t,
          "around it should be " + wanted.text(names) + ", but there is " + found);
    }
    return root.resultType().equals(x.type())
        ? new Found<>(new Parts(x, tanh))
        : new Missed<>(4, t, "the operand of type " + x.type() + " is broadcast");
  }

  /// The x of which the argument is the right polynomial; the nearest such value.
  private static Optional<Value> base(Value argument, boolean tanh, Definitions defs) {
    NnOp op = defs.def(argument);
    if (op == null) {
      return Optional.empty();
    }
    return Cone.above(op, DEPTH, o -> Polynomial.isArithmetic(o, defs), defs).stream()
        .filter(x -> !Constants.is(x, defs))
        .filter(x -> {
          Polynomial wanted =
              tanh
                  ? Polynomial.of(x).times(TANH_SLOPE).plus(cube(x).times(TANH_CUBE))
                  : Polynomial.of(x).times(SQRT_HALF);
          return Polynomial.expand(argument, Set.of(x), defs)
              .filter(p -> p.isCloseTo(wanted, TOLERANCE))
              .isPresent();
        })
        .findFirst();
  }

  private static Polynomial cube(Value x) {
    return Polynomial.of(x).power(3).orElseThrow();
  }
}
