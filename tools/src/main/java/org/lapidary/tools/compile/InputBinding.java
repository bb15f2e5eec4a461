package org.lapidary.tools.compile;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.lapidary.ir.DType;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.tools.data.Tensors;
import org.lapidary.tools.data.TextEncoder;

/// How samples of varying length become inputs of one fixed shape: symbolic sizes bound, token ids
/// padded, and what the data does not say (mask, segment ids, positions, empty caches) derived from
/// the ids.
public final class InputBinding {
  /// Name of token ids in data that come from text, whatever the model calls them.
  private static final String IDS = "input_ids";

  private final String file;
  private final List<InputSlot> slots;
  private final Map<String, Integer> dims;

  private InputBinding(String file, List<InputSlot> slots, Map<String, Integer> dims) {
    this.file = file;
    this.slots = slots;
    this.dims = dims;
  }

  /// Binds what `--dim` left open: the first axis to 1, axes named after a past to 0, the rest to
  /// `length`.
  public static InputBinding of(
      String file, List<InputSlot> slots, Map<String, Integer> given, int length) {
    Map<String, Integer> dims = new LinkedHashMap<>(given);
    for (InputSlot slot : slots) {
      for (int axis = 0; axis < slot.dims().size(); axis++) {
        String dim = slot.dims().get(axis);
        if (!isNumber(dim) && isName(dim) && !dims.containsKey(dim)) {
          boolean past = dim.toLowerCase(Locale.ROOT).contains("past");
          dims.put(dim, axis == 0 ? 1 : past ? 0 : length);
        }
      }
    }
    return new InputBinding(file, slots, dims);
  }

  /// Every symbolic size and its value.
  public Map<String, Integer> dims() {
    return dims;
  }

  /// Length of the token sequence: the last axis of the ids.
  public int length() {
    return idsSlot().map(s -> size(s.dims().getLast())).orElse(0);
  }

  /// Inputs for one sample given by some of its arrays, each with a first axis of size 1.
  public Map<String, Tensor> complete(Map<String, Tensor> given) {
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    Optional<InputSlot> idsSlot = idsSlot();
    Optional<Tensor> ids = idsSlot.map(s -> given.getOrDefault(s.name(), given.get(IDS)));
    for (InputSlot slot : slots) {
      TensorType type = TensorType.of(slot.dtype(), slot.dims().stream().map(this::size).toList());
      Tensor value =
          idsSlot.filter(slot::equals).isPresent() ? ids.orElse(null) : given.get(slot.name());
      if (value != null) {
        inputs.put(slot.name(), fit(Tensors.convert(value, slot.dtype()), type));
      } else if (type.elements() == 0) {
        inputs.put(slot.name(), zeros(type));
      } else {
        inputs.put(slot.name(), derived(slot, type, ids));
      }
    }
    return inputs;
  }

  /// The token ids among complete inputs.
  public Tensor ids(Map<String, Tensor> complete) {
    return idsSlot()
        .map(s -> complete.get(s.name()))
        .orElseThrow(() ->
            new DiagnosticException(
                Diagnostic.error(
                    Diagnostic.Code.INVALID_INPUT,
                    file,
                    "",
                    "the model has no input of token ids",
                    "give labels with the data")));
  }

  /// The slot of token ids: named like ids, or the only integer input.
  private Optional<InputSlot> idsSlot() {
    return slots.stream()
        .filter(s -> s.name().contains("input_ids") || s.name().equals("ids"))
        .findFirst()
        .or(() ->
            slots.stream().filter(s -> s.dtype().isInteger() && s.dims().size() == 2).findFirst());
  }

  private Tensor derived(InputSlot slot, TensorType type, Optional<Tensor> ids) {
    String name = slot.name().toLowerCase(Locale.ROOT);
    Tensor value = zeros(type);
    int n = type.elements();
    int real = ids.map(t -> t.type().dim(-1)).orElse(n);
    if (name.contains("mask")) {
      return filled(type, i -> i < real ? 1 : 0);
    }
    if (name.contains("position")) {
      return filled(type, i -> i);
    }
    if (name.contains("type") || name.contains("segment")) {
      return value;
    }
    throw new DiagnosticException(
        Diagnostic.error(
            Diagnostic.Code.INVALID_INPUT,
            file,
            slot.name(),
            "the data has no array for this input of type " + type,
            "add " + slot.name() + ".npy"));
  }

  private static Tensor zeros(TensorType type) {
    return filled(type, _ -> 0);
  }

  private static Tensor filled(TensorType type, java.util.function.IntToLongFunction f) {
    long[] a = new long[type.elements()];
    for (int i = 0; i < a.length; i++) {
      a[i] = f.applyAsLong(i);
    }
    return Tensors.convert(Tensor.i64(type.dims(), a), type.dtype());
  }

  /// Pads or cuts the last axis of a row of integers; anything else must fit as it is.
  private Tensor fit(Tensor value, TensorType type) {
    if (value.type().dims().equals(type.dims())) {
      return value;
    }
    boolean row =
        value.type().dtype() != DType.F32
            && value.type().rank() == 2
            && type.rank() == 2
            && value.type().dim(0) == type.dim(0);
    if (!row) {
      throw new DiagnosticException(
          Diagnostic.error(
              Diagnostic.Code.SHAPE_MISMATCH,
              file,
              "",
              "an array of shape " + value.type().dims() + " where " + type.dims() + " is needed",
              "bind the sizes with --dim or change the data"));
    }
    long[] ids = Tensors.convert(value, DType.I64).i64();
    return Tensors.convert(
        Tensor.i64(type.dims(), TextEncoder.fit(ids, type.dim(1), 0)), type.dtype());
  }

  private int size(String dim) {
    if (isNumber(dim)) {
      return Integer.parseInt(dim);
    }
    int sum = 0;
    for (String term : dim.split("\\+")) {
      String name = term.strip();
      Integer value = isNumber(name) ? Integer.valueOf(name) : dims.get(name);
      if (value == null) {
        throw new DiagnosticException(
            Diagnostic.error(
                Diagnostic.Code.UNBOUND_DIMENSION,
                file,
                "",
                "the dimension '" + name + "' has no size",
                "pass --dim " + name + "=N"));
      }
      sum += value;
    }
    return sum;
  }

  private static boolean isNumber(String s) {
    return !s.isEmpty() && s.chars().allMatch(Character::isDigit);
  }

  private static boolean isName(String s) {
    return s.matches("[A-Za-z_][A-Za-z0-9_.]*");
  }

  /// The length that all samples have; if they differ the largest, rounded up to a multiple of 16.
  public static int roundedLength(List<Map<String, Tensor>> samples) {
    int longest = 1;
    int shortest = Integer.MAX_VALUE;
    for (Map<String, Tensor> sample : samples) {
      for (Tensor t : sample.values()) {
        if (t.type().rank() == 2 && t.type().dtype().isInteger()) {
          longest = Math.max(longest, t.type().dim(1));
          shortest = Math.min(shortest, t.type().dim(1));
        }
      }
    }
    return longest == shortest ? longest : (longest + 15) / 16 * 16;
  }
}
