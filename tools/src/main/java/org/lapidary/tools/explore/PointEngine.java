package org.lapidary.tools.explore;

import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.function.Function;

/// A way to have jobs done elsewhere, found on the class path.
public interface PointEngine {
  /// What addresses of its kind begin with, `name:`.
  String scheme();

  /// Uses workers that others have started, or one inside this process.
  ///
  /// @param address `scheme:` and whatever the engine understands
  /// @param question whose files it brings to the workers
  /// @param evaluators opens a question by the words of a command line, for a worker inside
  /// @param threads jobs at a time, of a worker inside
  /// @throws org.lapidary.ir.DiagnosticException if nobody is there
  PointRunner connect(
      String address, Question question, Function<List<String>, Evaluator> evaluators, int threads);

  /// Is a worker until the process ends.
  ///
  /// @param evaluators opens a question by the words of a command line, on files of this machine
  /// @param threads jobs at a time
  void serve(String address, Function<List<String>, Evaluator> evaluators, int threads);

  /// The engine for an address.
  static Optional<PointEngine> of(String address) {
    return ServiceLoader.load(PointEngine.class).stream()
        .map(ServiceLoader.Provider::get)
        .filter(engine -> address.startsWith(engine.scheme() + ":"))
        .findFirst();
  }
}
