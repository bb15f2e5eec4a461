/// Job: graphs as pictures: repeated layers folded, boxes laid out, SVG or a page to click in. May
/// know: `ir` graphs, the layout library. Must not know: how graphs are made, programs.
@org.jspecify.annotations.NullMarked
package org.lapidary.tools.graph;
