package org.lapidary.tools.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.eclipse.elk.alg.layered.options.LayeredOptions;
import org.eclipse.elk.alg.layered.options.NodePlacementStrategy;
import org.eclipse.elk.core.RecursiveGraphLayoutEngine;
import org.eclipse.elk.core.math.ElkPadding;
import org.eclipse.elk.core.math.KVector;
import org.eclipse.elk.core.options.CoreOptions;
import org.eclipse.elk.core.options.Direction;
import org.eclipse.elk.core.options.EdgeRouting;
import org.eclipse.elk.core.options.HierarchyHandling;
import org.eclipse.elk.core.util.BasicProgressMonitor;
import org.eclipse.elk.core.util.ElkUtil;
import org.eclipse.elk.graph.ElkEdge;
import org.eclipse.elk.graph.ElkEdgeSection;
import org.eclipse.elk.graph.ElkNode;
import org.eclipse.elk.graph.util.ElkGraphUtil;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.tools.graph.Picture.Box;
import org.lapidary.tools.graph.Picture.Group;
import org.lapidary.tools.graph.Picture.Line;

/// Lays a graph out from top to bottom with Eclipse's layered algorithm. The same graph gives the
/// same picture.
final class GraphLayout {
  private static final double LETTER = 7.2;
  private static final double LINE = 15;
  private static final double PADDING = 8;
  private static final double HEADER = 30;

  private final Graph<? extends Op> graph;
  private final Details details;
  private final ElkNode root = ElkGraphUtil.createGraph();
  private final Map<ElkNode, Box> boxes = new LinkedHashMap<>();
  private final Map<ElkNode, String> groups = new LinkedHashMap<>();
  private final Map<Value, ElkNode> places = new HashMap<>();

  private GraphLayout(Graph<? extends Op> graph, Details details) {
    this.graph = graph;
    this.details = details;
    root.setProperty(CoreOptions.ALGORITHM, LayeredOptions.ALGORITHM_ID);
    root.setProperty(LayeredOptions.DIRECTION, Direction.DOWN);
    root.setProperty(LayeredOptions.EDGE_ROUTING, EdgeRouting.ORTHOGONAL);
    root.setProperty(LayeredOptions.HIERARCHY_HANDLING, HierarchyHandling.INCLUDE_CHILDREN);
    root.setProperty(LayeredOptions.NODE_PLACEMENT_STRATEGY, NodePlacementStrategy.NETWORK_SIMPLEX);
    spacing(root);
  }

  private static void spacing(ElkNode node) {
    node.setProperty(LayeredOptions.SPACING_NODE_NODE, 24.0);
    node.setProperty(LayeredOptions.SPACING_NODE_NODE_BETWEEN_LAYERS, 26.0);
    node.setProperty(LayeredOptions.SPACING_EDGE_NODE, 12.0);
    node.setProperty(LayeredOptions.SPACING_EDGE_NODE_BETWEEN_LAYERS, 12.0);
    node.setProperty(LayeredOptions.PADDING, new ElkPadding(HEADER, 18, 18, 18));
  }

  /// The picture of a graph.
  ///
  /// @param folded whether one repetition stands for all
  static Picture of(
      Graph<? extends Op> graph, List<Repeats.Block> blocks, Details details, boolean folded) {
    GraphLayout layout = new GraphLayout(graph, details);
    layout.inputs();
    for (Repeats.Block block : blocks) {
      layout.block(block, folded);
    }
    layout.results();
    layout.edges(blocks, folded);
    new RecursiveGraphLayoutEngine().layout(layout.root, new BasicProgressMonitor());
    return layout.picture();
  }

  private void inputs() {
    for (Graph.Port port : graph.inputs()) {
      List<String> lines = List.of(port.name(), Details.type(port.type()));
      places.put(port.value(), box(root, "port", lines, List.of(Details.of("input", port))));
    }
  }

  private final Map<String, ElkNode> results = new LinkedHashMap<>();

  private void results() {
    for (Graph.Port port : graph.results()) {
      List<String> lines = List.of(port.name(), Details.type(port.type()));
      results.put(port.name(), box(root, "port", lines, List.of(Details.of("result", port))));
    }
  }

