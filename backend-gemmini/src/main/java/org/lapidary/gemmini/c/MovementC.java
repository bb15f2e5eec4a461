package org.lapidary.gemmini.c;

import java.util.ArrayList;
import java.util.List;
import org.lapidary.ir.DType;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.Strided;
import org.lapidary.ir.op.Indexing;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Shapes;

/// Operations that move elements, in C: `y` from `x0`, `x1`, ….
final class MovementC {
  private MovementC() {}

  static String code(Layout op) {
    return switch (op) {
      case Layout.Const _, Layout.Reshape _ ->
          throw new IllegalStateException("nothing to compute for " + op);
      case Layout.Transpose(var x, var permutation) -> {
        int[] from = Strided.strides(x.type().dims());
        int rank = x.type().rank();
        yield copy(
            op.resultType().dims(),
            permutation.stream().mapToInt(axis -> from[Shapes.axis(axis, rank)]).toArray(),
            0);
      }
      case Layout.Slice(var x, var axis, var start, _, var step) -> {
        int[] strides = Strided.strides(x.type().dims());
        int a = Shapes.axis(axis, x.type().rank());
        int offset = start * strides[a];
        strides[a] *= step;
        yield copy(op.resultType().dims(), strides, offset);
      }
      case Layout.Concat(var parts, var axis) -> concat(parts, op.resultType(), axis);
      case Layout.Broadcast(var x, var dims) ->
          copy(dims, Strided.broadcastStrides(x.type().dims(), dims), 0);
    };
  }

  private static String copy(List<Integer> dims, int[] strides, int offset) {
    return new LoopNest(dims, List.of(Strided.strides(dims), strides))
        .code(
            "i",
            at ->
                "y[%s] = x0[%s%s];\n"
                    .formatted(at.get(0), offset == 0 ? "" : offset + " + ", at.get(1)));
  }

  private static String concat(List<Value> parts, TensorType type, int givenAxis) {
    int axis = Shapes.axis(givenAxis, type.rank());
    int[] to = Strided.strides(type.dims());
    StringBuilder out = new StringBuilder();
    int at = 0;
    for (int i = 0; i < parts.size(); i++) {
      List<Integer> dims = parts.get(i).type().dims();
      String from = "x" + i;
      int offset = at * to[axis];
      out.append(
          new LoopNest(dims, List.of(to, Strided.strides(dims)))
              .code(
                  "i", p -> "y[%d + %s] = %s[%s];\n".formatted(offset, p.get(0), from, p.get(1))));
      at += dims.get(axis);
    }
    return out.toString();
  }

  static String code(Indexing op, String refusal) {
    TensorType type = op.resultType();
    return switch (op) {
      case Indexing.Gather(var x, var indices, var axis) -> gather(x, indices, axis, refusal);
      case Indexing.GatherElements(var x, _, var axis) ->
          gatherElements(x.type(), type, axis, refusal);
      case Indexing.GatherNd(var x, var indices) ->
          "for (long i = 0; i < %d; i++) {\n".formatted(tuples(indices))
              + offset(x.type(), indices, "x1", refusal)
              + "memcpy(y + i * %d, x0 + from, %d);\n}\n"
                  .formatted(inner(x, indices), innerBytes(x, indices));
      case Indexing.ScatterNd(var x, var indices, _) ->
          "memcpy(y, x0, %d);\nfor (long i = 0; i < %d; i++) {\n"
                  .formatted(x.type().bytes(), tuples(indices))
              + offset(x.type(), indices, "x1", refusal)
              + "memcpy(y + from, x2 + i * %d, %d);\n}\n"
                  .formatted(inner(x, indices), innerBytes(x, indices));
      case Indexing.CumSum sum -> cumSum(type, sum);
      case Indexing.Trilu(_, var k, var upper) ->
          """
          for (long i = 0; i < %d; i++) {
          long diagonal = i %% %d - i / %d %% %d;
          y[i] = diagonal %s %d ? x0[i] : 0;
          }
          """
              .formatted(
                  type.elements(),
                  type.dim(-1),
                  type.dim(-1),
                  type.dim(-2),
                  upper ? ">=" : "<=",
                  k);
      case Indexing.ArgExtreme arg -> argExtreme(arg);
      case Indexing.TopK top -> topK(top);
      case Indexing.OneHot oneHot -> oneHot(type, oneHot);
    };
  }

  private static String gather(Value x, Value indices, int givenAxis, String refusal) {
    List<Integer> dims = x.type().dims();
    int axis = Shapes.axis(givenAxis, dims.size());
    int outer = Shapes.elements(dims.subList(0, axis));
    int inner = Shapes.elements(dims.subList(axis + 1, dims.size()));
    int n = indices.type().elements();
    return """
    for (long o = 0; o < %d; o++) {
    for (long i = 0; i < %d; i++) {
    int64_t at = lap_position(x1[i], %d);
    if (at < 0) {
    %s}
    memcpy(y + (o * %d + i) * %d, x0 + (o * %d + at) * %d, %d);
    }
    }
    """
        .formatted(
            outer,
            n,
            dims.get(axis),
            refusal,
            n,
            inner,
            dims.get(axis),
            inner,
            (long) inner * x.type().dtype().bytes());
  }

  private static String gatherElements(
      TensorType from, TensorType type, int givenAxis, String refusal) {
    int axis = Shapes.axis(givenAxis, from.rank());
    int[] steps = Strided.strides(from.dims());
    int along = steps[axis];
    steps[axis] = 0;
    return new LoopNest(type.dims(), List.of(Strided.strides(type.dims()), steps))
        .code(
            "i",
            p ->
                """
                int64_t at = lap_position(x1[%s], %d);
                if (at < 0) {
                %s}
                y[%s] = x0[%s + at * %d];
                """
                    .formatted(p.get(0), from.dim(axis), refusal, p.get(0), p.get(1), along));
  }

