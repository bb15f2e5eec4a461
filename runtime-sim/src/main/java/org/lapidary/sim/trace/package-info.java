/// Job: traces of commands and host stores: read, written, recorded, replayed and checked. May
/// know: the simulator, files. Must not know: compilers, cycles.
@NullMarked
package org.lapidary.sim.trace;

import org.jspecify.annotations.NullMarked;
