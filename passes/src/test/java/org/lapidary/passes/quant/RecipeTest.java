package org.lapidary.passes.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RecipeTest {
  @Test
  void itsTextReadsBack() {
    Recipe recipe = new Recipe(Recipe.known());
    assertThat(Recipe.parse(recipe.toString())).isEqualTo(recipe);
    assertThat(Recipe.parse("plain")).isEqualTo(Recipe.PLAIN);
    assertThat(Recipe.parse("outliers{below=2.5}").get(Recipe.Outliers.class))
        .contains(new Recipe.Outliers(8, 64, 2.5));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ':',
      textBlock =
          """
          smooth                     : there is no refinement smooth, only outliers, split-weights
          outlier                    : there is no refinement outlier; did you mean outliers?
          bias_correct               : there is no refinement bias_correct; did you mean bias-correct?
          outliers{depth=3}          : outliers has no option depth, only channels, rows, below
          outliers{row=3}            : outliers has no option row; did you mean rows?
          outliers{below=much}       : below=much where a number is due
          outliers{below=NaN}        : below=NaN where decibels are due
          outliers{below}            : not an option
          outliers{channels=-3}      : channels=-3 where at least 1 is due
          split-weights{rows=0}      : rows=0 where at least 1 is due
          softmax-scale{margin=0.5}  : margin=0.5 where at least 1 is due
          block-scales{columns=0}    : columns=0 where at least 1 is due
          round-weights{limit=-1}    : limit=-1 where at least 1 is due
          two-pieces{most=-1}        : most=-1 where at least 1 is due
          equalize{alpha=2}          : alpha=2.0 where 0 to 1 is due
          outliers, outliers         : outliers is given twice
          outliers; bias-correct     : not a list of such from here on
          """)
  void whatIsWrongIsSaid(String text, String message) {
    assertThatThrownBy(() -> Recipe.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }
}
