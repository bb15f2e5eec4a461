package org.lapidary.tools.explore;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;

/// A point that was found before, evaluated once more from its own command line.
///
/// @param stored the file as it is
/// @param again the file as it would be written now
public record Rerun(Path file, String stored, String again) {

  /// Evaluates a stored point.
  ///
  /// @param evaluators opens what a command line names
  /// @throws DiagnosticException if there is no such point, or a file it was made of has changed
  public static Rerun of(Path file, Function<List<String>, Evaluator> evaluators) {
    try {
      String stored = Files.readString(file, StandardCharsets.UTF_8);
      ObjectNode document = (ObjectNode) Store.read(file);
      List<String> words = new ArrayList<>();
      document.required("words").forEach(w -> words.add(w.asText()));
      requireSame(document.required("inputs"), words);
      int samples = document.required("accuracy").required("samples").asInt();
      try (Evaluator evaluator = evaluators.apply(words)) {
        Outcome accuracy = evaluator.evaluate(job(Job.Kind.ACCURACY, words, samples));
        Outcome cost = evaluator.evaluate(job(Job.Kind.COST, words, samples));
        return new Rerun(file, stored, Store.json(Store.with(document, accuracy, cost)));
      }
    } catch (IOException | ClassCastException | IllegalArgumentException e) {
      throw problem(
          Diagnostic.Code.FILE_NOT_FOUND,
          file.toString(),
          "is not the file of a point",
          "give a hash from points.csv and the directory of the exploration with -o");
    }
  }

  private static Job job(Job.Kind kind, List<String> words, int samples) {
    return new Job("", kind, words, "", "", samples);
  }

  private static void requireSame(JsonNode inputs, List<String> words) {
    List<String> names = new ArrayList<>();
    inputs.fieldNames().forEachRemaining(names::add);
    for (String name : names) {
      if (!Files.exists(Path.of(name))) {
        throw problem(
            Diagnostic.Code.FILE_NOT_FOUND,
            name,
            "the point was made of this file, which is not there",
            "paths are as they were given: run it from the same directory");
      }
    }
    Question.of(words, names)
        .files()
        .forEach((name, hash) -> {
          if (!hash.equals(inputs.path(name).asText())) {
            throw problem(
                Diagnostic.Code.INVALID_INPUT,
                name,
                "has changed since the point was found",
                "explore again");
          }
        });
  }

  private static DiagnosticException problem(
      Diagnostic.Code code, String file, String message, String hint) {
    return new DiagnosticException(Diagnostic.error(code, file, "", message, hint));
  }

  /// Whether it is the same byte for byte.
  public boolean same() {
    return stored.equals(again);
  }
}
