package org.lapidary.passes.prune;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import org.lapidary.ir.pass.RecordText;

/// What is taken out of a model, as text: `heads{keep=0.5}, neurons{keep=0.5}`, or
/// `budget{cycles=0.6}`, which chooses by itself. The order in the text does not matter.
///
/// @param items at most one of each kind
public record PruneRecipe(List<Item> items) {

  /// By what parts are chosen, and whether the others are refitted.
  public enum Score {
    /// By the error that is left at the end of a residual branch when all other weights of its last
    /// layer have been refitted to the original's activations, which they are.
    LEAST_SQUARES,
    /// By the size of the weights; nothing is refitted. The yardstick of the other.
    MAGNITUDE
  }

  /// One kind of pruning; its components are its options.
  public sealed interface Item {}

  /// Attention heads: a share of them stays in every layer.
  public record Heads(double keep, Score score) implements Item {
    public Heads {
      requireShare("keep", keep);
    }
  }

  /// Channels within the heads that are left: a share of those by which queries and keys are
  /// compared, and of those of the values, stays in every head.
  public record Widths(double keys, double values, Score score) implements Item {
    public Widths {
      requireShare("keys", keys);
      requireShare("values", values);
      if (keys == 0 || values == 0) {
        throw new IllegalArgumentException("a head without channels; heads{keep=0} drops them");
      }
    }
  }

  /// Channels of the residual stream: a share of them stays, the same ones everywhere.
  public record Hidden(double keep, Score score) implements Item {
    public Hidden {
      requireShare("keep", keep);
    }
  }

  /// Neurons of feed-forward blocks: a share of them stays in every layer.
  public record Neurons(double keep, Score score) implements Item {
    public Neurons {
      requireShare("keep", keep);
    }
  }

  /// Residual branches, an attention or a feed-forward block each, chosen one after the other by
  /// what the model's results lose.
  public record Branches(int drop) implements Item {
    public Branches {
      requireCount(drop);
    }
  }

  /// Rows that nothing reads, of all positions but the one a classifier reads from its last layer;
  /// no result changes by it.
  public record Unread() implements Item {}

  /// Tokens that a layer's attention looks at least: of those that come in, a share goes on behind
  /// the attention of each layer but the last.
  ///
  /// @param from the first layer that leaves tokens behind, counted from 1
  public record Tokens(double keep, int from) implements Item {
    public Tokens {
      requireShare("keep", keep);
      if (from < 1) {
        throw new IllegalArgumentException("from=" + from + " where layers count from 1");
      }
    }
  }

  /// Whole layers: an attention block and the feed-forward block after it, chosen likewise.
  public record Layers(int drop) implements Item {
    public Layers {
      requireCount(drop);
    }
  }

  /// Heads, neurons and branches, as many of each in each layer as lose least at the model's
  /// results for what they may cost: at most a share of all matrix products' cycles, of their
  /// floating-point operations or of their weights; one of these shares is less than 1.
  public record Budget(double cycles, double flops, double size, Score score) implements Item {
    public Budget {
      requireShare("cycles", cycles);
      requireShare("flops", flops);
      requireShare("size", size);
    }

    /// The share that may be left.
    double share() {
      return Math.min(cycles, Math.min(flops, size));
    }

    /// Of what that is a share.
    ProductCost kind(ProductCost machine) {
      return cycles < 1 ? machine : flops < 1 ? ProductCost.FLOPS : ProductCost.SIZE;
    }

    private boolean isOne() {
      return DoubleStream.of(cycles, flops, size).filter(share -> share < 1).count() == 1;
    }
  }

  /// Single weights of the branches' products become zero: all but a share of each matrix, or all
  /// but `n` of every `m` along the depth, `pattern=n:m`, whatever `keep` says.
  public record Weights(double keep, String pattern, Score score) implements Item {
    /// Any weights may go.
    static final String ANY = "any";

    private static final Pattern RUN = Pattern.compile("(\\d{1,4}):(\\d{1,4})");

    public Weights {
      requireShare("keep", keep);
      Matcher run = RUN.matcher(pattern);
      boolean good =
          run.matches() && Integer.parseInt(run.group(1)) <= Integer.parseInt(run.group(2));
      if (!pattern.equals(ANY) && !good) {
        throw new IllegalArgumentException(
            "pattern=" + pattern + " where any, or n of m as n:m, is due");
      }
    }

