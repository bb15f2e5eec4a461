/// Job: decide what runs where: views of main memory instead of copies, kernels of one accumulation
/// each, host steps for the rest, and their order. May know: graphs, the machine's sizes. Must not
/// know: instruction encodings, addresses, ONNX.
@org.jspecify.annotations.NullMarked
package org.lapidary.gemmini.map;
