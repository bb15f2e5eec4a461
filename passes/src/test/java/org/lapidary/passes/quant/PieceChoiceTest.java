package org.lapidary.passes.quant;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.DType;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.passes.quant.PieceCandidates.Candidate;

final class PieceChoiceTest {
  /// What each second piece takes, of a program of a thousand cycles.
  private static final Map<String, Long> CYCLES = Map.of("a", 10L, "b", 100L, "c", 20L, "d", -3L);

  private final List<Pieces> measured = new ArrayList<>();

  private static Candidate candidate(String node, double inOne, int elements, String shape) {
    Value value = new Value(TensorType.of(DType.F32, 1, elements));
    return new Candidate(
        new Piece(node, Piece.Part.SUM, value, inOne, 80, OptionalLong.empty()), shape);
  }

  /// `b` has the most noise, `a` and `c` less, for much fewer cycles.
  private static List<Candidate> some() {
    return List.of(
        candidate("a", 26, 10, "small"),
        candidate("b", 20, 10, "large"),
        candidate("c", 26, 10, "other"));
  }

  private Pieces choose(String options, List<Candidate> candidates) {
    Recipe recipe = Recipe.parse("two-pieces{" + options + "}");
    return new PieceChoice(recipe.get(Recipe.TwoPieces.class).orElseThrow())
        .byCycles(candidates, this::cycles);
  }

  private long cycles(Pieces pieces) {
    measured.add(pieces);
    return 1000 + pieces.chosen().stream().mapToLong(p -> CYCLES.get(p.node())).sum();
  }

  private static List<String> names(List<Piece> pieces) {
    return pieces.stream().map(Piece::node).toList();
  }

  @Test
  void theMostAccuracyPerCycleComesFirst() {
    Pieces pieces = choose("most=9", some());
    assertThat(names(pieces.chosen())).containsExactly("a", "c", "b");
    assertThat(pieces.chosen().getFirst().cycles()).hasValue(10);
    assertThat(pieces.leftOut()).isEmpty();
    assertThat(pieces.cycles()).hasValue(new Pieces.Cycles(1000, 1130));
  }

  @Test
  void whatDoesNotFitIntoTheLimitIsLeftOutForWhatDoes() {
    Pieces pieces = choose("most=9,cycles=0.105", some());
    assertThat(names(pieces.chosen())).containsExactly("a", "c");
    assertThat(names(pieces.leftOut())).containsExactly("b");
    assertThat(pieces.cycles().orElseThrow().extra()).isLessThan(0.105);
    assertThat(names(choose("most=1", some()).chosen())).containsExactly("a");
    assertThat(names(choose("most=9,cycles=0", some()).chosen())).isEmpty();
  }

  @Test
  void whatIsAlikeIsMeasuredOnce() {
    List<Candidate> alike =
        List.of(
            candidate("a", 26, 10, "same"),
            candidate("c", 20, 10, "same"),
            candidate("b", 24, 10, "another"));
    assertThat(names(choose("most=9", alike).chosen())).containsExactly("c", "a", "b");
    // nothing, one of each kind, and those chosen together
    assertThat(measured).hasSize(4);
  }

  /// A piece may take no cycles or even save some: that is no reason to divide by nothing.
  @Test
  void whatCostsNothingIsRankedByWhatItWins() {
    List<Candidate> free = List.of(candidate("d", 26, 10, "d"), candidate("a", 26, 10, "a"));
    assertThat(names(choose("cycles=0", free).chosen())).containsExactly("d");
  }

  @Test
  void togetherTheyStayWithinTheLimitEvenWhereTheyCostMoreThanOneByOne() {
    Recipe.TwoPieces options =
        Recipe.parse("two-pieces{cycles=0.05}").get(Recipe.TwoPieces.class).orElseThrow();
    Pieces pieces =
        new PieceChoice(options)
            .byCycles(some(), p -> cycles(p) + (p.chosen().size() > 1 ? 50 : 0));
    assertThat(names(pieces.chosen())).containsExactly("a");
    assertThat(pieces.cycles()).hasValue(new Pieces.Cycles(1000, 1010));
  }

  @Test
  void withoutAMachineElementsCount() {
    Recipe.TwoPieces options = new Recipe.TwoPieces(1, 33, 0, 0);
    List<Candidate> candidates =
        List.of(candidate("a", 20, 1000, "a"), candidate("b", 26, 10, "b"));
    Pieces pieces = new PieceChoice(options).byElements(candidates);
    assertThat(names(pieces.chosen())).containsExactly("b");
    assertThat(names(pieces.leftOut())).containsExactly("a");
    assertThat(pieces.cycles()).isEmpty();
    assertThat(pieces.chosen().getFirst().cycles()).isEmpty();
  }

  @Test
  void whereOnePieceIsGoodEnoughNothingIsMeasured() {
    assertThat(choose("most=9", List.of())).isEqualTo(Pieces.NONE);
    assertThat(measured).isEmpty();
  }
}
