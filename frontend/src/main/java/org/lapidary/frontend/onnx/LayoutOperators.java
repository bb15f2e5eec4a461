package org.lapidary.frontend.onnx;

import static org.lapidary.frontend.onnx.OnnxOp.many;
import static org.lapidary.frontend.onnx.OnnxOp.onnx;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Shapes;

/// Operators that only move elements.
final class LayoutOperators {
  private static final int MOST_PARTS = 1 << 16;

  private LayoutOperators() {}

  static final List<OnnxOp> ALL =
      List.of(
          onnx("Reshape", 5, "nn.reshape", LayoutOperators::reshape),
          onnx("Squeeze", 1, "nn.reshape", LayoutOperators::squeeze),
          onnx("Unsqueeze", 1, "nn.reshape", LayoutOperators::unsqueeze),
          onnx("Flatten", 1, "nn.reshape", LayoutOperators::flatten),
          onnx("Transpose", 1, "nn.transpose", LayoutOperators::transpose),
          onnx("Concat", 4, "nn.concat", c -> c.concat(c.all(), c.attributes().small("axis", 0))),
          onnx("Slice", 1, "nn.slice", LayoutOperators::slice),
          many("Split", 2, "nn.slice", LayoutOperators::split),
          onnx("Expand", 8, "nn.broadcast", LayoutOperators::expand),
          onnx("Tile", 6, "nn.reshape, nn.broadcast", LayoutOperators::tile),
          onnx("Pad", 2, "nn.concat, nn.slice", LayoutOperators::pad));

  private static Value reshape(Call c) {
    Value x = c.in(0);
    List<Integer> asked = c.knownInts(1, "shape");
    boolean zeroMeansZero = c.attributes().flag("allowzero", false);
    List<Integer> dims = new ArrayList<>();
    int inferred = -1;
    long product = 1;
    for (int i = 0; i < asked.size(); i++) {
      int d = asked.get(i);
      if (d == 0 && !zeroMeansZero) {
        d = x.type().dim(Shapes.axis(i, x.type().rank()));
      }
      if (d == -1 && inferred < 0) {
        inferred = i;
      } else if (d < 0) {
        throw Refusal.shape("Reshape of " + x.type() + " to " + asked, "check the model");
      } else {
        product *= d;
      }
      dims.add(d);
    }
    if (inferred >= 0) {
      if (product == 0 || x.type().elements() % product != 0) {
        throw Refusal.shape("Reshape of " + x.type() + " to " + asked, "check --dim values");
      }
      dims.set(inferred, (int) (x.type().elements() / product));
    }
    return c.reshape(x, dims);
  }

  private static Value squeeze(Call c) {
    Value x = c.in(0);
    List<Integer> dims = x.type().dims();
    Optional<List<Integer>> axes =
        c.integers("axes", 1).map(a -> Dims.positive(a, x.type().rank()));
    List<Integer> left = new ArrayList<>();
    for (int i = 0; i < dims.size(); i++) {
      boolean drop = axes.isPresent() ? axes.get().contains(i) : dims.get(i) == 1;
      if (!drop) {
        left.add(dims.get(i));
      } else if (dims.get(i) != 1) {
        throw Refusal.shape("Squeeze of axis " + i + " of " + x.type(), "check --dim values");
      }
    }
    return c.reshape(x, left);
  }

  private static Value unsqueeze(Call c) {
    Value x = c.in(0);
    List<Integer> axes =
        c.integers("axes", 1).orElseThrow(() -> Refusal.model("Unsqueeze lacks its axes"));
    List<Integer> sorted = new ArrayList<>(Dims.positive(axes, x.type().rank() + axes.size()));
    Collections.sort(sorted);
    List<Integer> dims = new ArrayList<>(x.type().dims());
    sorted.forEach(axis -> dims.add(axis, 1));
    return c.reshape(x, dims);
  }

  private static Value flatten(Call c) {
    Value x = c.in(0);
    int axis = c.attributes().small("axis", 1);
    int at = axis < 0 ? axis + x.type().rank() : axis;
    List<Integer> dims = x.type().dims();
    return c.reshape(
        x, List.of(Dims.product(dims.subList(0, at)), Dims.product(dims.subList(at, dims.size()))));
  }

  private static Value transpose(Call c) {
    Value x = c.in(0);
    return c.transpose(
        x, c.attributes().integers("perm").orElseGet(() -> Dims.all(x.type().rank()).reversed()));
  }

  private static Value slice(Call c) {
    Value x = c.in(0);
    boolean old = c.opset() < 10;
    List<Integer> starts = sliceInts(c, "starts", 1, old).orElseThrow();
    List<Integer> ends = sliceInts(c, "ends", 2, old).orElseThrow();
    List<Integer> axes = sliceInts(c, "axes", 3, old).orElse(Dims.all(starts.size()));
    List<Integer> steps =
        (old ? Optional.<List<Integer>>empty() : sliceInts(c, "steps", 4, false))
            .orElse(Collections.nCopies(starts.size(), 1));
    if (ends.size() != starts.size()
        || axes.size() != starts.size()
        || steps.size() != starts.size()) {
      throw Refusal.shape("Slice has bounds of different lengths", "check the model");
    }
    for (int i = 0; i < starts.size(); i++) {
      x = sliceAxis(c, x, c.axis(axes.get(i), x), starts.get(i), ends.get(i), steps.get(i));
    }
    return x;
  }

