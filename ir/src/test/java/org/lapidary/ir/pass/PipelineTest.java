package org.lapidary.ir.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Op;

class PipelineTest {
  enum Calibration {
    MIN_MAX,
    ENTROPY
  }

  /// A pass with one option of each kind, and a component that is none.
  record QuantizeAll(
      Calibration calibration,
      int bits,
      double tailShare,
      boolean perRow,
      String file,
      Supplier<String> samples)
      implements Pass<NnOp, Op> {
    QuantizeAll {
      if (bits > 8) {
        throw new IllegalArgumentException("at most 8 bits");
      }
    }

    @Override
    @SuppressWarnings("unchecked") // does nothing
    public Graph<Op> run(Graph<NnOp> graph, PassContext context) {
      return (Graph<Op>) (Graph<?>) graph;
    }
  }

  private static final QuantizeAll DEFAULTS =
      new QuantizeAll(Calibration.MIN_MAX, 8, 0.01, false, "", () -> "samples");
  private static final List<Pass<?, ?>> KNOWN =
      List.of(DEFAULTS, new EliminateDeadCode(), new FoldConstants(100));

  private static Pipeline parse(String text) {
    return Pipeline.parse("fast.pipeline", text, KNOWN);
  }

  @Test
  void passesAndCommentsAreRead() {
    Pipeline pipeline =
        parse(
            """
            # first clean up
            fold-constants{max-elements=7}, eliminate-dead-code ; fold-constants
            quantize-all{calibration=entropy, bits=4, file="a, b.npz", per-row = true} # last
            """);
    assertThat(pipeline.passes())
        .containsExactly(
            new FoldConstants(7),
            new EliminateDeadCode(),
            new FoldConstants(100),
            new QuantizeAll(Calibration.ENTROPY, 4, 0.01, true, "a, b.npz", DEFAULTS.samples()));
    assertThat(parse("").passes()).isEmpty();
  }

  @Test
  void printingAndReadingIsTheIdentity() {
    Pipeline pipeline = parse("quantize-all{tail-share=1e-5,file=\"x y\"} eliminate-dead-code");
    assertThat(pipeline.text())
        .isEqualTo(
            """
            quantize-all{calibration=min-max,bits=8,tail-share=1.0E-5,per-row=false,file="x y"}
            eliminate-dead-code
            """);
    assertThat(parse(pipeline.text())).isEqualTo(pipeline);
  }

  @Test
  void levelsComeFromTheDeclaration() {
    assertThat(DEFAULTS.takes()).isEqualTo(NnOp.class);
    assertThat(DEFAULTS.gives()).isEqualTo(Op.class);
  }

  @Test
  void mistakesAreLocated() {
    assertMistake(
        "fold-constants\n  fold",
        "fast.pipeline:2:3: error[invalid-pipeline]: there is no pass fold, only"
            + " eliminate-dead-code, fold-constants, quantize-all");
    assertMistake(
        "fold-constants{size=3}", "1:1", "fold-constants has no option size, only max-elements");
    assertMistake("fold-constants{max-elements=x}", "max-elements=x where a number is due");
    assertMistake("quantize-all{per-row=1}", "per-row=1 where true or false is due");
    assertMistake("quantize-all{calibration=best}", "=best where min-max or entropy is due");
    assertMistake("quantize-all{bits=9}", "at most 8 bits");
    assertMistake("quantize-all{bits}", "not an option: bits");
    assertMistake("fold-constants {", "1:16", "a pass is expected here");
  }

  private static void assertMistake(String text, String... messages) {
    assertThatThrownBy(() -> parse(text))
        .isInstanceOf(DiagnosticException.class)
        .hasMessageContainingAll(messages);
  }
}
