/// Job: the rounding, saturation and wrap-around primitives of the integer level, each once. May
/// know: plain Java numbers. Must not know: tensors, graphs, the machine (its twins there are
/// written apart and tested against golden vectors, so that neither borrows the other's bugs).
@org.jspecify.annotations.NullMarked
package org.lapidary.ir.num;
