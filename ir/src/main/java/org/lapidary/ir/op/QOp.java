package org.lapidary.ir.op;

/// An operation of the `q` level: exact integers, with the scale in the type. Each is something a
/// Gemmini-like machine does exactly, parametrised by its constants, so that the referee and the
/// machine compute the same bits from the same text. An i32 value is a sum as it stands in the
/// accumulator; an i8 value has been moved out. All i32 arithmetic is meant not to wrap; the range
/// analysis proves it.
public sealed interface QOp extends Op permits Layout, Accumulate, MoveOut, HostBridge {}
