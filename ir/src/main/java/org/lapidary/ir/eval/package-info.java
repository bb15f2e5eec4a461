/// Job: the referee. Says what every operation means, slowly and obviously: `nn` in f32, `q` in
/// exact integers. May know: `ir`, `ir.op`, `ir.num`. Must not know: passes, the machine, files.
@org.jspecify.annotations.NullMarked
package org.lapidary.ir.eval;
