package org.lapidary.passes.quant;

import java.util.Locale;
import java.util.OptionalLong;
import org.lapidary.ir.Value;

/// Something that is not one int8 number but two, a high and a low one, because one would be too
/// coarse: a piece more.
///
/// @param node ONNX node at which it is used
/// @param part what is in two pieces
/// @param value of the canonical graph: the sum itself, or the product whose operand it is
/// @param inOne decibels of signal to noise that one piece leaves
/// @param inTwo decibels that two pieces leave
/// @param cycles that the second piece costs; nothing if no machine was asked
public record Piece(
    String node, Part part, Value value, double inOne, double inTwo, OptionalLong cycles) {

  /// What can be in two pieces.
  public enum Part {
    /// A sum that enters the residual stream.
    SUM,
    /// The weight of a product.
    WEIGHT,
    /// The left operand of a product, a sum itself.
    LEFT_OPERAND,
    /// The right operand of a product of two activations, a sum itself.
    RIGHT_OPERAND;

    /// What a report calls it.
    public String title() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
  }

  /// The noise, over the signal, that the second piece takes away.
  double gain() {
    return noise(inOne) - noise(inTwo);
  }

  private static double noise(double decibels) {
    return Math.pow(10, -decibels / 10);
  }

  Piece costing(long measured) {
    return new Piece(node, part, value, inOne, inTwo, OptionalLong.of(measured));
  }
}
