/// Job: test the search for tilings. May know: everything of the backend and the machine. Must not
/// know: ONNX.
@org.jspecify.annotations.NullMarked
package org.lapidary.gemmini.search;
