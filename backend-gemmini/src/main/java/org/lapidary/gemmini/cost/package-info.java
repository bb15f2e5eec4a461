/// Job: what a program cannot be faster than, and what it replaces. May know: graphs, kernels, the
/// machine's sizes. Must not know: commands, addresses, ONNX.
@org.jspecify.annotations.NullMarked
package org.lapidary.gemmini.cost;
