package org.lapidary.passes.fuse;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise.Add;
import org.lapidary.ir.op.Elementwise.Mul;
import org.lapidary.ir.op.Elementwise.Where;
import org.lapidary.ir.op.Neural.MatMul;
import org.lapidary.ir.op.Neural.Softmax;
import org.lapidary.ir.op.NnOp;
import org.lapidary.passes.canon.Constants;
import org.lapidary.passes.canon.Definitions;
import org.lapidary.passes.fuse.Recognition.Found;
import org.lapidary.passes.fuse.Recognition.Missed;
import org.lapidary.passes.fuse.Recognition.Unlike;

/// Scaled dot-product attention in its canonical form: `matmul(softmax(matmul(q, keys) * scale +
/// mask), values)`.
///
/// @param q queries `[B,h,S,d]`
/// @param keys keys, transposed `[B,h,d,T]`
/// @param scale factor of the scores, 1 if none
/// @param mask what is added to the scores, at least [Masks#FLOOR], if anything
/// @param probabilities result of the softmax `[B,h,S,T]`
/// @param values `[B,h,T,d]`
public record AttentionBlock(
    Value q, Value keys, double scale, Optional<Value> mask, Value probabilities, Value values) {

  /// Whether the operation is the second product of an attention block.
  public static Recognition<AttentionBlock> recognise(NnOp op, Definitions defs) {
    if (!(op instanceof MatMul(var p, var v))
        || !(defs.def(p) instanceof Softmax(var x, var axis))) {
      return new Unlike<>();
    }
    if (axis != -1) {
      return new Missed<>(1, p, "the softmax should be over the last axis, but is over " + axis);
    }
    Value scores = x;
    Optional<Value> mask = Optional.empty();
    if (defs.def(x) instanceof Add(var a, var m)) {
      scores = a;
      mask = Optional.of(m);
    }
    double scale = 1;
    if (defs.def(scores) instanceof Mul(var a, var c)) {
      OptionalDouble number = Constants.scalar(c, defs);
      if (number.isEmpty()) {
        return new Missed<>(2, scores, "the factor of the scores should be one constant number");
      }
      scale = number.getAsDouble();
      scores = a;
    }
    if (defs.def(scores) instanceof Where where) {
      return new Missed<>(3, scores, Masks.whyNotAdded(where, defs));
    }
    if (!(defs.def(scores) instanceof MatMul(var q, var k))) {
      return new Missed<>(
          3, scores, "the softmax should be of matmul(q, k) * scale + mask, with one mask only");
    }
    if (mask.isPresent() && !Masks.isFloored(mask.get(), defs)) {
      return new Missed<>(4, mask.get(), "the mask should be at least " + Masks.FLOOR);
    }
    if (scores.type().rank() != 4 || v.type().rank() != 4) {
      return new Missed<>(
          5, scores, "the scores should be [B,h,S,T], but are " + scores.type().dims());
    }
    return new Found<>(new AttentionBlock(q, k, scale, mask, p, v));
  }

  /// All blocks of a graph, by the value that is their result, in the order of the graph.
  public static List<Map.Entry<Value, AttentionBlock>> in(Graph<NnOp> graph) {
    Definitions defs = Definitions.of(graph);
    List<Map.Entry<Value, AttentionBlock>> blocks = new ArrayList<>();
    for (Graph.Node<NnOp> node : graph.nodes()) {
      if (recognise(node.op(), defs) instanceof Found(var block)) {
        blocks.add(Map.entry(node.result(), block));
      }
    }
    return blocks;
  }
}
