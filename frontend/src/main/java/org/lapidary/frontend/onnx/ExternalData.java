package org.lapidary.frontend.onnx;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.lapidary.frontend.onnx.proto.Onnx.StringStringEntryProto;
import org.lapidary.ir.Diagnostic.Code;

/// The files beside a model that hold its weights, each mapped once. A model is not trusted: it may
/// only name files inside its own folder.
final class ExternalData {
  private final Path folder;
  private final Map<String, MemorySegment> mapped = new HashMap<>();

  /// @param folder where the model file is
  ExternalData(Path folder) {
    this.folder = folder;
  }

  /// The bytes of one tensor.
  ///
  /// @param entries `location`, and if given `offset` and `length`, in bytes
  /// @param expectedBytes as the shape of the tensor demands
  ByteBuffer bytes(List<StringStringEntryProto> entries, long expectedBytes) {
    Map<String, String> keys =
        entries.stream()
            .collect(
                Collectors.toMap(
                    StringStringEntryProto::getKey, StringStringEntryProto::getValue, (a, b) -> b));
    String location = keys.getOrDefault("location", "");
    long offset = number(keys.getOrDefault("offset", "0"), "offset");
    long length = number(keys.getOrDefault("length", Long.toString(expectedBytes)), "length");
    if (length != expectedBytes) {
      throw Refusal.shape(
          "the tensor needs "
              + expectedBytes
              + " bytes, but "
              + length
              + " are stored in "
              + location,
          "export the model again");
    }
    MemorySegment file = file(location);
    if (offset > file.byteSize() - length) {
      throw missing(
          location + " ends before byte " + offset + " + " + length,
          "copy the whole file beside the model again");
    }
    return file.asSlice(offset, length).asByteBuffer();
  }

  private static long number(String text, String key) {
    try {
      long value = Long.parseLong(text);
      if (value >= 0) {
        return value;
      }
    } catch (NumberFormatException e) {
      // said below, as for negative numbers
    }
    throw Refusal.model("the " + key + " of the external data is not a number: " + text);
  }

  private MemorySegment file(String location) {
    MemorySegment known = mapped.get(location);
    if (known != null) {
      return known;
    }
    Path path = safe(location);
    if (!Files.isRegularFile(path)) {
      throw missing(
          "the weights are in " + location + ", which is not there",
          "put " + location + " beside the model");
    }
    try {
      // A link inside the folder may still lead out of it.
      if (!path.toRealPath().startsWith(folder.toRealPath())) {
        throw unsafe(location);
      }
      MemorySegment file = ModelFile.map(path);
      mapped.put(location, file);
      return file;
    } catch (IOException e) {
      throw missing(location + " cannot be read", "check its permissions");
    }
  }

  private Path safe(String location) {
    try {
      Path base = folder.toAbsolutePath().normalize();
      Path path = base.resolve(location).normalize();
      if (location.isEmpty() || Path.of(location).isAbsolute() || !path.startsWith(base)) {
        throw unsafe(location);
      }
      return path;
    } catch (InvalidPathException e) {
      throw unsafe(location);
    }
  }

  private static Refusal unsafe(String location) {
    return new Refusal(
        Code.UNSAFE_PATH,
        "the external data \"" + printable(location) + "\" lies outside the model's folder",
        "weights must be in the folder of the model; do not trust this file");
  }

  private static String printable(String s) {
    return s.replaceAll("\\p{Cntrl}", "?");
  }

  private static Refusal missing(String message, String hint) {
    return new Refusal(Code.MISSING_EXTERNAL_DATA, message, hint);
  }
}
