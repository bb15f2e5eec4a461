/// Job: the walls between and inside the rooms, as tests. May know: names of packages. Must not
/// know: what they do.
@org.jspecify.annotations.NullMarked
package org.lapidary.architecture;
