/// Job: the whole way from an ONNX file to a program, as a library; the command line is a shell
/// over it. May know: every room's front door. Must not know: options of the command line, tables,
/// reports.
@org.jspecify.annotations.NullMarked
package org.lapidary.tools.compile;
