/// Job: turn kernels into commands: tiles, on-chip memory, software pipelining, addresses, and the
/// proof that no row is misused. May know: kernels, instruction records, the machine's sizes. Must
/// not know: ONNX, how a command is executed, what it costs.
@org.jspecify.annotations.NullMarked
package org.lapidary.gemmini.emit;
