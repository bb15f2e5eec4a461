/// Job: tests of the pictures. May know: graphs. Must not know: pixels.
@org.jspecify.annotations.NullMarked
package org.lapidary.tools.graph;
