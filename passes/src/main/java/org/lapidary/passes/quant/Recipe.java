package org.lapidary.passes.quant;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.PassContext;

/// What is done beyond rounding everything to the nearest step, as text: `outliers{channels=8},
/// split-weights, bias-correct`. The order in the text does not matter; each refinement has its
/// place in the arithmetic.
///
/// @param refinements at most one of each kind
public record Recipe(List<Refinement> refinements) {

  /// One thing that is done better. Its components are its options.
  public sealed interface Refinement
      permits Outliers,
          SplitWeights,
          BiasCorrect,
          SoftmaxScale,
          BlockScales,
          RoundWeights,
          TwoPieces,
          Equalize {}

  /// A second, coarser int8 grid for a few channels of an activation that are much wider than the
  /// others.
  ///
  /// @param channels at most so many wide channels, and never more than a quarter
  /// @param rows at most so many rows of extra weights
  /// @param below only where the other channels' signal to noise on one grid is below so many
  ///   decibels
  public record Outliers(int channels, int rows, double below) implements Refinement {}

  /// Rows of a weight with single large elements are spread over several int8 rows, so that the
  /// others need not be rounded to a coarse step.
  ///
  /// @param rows at most so many extra rows
  /// @param below only where the weight's signal to noise in one piece is below so many decibels
  public record SplitWeights(int rows, double below) implements Refinement {}

  /// The mean error that rounding a weight makes for mean operands is taken from the bias.
  public record BiasCorrect() implements Refinement {}

  /// Probabilities that are never near 1 get a finer step than 1/127: attention spread over
  /// hundreds of keys would be rounded to 0 otherwise.
  ///
  /// @param margin largest probability that can be expressed, over the largest calibrated
  public record SoftmaxScale(double margin) implements Refinement {}

  /// Blocks of a weight's columns get steps of their own; the accelerator's read-out brings them to
  /// one grid. Where the result is read in 32 bits there is one step.
  ///
  /// @param columns of a block: a multiple of the machine's array is cheapest, anything is exact
  /// @param below only where the weight's signal to noise in one step is below so many decibels
  public record BlockScales(int columns, double below) implements Refinement {}

  /// Weights are rounded one input channel after the other, each making up for the errors of those
  /// before it, by what calibration saw of the channels together.
  ///
  /// @param limit largest number of channels; the moments of `n` are `n × n` numbers
  public record RoundWeights(int limit) implements Refinement {}

  /// Sums enter the residual stream as two int8 pieces, those first whose second piece takes the
  /// most noise away per cycle.
  ///
  /// @param most at most so many
  /// @param below only where the stream's signal to the noise of one piece is below so many
  ///   decibels
  /// @param cycles at most so many more, per cycle of the program without pieces
  public record TwoPieces(int most, double below, double cycles) implements Refinement {}

  private static final List<Refinement> KNOWN =
      List.of(
          new Outliers(8, 64, 26),
          new SplitWeights(32, 34),
          new BiasCorrect(),
          new SoftmaxScale(1.25),
          new BlockScales(32, 36),
          new RoundWeights(512),
          Equalize.EVEN,
          new TwoPieces(64, 33, 0.25));

  private static final Pattern ITEM = Pattern.compile("\\s*([a-z-]+)\\s*(?:\\{([^}]*)})?\\s*(,|$)");

  /// Nothing: every value rounded to the nearest step of its grid.
  public static final Recipe PLAIN = new Recipe(List.of());

  /// The recipe chosen by measurement, see `QUANTIZATION.md`.
  public static final Recipe DEFAULT =
      parse("outliers, split-weights, bias-correct, softmax-scale, block-scales, two-pieces");

  public Recipe {
    refinements = List.copyOf(refinements);
  }

  /// All refinements with their default options.
  public static List<Refinement> known() {
    return KNOWN;
  }

  /// Largest number of channels whose moments calibration is to observe; 0 for none.
  public int moments() {
    return get(RoundWeights.class).map(RoundWeights::limit).orElse(0);
  }

