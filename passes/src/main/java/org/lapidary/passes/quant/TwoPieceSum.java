package org.lapidary.passes.quant;

import org.lapidary.ir.Value;

/// A sum that enters the residual stream as two int8 pieces, because one would be too coarse.
///
/// @param node ONNX node of the addition
/// @param value of the canonical graph
/// @param decibels what one piece would leave: signal of the stream to the noise of the rounding
public record TwoPieceSum(String node, Value value, double decibels) {}
