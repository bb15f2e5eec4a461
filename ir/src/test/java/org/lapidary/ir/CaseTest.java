package org.lapidary.ir;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.pass.EliminateDeadCode;
import org.lapidary.ir.pass.FoldConstants;
import org.lapidary.ir.pass.Pass;
import org.lapidary.ir.pass.PassRunner;
import org.lapidary.ir.pass.Pipeline;
import org.lapidary.ir.pass.ShareCommonSubexpressions;
import org.lapidary.ir.text.ConstantStore;
import org.lapidary.ir.text.IrParser;
import org.lapidary.ir.text.IrPrinter;
import org.lapidary.testkit.CaseFile;

/// The cases of this room: `print -` and `opt --pipeline PASSES -`, where PASSES are the engine's
/// own. Folding constants is evaluation, so cases without inputs show what operations compute.
class CaseTest {
  private static final List<Pass<?, ?>> PASSES =
      List.of(
          new EliminateDeadCode(),
          new FoldConstants(FoldConstants.DEFAULT_MAX_ELEMENTS),
          new ShareCommonSubexpressions());

  static List<CaseFile> cases() {
    return CaseFile.of("ir");
  }

  @Test
  void thereAreCases() {
    assertThat(cases()).hasSizeGreaterThan(5);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void matches(CaseFile file) {
    String actual;
    try {
      actual = run(file.command(), file.text());
    } catch (DiagnosticException e) {
      actual = e.getMessage() + "\n";
    }
    file.check(actual);
  }

  private static String run(List<String> command, String text) {
    Graph<Op> graph = IrParser.parse("case.ir", text, ConstantStore.NONE);
    if (command.equals(List.of("print", "-"))) {
      return IrPrinter.print(graph);
    }
    assertThat(command).hasSize(4).startsWith("opt", "--pipeline").endsWith("-");
    Pipeline pipeline = Pipeline.parse("pipeline", command.get(2), PASSES);
    return IrPrinter.print(new PassRunner().run(graph, pipeline).graph());
  }
}
