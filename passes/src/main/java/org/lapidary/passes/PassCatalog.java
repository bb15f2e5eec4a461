package org.lapidary.passes;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.EliminateDeadCode;
import org.lapidary.ir.pass.FoldConstants;
import org.lapidary.ir.pass.Pass;
import org.lapidary.ir.pass.Pipeline;
import org.lapidary.ir.pass.Rule;
import org.lapidary.ir.pass.ShareCommonSubexpressions;
import org.lapidary.passes.canon.CanonicalRules;
import org.lapidary.passes.canon.Canonicalize;
import org.lapidary.passes.canon.NormalizeProjections;
import org.lapidary.passes.canon.Projections;
import org.lapidary.passes.fuse.FoldScales;
import org.lapidary.passes.fuse.FuseGelu;
import org.lapidary.passes.fuse.FuseLayerNorm;
import org.lapidary.passes.fuse.FuseSoftmax;
import org.lapidary.passes.fuse.Gelus;
import org.lapidary.passes.fuse.LayerNorms;
import org.lapidary.passes.fuse.NormalizeAttention;
import org.lapidary.passes.fuse.RefuseForeign;
import org.lapidary.passes.fuse.Scales;
import org.lapidary.passes.fuse.Softmaxes;
import org.lapidary.passes.quant.Equalize;
import org.lapidary.passes.quant.TakeScales;

/// Every pass there is, with its default options, and the pipelines that are shipped.
public final class PassCatalog {
  private PassCatalog() {}

  /// One of each pass, in the order in which a pipeline would use them.
  public static List<Pass<?, ?>> passes() {
    return List.of(
        new TakeScales(),
        new Canonicalize(),
        new FuseLayerNorm(),
        new FuseGelu(),
        new FuseSoftmax(),
        new NormalizeProjections(),
        new NormalizeAttention(),
        new FoldScales(),
        new FoldConstants(FoldConstants.DEFAULT_MAX_ELEMENTS),
        new RefuseForeign(),
        Equalize.EVEN,
        new ShareCommonSubexpressions(),
        new EliminateDeadCode());
  }

  /// The rules each pass of the `nn` level applies, by its name, in the order they are tried. What
  /// [Canonicalize] applies every other one applies too.
  public static Map<String, List<Rule<NnOp>>> rules() {
    Map<String, List<Rule<NnOp>>> rules = new LinkedHashMap<>();
    rules.put(new Canonicalize().name(), CanonicalRules.all());
    rules.put(new FuseLayerNorm().name(), LayerNorms.rules());
    rules.put(new FuseGelu().name(), Gelus.rules());
    rules.put(new FuseSoftmax().name(), Softmaxes.rules());
    rules.put(new NormalizeProjections().name(), Projections.rules());
    rules.put(new NormalizeAttention().name(), NormalizeAttention.rules());
    rules.put(new FoldScales().name(), Scales.folding());
    return rules;
  }

  /// From a graph as imported to the canonical `nn` graph.
  public static Pipeline nn() {
    return shipped("nn");
  }

  /// A pipeline from text; `source` names it in messages.
  public static Pipeline parse(String source, String text) {
    return Pipeline.parse(source, text, passes());
  }

  private static Pipeline shipped(String name) {
    String file = name + ".pipeline";
    try (InputStream in = PassCatalog.class.getResourceAsStream(file)) {
      byte[] bytes = Objects.requireNonNull(in, file).readAllBytes();
      return parse(file, new String(bytes, StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
