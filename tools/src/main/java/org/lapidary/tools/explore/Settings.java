package org.lapidary.tools.explore;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.function.Predicate;
import org.lapidary.machine.GemminiParams;
import org.lapidary.tools.explore.Axis.Part;

/// One choice on every axis.
///
/// @param values by axis, in the order of the space
public record Settings(SequencedMap<Axis, String> values) {
  static final String MACHINE = "machine";
  static final String DIM = "dim";
  static final String SPAD = "spad-kib";
  static final String ACC = "acc-kib";
  private static final int KIB = 1024;

  public Settings {
    values = new LinkedHashMap<>(values);
  }

  /// What `lapidary validate` is told.
  public List<String> words() {
    return words(_ -> true);
  }

  /// The same without what has no influence on the numbers: the usual machine and schedule.
  List<String> numberWords() {
    return words(axis -> axis.part() == Part.NUMBERS || shapesGraph(axis));
  }

  /// What decides about the graph and what is observed of it.
  List<String> graphWords() {
    return words(this::shapesGraph);
  }

  /// A model is pruned for a machine, whose sizes then decide what is left of it.
  private boolean shapesGraph(Axis axis) {
    return switch (axis.part()) {
      case GRAPH -> true;
      case NUMBERS, PROGRAM -> false;
      case MACHINE ->
          values.entrySet().stream()
              .anyMatch(
                  e -> e.getKey().part() == Part.GRAPH && !e.getValue().equals(Axes.UNTOUCHED));
    };
  }

  /// The words for some axes; the others keep their usual value. Pieces of a machine make one word.
  private List<String> words(Predicate<Axis> kept) {
    List<String> words = new ArrayList<>();
    Map<String, String> machine = new LinkedHashMap<>();
    values.forEach((axis, value) -> {
      String chosen = kept.test(axis) ? value : axis.values().getFirst();
      if (axis.part() == Part.MACHINE) {
        machine.put(axis.name(), chosen);
      } else if (kept.test(axis)) {
        words.add("--" + axis.name());
        words.add(chosen);
      }
    });
    words.add("--" + MACHINE);
    words.add(machineWord(machine));
    return words;
  }

  /// A machine and, in braces, in what it differs.
  private static String machineWord(Map<String, String> parts) {
    String name = Objects.requireNonNull(parts.get(MACHINE));
    GemminiParams base = GemminiParams.load(name);
    int dim = number(parts, DIM, base.dim());
    int spadRows = rows(number(parts, SPAD, base.spadBytes() / KIB), dim, base.spadBanks());
    int accRows =
        rows(number(parts, ACC, base.accBytes() / KIB), dim * Integer.BYTES, base.accBanks());
    List<String> changes = new ArrayList<>();
    change(changes, "dim", base.dim(), dim);
    change(changes, "spad_bank_rows", base.spadBankRows(), spadRows);
    change(changes, "acc_bank_rows", base.accBankRows(), accRows);
    return changes.isEmpty() ? name : name + "{" + String.join(",", changes) + "}";
  }

  private static int number(Map<String, String> parts, String name, int usual) {
    String given = parts.get(name);
    return given == null || given.equals(Space.OWN) ? usual : Integer.parseInt(given);
  }

  private static int rows(int kib, int rowBytes, int banks) {
    return kib * KIB / (rowBytes * banks);
  }

  private static void change(List<String> changes, String key, int before, int after) {
    if (before != after) {
      changes.add(key + "=" + after);
    }
  }

  /// By name, for people and files.
  public SequencedMap<String, String> byName() {
    SequencedMap<String, String> named = new LinkedHashMap<>();
    values.forEach((axis, value) -> named.put(axis.name(), value));
    return named;
  }
}
