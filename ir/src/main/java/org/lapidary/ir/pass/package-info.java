/// Job: the engine behind transformations: rules, passes, pipelines, verification, timing. May
/// know: `ir`, `ir.op`, `ir.eval`. Must not know: any particular pass of the catalogue, files, the
/// machine.
@org.jspecify.annotations.NullMarked
package org.lapidary.ir.pass;
