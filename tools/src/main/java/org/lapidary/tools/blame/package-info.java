/// Job: which operation of a model loses what to quantization, and how its share is found. May
/// know: compiled programs, both referees, tasks. Must not know: how steps are chosen,
/// instructions.
@org.jspecify.annotations.NullMarked
package org.lapidary.tools.blame;
