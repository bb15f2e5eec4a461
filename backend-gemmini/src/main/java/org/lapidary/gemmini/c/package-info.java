/// Job: a finished program as a C project for real hardware: command table, memory image, host
/// steps in C. May know: programs, graphs, the encoding of commands, the simulator for the expected
/// result. Must not know: ONNX, tiles, how a kernel was mapped.
@org.jspecify.annotations.NullMarked
package org.lapidary.gemmini.c;
