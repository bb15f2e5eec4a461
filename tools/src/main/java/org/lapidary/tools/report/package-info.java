/// Job: everything there is to know about a compiled model on one page. May know: compilation,
/// programs, measurements, blame, profiles. Must not know: options of the command line.
@org.jspecify.annotations.NullMarked
package org.lapidary.tools.report;
