package org.lapidary.ir.pass;

import org.junit.jupiter.api.Test;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Op;

/// The engine's own passes keep the contract, bit for bit, on both levels.
class EnginePassesTest {
  private static final int EXAMPLES = 100;

  @Test
  void eliminateDeadCode() {
    PassContract.check(new EliminateDeadCode(), NnOp.class, EXAMPLES, 0);
    PassContract.check(new EliminateDeadCode(), Op.class, EXAMPLES, 0);
  }

  @Test
  void shareCommonSubexpressions() {
    PassContract.check(new ShareCommonSubexpressions(), NnOp.class, EXAMPLES, 0);
    PassContract.check(new ShareCommonSubexpressions(), Op.class, EXAMPLES, 0);
  }

  @Test
  void foldConstants() {
    PassContract.check(new FoldConstants(64), NnOp.class, EXAMPLES, 0);
    PassContract.check(new FoldConstants(64), Op.class, EXAMPLES, 0);
  }
}
