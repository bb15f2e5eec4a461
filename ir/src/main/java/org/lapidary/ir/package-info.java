/// Job: the graph of values and operations, its types, constants and diagnostics. May know: nothing
/// but itself and `ir.op`. Must not know: protobuf, scratchpad, tile, file system.
@org.jspecify.annotations.NullMarked
package org.lapidary.ir;
