package org.lapidary.passes.quant;

import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Loc;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.NnOp;
import org.lapidary.passes.quant.Emitter.Sum;
import org.lapidary.passes.quant.Piece.Part;

/// Writes products of matrices, of int8 operands or of two pieces of them.
final class Products {
  private final Lowering lowering;
  private final ModelView model;
  private final Sides sides;
  private final Steps steps;
  private final Calibration calibration;
  private final QuantizeOptions options;
  private final Pieces pieces;
  private final Emitter emitter;
  private final Linear linear;

  Products(
      Lowering lowering,
      ModelView model,
      Sides sides,
      Steps steps,
      Calibration calibration,
      QuantizeOptions options,
      Pieces pieces,
      Emitter emitter) {
    this.lowering = lowering;
    this.model = model;
    this.sides = sides;
    this.steps = steps;
    this.calibration = calibration;
    this.options = options;
    this.pieces = pieces;
    this.emitter = emitter;
    this.linear = new Linear(emitter, options);
  }

  /// What rounding the weights did, by product.
  Map<Value, WeightNoise> weightNoises() {
    return linear.noises();
  }

  /// The product of two values.
  Sum of(Value a, Value b, Graph.Node<NnOp> node) {
    Optional<Weight> weight = model.weight(b);
    if (weight.isPresent()) {
      Optional<HighAndLow> two = inTwo(Part.LEFT_OPERAND, a, node);
      Int8 x = two.map(HighAndLow::high).orElseGet(() -> lowering.int8(a));
      emitter.at(node.loc());
      Linear.Operand operand =
          new Linear.Operand(
              node.result(),
              x,
              two.map(HighAndLow::low),
              OperandMoments.of(calibration, a, x.gamma(), x.beta()),
              calibration.ofMoments(a));
      return linear.product(
          operand,
          weight.get(),
          sides.leavesAsBytes(node.result()),
          pieces.inTwo(Part.WEIGHT, node.result()));
    }
    return ofActivations(a, b, node);
  }

  private Sum ofActivations(Value a, Value b, Graph.Node<NnOp> node) {
    Optional<HighAndLow> twoLeft = inTwo(Part.LEFT_OPERAND, a, node);
    Optional<HighAndLow> twoRight = inTwo(Part.RIGHT_OPERAND, b, node);
    Int8 left = twoLeft.map(HighAndLow::high).orElseGet(() -> factor(a, node.loc()));
    Int8 right = twoRight.map(HighAndLow::high).orElseGet(() -> factor(b, node.loc()));
    emitter.at(node.loc());
    Value sum = product(left, right);
    int terms = a.type().dim(-1);
    if (twoLeft.isPresent()) {
      double deviation = HighAndLow.LOW_RMS * length(b, right, terms);
      sum = emitter.addFiner(sum, () -> product(twoLeft.get().low(), right), deviation);
    }
    if (twoRight.isPresent()) {
      double deviation = HighAndLow.LOW_RMS * length(a, left, terms);
      sum = emitter.addFiner(sum, () -> product(left, twoRight.get().low()), deviation);
    }
    return new Sum(sum, left.step() * right.step(), new double[0]);
  }

  private Value product(Int8 left, Int8 right) {
    return emitter.emit(new Accumulate.MatMulI8(left.value(), right.value()));
  }

  /// Typical length of a vector of so many integers of an operand.
  private double length(Value operand, Int8 q, int terms) {
    return Math.sqrt(terms * calibration.of(operand).meanSquare()) / q.step();
  }

  private Int8 factor(Value v, Loc loc) {
    if (model.isConstant(v)) {
      Tensor t = model.constant(v);
      emitter.at(loc);
      Value q =
          emitter.constant(
              Weight.quantize(loc.node() + ".operand", t.type().dims(), t.f32(), options));
      return Int8.plain(q);
    }
    return lowering.applied(v, lowering.int8(v), loc);
  }

  private Optional<HighAndLow> inTwo(Part part, Value operand, Graph.Node<NnOp> node) {
    return pieces.inTwo(part, node.result()) ? Optional.of(highAndLow(operand)) : Optional.empty();
  }

  /// A sum in two pieces, however it was moved or scaled since.
  private HighAndLow highAndLow(Value v) {
    Graph.Node<NnOp> node = Objects.requireNonNull(model.node(v), "an input is no sum");
    if (!sides.isSum(v)) {
      return model
          .scaled(node.op())
          .map(s -> highAndLow(s.x()).map(q -> q.times(s.factor())))
          .orElseGet(() ->
              highAndLow(model.moved(node.op()).orElseThrow())
                  .map(q -> q.map(from -> lowering.moved(node, from))));
    }
    Sum sum = lowering.sum(v);
    Steps.Source source = steps.source(v, 1);
    double one = steps.int8(source.value()) * source.factor();
    emitter.at(node.loc());
    return HighAndLow.of(sum, Math.max(steps.high(v), one), emitter);
  }
}