  /// The graph that is to be calibrated and quantized: the same floats, perhaps from other weights.
  ///
  /// @param given steps that the model came with, which are those of its own channels
  public Graph<NnOp> prepared(Graph<NnOp> canonical, GivenSteps given) {
    return get(Equalize.class)
        .filter(_ -> given.steps().isEmpty())
        .map(pass -> pass.run(canonical, new PassContext()))
        .orElse(canonical);
  }

  /// The refinement of a kind, if it is in the recipe.
  <R extends Refinement> Optional<R> get(Class<R> kind) {
    return refinements.stream().filter(kind::isInstance).map(kind::cast).findFirst();
  }

  /// Reads a recipe.
  ///
  /// @throws IllegalArgumentException with a plain sentence if it is none
  public static Recipe parse(String text) {
    List<Refinement> found = new ArrayList<>();
    if (text.isBlank() || text.strip().equals("plain")) {
      return PLAIN;
    }
    Matcher item = ITEM.matcher(text);
    int at = 0;
    while (at < text.length()) {
      if (!item.find(at) || item.start() != at) {
        throw new IllegalArgumentException("not a recipe from here on: " + text.substring(at));
      }
      Refinement one = withOptions(named(item.group(1)), item.group(2));
      if (found.stream().anyMatch(f -> f.getClass() == one.getClass())) {
        throw new IllegalArgumentException(item.group(1) + " stands in the recipe twice");
      }
      found.add(one);
      at = item.end();
    }
    return new Recipe(found);
  }

  private static Refinement named(String name) {
    return KNOWN.stream()
        .filter(r -> name(r).equals(name))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "there is no refinement %s, only %s"
                    .formatted(
                        name, KNOWN.stream().map(Recipe::name).collect(Collectors.joining(", ")))));
  }

  /// Name of a refinement in a recipe.
  public static String name(Refinement refinement) {
    return refinement
        .getClass()
        .getSimpleName()
        .replaceAll("(?<=[a-z])(?=[A-Z])", "-")
        .toLowerCase(Locale.ROOT);
  }

  private static Refinement withOptions(Refinement model, String text) {
    Map<String, String> given = new LinkedHashMap<>();
    for (String option : text == null ? new String[0] : text.split(",")) {
      String[] sides = option.split("=", 2);
      if (sides.length != 2) {
        throw new IllegalArgumentException("an option is name=value, not " + option.strip());
      }
      given.put(sides[0].strip(), sides[1].strip());
    }
    RecordComponent[] components = model.getClass().getRecordComponents();
    Class<?>[] types = new Class<?>[components.length];
    Object[] values = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      types[i] = components[i].getType();
      String value = given.remove(components[i].getName());
      values[i] = value == null ? value(model, components[i]) : number(types[i], value);
    }
    if (!given.isEmpty()) {
      throw new IllegalArgumentException(
          name(model) + " has no option " + given.keySet().iterator().next());
    }
    try {
      return model.getClass().getDeclaredConstructor(types).newInstance(values);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("refinements are records", e);
    }
  }

  private static Object number(Class<?> type, String text) {
    try {
      return type == int.class ? (Object) Integer.valueOf(text) : Double.valueOf(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(text + " is not a number", e);
    }
  }

  private static Object value(Refinement refinement, RecordComponent component) {
    try {
      return component.getAccessor().invoke(refinement);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("refinements are records", e);
    }
  }

  /// The text from which it is read, with all options.
  @Override
  public String toString() {
    if (refinements.isEmpty()) {
      return "plain";
    }
    return refinements.stream().map(Recipe::text).collect(Collectors.joining(", "));
  }

  private static String text(Refinement refinement) {
    String options =
        java.util.Arrays.stream(refinement.getClass().getRecordComponents())
            .map(c -> c.getName() + "=" + value(refinement, c))
            .collect(Collectors.joining(","));
    return options.isEmpty() ? name(refinement) : name(refinement) + "{" + options + "}";
  }
}
