/// Job: the one spelling of everything that can be spelled in several ways: constants, identities,
/// layouts, linear layers. May know: `ir`. Must not know: integers of the accelerator, tiles,
/// files.
@org.jspecify.annotations.NullMarked
package org.lapidary.passes.canon;
