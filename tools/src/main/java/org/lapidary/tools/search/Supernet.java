package org.lapidary.tools.search;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.lapidary.frontend.onnx.OnnxExporter;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.pass.ShareCommonSubexpressions;
import org.lapidary.passes.cut.Axes;
import org.lapidary.passes.cut.Slicer;

/// A model whose layers have an attention and a feed-forward block each, and what its sub-networks
/// are: the first layers, of each the first heads and neurons, of everything the first channels of
/// the residual stream. A sub-network inherits the weights that are left of its matrices.
public final class Supernet {
  private final Graph<NnOp> graph;
  private final Axes axes;
  private final Anatomy anatomy;

  private Supernet(Graph<NnOp> graph, Axes axes, Anatomy anatomy) {
    this.graph = graph;
    this.axes = axes;
    this.anatomy = anatomy;
  }

  /// Finds the layers of a canonical graph.
  ///
  /// @throws org.lapidary.ir.DiagnosticException if there are none that could be made smaller
  public static Supernet of(Graph<NnOp> canonical) {
    Graph<NnOp> graph = Slicer.withOwnConstants(canonical);
    Axes axes = Axes.of(graph);
    return new Supernet(graph, axes, Anatomy.of(graph, axes));
  }

  /// The supernet itself.
  public Genome largest() {
    List<Genome.Layer> layers = new ArrayList<>();
    for (Anatomy.Layer layer : anatomy.layers()) {
      layers.add(new Genome.Layer(axes.size(layer.heads()), axes.size(layer.neurons())));
    }
    return new Genome(axes.size(anatomy.hidden()), layers);
  }

  /// Channels of a head, in every sub-network.
  public int headWidth() {
    return anatomy.headWidth();
  }

  /// What is wrong with a genome for this supernet, if anything.
  public Optional<String> problem(Genome genome) {
    Genome most = largest();
    if (genome.layers().size() > most.layers().size()) {
      return Optional.of("%s has more layers than the supernet %s".formatted(genome, most));
    }
    boolean fits = genome.hidden() >= 1 && genome.hidden() <= most.hidden();
    for (int l = 0; fits && l < genome.layers().size(); l++) {
      Genome.Layer own = genome.layers().get(l);
      Genome.Layer limit = most.layers().get(l);
      fits =
          own.heads() >= 1
              && own.heads() <= limit.heads()
              && own.neurons() >= 1
              && own.neurons() <= limit.neurons();
    }
    return fits
        ? Optional.empty()
        : Optional.of("%s is no part of the supernet %s".formatted(genome, most));
  }

  /// The sub-network of a genome, an ordinary graph.
  ///
  /// @throws IllegalArgumentException if the genome is no part of this supernet
  public Graph<NnOp> slice(Genome genome) {
    problem(genome)
        .ifPresent(p -> {
          throw new IllegalArgumentException(p);
        });
    Map<Integer, int[]> left = new HashMap<>();
    left.put(anatomy.hidden(), first(genome.hidden()));
    for (int l = 0; l < genome.layers().size(); l++) {
      Anatomy.Layer layer = anatomy.layers().get(l);
      left.put(layer.heads(), first(genome.layers().get(l).heads()));
      left.put(layer.neurons(), first(genome.layers().get(l).neurons()));
    }
    Value last = anatomy.layers().getLast().result();
    Value kept = anatomy.layers().get(genome.layers().size() - 1).result();
    return ShareCommonSubexpressions.in(Slicer.cut(Slicer.shortcut(graph, last, kept), axes, left));
  }

  private static int[] first(int count) {
    return IntStream.range(0, count).toArray();
  }

  /// Writes the sub-network of a genome as an ONNX file, whole or not at all.
  public void write(Genome genome, Path file) {
    OnnxExporter.write(slice(genome), file);
  }

  /// The block to which each ONNX node of the layers belongs.
  Map<String, Block> blocks() {
    Map<Value, Block> owners = anatomy.owners();
    Map<String, Block> names = new HashMap<>();
    Set<String> ambiguous = new LinkedHashSet<>();
    for (Graph.Node<NnOp> node : graph.nodes()) {
      Block block = owners.get(node.result());
      if (block != null) {
        Block other = names.put(node.loc().node(), block);
        if (other != null && !other.equals(block)) {
          ambiguous.add(node.loc().node());
        }
      }
    }
    names.keySet().removeAll(ambiguous);
    return names;
  }

  /// One of the two blocks of a layer.
  ///
  /// @param layer from 0
  record Block(int layer, Kind kind) {
    /// What a block does.
    enum Kind {
      ATTENTION,
      FEED_FORWARD
    }
  }
}
