/// Job: text from a language model: one set of programs for all lengths with a cache they share,
/// the loop around them, sampling, the check against the integer referee. May know: compilation,
/// programs, referees. Must not know: options of the command line, kernels, encodings.
@org.jspecify.annotations.NullMarked
package org.lapidary.tools.generate;
