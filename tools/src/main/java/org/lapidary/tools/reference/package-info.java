/// Job: ONNX Runtime as the float referee of whole models. May know: `ir` tensors, ONNX Runtime.
/// Must not know: passes, programs.
@org.jspecify.annotations.NullMarked
package org.lapidary.tools.reference;
