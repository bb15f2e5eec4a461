package org.lapidary.cluster;

import com.hazelcast.map.IMap;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.lapidary.tools.explore.Evaluator;
import org.lapidary.tools.explore.Job;
import org.lapidary.tools.explore.Outcome;

/// What a worker has open: the question it was asked last, its files unpacked.
final class Workbench {
  /// Under which name a worker's tasks find it.
  static final String KEY = "lapidary.workbench";

  private final Function<List<String>, Evaluator> evaluators;
  private final Map<Shipment, Opened> opened = new HashMap<>();

  private record Opened(Evaluator evaluator, Map<String, String> places) {}

  Workbench(Function<List<String>, Evaluator> evaluators) {
    this.evaluators = evaluators;
  }

  Outcome evaluate(Job job, Shipment shipment, IMap<String, byte[]> store) {
    Opened question = open(shipment, store);
    return question.evaluator().evaluate(job.withWords(moved(job.words(), question.places())));
  }

  private synchronized Opened open(Shipment shipment, IMap<String, byte[]> store) {
    return opened.computeIfAbsent(
        shipment,
        _ -> {
          try {
            Path folder = Files.createTempDirectory("lapidary-worker");
            Map<String, String> places = shipment.unpack(folder, store);
            return new Opened(evaluators.apply(moved(shipment.words(), places)), places);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  /// Words with files at their new places; a machine may have braces behind its file.
  private static List<String> moved(List<String> words, Map<String, String> places) {
    return words.stream()
        .map(word -> {
          int brace = word.indexOf('{');
          String file = brace > 0 ? word.substring(0, brace) : word;
          String place = places.get(file);
          return place == null ? word : place + word.substring(file.length());
        })
        .toList();
  }
}
