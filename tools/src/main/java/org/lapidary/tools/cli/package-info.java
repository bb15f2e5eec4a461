/// Job: the command line: options in, text or JSON out, exit codes. May know: every other room's
/// front door. Must not know: kernels, encodings, rules.
@org.jspecify.annotations.NullMarked
package org.lapidary.tools.cli;
