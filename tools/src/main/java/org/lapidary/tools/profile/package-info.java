/// Job: where the cycles of a program go: per unit, per ONNX node, as a timeline. May know:
/// programs, the cycle model. Must not know: how a program is made, options of the command line.
@org.jspecify.annotations.NullMarked
package org.lapidary.tools.profile;
