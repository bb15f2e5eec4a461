package org.lapidary.frontend.onnx;

import java.util.LinkedHashSet;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.lapidary.ir.Diagnostic.Code;

/// The sizes the user gave to the symbolic dimensions of a model.
///
/// A dimension named like a sum (`past_sequence_length + sequence_length`), as exporters write
/// them, has the size of that sum unless it is bound itself.
final class Dimensions {
  private final Map<String, Integer> given;
  private final Problems problems;
  private final Map<String, Integer> used = new TreeMap<>();
  private final Set<String> known = new TreeSet<>();
  private final Set<String> unbound = new LinkedHashSet<>();

  Dimensions(Map<String, Integer> given, Problems problems) {
    this.given = new TreeMap<>(given);
    this.problems = problems;
    this.given.forEach((name, size) -> {
      if (size < 0) {
        problems.add(
            Code.INVALID_INPUT,
            "",
            "dimension " + name + " cannot be " + size,
            "give a size of 0 or more");
      }
    });
  }

  /// The size of a dimension; where it is not bound, that is noted.
  OptionalInt size(String name) {
    known.add(name);
    OptionalInt direct = lookUp(name);
    if (direct.isPresent()) {
      return direct;
    }
    OptionalInt sum = sum(name);
    if (sum.isEmpty()) {
      unbound.add(name);
    }
    return sum;
  }

  /// The value of an input bound like a dimension.
  OptionalInt value(String input) {
    known.add(input);
    return lookUp(input);
  }

  private OptionalInt lookUp(String name) {
    Integer size = given.get(name);
    if (size == null || size < 0) {
      return OptionalInt.empty();
    }
    used.put(name, size);
    return OptionalInt.of(size);
  }

  private OptionalInt sum(String name) {
    String[] terms = name.split("\\+", -1);
    if (terms.length < 2) {
      return OptionalInt.empty();
    }
    long total = 0;
    for (String term : terms) {
      String t = term.strip();
      OptionalInt size = t.matches("\\d{1,9}") ? OptionalInt.of(Integer.parseInt(t)) : lookUp(t);
      if (size.isEmpty()) {
        return OptionalInt.empty();
      }
      total += size.getAsInt();
    }
    return total <= Integer.MAX_VALUE ? OptionalInt.of((int) total) : OptionalInt.empty();
  }

  /// Reports what was left unbound and what was bound in vain; called when all are known.
  void report() {
    if (!unbound.isEmpty()) {
      problems.add(
          Code.UNBOUND_DIMENSION,
          "",
          "the sizes of these dimensions are not known: " + String.join(", ", unbound),
          "pass "
              + unbound.stream()
                  .map(d -> "--dim " + quoted(d) + "=N")
                  .collect(Collectors.joining(" ")));
    }
    Set<String> unknown = new TreeSet<>(given.keySet());
    unknown.removeAll(known);
    unknown.removeAll(used.keySet());
    if (!unknown.isEmpty()) {
      problems.add(
          Code.UNKNOWN_DIMENSION,
          "",
          "the model has no dimension " + String.join(", ", unknown),
          known.isEmpty() ? "all its dimensions are fixed" : "it has " + String.join(", ", known));
    }
  }

  private static String quoted(String name) {
    return name.matches("[\\w.:-]+") ? name : "'" + name + "'";
  }

  /// The bindings that were made use of.
  Map<String, Integer> used() {
    return used;
  }
}
