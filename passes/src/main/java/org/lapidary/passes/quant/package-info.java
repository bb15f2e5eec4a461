/// Job: static post-training quantization, from the `nn` level to the `q` level: calibration,
// scales,
/// and the integer form of every operation of an encoder or decoder. May know: ir. Must not know:
/// protobuf, tiles, addresses, the size of the array.
@org.jspecify.annotations.NullMarked
package org.lapidary.passes.quant;