  private static int tuples(Value indices) {
    return Shapes.elements(indices.type().dims().subList(0, indices.type().rank() - 1));
  }

  private static int inner(Value x, Value indices) {
    return Shapes.elements(x.type().dims().subList(indices.type().dim(-1), x.type().rank()));
  }

  private static long innerBytes(Value x, Value indices) {
    return (long) inner(x, indices) * x.type().dtype().bytes();
  }

  /// Where the slice at the index tuple `i` begins.
  private static String offset(TensorType type, Value indices, String name, String refusal) {
    int tuple = indices.type().dim(-1);
    int[] strides = Strided.strides(type.dims());
    StringBuilder out = new StringBuilder("int64_t from = 0;\n");
    for (int axis = 0; axis < tuple; axis++) {
      out.append(
          """
          int64_t at%1$d = lap_position(%2$s[i * %3$d + %1$d], %4$d);
          if (at%1$d < 0) {
          %5$s}
          from += at%1$d * %6$d;
          """
              .formatted(axis, name, tuple, type.dim(axis), refusal, strides[axis]));
    }
    return out.toString();
  }

  private static String line(TensorType type, int axis, String body) {
    int step = Strided.strides(type.dims())[axis];
    int size = type.dim(axis);
    return """
    for (long line = 0; line < %d; line++) {
    long from = line / %d * %d + line %% %d;
    %s}
    """
        .formatted(size == 0 ? 0 : type.elements() / size, step, (long) step * size, step, body);
  }

  private static String cumSum(TensorType type, Indexing.CumSum op) {
    int axis = Shapes.axis(op.axis(), type.rank());
    boolean floats = type.dtype() == DType.F32;
    int size = type.dim(axis);
    List<String> body = new ArrayList<>();
    body.add(floats ? "double sum = 0;" : "int64_t sum = 0;");
    body.add("for (long i = 0; i < %d; i++) {".formatted(size));
    body.add(
        "long p = from + %s * %d;"
            .formatted(
                op.reverse() ? "(" + (size - 1) + " - i)" : "i",
                Strided.strides(type.dims())[axis]));
    String add = floats ? "sum += (double)x0[p];" : "sum = lap_add(sum, x0[p]);";
    String store = "y[p] = (%s)sum;".formatted(CText.element(type.dtype()));
    body.add(op.exclusive() ? store : add);
    body.add(op.exclusive() ? add : store);
    body.add("}\n");
    return line(type, axis, String.join("\n", body));
  }

  private static String argExtreme(Indexing.ArgExtreme op) {
    TensorType type = op.x().type();
    int axis = Shapes.axis(op.axis(), type.rank());
    int step = Strided.strides(type.dims())[axis];
    String compare = compare(type, "x0[from + i * %1$d]", "x0[from + best * %1$d]");
    String better =
        op.max() ? (op.selectLast() ? ">= 0" : "> 0") : (op.selectLast() ? "<= 0" : "< 0");
    return line(
        type,
        axis,
        """
        long best = 0;
        for (long i = 1; i < %d; i++) {
        int order = %s;
        best = order %s ? i : best;
        }
        y[line] = best;
        """
            .formatted(type.dim(axis), compare.formatted(step), better));
  }

  private static String compare(TensorType type, String a, String b) {
    return type.dtype() == DType.F32
        ? "lap_compare(%s, %s)".formatted(a, b)
        : "(%1$s > %2$s) - (%1$s < %2$s)".formatted(a, b);
  }

  /// Sorts every element in among the best so far, behind those that it is no better than.
  private static String topK(Indexing.TopK op) {
    TensorType type = op.x().type();
    int axis = Shapes.axis(op.axis(), type.rank());
    int step = Strided.strides(type.dims())[axis];
    String compare =
        compare(
            type,
            "x0[from + i * %d]".formatted(step),
            "x0[from + best[(p - 1) * %d] * %d]".formatted(step, step));
    return line(
        type,
        axis,
        """
        int64_t *best = y + line / %1$d * %2$d + line %% %1$d;
        for (long i = 0; i < %3$d; i++) {
        long p = i < %4$d ? i : %4$d;
        while (p > 0 && (%5$s) %6$s 0) {
        if (p < %4$d) {
        best[p * %1$d] = best[(p - 1) * %1$d];
        }
        p--;
        }
        if (p < %4$d) {
        best[p * %1$d] = i;
        }
        }
        """
            .formatted(
                step,
                (long) step * op.k(),
                type.dim(axis),
                op.k(),
                compare,
                op.largest() ? ">" : "<"));
  }

  private static String oneHot(TensorType type, Indexing.OneHot op) {
    int axis = Shapes.axis(op.axis(), type.rank());
    boolean floats = type.dtype() == DType.F32;
    String on = floats ? CText.number((float) op.on()) : CText.number((long) op.on());
    String off = floats ? CText.number((float) op.off()) : CText.number((long) op.off());
    return line(
        type,
        axis,
        """
        int64_t hot = x0[line] < 0 ? lap_add(x0[line], %1$d) : x0[line];
        for (long i = 0; i < %1$d; i++) {
        y[from + i * %2$d] = (%3$s)(i == hot ? %4$s : %5$s);
        }
        """
            .formatted(
                op.depth(),
                Strided.strides(type.dims())[axis],
                CText.element(type.dtype()),
                on,
                off));
  }
}
