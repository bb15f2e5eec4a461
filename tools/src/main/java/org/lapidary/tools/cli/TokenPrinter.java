package org.lapidary.tools.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.lapidary.tools.data.TextEncoder;

/// Prints tokens as they come: as text, or as ids separated by blanks; nothing for `--json`.
final class TokenPrinter implements LongConsumer {
  private final Output output;
  private final Optional<TextEncoder> encoder;
  private final List<Long> tokens = new ArrayList<>();
  private int printed;

  TokenPrinter(Output output, Optional<TextEncoder> encoder) {
    this.output = output;
    this.encoder = encoder;
  }

  /// The text of all tokens, if there is a tokenizer.
  Optional<String> text() {
    return encoder.map(e -> e.decode(tokens.stream().mapToLong(Long::longValue).toArray()));
  }

  @Override
  public void accept(long token) {
    tokens.add(token);
    String all =
        text().orElseGet(() -> String.join(" ", tokens.stream().map(String::valueOf).toList()));
    // Half a character looks like U+FFFD until its other bytes come.
    if (!output.json() && !all.endsWith("\uFFFD") && all.length() > printed) {
      output.out().print(all.substring(printed));
      output.out().flush();
      printed = all.length();
    }
  }
}
