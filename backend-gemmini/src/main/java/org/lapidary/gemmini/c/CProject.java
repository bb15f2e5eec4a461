package org.lapidary.gemmini.c;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.lapidary.gemmini.program.MemoryImage;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramRunner;
import org.lapidary.gemmini.program.Step;
import org.lapidary.gemmini.program.WholeDirectory;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.num.Elementary;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.machine.Semantics;

/// A program as a C project for a RISC-V processor with Gemmini: a library, a `main` that checks
/// one inference, data, start code for bare metal, and a Makefile. Equal programs give equal bytes.
public final class CProject {
  private static final List<String> VERBATIM =
      List.of(
          "lapidary.h", "platform.h", "platform_linux.c", "gemmini_stub.c", "baremetal/start.S");
  private static final List<String> FILLED =
      List.of(
          "gemmini.h",
          "main.c",
          "sample.S",
          "Makefile",
          "README.md",
          "baremetal/link.ld",
          "baremetal/platform_bare.c");
  private static final Set<String> MARKS = Set.of("gemmini.h", "lapidary.h", "Makefile");

  private CProject() {}

  /// Writes the project of a program, replacing an older one of that name.
  ///
  /// @param name of the library and prefix of its functions; made an identifier
  /// @param title what the model is, for comments
  /// @param sample inputs of the inference that `main` runs
  /// @throws DiagnosticException if a host step cannot be the same in C, or something else is there
  public static void write(
      Program program, String name, String title, Map<String, Tensor> sample, Path directory) {
    refuse(program);
    ProgramRunner runner = new ProgramRunner(program);
    ProgramRunner.Options options = ProgramRunner.Options.of(program);
    ProgramRunner.Result expected = runner.run(sample, options.timed(program.machine()));
    Semantics other = ProjectText.other(program.semantics());
    ProgramRunner.Result elsewhere = runner.run(sample, options.under(other));
    String prefix = CText.identifier(name);
    CommandTable table = CommandTable.of(program);
    HostCode host = HostCode.of(program, program.image().base() + weightBytes(program));
    Map<String, String> values =
        new ProjectText(program, prefix, title, table, host, expected, elsewhere).values();
    WholeDirectory.write(
        directory,
        files -> files.containsAll(MARKS),
        "a C project",
        to -> {
          writeText(values, prefix, to);
          writeData(program, table, host, prefix, to);
          writeSample(program, sample, to);
        });
  }

  /// Bytes of the image that nobody writes: activations begin on the line behind them.
  static long weightBytes(Program program) {
    return HostCode.aligned(program.image().contentBytes());
  }

  private static void writeText(Map<String, String> values, String prefix, Path to)
      throws IOException {
    Files.createDirectories(to.resolve("baremetal"));
    for (String file : VERBATIM) {
      Files.writeString(to.resolve(file), Template.filled(file, Map.of()));
    }
    for (String file : FILLED) {
      Files.writeString(to.resolve(file), Template.filled(file, values));
    }
    Files.writeString(to.resolve(prefix + ".h"), Template.filled("model.h", values));
    Files.writeString(to.resolve(prefix + ".c"), Template.filled("model.c", values));
    Files.writeString(to.resolve(prefix + "_data.S"), Template.filled("data.S", values));
  }

  private static void writeData(
      Program program, CommandTable table, HostCode host, String prefix, Path to)
      throws IOException {
    Path weights = to.resolve(prefix + "_weights.bin");
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(weights), 1 << 16)) {
      long at = program.image().base();
      for (MemoryImage.Segment segment : program.image().segments()) {
        out.write(new byte[Math.toIntExact(segment.address() - at)]);
        out.write(segment.content().get());
        at = segment.address() + segment.bytes();
      }
      out.write(new byte[Math.toIntExact(program.image().base() + weightBytes(program) - at)]);
    }
    Files.write(to.resolve(prefix + "_constants.bin"), host.constantBytes());
    Files.write(to.resolve(prefix + "_operands.bin"), table.operandBytes());
    Files.write(to.resolve(prefix + "_phrases.bin"), table.phraseBytes());
    Files.write(to.resolve(prefix + "_relocations.bin"), table.relocations());
  }

  private static void writeSample(Program program, Map<String, Tensor> sample, Path to)
      throws IOException {
    for (Graph.Port port : program.graph().inputs()) {
      Tensor tensor = Objects.requireNonNull(sample.get(port.name()));
      Files.write(
          to.resolve("sample_" + CText.identifier(port.name()) + ".bin"), HostCode.bytes(tensor));
    }
  }

  private static void refuse(Program program) {
    if (!program.caches().isEmpty()) {
      throw new DiagnosticException(
          Diagnostic.error(
              Diagnostic.Code.UNSUPPORTED_OP,
              program.graph().name(),
              "",
              "a program whose caches stay in memory has no form in C yet",
              "compile it without --generate"));
    }
    List<Diagnostic> problems = new ArrayList<>();
    for (Step step : program.steps()) {
      if (step instanceof Step.Host host) {
        host.nodes().stream()
            .map(n -> program.graph().nodes().get(n))
            .filter(node -> !isSameInC(node.op(), program))
            .map(node -> unlike(program, node))
            .forEach(problems::add);
      }
    }
    Set<String> names = new LinkedHashSet<>();
    for (List<Graph.Port> ports : List.of(program.graph().inputs(), program.graph().results())) {
      names.clear();
      for (Graph.Port port : ports) {
        if (!names.add(CText.identifier(port.name()))) {
          problems.add(
              Diagnostic.error(
                  Diagnostic.Code.INVALID_MODEL,
                  program.graph().name(),
                  port.name(),
                  "another input or result has the same name in C, "
                      + CText.identifier(port.name()),
                  "rename one of them in the model"));
        }
      }
    }
    if (!problems.isEmpty()) {
      throw new DiagnosticException(problems);
    }
  }

  private static Diagnostic unlike(Program program, Graph.Node<Op> node) {
    return Diagnostic.error(
        Diagnostic.Code.UNSUPPORTED_OP,
        program.graph().name(),
        node.loc().node(),
        OpInfo.of(node.op()).name() + " on the host need not give the same bits in C",
        node.op() instanceof Elementwise.Pow
            ? "exponents may be constant integers from -8 to 8, and 0.5"
            : "no C library computes it to the last bit; leave it out of the model");
  }

  private static boolean isSameInC(Op op, Program program) {
    return switch (op) {
      case Elementwise.Sin _, Elementwise.Cos _ -> false;
      case Elementwise.Pow(_, var exponent) when exponent.type().dtype().isInteger() -> true;
      case Elementwise.Pow(_, var exponent) -> simpleExponents(exponent, program);
      default -> true; // all else is made of operations that IEEE 754 fixes
    };
  }

  private static boolean simpleExponents(Value exponent, Program program) {
    Graph.Node<Op> node = program.graph().definitions().get(exponent);
    if (node == null || !(node.op() instanceof Layout layout)) {
      return false;
    }
    List<Value> operands = OpInfo.operands(layout);
    if (!operands.isEmpty()) {
      return operands.stream().allMatch(v -> simpleExponents(v, program));
    }
    for (float v : Evaluator.apply(layout, List.of()).f32()) {
      if (!Elementary.isSimpleExponent(v)) {
        return false;
      }
    }
    return true;
  }
}
