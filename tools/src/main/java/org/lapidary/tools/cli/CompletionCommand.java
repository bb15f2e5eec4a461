package org.lapidary.tools.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// Tells a shell how to complete command lines.
@Command(
    name = "completion",
    mixinStandardHelpOptions = true,
    description = "Prints what bash or zsh needs to complete commands and options.",
    footer = {"", "Example: source <(lapidary completion)"})
final class CompletionCommand implements Callable<Integer> {
  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    String script = AutoComplete.bash("lapidary", Main.withEveryCommand());
    spec.commandLine().getOut().print(script);
    return 0;
  }
}
