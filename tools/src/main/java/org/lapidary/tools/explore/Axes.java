package org.lapidary.tools.explore;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lapidary.gemmini.map.ScheduleOptions;
import org.lapidary.machine.GemminiParams;
import org.lapidary.passes.prune.PruneRecipe;
import org.lapidary.passes.quant.QuantizeOptions;
import org.lapidary.passes.quant.Recipe;
import org.lapidary.tools.explore.Axis.Part;

/// What is up for choice unless somebody says otherwise.
public final class Axes {
  private static final String USUAL = shortest(Recipe.DEFAULT);

  private static final List<String> RECIPES =
      List.of(
          USUAL,
          "plain",
          "bias-correct",
          "bias-correct, softmax-scale",
          "split-weights, bias-correct, softmax-scale",
          "outliers, bias-correct, softmax-scale",
          "outliers, split-weights, bias-correct, softmax-scale, block-scales",
          "outliers, split-weights, bias-correct, softmax-scale, round-weights",
          "outliers{channels=32,rows=256,below=45}, split-weights{rows=128,below=45}, bias-correct,"
              + " softmax-scale");

  /// The graph as it is.
  static final String UNTOUCHED = PruneRecipe.NONE.toString();

  /// A `budget{…}` is for those who ask for it: finding one takes longer than all else about a
  /// point.
  private static final List<String> PRUNINGS =
      List.of(
          UNTOUCHED,
          "unread",
          "unread, neurons{keep=0.5}",
          "unread, neurons{keep=0.25}",
          "unread, widths{keys=0.5,values=0.5}, neurons{keep=0.5}",
          "unread, widths{keys=0.5,values=0.5}, neurons{keep=0.25}",
          "unread, hidden{keep=0.75}, widths{keys=0.5,values=0.5}, neurons{keep=0.25}",
          "branches{drop=1}");

  private Axes() {}

  /// A recipe without options where those are the usual ones.
  private static String shortest(Recipe recipe) {
    String names =
        recipe.refinements().stream().map(Recipe::name).collect(Collectors.joining(", "));
    return Recipe.parse(names).equals(recipe) ? names : recipe.toString();
  }

  /// Their names.
  public static Set<String> names() {
    return space(Map.of()).axes().stream().map(Axis::name).collect(Collectors.toSet());
  }

  /// The axes, some of them with values that the user gave.
  ///
  /// @param given values by the name of an axis
  public static Space space(Map<String, List<String>> given) {
    List<String> machines = given.getOrDefault(Settings.MACHINE, List.of("ibert"));
    GemminiParams first = GemminiParams.load(machines.getFirst());
    int kib = 1024;
    List<Axis> usual =
        List.of(
            new Axis("prune", Part.GRAPH, PRUNINGS),
            new Axis("quantize", Part.NUMBERS, RECIPES),
            new Axis(
                "calibration-method",
                Part.NUMBERS,
                names(QuantizeOptions.DEFAULT.activations(), QuantizeOptions.Clipping.values())),
            new Axis(
                "fusion",
                Part.PROGRAM,
                names(ScheduleOptions.DEFAULT.fusion(), ScheduleOptions.Fusion.values())),
            new Axis(
                "schedule",
                Part.PROGRAM,
                names(ScheduleOptions.DEFAULT.order(), ScheduleOptions.Order.values())),
            new Axis(Settings.MACHINE, Part.MACHINE, machines),
            new Axis(Settings.DIM, Part.MACHINE, others(first.dim(), 8, 16, 32)),
            new Axis(Settings.SPAD, Part.MACHINE, others(first.spadBytes() / kib, 64, 128, 256)),
            new Axis(Settings.ACC, Part.MACHINE, others(first.accBytes() / kib, 32, 64, 128)));
    List<String> unknown = new ArrayList<>(given.keySet());
    usual.forEach(axis -> unknown.remove(axis.name()));
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "there is no axis %s, only %s"
              .formatted(unknown.getFirst(), usual.stream().map(Axis::name).toList()));
    }
    return new Space(
        usual.stream()
            .map(a -> new Axis(a.name(), a.part(), given.getOrDefault(a.name(), a.values())))
            .toList());
  }

  private static List<String> names(Enum<?> usual, Enum<?>... all) {
    return Stream.concat(Stream.of(usual), Stream.of(all))
        .map(e -> e.name().toLowerCase(Locale.ROOT))
        .distinct()
        .toList();
  }

  /// The machine's own size and the others.
  private static List<String> others(int own, int... sizes) {
    List<String> values = new ArrayList<>(List.of(Space.OWN));
    for (int size : sizes) {
      if (size != own) {
        values.add(Integer.toString(size));
      }
    }
    return values;
  }
}
