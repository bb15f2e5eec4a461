package org.lapidary.tools.generate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lapidary.gemmini.program.Container;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.WholeDirectory;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.Diagnostic.Code;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.text.ConstantDirectory;

/// A language model as a directory:
///
/// | file | content |
/// | --- | --- |
/// | `generate.json` | what the model is, and which programs there are |
/// | `lapidary-manifest.json` | what it was made from |
/// | `prefill-N/`, `decode-N/` | the programs, each a [Container] |
/// | `constants/HASH.bin` | all constants of the integer graphs, for the referee |
///
/// Equal models give equal bytes. The directory appears under its name when it is complete.
public final class ProgramsDirectory {
  private static final String MANIFEST = "generate.json";
  private static final String CONSTANTS = "constants";
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private ProgramsDirectory() {}

  /// Whether a directory holds a language model.
  public static boolean is(Path directory) {
    return Files.isRegularFile(directory.resolve(MANIFEST));
  }

  /// Writes a language model, replacing an older one of that name.
  ///
  /// @param origin what it was made from
  /// @throws DiagnosticException if something else is there
  public static void write(Programs programs, Path directory, String origin) {
    WholeDirectory.write(
        directory,
        ProgramsDirectory::areOurs,
        "programs for generation",
        unfinished -> {
          writeFiles(programs, unfinished);
          Files.writeString(unfinished.resolve(WholeDirectory.ORIGIN), origin);
        });
  }

  private static void writeFiles(Programs programs, Path directory) throws IOException {
    ConstantDirectory constants = new ConstantDirectory(directory.resolve(CONSTANTS));
    for (Bucket bucket : programs.model().programs()) {
      Container.write(required(programs.programs(), bucket), directory.resolve(bucket.name()));
      Graph<Op> referee = programs.referees().get(bucket);
      if (referee != null) {
        referee
            .nodes()
            .forEach(node -> {
              if (node.op() instanceof Layout.Const c) {
                constants.write(c.data());
              }
            });
      }
    }
    Files.write(directory.resolve(MANIFEST), JSON.writeValueAsBytes(programs.model()));
  }

  private static Program required(Map<Bucket, Program> programs, Bucket bucket) {
    Program program = programs.get(bucket);
    if (program == null) {
      throw new IllegalStateException("no program for " + bucket);
    }
    return program;
  }

  private static boolean areOurs(List<String> names) {
    return names.isEmpty()
        || (names.contains(MANIFEST)
            && names.stream()
                .allMatch(n ->
                    n.matches("generate.json|lapidary-manifest.json|constants|[a-z]+-[0-9]+")));
  }

  /// Reads a language model.
  ///
  /// @throws DiagnosticException if it is missing or damaged
  public static Programs read(Path directory) {
    if (!is(directory)) {
      throw refused(
          Code.FILE_NOT_FOUND,
          directory,
          "holds no programs for generation: it has no " + MANIFEST,
          "make them with lapidary compile MODEL.onnx -o DIR --generate LENGTH");
    }
    Path manifest = directory.resolve(MANIFEST);
    try {
      LanguageModel model = JSON.readValue(Files.readAllBytes(manifest), LanguageModel.class);
      if (model.format() != LanguageModel.FORMAT || model.programs().isEmpty()) {
        throw refused(
            Code.INVALID_INPUT,
            directory,
            "has format " + model.format(),
            "compile it again; this version reads format " + LanguageModel.FORMAT);
      }
      ConstantDirectory constants = new ConstantDirectory(directory.resolve(CONSTANTS));
      Map<Bucket, Program> programs = new LinkedHashMap<>();
      Map<Bucket, Graph<Op>> referees = new LinkedHashMap<>();
      for (Bucket bucket : model.programs()) {
        Path part = directory.resolve(bucket.name());
        programs.put(bucket, Container.read(part));
        if (bucket.isPrefill()) {
          referees.put(bucket, Container.readGraph(part, constants));
        }
      }
      return new Programs(model, programs, referees);
    } catch (JsonProcessingException e) {
      throw refused(
          Code.INVALID_INPUT,
          manifest,
          "is damaged: " + e.getOriginalMessage(),
          "compile it again");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static DiagnosticException refused(Code code, Path file, String message, String hint) {
    return new DiagnosticException(Diagnostic.error(code, file.toString(), "", message, hint));
  }
}
