/// Job: pages of HTML that need nothing but themselves: templates, charts as SVG. May know: nothing
/// else. Must not know: what the figures mean.
@org.jspecify.annotations.NullMarked
package org.lapidary.tools.page;