  private static Optional<List<Integer>> sliceInts(Call c, String what, int input, boolean old) {
    Optional<List<Integer>> found =
        old ? c.attributes().integers(what) : c.maybe(input).map(_ -> c.knownInts(input, what));
    if (found.isEmpty() && input <= 2) {
      throw Refusal.model("Slice lacks its " + what);
    }
    return found;
  }

  private static Value sliceAxis(Call c, Value x, int axis, int start, int end, int step) {
    if (step == 0) {
      throw Refusal.model("Slice has a step of 0");
    }
    int size = x.type().dim(axis);
    // Walking down, the end may be one before the first element.
    long first = step > 0 ? 0 : -1;
    long last = step > 0 ? size : size - 1L;
    long from = Math.clamp(fromEnd(start, size), Math.min(0, last), last);
    long to = Math.clamp(fromEnd(end, size), first, last);
    long span = step > 0 ? to - from : from - to;
    long length = span <= 0 ? 0 : (span + Math.abs((long) step) - 1) / Math.abs((long) step);
    return c.slice(x, axis, (int) from, (int) length, step);
  }

  private static long fromEnd(int index, int size) {
    return index < 0 ? (long) index + size : index;
  }

  private static List<Value> split(Call c) {
    Value x = c.in(0);
    int axis = c.axis(c.attributes().small("axis", 0), x);
    Optional<List<Integer>> sizes = c.integers("split", 1);
    if (sizes.isPresent()) {
      return c.split(x, axis, sizes.get());
    }
    int parts = c.attributes().small("num_outputs", c.outputs());
    int size = x.type().dim(axis);
    if (parts < 1 || parts > Math.max(size, 1) || parts > MOST_PARTS) {
      throw Refusal.shape("Split of " + x.type() + " into " + parts, "check the model");
    }
    int each = (size + parts - 1) / parts;
    List<Integer> even = new ArrayList<>();
    for (int i = 0; i < parts; i++) {
      even.add(Math.max(0, Math.min(each, size - i * each)));
    }
    return c.split(x, axis, even);
  }

  private static Value expand(Call c) {
    Value x = c.in(0);
    return c.broadcast(x, Shapes.broadcast(x.type().dims(), c.knownInts(1, "shape")));
  }

  /// `[a, b]` repeated `[r, s]` times is `[1, a, 1, b]` broadcast to `[r, a, s, b]`.
  private static Value tile(Call c) {
    Value x = c.in(0);
    List<Integer> repeats = c.knownInts(1, "repeats");
    List<Integer> dims = x.type().dims();
    if (repeats.size() != dims.size()) {
      throw Refusal.shape("Tile of " + x.type() + " by " + repeats, "check the model");
    }
    List<Integer> narrow = new ArrayList<>();
    List<Integer> wide = new ArrayList<>();
    List<Integer> merged = new ArrayList<>();
    for (int i = 0; i < dims.size(); i++) {
      narrow.addAll(List.of(1, dims.get(i)));
      wide.addAll(List.of(repeats.get(i), dims.get(i)));
      merged.add(Math.multiplyExact(repeats.get(i), dims.get(i)));
    }
    return merged.equals(dims) ? x : c.reshape(c.broadcast(c.reshape(x, narrow), wide), merged);
  }

  private static Value pad(Call c) {
    Value x = c.in(0);
    String mode = c.attributes().text("mode", "constant");
    if (!mode.equals("constant")) {
      throw Refusal.op("Pad in mode " + mode + " is not supported", "pad with a constant");
    }
    boolean old = c.opset() < 11;
    List<Integer> pads =
        old ? c.attributes().integers("pads").orElse(List.of()) : c.knownInts(1, "pads");
    List<Integer> axes =
        !old && c.maybe(3).isPresent()
            ? Dims.positive(c.knownInts(3, "axes"), x.type().rank())
            : Dims.all(x.type().rank());
    if (pads.size() != 2 * axes.size()) {
      throw Refusal.shape("Pad of " + x.type() + " by " + pads, "check the model");
    }
    Value filler =
        old || c.maybe(2).isEmpty()
            ? c.scalar(old ? c.attributes().number("value", 0) : 0, x)
            : c.reshape(c.in(2), List.of());
    for (int i = 0; i < axes.size(); i++) {
      x = padAxis(c, x, axes.get(i), pads.get(i), pads.get(i + axes.size()), filler);
    }
    return x;
  }

  private static Value padAxis(Call c, Value x, int axis, int before, int after, Value filler) {
    int start = Math.max(0, -before);
    int length = x.type().dim(axis) - start - Math.max(0, -after);
    TensorType type = x.type();
    List<Value> parts = new ArrayList<>();
    if (before > 0) {
      parts.add(c.broadcast(filler, Dims.with(type.dims(), axis, before)));
    }
    parts.add(c.slice(x, axis, start, Math.max(0, length)));
    if (after > 0) {
      parts.add(c.broadcast(filler, Dims.with(type.dims(), axis, after)));
    }
    return parts.size() == 1 ? parts.getFirst() : c.emit(new Layout.Concat(parts, axis));
  }
}
