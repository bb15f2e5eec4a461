package org.lapidary.cluster;

import com.hazelcast.map.IMap;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lapidary.tools.explore.Hash;
import org.lapidary.tools.explore.Question;

/// The files of a question on their way to workers, which need no disk in common: in pieces, by the
/// hash of their content.
///
/// @param words of the question
/// @param files what each file word of it is made of
record Shipment(List<String> words, LinkedHashMap<String, ArrayList<Part>> files)
    implements Serializable {
  private static final int PIECE = 1 << 22;

  /// A file.
  ///
  /// @param name relative to the folder that its word names or is in
  /// @param hash of its content
  /// @param pieces it was cut into
  record Part(String name, String hash, int pieces) implements Serializable {}

  /// Puts the files of a question into the cluster's memory.
  static Shipment send(Question question, IMap<String, byte[]> store) {
    LinkedHashMap<String, ArrayList<Part>> files = new LinkedHashMap<>();
    for (String word : question.files().keySet()) {
      ArrayList<Part> parts = new ArrayList<>();
      for (Path file : Question.parts(Path.of(word))) {
        Path folder = file.toAbsolutePath().normalize().getParent();
        for (Path each : Hash.files(file)) {
          Path whole = each.toAbsolutePath().normalize();
          String name = folder == null ? whole.toString() : folder.relativize(whole).toString();
          parts.add(send(name, each, store));
        }
      }
      files.put(word, parts);
    }
    return new Shipment(List.copyOf(question.words()), files);
  }

  private static Part send(String name, Path file, IMap<String, byte[]> store) {
    String hash = Hash.of(file);
    int pieces = 0;
    try (InputStream in = Files.newInputStream(file)) {
      for (byte[] piece = in.readNBytes(PIECE); piece.length > 0; piece = in.readNBytes(PIECE)) {
        store.putIfAbsent(hash + "/" + pieces, piece);
        pieces++;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Part(name, hash, pieces);
  }

  /// Writes the files below a folder.
  ///
  /// @return where each file word is now
  Map<String, String> unpack(Path folder, IMap<String, byte[]> store) {
    Map<String, String> places = new LinkedHashMap<>();
    files.forEach((word, parts) -> {
      Path own = folder.resolve("file" + places.size());
      parts.forEach(part -> unpack(part, own, store));
      Path name = Path.of(word).toAbsolutePath().normalize().getFileName();
      places.put(word, own.resolve(String.valueOf(name)).toString());
    });
    return places;
  }

  private static void unpack(Part part, Path folder, IMap<String, byte[]> store) {
    Path file = folder.resolve(part.name()).normalize();
    if (!file.startsWith(folder)) {
      throw new IllegalStateException(part.name() + " leaves its folder");
    }
    try {
      Files.createDirectories(file.getParent());
      try (OutputStream out = Files.newOutputStream(file)) {
        for (int i = 0; i < part.pieces(); i++) {
          byte[] piece = store.get(part.hash() + "/" + i);
          if (piece == null) {
            throw new LostException(part.name());
          }
          out.write(piece);
        }
      }
      if (!Hash.of(file).equals(part.hash())) {
        throw new LostException(part.name());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The cluster forgot a piece of a file, as it may when several workers die at once.
  static final class LostException extends RuntimeException {
    private static final long serialVersionUID = 1;

    LostException(String file) {
      super("the cluster has lost " + file);
    }
  }
}
