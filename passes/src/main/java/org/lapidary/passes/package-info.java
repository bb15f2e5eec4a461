/// Job: lists the transformations there are, for the command line and the generated page. May know:
/// `ir`, the passes. Must not know: what any of them does inside.
@org.jspecify.annotations.NullMarked
package org.lapidary.passes;
