/// Job: test the package of that name. May know: everything. Must not know: how figures are printed
/// by the command line.
@org.jspecify.annotations.NullMarked
package org.lapidary.tools.study;
