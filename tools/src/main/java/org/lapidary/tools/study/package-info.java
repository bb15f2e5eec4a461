/// Job: studies that reproduce published findings on our own machine model. May know: everything
/// below. Must not know: kernels' insides, encodings, where results are printed.
@org.jspecify.annotations.NullMarked
package org.lapidary.tools.study;
