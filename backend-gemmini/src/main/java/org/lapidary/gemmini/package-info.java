/// Job: compile an integer graph for a machine: mapping, memory plan, emission, verification. May
/// know: all packages below. Must not know: ONNX, how commands are executed.
@org.jspecify.annotations.NullMarked
package org.lapidary.gemmini;
