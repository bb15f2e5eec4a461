package org.lapidary.tools.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Studies of the machine and the compiler that need no model file.
@Command(
    name = "study",
    mixinStandardHelpOptions = true,
    description = "Repeats published studies on our own machine model.",
    footer = {"", "Example: lapidary study survey -o survey"},
    subcommands = SurveyCommand.class)
final class StudyCommand implements Runnable {
  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "a study is missing; see lapidary study --help");
  }
}
