/// Job: measure how fast the functional simulator is, always on the same work. May know: the
/// simulator and the instruction set. Must not know: cycles, compilers.
@NullMarked
package org.lapidary.sim.bench;

import org.jspecify.annotations.NullMarked;
