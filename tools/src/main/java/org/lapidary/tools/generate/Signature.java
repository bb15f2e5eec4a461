package org.lapidary.tools.generate;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.tools.compile.InputSlot;
import org.lapidary.tools.reference.OnnxRuntimeModel;

/// The inputs a language model declares, and how their sizes follow from a bucket.
///
/// @param file the ONNX file
/// @param slots inputs in the order of the file
/// @param given sizes the user fixed
record Signature(Path file, List<InputSlot> slots, Map<String, Integer> given) {
  /// @throws DiagnosticException if it is no language model, or one with inputs nobody can fill
  static Signature read(Path file, Map<String, Integer> given) {
    try (OnnxRuntimeModel model = OnnxRuntimeModel.load(file)) {
      Signature signature = new Signature(file, model.inputs(), Map.copyOf(given));
      for (InputSlot slot : signature.slots) {
        boolean known = Role.of(slot.name(), slot.dtype()).isPresent();
        if (!known) {
          throw signature.refused(slot.name(), "nobody knows what this input is for");
        }
      }
      if (signature.slots.stream().filter(s -> signature.role(s) == Role.IDS).count() != 1) {
        throw signature.refused("", "a language model has one input of token ids");
      }
      return signature;
    }
  }

  Role role(InputSlot slot) {
    return Role.of(slot.name(), slot.dtype()).orElseThrow();
  }

  /// Whether caches of any length are among the inputs.
  boolean hasCaches() {
    return slots.stream().anyMatch(s -> role(s) == Role.CACHE && !cacheDims(s).isEmpty());
  }

  /// The length the model was exported for, if that is fixed.
  OptionalInt fixedLength() {
    return slots.stream()
        .filter(s -> role(s) == Role.IDS)
        .map(s -> s.dims().getLast())
        .filter(Signature::isNumber)
        .mapToInt(Integer::parseInt)
        .findFirst();
  }

  /// Every symbolic size for a bucket, and the values of switches.
  Map<String, Integer> dims(Bucket bucket) {
    Map<String, Integer> dims = new LinkedHashMap<>();
    for (InputSlot slot : slots) {
      if (!slot.dims().isEmpty()) {
        bind(dims, slot.dims().getFirst(), 1);
      }
    }
    for (InputSlot slot : slots) {
      switch (role(slot)) {
        case IDS, POSITIONS, SEGMENTS -> bind(dims, slot.dims().getLast(), bucket.tokens());
        case CACHE -> cacheDims(slot).forEach(dim -> bind(dims, dim, bucket.past()));
        case BRANCH -> dims.put(slot.name(), bucket.isPrefill() ? 0 : 1);
        case MASK -> {} // after the others: it may be their sum
      }
    }
    for (InputSlot slot : slots) {
      if (role(slot) == Role.MASK) {
        bind(dims, slot.dims().getLast(), bucket.length());
      }
    }
    dims.putAll(given);
    return dims;
  }

  /// Axes of a cache that the file leaves open, the batch apart.
  private List<String> cacheDims(InputSlot slot) {
    return slot.dims().subList(Math.min(1, slot.dims().size()), slot.dims().size()).stream()
        .filter(Signature::isName)
        .filter(dim -> !given.containsKey(dim))
        .toList();
  }

  private static void bind(Map<String, Integer> dims, String dim, int size) {
    if (isName(dim)) {
      dims.putIfAbsent(dim, size);
    }
  }

  private static boolean isNumber(String dim) {
    return dim.matches("[0-9]+");
  }

  /// Sums of others, such as `past + 1`, are no names.
  private static boolean isName(String dim) {
    return dim.matches("[A-Za-z_][A-Za-z0-9_.]*");
  }

  private DiagnosticException refused(String input, String message) {
    return new DiagnosticException(
        Diagnostic.error(
            Diagnostic.Code.INVALID_MODEL,
            file.toString(),
            input,
            message,
            "its inputs are " + slots.stream().map(InputSlot::name).toList()));
  }
}
