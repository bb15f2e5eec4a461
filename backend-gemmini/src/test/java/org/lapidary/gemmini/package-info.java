/// Job: hold compiled programs against the referee, bit for bit. May know: everything in this
/// module. Must not know: ONNX, the command line.
@org.jspecify.annotations.NullMarked
package org.lapidary.gemmini;
