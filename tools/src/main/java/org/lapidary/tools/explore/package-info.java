/// Job: which settings of recipe, schedule and machine nobody beats: points, their evaluation as a
/// pure function, the search among them, the front and its page. May know: `compile`, `validate`,
/// programs and machines. Must not know: the command line, kernels, who runs the evaluations.
@org.jspecify.annotations.NullMarked
package org.lapidary.tools.explore;
