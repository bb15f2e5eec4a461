package org.lapidary.ir.text;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.lapidary.testkit.Golden;
import org.lapidary.testkit.Repository;

/// `ir/GRAMMAR.md` is the grammar the parser is made from, and an example that it reads;
/// `-Dgolden.update=true` writes it anew.
class GrammarPageTest {
  private static final String EXAMPLE =
      """
      // A comment.
      graph @tiny(%input_ids: f32[2,3]) -> i8<scale=0.25>[2,1] {
        %0 = q.quantize(%input_ids) {to=i8, scale=0.5, low=-127, high=127} : i8<scale=0.5>[2,3]
        %1 = nn.const() {data=@w [1,-2,3]} : i8<scale=0.5>[3,1]
        %2 = q.matmul(%0, %1) : i32<scale=0.25>[2,1]  loc("onnx:/encoder/MatMul", "lower-matmul")
        %3 = q.requantize(%2) {scale=1.0, relu=false, outScale=0.25} : i8<scale=0.25>[2,1]
        return logits = %3
      }
      """;

  @Test
  void thePageIsFresh() throws IOException {
    Path grammar = Repository.root().resolve("ir/src/main/antlr4");
    String rules;
    try (var files = Files.walk(grammar)) {
      Path file = files.filter(f -> f.toString().endsWith(".g4")).findFirst().orElseThrow();
      rules = Files.readString(file);
    }
    String printed = IrPrinter.print(IrParser.parse("example", EXAMPLE, ConstantStore.NONE));
    String page =
        """
        # The text form of graphs

        Generated from the grammar; `GrammarPageTest` compares. What the parts mean is in the
        [README](README.md), the operations are in [OPS.md](OPS.md).

        ## Example

        As a person may write it:

        ```
        %s```

        As it is printed, and reads back:

        ```
        %s```

        ## Grammar (ANTLR 4)

        ```antlr
        %s```
        """
            .formatted(EXAMPLE, printed, rules);
    Golden.check(Repository.root().resolve("ir/GRAMMAR.md"), page);
  }
}
