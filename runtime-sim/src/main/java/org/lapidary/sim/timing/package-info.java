/// Job: predict how many cycles the Gemmini RTL takes for a stream of commands. May know: the
/// machine's parameters, the raw command stream, the simulator as something to observe. Must not
/// know: data values, what commands compute, anything above the machine.
@NullMarked
package org.lapidary.sim.timing;

import org.jspecify.annotations.NullMarked;
