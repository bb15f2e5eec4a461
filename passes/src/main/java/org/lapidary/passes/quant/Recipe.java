package org.lapidary.passes.quant;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.PassContext;
import org.lapidary.ir.pass.RecordText;

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
  public record Outliers(int channels, int rows, double below) implements Refinement {
    public Outliers {
      requireAtLeast(1, "channels", channels);
      requireAtLeast(1, "rows", rows);
      requireDecibels("below", below);
    }
  }

  /// Rows of a weight with single large elements are spread over several int8 rows, so that the
  /// others need not be rounded to a coarse step.
  ///
  /// @param rows at most so many extra rows
  /// @param below only where the weight's signal to noise in one piece is below so many decibels
  public record SplitWeights(int rows, double below) implements Refinement {
    public SplitWeights {
      requireAtLeast(1, "rows", rows);
      requireDecibels("below", below);
    }
  }

  /// The mean error that rounding a weight makes for mean operands is taken from the bias.
  public record BiasCorrect() implements Refinement {}

  /// Probabilities that are never near 1 get a finer step than 1/127: attention spread over
  /// hundreds of keys would be rounded to 0 otherwise.
  ///
  /// @param margin largest probability that can be expressed, over the largest calibrated
  public record SoftmaxScale(double margin) implements Refinement {
    public SoftmaxScale {
      if (!(margin >= 1 && margin < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException("margin=" + margin + " where at least 1 is due");
      }
    }
  }

  /// Blocks of a weight's columns get steps of their own; the accelerator's read-out brings them to
  /// one grid. Where the result is read in 32 bits there is one step.
  ///
  /// @param columns of a block: a multiple of the machine's array is cheapest, anything is exact
  /// @param below only where the weight's signal to noise in one step is below so many decibels
  public record BlockScales(int columns, double below) implements Refinement {
    public BlockScales {
      requireAtLeast(1, "columns", columns);
      requireDecibels("below", below);
    }
  }

  /// Weights are rounded one input channel after the other, each making up for the errors of those
  /// before it, by what calibration saw of the channels together.
  ///
  /// @param limit largest number of channels; the moments of `n` are `n × n` numbers
  public record RoundWeights(int limit) implements Refinement {
    public RoundWeights {
      requireAtLeast(1, "limit", limit);
    }
  }

  /// Sums enter the residual stream as two int8 pieces, and operands enter products so, those first
  /// whose second piece takes the most noise away per cycle.
  ///
  /// @param most at most so many
  /// @param below only where the stream's signal to the noise of one piece is below so many
  ///   decibels
  /// @param operands only where a product's signal to the noise of its operand in one piece is
  ///   below so many decibels; 0 for nowhere
  /// @param cycles at most so many more, per cycle of the program without pieces
  public record TwoPieces(int most, double below, double operands, double cycles)
      implements Refinement {
    public TwoPieces {
      requireAtLeast(1, "most", most);
      requireDecibels("below", below);
      requireDecibels("operands", operands);
      if (!(cycles >= 0)) {
        throw new IllegalArgumentException("cycles=" + cycles + " where at least 0 is due");
      }
    }
  }

  private static final List<Record> KNOWN =
      List.of(
          new Outliers(8, 64, 26),
          new SplitWeights(32, 34),
          new BiasCorrect(),
          new SoftmaxScale(1.25),
          new BlockScales(32, 36),
          new RoundWeights(512),
          Equalize.EVEN,
          new TwoPieces(64, 33, 25, 0.5));

  /// Nothing: every value rounded to the nearest step of its grid.
  public static final Recipe PLAIN = new Recipe(List.of());

  /// The recipe chosen by measurement, see `QUANTIZATION.md`.
  public static final Recipe DEFAULT =
      parse("outliers, split-weights, bias-correct, softmax-scale, block-scales, two-pieces");

  public Recipe {
    refinements = List.copyOf(refinements);
  }

  /// All refinements with their default options.
  static List<Refinement> known() {
    return KNOWN.stream().map(Refinement.class::cast).toList();
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

  /// Reads a recipe; `plain` and empty text are [#PLAIN].
  ///
  /// @throws IllegalArgumentException with a plain sentence if it is none
  public static Recipe parse(String text) {
    if (text.isBlank() || text.strip().equals("plain")) {
      return PLAIN;
    }
    return new Recipe(
        RecordText.parse("refinement", text, KNOWN).stream().map(Refinement.class::cast).toList());
  }

  /// The text from which it is read, with all options.
  @Override
  public String toString() {
    return refinements.isEmpty()
        ? "plain"
        : refinements.stream()
            .map(refinement -> RecordText.print((Record) refinement))
            .collect(Collectors.joining(", "));
  }

  /// Name of a refinement in a recipe.
  public static String name(Refinement refinement) {
    return RecordText.name((Record) refinement);
  }

  private static void requireAtLeast(int least, String name, int given) {
    if (given < least) {
      throw new IllegalArgumentException(
          name + "=" + given + " where at least " + least + " is due");
    }
  }

  private static void requireDecibels(String name, double given) {
    if (Double.isNaN(given)) {
      throw new IllegalArgumentException(name + "=" + given + " where decibels are due");
    }
  }
}
