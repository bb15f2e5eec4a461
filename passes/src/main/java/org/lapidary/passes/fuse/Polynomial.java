package org.lapidary.passes.fuse;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise.Add;
import org.lapidary.ir.op.Elementwise.Div;
import org.lapidary.ir.op.Elementwise.Mul;
import org.lapidary.ir.op.Elementwise.Neg;
import org.lapidary.ir.op.Elementwise.Pow;
import org.lapidary.ir.op.Elementwise.Reciprocal;
import org.lapidary.ir.op.Elementwise.Sub;
import org.lapidary.ir.op.NnOp;
import org.lapidary.passes.canon.Constants;
import org.lapidary.passes.canon.Definitions;

/// A sum of products of values with real coefficients: what an arithmetic expression means,
/// whatever way it is written. `0.5 * (x * (1 + e))`, `x * (0.5 * e + 0.5)` and `0.5 * x + 0.5 * x
/// * e` are one polynomial, so a recogniser needs to know one spelling only.
///
/// @param terms the coefficient of each product; a product gives every value its exponent, which
///   may be negative; the empty product is the constant term
public record Polynomial(Map<Map<Value, Integer>, Double> terms) {
  private static final int MAX_TERMS = 24;
  private static final int MAX_DEPTH = 10;

  public Polynomial {
    terms = Map.copyOf(terms);
  }

  /// A number.
  public static Polynomial constant(double c) {
    return c == 0 ? new Polynomial(Map.of()) : new Polynomial(Map.of(Map.of(), c));
  }

  /// A value by itself.
  public static Polynomial of(Value value) {
    return new Polynomial(Map.of(Map.of(value, 1), 1.0));
  }

  /// Expands an expression until it meets one of the `atoms`, or anything that is not arithmetic.
  /// Empty if that takes more terms or depth than any pattern has.
  public static Optional<Polynomial> expand(Value value, Set<Value> atoms, Definitions defs) {
    return expand(value, atoms, defs, MAX_DEPTH);
  }

  private static Optional<Polynomial> expand(
      Value value, Set<Value> atoms, Definitions defs, int depth) {
    OptionalDouble scalar = Constants.scalar(value, defs);
    if (scalar.isPresent()) {
      return Optional.of(constant(scalar.getAsDouble()));
    }
    if (atoms.contains(value)) {
      return Optional.of(of(value));
    }
    if (depth == 0) {
      return Optional.empty();
    }
    NnOp op = defs.def(value);
    return op == null || !isArithmetic(op, defs)
        ? Optional.of(of(value))
        : expand(op, atoms, defs, depth);
  }

  /// The meaning of an operation that may not be in the graph yet; empty if it is no arithmetic.
  public static Optional<Polynomial> expand(NnOp op, Set<Value> atoms, Definitions defs) {
    return expand(op, atoms, defs, MAX_DEPTH);
  }

  private static Optional<Polynomial> expand(
      NnOp op, Set<Value> atoms, Definitions defs, int depth) {
    Function<Value, Optional<Polynomial>> sub = v -> expand(v, atoms, defs, depth - 1);
    Optional<Polynomial> expanded =
        switch (op) {
          case Add(var a, var b) -> both(sub.apply(a), sub.apply(b), Polynomial::plus);
          case Sub(var a, var b) -> both(sub.apply(a), sub.apply(b), Polynomial::minus);
          case Mul(var a, var b) -> both(sub.apply(a), sub.apply(b), Polynomial::times);
          case Div(var a, var b) ->
              both(sub.apply(a), sub.apply(b).flatMap(p -> p.power(-1)), Polynomial::times);
          case Neg(var x) -> sub.apply(x).map(p -> p.times(-1));
          case Reciprocal(var x) -> sub.apply(x).flatMap(p -> p.power(-1));
          case Pow(var x, var e) when isSmallPower(e, defs) ->
              sub.apply(x).flatMap(p -> p.power((int) Constants.scalar(e, defs).orElseThrow()));
          default -> Optional.empty();
        };
    return expanded.filter(p -> p.terms.size() <= MAX_TERMS);
  }

  private static Optional<Polynomial> both(
      Optional<Polynomial> a, Optional<Polynomial> b, BinaryOperator<Polynomial> how) {
    return a.flatMap(p -> b.map(q -> how.apply(p, q)));
  }

