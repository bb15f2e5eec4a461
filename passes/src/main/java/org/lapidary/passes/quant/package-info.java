/// Job: static post-training quantization from the `nn` to the `q` level: calibration, scales, the
/// integer form of every operation. May know: ir. Must not know: protobuf, tiles, addresses, the
/// size of the array.
@org.jspecify.annotations.NullMarked
package org.lapidary.passes.quant;
