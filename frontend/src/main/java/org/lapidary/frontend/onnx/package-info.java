/// Job: reads ONNX files and lowers every opset and exporter habit to the `nn` level. May know: the
/// graph and its operations. Must not know: calibration, tile, instruction.
@org.jspecify.annotations.NullMarked
package org.lapidary.frontend.onnx;
