package org.lapidary.passes;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.Pass;
import org.lapidary.ir.pass.PassContract;
import org.lapidary.ir.pass.Pipeline;
import org.lapidary.passes.quant.TakeScales;

/// Every registered pass over the `nn` level keeps the meaning of random graphs, whatever they are
/// made of; a pass takes part by being in the catalogue.
class PassContractTest {
  private static final int EXAMPLES = 60;

  /// Rules reorder sums and products of floats.
  private static final double TOLERANCE = 1e-4;

  static List<Pass<?, ?>> passes() {
    return PassCatalog.passes().stream()
        .<Pass<?, ?>>map(pass -> pass)
        .filter(pass -> !(pass instanceof TakeScales)) // it takes roundings out: TakeScalesTest
        .filter(pass -> pass.takes().isAssignableFrom(NnOp.class) && pass.takes() == pass.gives())
        .toList();
  }

  @ParameterizedTest
  @MethodSource("passes")
  @SuppressWarnings("unchecked") // takes() has been asked
  void keepsTheMeaning(Pass<?, ?> pass) {
    PassContract.check((Pass<? super NnOp, ?>) pass, NnOp.class, EXAMPLES, TOLERANCE);
  }

  @Test
  void textFormsParseBack() {
    Pipeline all = new Pipeline(PassCatalog.passes());
    assertThat(all.passes()).isNotEmpty();
    assertThat(PassCatalog.parse("all", all.text())).isEqualTo(all);
  }
}
