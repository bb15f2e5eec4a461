/// Job: decide which kernels run between two fences, so that what keeps the store unit busy hides
/// behind what keeps the array busy. May know: kernels, views, the machine's sizes. Must not know:
/// addresses, commands, ONNX.
@org.jspecify.annotations.NullMarked
package org.lapidary.gemmini.schedule;