  private void block(Repeats.Block block, boolean folded) {
    if (block.count() == 1) {
      block.repetitions().getFirst().forEach(n -> node(root, List.of(n)));
    } else if (folded) {
      ElkNode frame =
          frame("× %d  %s".formatted(block.count(), Details.scope(block.repetitions().getFirst())));
      for (int i = 0; i < block.repetitions().getFirst().size(); i++) {
        int at = i;
        node(frame, block.repetitions().stream().map(r -> r.get(at)).toList());
      }
    } else {
      int number = 1;
      for (var repetition : block.repetitions()) {
        ElkNode frame =
            frame("%d of %d  %s".formatted(number++, block.count(), Details.scope(repetition)));
        repetition.forEach(n -> node(frame, List.of(n)));
      }
    }
  }

  private ElkNode frame(String title) {
    ElkNode frame = ElkGraphUtil.createNode(root);
    spacing(frame);
    groups.put(frame, title);
    return frame;
  }

  /// A box for an operation and those in the other repetitions that it stands for.
  private void node(ElkNode parent, List<? extends Graph.Node<? extends Op>> alike) {
    Graph.Node<? extends Op> first = alike.getFirst();
    List<Map<String, String>> all = new ArrayList<>();
    alike.forEach(n -> all.add(details.of(n)));
    ElkNode box = box(parent, Details.kind(first.op()), details.lines(first), all);
    alike.forEach(n -> places.put(n.result(), box));
  }

  private ElkNode box(
      ElkNode parent, String kind, List<String> lines, List<Map<String, String>> all) {
    ElkNode box = ElkGraphUtil.createNode(parent);
    int longest = lines.stream().mapToInt(String::length).max().orElse(0);
    double width = Math.max(80, longest * LETTER + 2 * PADDING);
    double height = lines.size() * LINE + 2 * PADDING;
    box.setDimensions(width, height);
    boxes.put(box, new Box(boxes.size(), kind, lines, all, 0, 0, width, height));
    return box;
  }

  private void edges(List<Repeats.Block> blocks, boolean folded) {
    Set<List<ElkNode>> drawn = new HashSet<>();
    for (Repeats.Block block : blocks) {
      Set<Value> repeated = new HashSet<>();
      block.repetitions().forEach(r -> r.forEach(n -> repeated.add(n.result())));
      for (var repetition : block.repetitions()) {
        Set<Value> own = new HashSet<>();
        repetition.forEach(n -> own.add(n.result()));
        for (Graph.Node<? extends Op> node : repetition) {
          for (Value v : OpInfo.operands(node.op())) {
            // From one repetition to the next: folded, that is a way back up.
            if (!folded || own.contains(v) || !repeated.contains(v)) {
              edge(v, Objects.requireNonNull(places.get(node.result())), drawn);
            }
          }
        }
      }
    }
    graph
        .results()
        .forEach(p -> edge(p.value(), Objects.requireNonNull(results.get(p.name())), drawn));
  }

  private void edge(Value from, ElkNode to, Set<List<ElkNode>> drawn) {
    ElkNode source = places.get(from);
    if (source != null && drawn.add(List.of(source, to))) {
      ElkGraphUtil.createSimpleEdge(source, to);
    }
  }

  private Picture picture() {
    List<Box> placed = new ArrayList<>();
    List<Line> lines = new ArrayList<>();
    for (Map.Entry<ElkNode, Box> e : boxes.entrySet()) {
      KVector at = ElkUtil.absolutePosition(e.getKey());
      placed.add(e.getValue().at(at.x, at.y));
      for (ElkEdge edge : ElkGraphUtil.allOutgoingEdges(e.getKey())) {
        ElkNode to = ElkGraphUtil.connectableShapeToNode(edge.getTargets().getFirst());
        lines.add(line(edge, e.getValue(), Objects.requireNonNull(boxes.get(to))));
      }
    }
    List<Group> frames = new ArrayList<>();
    groups.forEach((node, title) -> {
      KVector at = ElkUtil.absolutePosition(node);
      frames.add(new Group(title, at.x, at.y, node.getWidth(), node.getHeight()));
    });
    return new Picture(root.getWidth(), root.getHeight(), placed, lines, frames);
  }

  private static Line line(ElkEdge edge, Box from, Box to) {
    ElkNode container = edge.getContainingNode();
    KVector origin = ElkUtil.absolutePosition(container);
    List<Double> points = new ArrayList<>();
    for (ElkEdgeSection s : edge.getSections()) {
      points.addAll(List.of(origin.x + s.getStartX(), origin.y + s.getStartY()));
      s.getBendPoints()
          .forEach(b -> points.addAll(List.of(origin.x + b.getX(), origin.y + b.getY())));
      points.addAll(List.of(origin.x + s.getEndX(), origin.y + s.getEndY()));
    }
    return new Line(from.id(), to.id(), points);
  }
}
