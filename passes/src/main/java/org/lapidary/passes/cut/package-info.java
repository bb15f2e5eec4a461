/// Job: which axes of a graph's values can only be cut together, and the graph without some of
/// their elements. May know: ir. Must not know: why something is cut.
@org.jspecify.annotations.NullMarked
package org.lapidary.passes.cut;
