/// Job: ONNX Runtime's own int8 of a model, made as its Python package `onnxruntime.quantization`
/// makes it with default settings: a yardstick, never a referee. May know: the ONNX wire format,
/// sessions. Must not know: our levels, passes, quantization, programs.
@org.jspecify.annotations.NullMarked
package org.lapidary.tools.reference.quantized;
