package org.lapidary.frontend.onnx;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lapidary.ir.DType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;

/// Which integers of a quantized model stand for which real numbers, so that a tensor which is
/// quantized, moved, multiplied and dequantized again is one real value all the way: nothing of its
/// integers reaches the graph but `nn.fake_quantize`.
final class Grids {

  /// `real = (integer - zero) * step`.
  ///
  /// @param real the number that the integer stands for, a value of the graph
  /// @param step of the grid, a scalar
  /// @param zero the integer that stands for 0; none for 0 itself
  record Point(Value real, Value step, Optional<Value> zero) {
    Point at(Value moved) {
      return new Point(moved, step, zero);
    }
  }

  /// `step * factor`, where a dynamic step meets that of a weight.
  private record Factored(Value step, Value factor) {}

  private final Emitter out;
  private final Map<Value, Point> points = new HashMap<>();
  private final Map<Value, Factored> factored = new HashMap<>();
  private final Map<Value, Value> steps = new HashMap<>();

  Grids(Emitter out) {
    this.out = out;
  }

  /// Says what an integer value stands for.
  void declare(Value integers, Point point) {
    points.put(integers, point);
    steps.put(point.step, point.step);
  }

  /// What an integer value stands for, if it is known.
  Optional<Point> of(Value integers) {
    return Optional.ofNullable(points.get(integers));
  }

  /// The real number that an integer value stands for on that very grid.
  Optional<Value> real(Value integers, Value step, Optional<Value> zero) {
    return of(integers).filter(p -> same(p.step, step) && sameZero(p.zero, zero)).map(Point::real);
  }

  private boolean sameZero(Optional<Value> a, Optional<Value> b) {
    boolean both = a.isPresent() && b.isPresent();
    return both ? same(a.get(), b.get()) : isZero(a) && isZero(b);
  }

  private boolean isZero(Optional<Value> zero) {
    return zero.isEmpty() || number(zero.get()).filter(z -> z == 0).isPresent();
  }

  private boolean same(Value a, Value b) {
    Optional<Double> x = number(a);
    return a.equals(b) || (x.isPresent() && x.equals(number(b)));
  }

  private Optional<Double> number(Value v) {
    return out.known(v).filter(t -> t.elements() == 1).map(t -> t.asDouble(0));
  }

  /// Follows integers through an operation that has just been emitted.
  void follow(NnOp op, Value result) {
    switch (op) {
      case Layout.Const _ -> {}
      case Layout.Concat(var parts, var axis) -> joined(parts, axis, result);
      case Layout layout -> moved(layout, result);
      case Elementwise.Cast(var x, var to) when to == DType.F32 ->
          of(x).filter(p -> isZero(p.zero)).ifPresent(p -> declare(result, p));
      case Elementwise.Mul(var a, var b) when steps.containsKey(a) ->
          factored.put(result, new Factored(a, b));
      case Elementwise.Mul(var a, var b) when steps.containsKey(b) ->
          factored.put(result, new Factored(b, a));
      default -> {} // anything else computes
    }
  }

  private void moved(Layout layout, Value result) {
    Value x = OpInfo.operands(layout).getFirst();
    of(x).ifPresent(p -> declare(result, p.at(out.emit(onto(layout, x, p.real)))));
  }

  private static NnOp onto(NnOp op, Value from, Value to) {
    return OpInfo.mapOperands(op, v -> v.equals(from) ? to : v);
  }

  private void joined(List<Value> parts, int axis, Value result) {
    Optional<Point> first = of(parts.getFirst());
    if (first.isEmpty()) {
      return;
    }
    Point grid = first.get();
    List<Value> reals =
        parts.stream().flatMap(v -> real(v, grid.step, grid.zero).stream()).toList();
    if (reals.size() == parts.size()) {
      declare(result, grid.at(out.emit(new Layout.Concat(reals, axis))));
    }
  }

  /// `cast(integer product) * (step of a * step of b)`, said of the real numbers.
  Optional<NnOp> simplified(NnOp op) {
    if (!(op instanceof Elementwise.Mul(var a, var b))) {
      return Optional.empty();
    }
    return scaled(a, b).or(() -> scaled(b, a));
  }

  private Optional<NnOp> scaled(Value integers, Value by) {
    Point point = points.get(integers);
    Factored factor = factored.get(by);
    return point != null
            && factor != null
            && isZero(point.zero)
            && integers.type().dtype() == DType.F32
            && factor.step.equals(point.step)
        ? Optional.of(new Elementwise.Mul(point.real, factor.factor))
        : Optional.empty();
  }

  /// A product of integers, of which the left stand for real numbers and the right are a weight.
  void product(Value integers, Value a, Optional<Value> zeroOfA, Value centredB) {
    Point point = points.get(a);
    boolean isWeight = out.data(centredB).isPresent();
    if (point != null && isWeight && sameZero(point.zero, zeroOfA)) {
      Value weight = out.emit(new Elementwise.Cast(centredB, DType.F32));
      Value real = out.emit(new Neural.MatMul(point.real, weight));
      declare(integers, new Point(real, point.step, Optional.empty()));
    }
  }
}
