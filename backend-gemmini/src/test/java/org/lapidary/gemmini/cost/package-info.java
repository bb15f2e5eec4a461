/// Job: test the package of that name. May know: everything in this module. Must not know: ONNX,
/// the command line.
@org.jspecify.annotations.NullMarked
package org.lapidary.gemmini.cost;
