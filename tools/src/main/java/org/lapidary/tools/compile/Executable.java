package org.lapidary.tools.compile;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.lapidary.gemmini.program.Container;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramRunner;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Tensor;

/// A program that can be run: one just compiled, or one read from its directory.
///
/// @param name what messages call it: the model's file or the program's directory
/// @param program steps of the host and commands of the accelerator
public record Executable(String name, Program program) {

  /// Reads what [#write] wrote.
  ///
  /// @throws DiagnosticException if it is missing or damaged
  public static Executable open(Path directory) {
    return new Executable(directory.toString(), Container.read(directory));
  }

  /// Runs one inference on the simulator, with an estimate of cycles.
  ///
  /// @param inputs by the names of the model; integers of any width will do if they fit, and empty
  ///   caches may be left out
  /// @throws DiagnosticException if an input is missing, unknown, or of another shape
  public Inference run(Map<String, Tensor> inputs) {
    return run(inputs, ProgramRunner.Options.of(program).timed(program.machine()));
  }

  /// Runs one inference in another way: without timing, checked, recorded.
  public Inference run(Map<String, Tensor> inputs, ProgramRunner.Options options) {
    Map<String, Tensor> fitted = InputCheck.fitted(name, program.graph(), inputs);
    return new Inference(program, new ProgramRunner(program).run(fitted, options));
  }

  /// Writes the program to a directory, replacing an older one.
  ///
  /// @throws DiagnosticException if something else is there
  public void write(Path directory) {
    Container.write(program, directory);
  }

  /// The same, with an account of what it was made from.
  public void write(Path directory, String origin) {
    Container.write(program, directory, Optional.of(origin));
  }
}
