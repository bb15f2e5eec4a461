/// Job: the functional simulator, the only place where commands have architectural effects. May
/// know: the instruction set and the machine's parameters. Must not know: cycles, graphs, where
/// programs come from.
@NullMarked
package org.lapidary.sim;

import org.jspecify.annotations.NullMarked;
