package org.lapidary.passes.fuse;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise.Max;
import org.lapidary.ir.op.Elementwise.Relu;
import org.lapidary.ir.op.Elementwise.Sqrt;
import org.lapidary.ir.op.Neural.Reduce;
import org.lapidary.ir.op.Neural.Reduction;
import org.lapidary.ir.op.NnOp;
import org.lapidary.passes.canon.Constants;
import org.lapidary.passes.canon.Definitions;
import org.lapidary.passes.fuse.Recognition.Found;
import org.lapidary.passes.fuse.Recognition.Missed;
import org.lapidary.passes.fuse.Recognition.Unlike;

/// Layer normalisation, `(x - m) / s * g + b` where `m = mean x` and `s = sqrt(mean (x - m)^2 +
/// epsilon)`, as polynomials in x, m, 1/s, g and b: any order of the factors, `x (g/s) + (b - m
/// (g/s))` and the variance as `mean x^2 - m^2` are the same to it.
public final class LayerNormPattern {
  private static final double TOLERANCE = 1e-5;
  private static final int DEPTH = 5;

  private LayerNormPattern() {}

  /// What is normalised, and how.
  ///
  /// @param axes the axes of `x` over which the mean is taken
  /// @param gain factor of the normalised value, if one is inside the expression
  /// @param gainFactor a number that multiplies it
  /// @param shift what is added at the end, if anything is inside the expression
  /// @param shiftFactor a number that multiplies it, or stands for it
  public record Parts(
      Value x,
      List<Integer> axes,
      double epsilon,
      Optional<Value> gain,
      double gainFactor,
      Optional<Value> shift,
      double shiftFactor) {}

  /// Mean and standard deviation of a value.
  private record Moments(
      Value x, Value mean, Value deviation, List<Integer> axes, double epsilon) {}

  /// Whether an operation with that result is a layer normalisation.
  public static Recognition<Parts> recognise(NnOp root, Definitions defs) {
    if (!Polynomial.isArithmetic(root, defs)) {
      return new Unlike<>();
    }
    for (Value s : Cone.above(root, DEPTH, op -> Polynomial.isArithmetic(op, defs), defs)) {
      if (defs.def(s) instanceof Sqrt(var variance) && !means(List.of(variance), defs).isEmpty()) {
        return switch (moments(s, variance, defs)) {
          case Found(var moments) -> around(root, moments, defs);
          case Missed(var progress, var at, var why) -> new Missed<>(progress, at, why);
          case Unlike() -> new Unlike<>();
        };
      }
    }
    return new Unlike<>();
  }

  /// The means in the expressions of some values.
  private static List<Value> means(List<Value> values, Definitions defs) {
    return values.stream()
        .flatMap(v -> {
          NnOp op = defs.def(v);
          return op == null || isMean(op)
              ? Stream.of(v)
              : Cone.above(op, DEPTH, o -> isTransparent(o, defs), defs).stream();
        })
        .filter(v -> isMean(defs.def(v)))
        .toList();
  }

  private static boolean isMean(@Nullable NnOp op) {
    return op instanceof Reduce(_, var how, _, _) && how == Reduction.MEAN;
  }

  private static boolean isTransparent(NnOp op, Definitions defs) {
    return op instanceof Max || op instanceof Relu || Polynomial.isArithmetic(op, defs);
  }

  private static Recognition<Moments> moments(Value s, Value variance, Definitions defs) {
    Optional<Polynomial> sum = Polynomial.expand(variance, Set.of(), defs);
    if (sum.isEmpty()) {
      return new Missed<>(1, s, "the variance under it is too long an expression");
    }
    double epsilon = sum.get().coefficient(Map.of());
    Polynomial rest = sum.get().minus(Polynomial.constant(epsilon));
    Optional<Value> clamped = single(rest).flatMap(v -> clamped(v, defs));
    if (clamped.isPresent()) {
      rest = Polynomial.expand(clamped.get(), Set.of(), defs).orElse(rest);
    }
    Optional<Value> mean = single(rest);
    return mean.isPresent() && defs.def(mean.get()) instanceof Reduce spread
        ? ofDifferences(s, mean.get(), spread, epsilon, defs)
        : ofSquares(s, rest, epsilon, defs);
  }

  /// The value, if the polynomial is nothing but that value.
  private static Optional<Value> single(Polynomial p) {
    return p.terms().keySet().stream()
        .filter(product -> p.terms().size() == 1 && product.size() == 1)
        .map(product -> product.keySet().iterator().next())
        .filter(v -> p.isCloseTo(Polynomial.of(v), TOLERANCE))
        .findFirst();
  }

  /// `max(x, 0) -> x`
  private static Optional<Value> clamped(Value value, Definitions defs) {
    return switch (defs.def(value)) {
      case Max(var x, var zero) when Constants.isScalar(zero, 0, defs) -> Optional.of(x);
      case Max(var zero, var x) when Constants.isScalar(zero, 0, defs) -> Optional.of(x);
      case Relu(var x) -> Optional.of(x);
      case null, default -> Optional.empty();
    };
  }

  /// Variance as `mean (x - m)^2`.
  private static Recognition<Moments> ofDifferences(
      Value s, Value variance, Reduce spread, double epsilon, Definitions defs) {
    List<Value> means = means(List.of(spread.x()), defs);
    for (Value mean : means) {
      Value x = reduced(mean, defs);
      Polynomial difference = Polynomial.of(x).minus(Polynomial.of(mean));
      Polynomial wanted = difference.power(2).orElseThrow();
      Optional<Polynomial> squares = Polynomial.expand(spread.x(), Set.of(x, mean), defs);
      if (squares.isPresent() && squares.get().isCloseTo(wanted, TOLERANCE)) {
        return moments(s, x, mean, variance, epsilon, defs);
      }
    }
    return new Missed<>(
        2,
        variance,
        means.isEmpty()
            ? "it should be the mean of (x - mean x)^2, but no mean is subtracted: an RMS norm"
            : "it should be the mean of (x - mean x)^2, but the mean is that of another value");
  }

