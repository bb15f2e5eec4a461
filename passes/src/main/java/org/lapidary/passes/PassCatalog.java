package org.lapidary.passes;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.lapidary.ir.pass.EliminateDeadCode;
import org.lapidary.ir.pass.Pass;
import org.lapidary.ir.pass.Pipeline;
import org.lapidary.ir.pass.ShareCommonSubexpressions;
import org.lapidary.passes.canon.Canonicalize;
import org.lapidary.passes.canon.NormalizeProjections;
import org.lapidary.passes.fuse.FoldScales;
import org.lapidary.passes.fuse.FuseGelu;
import org.lapidary.passes.fuse.FuseLayerNorm;
import org.lapidary.passes.fuse.FuseSoftmax;
import org.lapidary.passes.fuse.NormalizeAttention;

/// Every pass there is, with its default options, and the pipelines that are shipped.
public final class PassCatalog {
  private PassCatalog() {}

  /// One of each pass, in the order in which a pipeline would use them.
  public static List<Pass<?, ?>> passes() {
    return List.of(
        new Canonicalize(),
        new FuseLayerNorm(),
        new FuseGelu(),
        new FuseSoftmax(),
        new NormalizeProjections(),
        new NormalizeAttention(),
        new FoldScales(),
        new ShareCommonSubexpressions(),
        new EliminateDeadCode());
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