    /// How many of a run stay.
    int stay() {
      return part(1);
    }

    /// How many weights a run has; 0 if any may go.
    int run() {
      return part(2);
    }

    private int part(int group) {
      Matcher run = RUN.matcher(pattern);
      return run.matches() ? Integer.parseInt(run.group(group)) : 0;
    }
  }

  /// Blocks of weights of the branches' products become zero: all but a share of each matrix.
  public record Blocks(int rows, int columns, double keep, Score score) implements Item {
    public Blocks {
      requireShare("keep", keep);
      if (rows < 1 || columns < 1) {
        throw new IllegalArgumentException("a block of " + rows + " x " + columns + " weights");
      }
    }
  }

  /// All kinds with default options.
  private static final List<Record> KNOWN =
      List.of(
          new Unread(),
          new Tokens(0.75, 1),
          new Layers(1),
          new Branches(1),
          new Heads(0.5, Score.LEAST_SQUARES),
          new Widths(0.75, 0.75, Score.LEAST_SQUARES),
          new Neurons(0.5, Score.LEAST_SQUARES),
          new Hidden(0.875, Score.LEAST_SQUARES),
          new Budget(1, 1, 1, Score.LEAST_SQUARES),
          new Weights(0.5, Weights.ANY, Score.LEAST_SQUARES),
          new Blocks(16, 16, 0.5, Score.LEAST_SQUARES));

  /// Takes nothing out.
  public static final PruneRecipe NONE = new PruneRecipe(List.of());

  public PruneRecipe {
    items = List.copyOf(items);
    if (items.stream().filter(i -> i instanceof Weights || i instanceof Blocks).count() > 1) {
      throw new IllegalArgumentException("weights and blocks do not go together");
    }
    if (items.stream().anyMatch(i -> i instanceof Budget budget && !budget.isOne())) {
      throw new IllegalArgumentException(
          "a budget is one share below 1, of cycles, flops or size: budget{cycles=0.6}");
    }
  }

  /// Whether there is nothing to do.
  public boolean isEmpty() {
    return items.isEmpty();
  }

  /// The same, all parts chosen by the size of the weights and nothing refitted.
  public PruneRecipe byMagnitude() {
    return new PruneRecipe(
        items.stream()
            .map(item ->
                switch (item) {
                  case Heads heads -> new Heads(heads.keep(), Score.MAGNITUDE);
                  case Widths widths -> new Widths(widths.keys(), widths.values(), Score.MAGNITUDE);
                  case Neurons neurons -> new Neurons(neurons.keep(), Score.MAGNITUDE);
                  case Hidden hidden -> new Hidden(hidden.keep(), Score.MAGNITUDE);
                  case Budget budget ->
                      new Budget(budget.cycles(), budget.flops(), budget.size(), Score.MAGNITUDE);
                  case Weights weights ->
                      new Weights(weights.keep(), weights.pattern(), Score.MAGNITUDE);
                  case Blocks blocks ->
                      new Blocks(blocks.rows(), blocks.columns(), blocks.keep(), Score.MAGNITUDE);
                  case Unread _, Tokens _, Layers _, Branches _ -> item;
                })
            .toList());
  }

  /// The item of a kind, if it is in the recipe.
  <I extends Item> Optional<I> get(Class<I> kind) {
    return items.stream().filter(kind::isInstance).map(kind::cast).findFirst();
  }

  /// Reads a recipe; `none` and empty text are [#NONE].
  ///
  /// @throws IllegalArgumentException with a plain sentence if it is none
  public static PruneRecipe parse(String text) {
    if (text.isBlank() || text.strip().equals("none")) {
      return NONE;
    }
    return new PruneRecipe(
        RecordText.parse("pruning", text, KNOWN).stream().map(Item.class::cast).toList());
  }

  /// The text from which it is read, with all options.
  @Override
  public String toString() {
    return items.isEmpty()
        ? "none"
        : items.stream()
            .map(item -> RecordText.print((Record) item))
            .collect(Collectors.joining(", "));
  }

  private static void requireShare(String name, double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException(name + "=" + share + " where 0 to 1 is due");
    }
  }

  private static void requireCount(int drop) {
    if (drop < 0) {
      throw new IllegalArgumentException("drop=" + drop + " where a count is due");
    }
  }
}