  /// Variance as `mean x^2 - (mean x)^2`.
  private static Recognition<Moments> ofSquares(
      Value s, Polynomial variance, double epsilon, Definitions defs) {
    for (Map<Value, Integer> product : variance.terms().keySet()) {
      for (Value mean : product.keySet()) {
        if (product.size() == 1
            && product.get(mean) == 2
            && means(List.of(mean), defs).size() == 1) {
          Value x = reduced(mean, defs);
          for (Value squares : means(variance, defs)) {
            Optional<Polynomial> square =
                Polynomial.expand(reduced(squares, defs), Set.of(x), defs);
            Polynomial wanted =
                Polynomial.of(squares).minus(Polynomial.of(mean).power(2).orElseThrow());
            Polynomial xSquared = Polynomial.of(x).power(2).orElseThrow();
            if (variance.isCloseTo(wanted, TOLERANCE)
                && square.isPresent()
                && square.get().isCloseTo(xSquared, TOLERANCE)) {
              return moments(s, x, mean, squares, epsilon, defs);
            }
          }
        }
      }
    }
    return new Missed<>(1, s, "under it should be a variance plus a small constant");
  }

  private static List<Value> means(Polynomial p, Definitions defs) {
    return p.terms().keySet().stream()
        .flatMap(product -> product.keySet().stream())
        .filter(v -> isMean(defs.def(v)))
        .distinct()
        .toList();
  }

  private static Value reduced(Value mean, Definitions defs) {
    return defs.def(mean) instanceof Reduce(var x, _, _, _) ? x : mean;
  }

  private static Recognition<Moments> moments(
      Value s, Value x, Value mean, Value spread, double epsilon, Definitions defs) {
    if (!(defs.def(mean) instanceof Reduce m) || !(defs.def(spread) instanceof Reduce v)) {
      return new Missed<>(2, s, "mean and variance should be reductions");
    }
    if (!m.axes().equals(v.axes()) || !m.keepDims() || !v.keepDims()) {
      return new Missed<>(
          3,
          spread,
          "mean and variance should be taken over the same axes and keep them, but it is "
              + m.axes()
              + " and "
              + v.axes());
    }
    return new Found<>(new Moments(x, mean, s, m.axes(), epsilon));
  }

  private static Recognition<Parts> around(NnOp root, Moments m, Definitions defs) {
    Value s = m.deviation();
    Set<Value> atoms = Set.of(m.x(), m.mean(), s);
    Optional<Polynomial> whole = Polynomial.expand(root, atoms, defs);
    if (whole.isEmpty()) {
      return new Missed<>(4, s, "the expression around it is too long");
    }
    Map<Map<Value, Integer>, Double> rest = new HashMap<>(whole.get().terms());
    Optional<Map<Value, Integer>> scaled =
        rest.keySet().stream().filter(p -> p.containsKey(m.x())).findFirst();
    if (scaled.isEmpty() || scaled.get().getOrDefault(s, 0) != -1) {
      return new Missed<>(4, s, "x - mean should be divided by it");
    }
    Map<Value, Integer> gain = new HashMap<>(scaled.get());
    gain.remove(m.x());
    gain.put(m.mean(), 1);
    double factor = Optional.ofNullable(rest.remove(scaled.get())).orElse(0.0);
    double opposite = Optional.ofNullable(rest.remove(gain)).orElse(0.0);
    if (Math.abs(factor + opposite) > TOLERANCE * Math.abs(factor)) {
      return new Missed<>(5, s, "the mean should be subtracted with the same factor as x");
    }
    gain.remove(m.mean());
    gain.remove(s);
    return parts(root, m, gain, factor, rest);
  }

  private static Recognition<Parts> parts(
      NnOp root,
      Moments m,
      Map<Value, Integer> gain,
      double gainFactor,
      Map<Map<Value, Integer>, Double> rest) {
    Optional<Value> gainValue = gain.keySet().stream().findFirst();
    boolean plainGain = gain.isEmpty() || isFirstPower(gain);
    if (!plainGain) {
      return new Missed<>(6, m.deviation(), "there should be one factor besides it");
    }
    if (rest.size() > 1) {
      return new Missed<>(6, m.deviation(), "there should be one shift only");
    }
    Optional<Value> shift = Optional.empty();
    double shiftFactor = 0;
    for (var term : rest.entrySet()) {
      shiftFactor = term.getValue();
      Map<Value, Integer> product = term.getKey();
      shift = product.keySet().stream().findFirst();
      boolean aside = Stream.of(m.x(), m.mean(), m.deviation()).noneMatch(product::containsKey);
      if (!aside || !(product.isEmpty() || isFirstPower(product))) {
        return new Missed<>(6, m.deviation(), "the shift should be one value");
      }
    }
    if (!root.resultType().equals(m.x().type())) {
      return new Missed<>(6, m.deviation(), "the result is broadcast to " + root.resultType());
    }
    return new Found<>(
        new Parts(m.x(), m.axes(), m.epsilon(), gainValue, gainFactor, shift, shiftFactor));
  }

  /// Whether a product is one value, to the power of 1.
  private static boolean isFirstPower(Map<Value, Integer> product) {
    return List.copyOf(product.values()).equals(List.of(1));
  }
}
