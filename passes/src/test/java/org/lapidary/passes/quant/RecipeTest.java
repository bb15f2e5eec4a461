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
          smooth                     : there is no refinement smooth
          outliers{depth=3}          : outliers has no option depth
          outliers{below=much}        : much is not a number
          outliers{below}            : an option is name=value
          outliers, outliers         : stands in the recipe twice
          outliers; bias-correct     : not a recipe from here on
          """)
  void whatIsWrongIsSaid(String text, String message) {
    assertThatThrownBy(() -> Recipe.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }
}
