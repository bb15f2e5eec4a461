/// Job: graphs and programs as people look at them: listings, documents, differences. May know:
/// graphs, programs, the assembler. Must not know: how either is made, options of the command line.
@org.jspecify.annotations.NullMarked
package org.lapidary.tools.inspect;
