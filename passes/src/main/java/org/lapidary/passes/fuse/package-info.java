/// Job: recognises layer normalisation, GELU, softmax and attention, however an exporter spelled
/// them, and says why not where it could not. May know: `ir`, `passes.canon`. Must not know:
/// scales, integers, tiles, files.
@org.jspecify.annotations.NullMarked
package org.lapidary.passes.fuse;
