/// Job: the vocabulary. A record here *is* the definition of an operation; text form, docs and
/// rebuilds derive from it. May know: `ir`. Must not know: how anything is evaluated, lowered or
/// printed.
@org.jspecify.annotations.NullMarked
package org.lapidary.ir.op;
