package org.lapidary.tools.explore;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.stream.Stream;

/// What all points of an exploration are about: a model, a task, data, and everything else that is
/// not up for choice.
///
/// @param words of a `lapidary validate` command line
/// @param files the words, or beginnings of settings, that name files, and the hashes of their
///   contents
public record Question(List<String> words, SequencedMap<String, String> files) {
  /// Part of every hash; to be raised when the same words come to mean something else.
  private static final String VERSION = "explore-2";

  public Question {
    words = List.copyOf(words);
    files = new LinkedHashMap<>(files);
  }

  /// Reads the files; what an exporter put beside the model belongs to it.
  public static Question of(List<String> words, List<String> files) {
    SequencedMap<String, String> hashes = new LinkedHashMap<>();
    for (String file : files) {
      List<String> parts = new ArrayList<>();
      for (Path part : parts(Path.of(file))) {
        parts.add(String.valueOf(part.getFileName()));
        parts.add(Hash.of(part));
      }
      // Where a file is and what it is called is no part of what it says.
      parts.set(0, "");
      hashes.put(file, Hash.of(parts));
    }
    return new Question(words, hashes);
  }

  /// The file or directory, and the weights of a model that are in files beside it named after it.
  public static List<Path> parts(Path file) {
    List<Path> parts = new ArrayList<>(List.of(file));
    String name = String.valueOf(file.getFileName());
    Path folder = Objects.requireNonNullElse(file.toAbsolutePath().getParent(), Path.of("/"));
    if (name.endsWith(".onnx")) {
      try (Stream<Path> beside = Files.list(folder)) {
        beside
            .filter(p -> String.valueOf(p.getFileName()).matches("\\Q" + name + "\\E[._]data.*"))
            .sorted()
            .forEach(parts::add);
      } catch (java.io.IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
    return parts;
  }

  /// The job of finding the accuracy of settings on the first samples.
  Job accuracy(Settings settings, int samples) {
    return job(Job.Kind.ACCURACY, settings, settings.numberWords(), samples);
  }

  /// The job of finding what settings cost.
  Job cost(Settings settings) {
    return job(Job.Kind.COST, settings, settings.words(), 0);
  }

  private Job job(Job.Kind kind, Settings settings, List<String> own, int samples) {
    String graph = hash("graph", settings.graphWords(), 0);
    String numbers = hash("numbers", settings.numberWords(), 0);
    return new Job(hash(kind.name(), own, samples), kind, with(own), graph, numbers, samples);
  }

  /// Names a point measured on so many samples.
  String hash(Settings settings, int samples) {
    return hash("point", settings.words(), samples);
  }

  private String hash(String kind, List<String> own, int samples) {
    List<String> all = new ArrayList<>(List.of(VERSION, kind, Integer.toString(samples)));
    for (String word : with(own)) {
      all.add(files.containsKey(word) ? "file" : word);
    }
    all.addAll(files.values());
    return Hash.of(all);
  }

  /// The whole line for some settings.
  List<String> with(List<String> own) {
    List<String> all = new ArrayList<>(words);
    all.addAll(own);
    return all;
  }
}
