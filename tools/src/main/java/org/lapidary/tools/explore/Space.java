package org.lapidary.tools.explore;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.random.RandomGenerator;

/// Everything that can be chosen.
///
/// @param axes each with its values
public record Space(List<Axis> axes) {
  /// The value of a piece of a machine that leaves it as it is.
  static final String OWN = "own";

  public Space {
    axes = List.copyOf(axes);
  }

  /// Number of combinations.
  public long size() {
    long size = 1;
    for (Axis axis : axes) {
      size = Math.multiplyExact(size, axis.values().size());
    }
    return size;
  }

  /// The usual value of every axis.
  public Settings usual() {
    SequencedMap<Axis, String> values = new LinkedHashMap<>();
    axes.forEach(axis -> values.put(axis, axis.values().getFirst()));
    return new Settings(values);
  }

  /// The machines that others are made of by changing sizes.
  public List<String> machines() {
    return axes.stream()
        .filter(axis -> axis.name().equals(Settings.MACHINE))
        .flatMap(axis -> axis.values().stream())
        .toList();
  }

  /// All settings that differ from others in one axis.
  List<Settings> around(Settings center) {
    List<Settings> all = new ArrayList<>();
    for (Axis axis : axes) {
      for (String value : axis.values()) {
        all.add(with(center, axis, value));
      }
    }
    return all;
  }

  /// Every combination.
  List<Settings> all() {
    List<Settings> all = List.of(usual());
    for (Axis axis : axes) {
      all =
          all.stream()
              .flatMap(s -> axis.values().stream().map(value -> with(s, axis, value)))
              .toList();
    }
    return all;
  }

  Settings random(RandomGenerator random) {
    SequencedMap<Axis, String> values = new LinkedHashMap<>();
    axes.forEach(axis -> values.put(axis, pick(axis, random)));
    return new Settings(values);
  }

  /// Each choice from one of two parents, or now and then from neither.
  Settings child(Settings a, Settings b, RandomGenerator random) {
    SequencedMap<Axis, String> values = new LinkedHashMap<>();
    for (Axis axis : axes) {
      boolean first = random.nextBoolean();
      boolean neither = random.nextInt(axes.size()) == 0;
      String inherited = (first ? a : b).values().getOrDefault(axis, axis.values().getFirst());
      values.put(axis, neither ? pick(axis, random) : inherited);
    }
    return new Settings(values);
  }

  private static String pick(Axis axis, RandomGenerator random) {
    return axis.values().get(random.nextInt(axis.values().size()));
  }

  private static Settings with(Settings settings, Axis axis, String value) {
    SequencedMap<Axis, String> values = new LinkedHashMap<>(settings.values());
    values.put(axis, value);
    return new Settings(values);
  }
}