  /// Whether an operation is a sum or product to look through.
  public static boolean isArithmetic(NnOp op, Definitions defs) {
    return switch (op) {
      case Add _, Sub _, Mul _, Div _, Neg _, Reciprocal _ -> true;
      case Pow(_, var e) -> isSmallPower(e, defs);
      default -> false;
    };
  }

  private static boolean isSmallPower(Value e, Definitions defs) {
    double exponent = Constants.scalar(e, defs).orElse(Double.NaN);
    return exponent == Math.rint(exponent) && Math.abs(exponent) <= 4;
  }

  /// The difference.
  public Polynomial minus(Polynomial other) {
    return plus(other.times(-1));
  }

  /// The sum.
  public Polynomial plus(Polynomial other) {
    Map<Map<Value, Integer>, Double> sum = new HashMap<>(terms);
    other.terms.forEach((product, c) -> sum.merge(product, c, Double::sum));
    sum.values().removeIf(c -> Math.abs(c) < 1e-30);
    return new Polynomial(sum);
  }

  /// The product with a number.
  public Polynomial times(double factor) {
    return times(constant(factor));
  }

  /// The product.
  public Polynomial times(Polynomial other) {
    Map<Map<Value, Integer>, Double> product = new HashMap<>();
    terms.forEach(
        (a, ca) -> other.terms.forEach((b, cb) -> product.merge(join(a, b), ca * cb, Double::sum)));
    product.values().removeIf(c -> c == 0);
    return new Polynomial(product);
  }

  private static Map<Value, Integer> join(Map<Value, Integer> a, Map<Value, Integer> b) {
    Map<Value, Integer> joint = new HashMap<>(a);
    b.forEach((value, exponent) -> joint.merge(value, exponent, Integer::sum));
    joint.values().removeIf(e -> e == 0);
    return Map.copyOf(joint);
  }

  /// A power; negative ones exist of single products only.
  public Optional<Polynomial> power(int exponent) {
    if (exponent < 0) {
      if (terms.size() != 1) {
        return Optional.empty();
      }
      var term = terms.entrySet().iterator().next();
      Map<Value, Integer> inverse = new LinkedHashMap<>();
      term.getKey().forEach((value, e) -> inverse.put(value, -e));
      Polynomial reciprocal = new Polynomial(Map.of(inverse, 1 / term.getValue()));
      return reciprocal.power(-exponent);
    }
    Polynomial result = constant(1);
    for (int i = 0; i < exponent; i++) {
      result = result.times(this);
    }
    return Optional.of(result);
  }

  /// The coefficient of a product of values, 0 if there is no such term.
  public double coefficient(Map<Value, Integer> product) {
    return terms.getOrDefault(product, 0.0);
  }

  /// Whether it is made of exactly these values.
  public boolean isOf(Set<Value> values) {
    return terms.keySet().stream()
        .flatMap(product -> product.keySet().stream())
        .collect(Collectors.toSet())
        .equals(values);
  }

  /// Whether both have the same terms with coefficients equal to a relative tolerance.
  public boolean isCloseTo(Polynomial other, double tolerance) {
    return terms.keySet().equals(other.terms.keySet())
        && terms.entrySet().stream()
            .allMatch(t -> {
              double expected = other.coefficient(t.getKey());
              return Math.abs(t.getValue() - expected) <= tolerance * Math.abs(expected);
            });
  }

  /// For messages: `0.5 x + 0.5 x t`, given names for the values.
  public String text(Map<Value, String> names) {
    if (terms.isEmpty()) {
      return "0";
    }
    return terms.entrySet().stream()
        .map(t -> termText(t.getKey(), t.getValue(), names))
        .sorted()
        .collect(Collectors.joining(" + "));
  }

  private static String termText(
      Map<Value, Integer> product, double coefficient, Map<Value, String> names) {
    String factors =
        product.entrySet().stream()
            .map(f -> names.getOrDefault(f.getKey(), "?") + exponentText(f.getValue()))
            .sorted()
            .collect(Collectors.joining(" "));
    String number = Float.toString((float) coefficient);
    return factors.isEmpty() ? number : number + " " + factors;
  }

  private static String exponentText(int exponent) {
    return exponent == 1 ? "" : "^" + exponent;
  }
}
