/// Job: predict how many cycles the Gemmini RTL takes for a stream of commands. May know: the
/// machine's parameters and the raw command stream. Must not know: data values, the functional
/// simulator, anything above the machine.
@NullMarked
package org.lapidary.sim.timing;

import org.jspecify.annotations.NullMarked;
