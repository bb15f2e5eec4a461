package org.lapidary.tools.explore;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// What was found out, on disk, by hash: the outcome of each job, and the points made of them.
/// Files appear whole or not at all, so a run that was killed goes on where it was.
public final class Store {
  private static final ObjectMapper JSON =
      new ObjectMapper().setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE);

  private final Path folder;

  /// @param folder made when something is to be kept
  public Store(Path folder) {
    this.folder = folder;
  }

  /// The outcome of a job if it was done before; what is no such file counts as nothing.
  Optional<Outcome> outcome(Job job) {
    try {
      JsonNode node = JSON.readTree(file(job).toFile());
      Class<? extends Outcome> kind =
          switch (node.path("kind").asText()) {
            case "accuracy" -> Outcome.Accuracy.class;
            case "cost" -> Outcome.Cost.class;
            default -> Outcome.Refused.class;
          };
      return Optional.of(JSON.treeToValue(node.required("outcome"), kind));
    } catch (IOException | IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  void keep(Job job, Outcome outcome) {
    String kind = outcome.getClass().getSimpleName().toLowerCase(Locale.ROOT);
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("kind", kind);
    document.put("outcome", outcome);
    write(file(job), json(document));
  }

  private Path file(Job job) {
    return folder.resolve("outcomes").resolve(job.hash() + ".json");
  }

  /// Where a point is kept.
  public Path point(String hash) {
    return folder.resolve("points").resolve(hash + ".json");
  }

  /// Writes a point.
  void keep(Point point, Plan plan) {
    write(point(point.hash()), json(document(point, plan)));
  }

  /// Everything that is known of a point, its command line among it.
  private static ObjectNode document(Point point, Plan plan) {
    ObjectNode document = JSON.createObjectNode();
    document.put("hash", point.hash());
    document.set("settings", JSON.valueToTree(point.settings().byName()));
    document.put("metric", plan.metric().text());
    document.put("command", point.command());
    document.set("words", JSON.valueToTree(point.words()));
    document.set("inputs", JSON.valueToTree(plan.question().files()));
    document.set("cycle_model", JSON.valueToTree(Findings.cycleModel()));
    return with(document, point.accuracy(), point.cost());
  }

  /// A point's document with outcomes in it, which come last.
  static ObjectNode with(ObjectNode document, Outcome accuracy, Outcome cost) {
    ObjectNode whole = document.deepCopy();
    whole.set("accuracy", JSON.valueToTree(accuracy));
    whole.set("cost", JSON.valueToTree(cost));
    return whole;
  }

  /// Writes a file whole, or leaves what is there.
  public static void write(Path file, String content) {
    Path target = file.toAbsolutePath();
    try {
      Files.createDirectories(target.getParent());
      Path part = Files.createTempFile(target.getParent(), ".new", ".part");
      try {
        Files.writeString(part, content);
        part.toFile().setReadable(true, false); // others may read what is made for one
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(part);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// A document, the same bytes on every system.
  static String json(Object document) {
    DefaultPrettyPrinter printer = new DefaultPrettyPrinter();
    printer.indentObjectsWith(new DefaultIndenter("  ", "\n"));
    printer.indentArraysWith(new DefaultIndenter("  ", "\n"));
    try {
      return JSON.writer(printer).writeValueAsString(document) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a document that is no JSON", e);
    }
  }

  /// Reads a document that was written before.
  static JsonNode read(Path file) throws IOException {
    return JSON.readTree(Files.readString(file, StandardCharsets.UTF_8));
  }
}
