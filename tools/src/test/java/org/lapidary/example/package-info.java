/// Job: programs that use the library as its users would; the archive ships them as sources. May
/// know: `tools.compile` and what it hands out. Must not know: the command line.
@org.jspecify.annotations.NullMarked
package org.lapidary.example;
