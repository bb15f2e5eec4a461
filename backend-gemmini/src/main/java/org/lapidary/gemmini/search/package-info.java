/// Job: choose among the tilings of a kernel by the cycle model, remember the choice, and measure
/// the result. May know: kernels, tilings, command streams, the cycle model, a cache directory.
/// Must not know: ONNX, graphs, how a command is executed.
@org.jspecify.annotations.NullMarked
package org.lapidary.gemmini.search;
