/// Job: the accelerator's commands, each declared once as a record, and all that derives from them.
/// May know: the JDK. Must not know: what a command does, how long it takes, or who wrote the
/// program.
@NullMarked
package org.lapidary.machine.isa;

import org.jspecify.annotations.NullMarked;
