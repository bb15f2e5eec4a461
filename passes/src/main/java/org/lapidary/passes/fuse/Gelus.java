package org.lapidary.passes.fuse;

import java.util.List;
import java.util.Optional;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise.Gelu;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.Rewriter;
import org.lapidary.ir.pass.Rule;
import org.lapidary.passes.fuse.Recognition.Found;

/// Rules that make one operation of a GELU.
public final class Gelus {
  private Gelus() {}

  /// All of them.
  public static List<Rule<NnOp>> rules() {
    return List.of(new RecogniseGelu());
  }

  /// `x/2 (1 + erf(x / sqrt 2)) -> gelu(x)`, and its approximation by tanh
  public record RecogniseGelu() implements Rule<NnOp> {
    @Override
    public Optional<Value> apply(NnOp op, Rewriter<NnOp> rw) {
      return GeluPattern.recognise(op, rw::def) instanceof Found(var parts)
          ? Optional.of(rw.emit(new Gelu(parts.x(), parts.tanh())))
          : Optional.empty();
    }
  }
}
