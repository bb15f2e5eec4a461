/// Job: the text form of graphs, printed and parsed, and the constants beside it. May know: `ir`,
/// `ir.op`, ANTLR; only `ConstantDirectory` and `IrDumps` may know files. Must not know: any
/// operation by name, what operations compute.
@org.jspecify.annotations.NullMarked
package org.lapidary.ir.text;
