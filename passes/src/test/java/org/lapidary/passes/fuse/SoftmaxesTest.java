package org.lapidary.passes.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.lapidary.passes.Sketch.fires;
import static org.lapidary.passes.Sketch.ignores;
import static org.lapidary.passes.Sketch.ops;
import static org.lapidary.passes.Sketch.rewritten;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise.Div;
import org.lapidary.ir.op.Elementwise.Exp;
import org.lapidary.ir.op.Elementwise.Mul;
import org.lapidary.ir.op.Elementwise.Reciprocal;
import org.lapidary.ir.op.Elementwise.Sub;
import org.lapidary.ir.op.Neural.Reduce;
import org.lapidary.ir.op.Neural.Reduction;
import org.lapidary.ir.op.Neural.Softmax;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.PassContext;
import org.lapidary.passes.Sketch;
import org.lapidary.passes.fuse.Softmaxes.DropSoftmaxShift;
import org.lapidary.passes.fuse.Softmaxes.RecogniseSoftmax;

class SoftmaxesTest {
  private final Sketch s = new Sketch();
  private final Value x = s.input(3, 5);

  private Value sum(Value value) {
    return s.op(new Reduce(value, Reduction.SUM, List.of(1), true));
  }

  @Test
  void quotientIsRecognised() {
    Value e = s.op(new Exp(x));
    assertThat(fires(new RecogniseSoftmax(), s.returns(s.op(new Div(e, sum(e))))))
        .containsExactly("softmax");
  }

  @Test
  void stableFormIsOneOperation() {
    Value max = s.op(new Reduce(x, Reduction.MAX, List.of(-1), true));
    Value e = s.op(new Exp(s.op(new Sub(x, max))));
    Value y = s.op(new Mul(e, s.op(new Reciprocal(sum(e)))));
    assertThat(ops(rewritten(Softmaxes.rules(), s.returns(y)))).containsExactly("softmax");
  }

  @Test
  void differenceAlongTheAxisStays() {
    Value d = s.op(new Sub(x, s.input(3, 5)));
    ignores(new DropSoftmaxShift(), s.returns(s.op(new Softmax(d, -1))));
  }

  @Test
  void sumOfAnotherExponentialIsExplained() {
    Value e = s.op(new Exp(x));
    Value y = s.op(new Div(e, sum(s.op(new Exp(s.input(3, 5))))));
    PassContext context = new PassContext();
    Graph<NnOp> after = new FuseSoftmax().run(s.returns(y), context);
    assertThat(ops(after)).doesNotContain("softmax");
    assertThat(context.whyNots())
        .contains(
            new PassContext.WhyNot(
                "/0/exp",
                "fuse-softmax",
                "nn.exp /0/exp: it is divided by the sum of another value"));
  }
}
