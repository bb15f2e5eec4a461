package org.lapidary.tools.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Tensor;

/// Samples as named arrays whose first axis counts the samples: a `.npz`, or a directory of `.npy`
/// files.
///
/// @param name where they came from, for messages
/// @param arrays the arrays by input name; other names (such as `labels`) may be among them
public record SampleSet(String name, Map<String, Tensor> arrays) {

  public SampleSet {
    arrays = new LinkedHashMap<>(arrays);
    if (arrays.isEmpty()) {
      throw invalid(name, "holds no arrays", "save arrays named like the model's inputs");
    }
    List<Integer> counts = new ArrayList<>();
    for (Map.Entry<String, Tensor> e : arrays.entrySet()) {
      if (e.getValue().type().rank() == 0) {
        throw invalid(name, e.getKey() + " is a scalar", "the first axis must count the samples");
      }
      counts.add(e.getValue().type().dim(0));
    }
    if (counts.stream().distinct().count() > 1) {
      throw invalid(
          name,
          "arrays " + arrays.keySet() + " hold " + counts + " samples",
          "every array needs one entry per sample along its first axis");
    }
  }

  /// Reads a `.npz`, a single `.npy`, or every `.npy` of a directory.
  public static SampleSet read(Path path) {
    if (Files.isDirectory(path)) {
      try (Stream<Path> files = Files.list(path)) {
        Map<String, Tensor> arrays = new LinkedHashMap<>();
        for (Path file : files.filter(f -> f.toString().endsWith(".npy")).sorted().toList()) {
          arrays.put(stem(file), Npy.read(file));
        }
        return new SampleSet(path.toString(), arrays);
      } catch (IOException e) {
        throw invalid(path.toString(), "cannot be listed: " + e.getMessage(), "check the path");
      }
    }
    return path.toString().endsWith(".npz")
        ? new SampleSet(path.toString(), Npy.readZip(path))
        : new SampleSet(path.toString(), Map.of(stem(path), Npy.read(path)));
  }

  /// Number of samples.
  public int count() {
    return arrays.values().iterator().next().type().dim(0);
  }

  /// Sample `i` of every array, keeping a first axis of size 1.
  public Map<String, Tensor> sample(int i) {
    Map<String, Tensor> one = new LinkedHashMap<>();
    arrays.forEach((key, array) -> one.put(key, Tensors.rows(array, i, 1)));
    return one;
  }

  /// The first `limit` samples, or all if there are fewer.
  public SampleSet limit(int limit) {
    if (limit >= count()) {
      return this;
    }
    Map<String, Tensor> fewer = new LinkedHashMap<>();
    arrays.forEach((key, array) -> fewer.put(key, Tensors.rows(array, 0, limit)));
    return new SampleSet(name, fewer);
  }

  private static String stem(Path file) {
    String s = String.valueOf(file.getFileName());
    return s.endsWith(".npy") ? s.substring(0, s.length() - 4) : s;
  }

  private static DiagnosticException invalid(String file, String message, String hint) {
    return new DiagnosticException(
        Diagnostic.error(Diagnostic.Code.INVALID_INPUT, file, "", message, hint));
  }
}
