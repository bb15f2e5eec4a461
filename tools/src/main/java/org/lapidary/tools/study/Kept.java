package org.lapidary.tools.study;

/// What pruning leaves of BERT-Base.
///
/// @param shape heads and neurons of every layer, and layers
/// @param allRows whether the last layer computes the rows that a classifier does not read, too
public record Kept(TransformerShape shape, boolean allRows) {
  /// Shares of heads' channels and of neurons that two trained encoders do without for at most a
  /// point of accuracy each; rows that nothing reads change no result.
  public static final Kept TOLERATED =
      new Kept(TransformerShape.BERT_BASE.keeping(12, 12, 32, 768), false);

  /// Why leaving out rows is a step of its own, for people.
  static final String WHY_UNREAD =
      "A classifier reads one row of the last layer. What depends on the other rows alone, their"
          + " queries, scores, W_out, feed-forward part and LayerNorms, can be left out: no weight is"
          + " removed, and in real numbers every answer stays the same. It is a step of its own,"
          + " before pruning. The host of the baseline computes all rows; it could leave them out as"
          + " well, which the table of readings below has beside it.";

  /// How the ratio was established, for people.
  static final String WHY =
      "What pruning leaves is said by options; by default half of the channels of every head and a"
          + " quarter of the neurons. Two trained encoders were measured as integer programs with the"
          + " recipe “unread, widths{keys=0.5,values=0.5}, neurons{keep=0.25}” (lapidary bench pruning,"
          + " see passes/PRUNING.md): bert-reviews loses 0.6 points of accuracy on 500 samples and runs"
          + " 2.25 times faster, bert-tiny-sst2 loses none on 872 and runs 2.82 times faster."
          + " The recipe was chosen on other samples. No trained BERT-Base was measured: this step is"
          + " latency alone, of a shape with random weights. The survey's 88.7× mixes latency with"
          + " energy times delay. Shares of channels and neurons are carried over, not shares of"
          + " cycles: what a classifier does not read is most of the last layer, a quarter or half of"
          + " those models and a twelfth of BERT-Base.";

  /// Whether no weight is taken out of a model.
  boolean isWhole(TransformerShape model) {
    return shape.equals(model);
  }

  QuantizedLayers layers(int length) {
    return allRows
        ? QuantizedLayers.of(shape, length)
        : QuantizedLayers.readByClassifier(shape, length);
  }

  @Override
  public String toString() {
    return "%d layers, %d heads of %d channels and %d neurons a layer are left"
        .formatted(shape.layers(), shape.heads(), shape.headWidth(), shape.ffn());
  }
}
