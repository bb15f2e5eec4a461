/// Job: the finished program: its parts, its container on disk, running it, exporting what the
/// accelerator saw. May know: graphs, commands, bounds, the simulator. Must not know: ONNX, tiles,
/// how a kernel was mapped.
@org.jspecify.annotations.NullMarked
package org.lapidary.gemmini.program;
