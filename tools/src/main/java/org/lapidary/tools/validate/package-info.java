/// Job: accuracy versus speed-up of a model on a task: samples, metrics, comparison. May know:
/// compiled programs, references. Must not know: passes one by one, kernels, encodings.
@org.jspecify.annotations.NullMarked
package org.lapidary.tools.validate;
