/// Job: turn phases of kernels into commands: tiles, on-chip memory, software pipelining,
/// addresses, and the proof that no row is misused. May know: kernels, phases, instruction records,
/// the machine's sizes, roughly how long a command keeps its unit. Must not know: ONNX, how a
/// command is executed, what a program costs.
@org.jspecify.annotations.NullMarked
package org.lapidary.gemmini.emit;
