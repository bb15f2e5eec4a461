/// Job: pruning after training: parts of a canonical graph are taken out, what is left is fitted to
/// the original's activations by least squares, and what to take is chosen by what it costs. May
/// know: ir, canon, fuse. Must not know: protobuf, tiles, addresses, the size of the array (what a
/// product costs is handed in).
@org.jspecify.annotations.NullMarked
package org.lapidary.passes.prune;
