/// Job: what kind of machine it is, as values: sizes, widths, latencies, the two named semantics.
/// May know: the instruction set. Must not know: the state of a running machine, graphs, passes.
@NullMarked
package org.lapidary.machine;

import org.jspecify.annotations.NullMarked;
