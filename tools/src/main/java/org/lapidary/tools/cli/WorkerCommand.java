package org.lapidary.tools.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Evaluates points for explorations that run elsewhere.
@Command(
    name = "worker",
    mixinStandardHelpOptions = true,
    description = {
      "Evaluates points for `explore --engine URL`, until it is stopped. Start as many as you like,",
      "on as many machines; killing one costs only the points it had in hand."
    },
    footer = {"", "Example: tools/cluster/bin/lapidary worker --engine hazelcast:127.0.0.1:5701"})
final class WorkerCommand implements Callable<Integer> {
  @Option(
      names = "--engine",
      required = true,
      paramLabel = "URL",
      description = "The same for all workers and for `explore`.")
  String engine = "";

  @Option(
      names = "--threads",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Points at a time; default: all processors.")
  int threads = Runtime.getRuntime().availableProcessors();

  @Override
  public Integer call() {
    Engines.of(engine).serve(engine, words -> OpenTask.evaluator(words, threads), threads);
    return 0;
  }
}
