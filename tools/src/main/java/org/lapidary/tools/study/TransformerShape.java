package org.lapidary.tools.study;

/// The sizes of a Transformer made of equal layers.
///
/// @param name for people
/// @param layers how many
/// @param model width of the residual stream, `d`
/// @param heads attention heads of a layer, `h`
/// @param headWidth channels of a head; `d / h` unless they were pruned
/// @param ffn neurons of the feed-forward part, `f`
/// @param order where LayerNorm stands
public record TransformerShape(
    String name, int layers, int model, int heads, int headWidth, int ffn, Order order) {
  /// Where LayerNorm stands.
  public enum Order {
    /// After the residual sum, attention sees all positions: BERT.
    AFTER_SUM,
    /// Before attention and feed-forward part, attention sees the past only: GPT-2.
    BEFORE_PARTS
  }

  /// BERT-Base. Source: arXiv 2302.14017, table 1.
  public static final TransformerShape BERT_BASE =
      new TransformerShape("BERT-Base", 12, 768, 12, 64, 3072, Order.AFTER_SUM);

  /// BERT-Large. Source: arXiv 2302.14017, table 1.
  public static final TransformerShape BERT_LARGE =
      new TransformerShape("BERT-Large", 24, 1024, 16, 64, 4096, Order.AFTER_SUM);

  /// The smallest GPT-2. Source: arXiv 2302.14017, table 2.
  public static final TransformerShape GPT2 =
      new TransformerShape("GPT-2", 12, 768, 12, 64, 3072, Order.BEFORE_PARTS);

  /// This shape with fewer layers, heads, channels of each head, and feed-forward neurons.
  public TransformerShape keeping(int keptLayers, int keptHeads, int keptWidth, int keptNeurons) {
    return new TransformerShape(name, keptLayers, model, keptHeads, keptWidth, keptNeurons, order);
  }

  /// Channels of all heads together.
  public int attention() {
    return heads * headWidth;
  }

  /// Multiply-accumulates of one layer at a length.
  public long layerMacs(int length) {
    return layerMacs(length, length);
  }

  /// The same where only some rows of the result are read: keys and values are made of all.
  public long layerMacs(int length, int read) {
    long projections = 2L * model * attention() * (length + read);
    long products = 2L * attention() * length * read;
    return projections + products + 2L * model * ffn * read;
  }
}
