package org.lapidary.frontend.onnx;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.lapidary.frontend.onnx.proto.Onnx.AttributeProto;
import org.lapidary.frontend.onnx.proto.Onnx.GraphProto;
import org.lapidary.frontend.onnx.proto.Onnx.NodeProto;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Indexing;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.OpInfo;

/// Writes each operation as ONNX nodes, mostly one; operands that ONNX wants as tensors become
/// initializers.
final class NodeWriter {
  /// What ONNX's Slice reads as "to the very beginning", going backward.
  private static final long BEGINNING = Long.MIN_VALUE;

  private final GraphProto.Builder out;
  private final Map<String, Data> weights;
  private final Map<Value, String> names = new HashMap<>();
  private final Set<String> taken = new HashSet<>();
  private final Set<String> nodes = new HashSet<>();
  private String node = "";

  /// @param out gets the nodes
  /// @param weights gets the initializers, by name
  NodeWriter(GraphProto.Builder out, Map<String, Data> weights) {
    this.out = out;
    this.weights = weights;
  }

  /// Gives a value its name.
  void name(Value value, String name) {
    names.put(value, name);
    taken.add(name);
  }

  /// Keeps a name from being given to anything else.
  void reserve(String name) {
    taken.add(name);
  }

  /// Lets a value be known under another name, too.
  void alias(Value value, String name) {
    if (!name(value).equals(name)) {
      node = "";
      emit("Identity", name, List.of(name(value)));
    }
  }

  private String name(Value value) {
    return names.computeIfAbsent(value, _ -> fresh("v"));
  }

  private String fresh(String wish) {
    String name = wish.equals("v") ? "v" + taken.size() : wish;
    for (int i = 1; !taken.add(name); i++) {
      name = wish + "_" + i;
    }
    return name;
  }

  /// Writes an operation; its operands were written before.
  void write(Graph.Node<NnOp> next) {
    node = next.loc().node();
    String to = next.op() instanceof Layout.Const ? "" : name(next.result());
    switch (next.op()) {
      case Layout layout -> layout(layout, next.result(), to);
      case Elementwise elementwise -> elementwise(elementwise, to);
      case Indexing indexing -> indexing(indexing, to);
      case Neural neural -> neural(neural, to);
    }
  }

  private void layout(Layout op, Value result, String to) {
    switch (op) {
      case Layout.Const(var data) -> {
        String name = fresh(data.name().isEmpty() ? "weight" : data.name());
        weights.put(name, data);
        names.put(result, name);
      }
      case Layout.Reshape(var x, var dims) -> emit("Reshape", to, List.of(name(x), longs(dims)));
      case Layout.Transpose(var x, var permutation) ->
          emit("Transpose", to, List.of(name(x)), ints("perm", permutation));
      case Layout.Slice(var x, var axis, var start, var length, var step) -> {
        long end = start + (long) length * step;
        emit(
            "Slice",
            to,
            List.of(
                name(x), longs(start), longs(end < 0 ? BEGINNING : end), longs(axis), longs(step)));
      }
      case Layout.Concat(var parts, var axis) ->
          emit("Concat", to, parts.stream().map(this::name).toList(), integer("axis", axis));
      case Layout.Broadcast(var x, var dims) -> emit("Expand", to, List.of(name(x), longs(dims)));
    }
  }

  private void elementwise(Elementwise op, String to) {
    switch (op) {
      case Elementwise.Gelu(var x, var tanh) ->
          emit("Gelu", to, List.of(name(x)), string("approximate", tanh ? "tanh" : "none"));
      case Elementwise.Clip(var x, var low, var high) ->
          emit("Clip", to, List.of(name(x), bound(x, low), bound(x, high)));
      case Elementwise.Cast(var x, var type) ->
          emit("Cast", to, List.of(name(x)), integer("to", TensorWriter.code(type)));
      case Elementwise.Mod(var a, var b, var fmod) ->
          emit("Mod", to, List.of(name(a), name(b)), integer("fmod", fmod ? 1 : 0));
      case Elementwise.FakeQuantize grid -> onGrid(grid, to);
      case Elementwise.Unary _,
          Elementwise.Binary _,
          Elementwise.Comparison _,
          Elementwise.Where _ ->
          emit(op.getClass().getSimpleName(), to, operands(op)); // named as in ONNX
    }
  }

  /// The arithmetic of the definition, which is exact in f32.
  private void onGrid(Elementwise.FakeQuantize grid, String to) {
    String step = real(grid.step());
    String zero = real(grid.zero());
    String scaled = emit("Div", fresh("grid"), List.of(name(grid.x()), step));
    String rounded = emit("Round", fresh("grid"), List.of(scaled));
    String moved = emit("Add", fresh("grid"), List.of(rounded, zero));
    String clipped =
        emit("Clip", fresh("grid"), List.of(moved, real(grid.low()), real(grid.high())));
    String back = emit("Sub", fresh("grid"), List.of(clipped, zero));
    emit("Mul", to, List.of(back, step));
  }

  private void indexing(Indexing op, String to) {
    switch (op) {
      case Indexing.Gather(var x, var indices, var axis) ->
          emit("Gather", to, List.of(name(x), name(indices)), integer("axis", axis));
      case Indexing.GatherElements(var x, var indices, var axis) ->
          emit("GatherElements", to, List.of(name(x), name(indices)), integer("axis", axis));
      case Indexing.GatherNd(var x, var indices) ->
          emit("GatherND", to, List.of(name(x), name(indices)));
      case Indexing.ScatterNd(var x, var indices, var updates) ->
          emit("ScatterND", to, List.of(name(x), name(indices), name(updates)));
      case Indexing.CumSum(var x, var axis, var exclusive, var reverse) ->
          emit(
              "CumSum",
              to,
              List.of(name(x), whole((long) axis)),
              integer("exclusive", exclusive ? 1 : 0),
              integer("reverse", reverse ? 1 : 0));
      case Indexing.Trilu(var x, var k, var upper) ->
          emit("Trilu", to, List.of(name(x), whole((long) k)), integer("upper", upper ? 1 : 0));
      case Indexing.ArgExtreme(var x, var axis, var keepDims, var max, var selectLast) ->
          emit(
              max ? "ArgMax" : "ArgMin",
              to,
              List.of(name(x)),
              integer("axis", axis),
              integer("keepdims", keepDims ? 1 : 0),
              integer("select_last_index", selectLast ? 1 : 0));
      case Indexing.TopK(var x, var k, var axis, var largest) ->
          out.addNode(
              NodeProto.newBuilder()
                  .setName(nodeName())
                  .setOpType("TopK")
                  .addAllInput(List.of(name(x), longs(List.of(k))))
                  .addAllOutput(List.of(fresh("values"), to))
                  .addAttribute(integer("axis", axis))
                  .addAttribute(integer("largest", largest ? 1 : 0)));
      case Indexing.OneHot(var indices, var depth, var axis, var off, var on, var type) -> {
        String values = weight("values", numbers(type, List.of(2), off, on));
        emit(
            "OneHot",
            to,
            List.of(name(indices), whole((long) depth), values),
            integer("axis", axis));
      }
    }
  }

  private void neural(Neural op, String to) {
    switch (op) {
      case Neural.MatMul(var a, var b) -> emit("MatMul", to, List.of(name(a), name(b)));
      case Neural.Softmax(var x, var axis) ->
          emit("Softmax", to, List.of(name(x)), integer("axis", axis));
      case Neural.LayerNorm(var x, var gamma, var beta, var epsilon) ->
          emit(
              "LayerNormalization",
              to,
              List.of(name(x), name(gamma), name(beta)),
              integer("axis", -1),
              attribute("epsilon", 1).setF((float) epsilon).build());
      case Neural.Reduce(var x, var how, var axes, var keepDims) ->
          emit(
              operator(how),
              to,
              List.of(name(x), longs(axes)),
              integer("keepdims", keepDims ? 1 : 0));
      case Neural.FakeQuantizeDynamic(var x) -> {
        String integers = fresh("integers");
        String step = fresh("step");
        String zero = fresh("zero");
        out.addNode(
            NodeProto.newBuilder()
                .setName(nodeName())
                .setOpType("DynamicQuantizeLinear")
                .addInput(name(x))
                .addAllOutput(List.of(integers, step, zero)));
        emit("DequantizeLinear", to, List.of(integers, step, zero));
      }
    }
  }

  private static String operator(Neural.Reduction how) {
    return switch (how) {
      case SUM -> "ReduceSum";
      case MEAN -> "ReduceMean";
      case MAX -> "ReduceMax";
      case MIN -> "ReduceMin";
      case PROD -> "ReduceProd";
      case SUM_SQUARE -> "ReduceSumSquare";
      case L2 -> "ReduceL2";
    };
  }

  private List<String> operands(NnOp op) {
    return OpInfo.operands(op).stream().map(this::name).toList();
  }

  private String bound(Value x, double bound) {
    return Double.isInfinite(bound)
        ? ""
        : weight("bound", numbers(x.type().dtype(), List.of(), bound));
  }

  private String real(double number) {
    return weight("number", numbers(DType.F32, List.of(), number));
  }

  private String whole(long number) {
    return weight("number", Tensor.i64(List.of(), number));
  }

  private String longs(List<Integer> numbers) {
    long[] all = numbers.stream().mapToLong(Integer::longValue).toArray();
    return weight("numbers", Tensor.i64(List.of(all.length), all));
  }

  private String longs(long number) {
    return weight("numbers", Tensor.i64(List.of(1), number));
  }

  private static Tensor numbers(DType type, List<Integer> dims, double... numbers) {
    TensorType whole = TensorType.of(type, dims);
    Stream<Double> all = java.util.Arrays.stream(numbers).boxed();
    return switch (type) {
      case F32 -> {
        float[] floats = new float[numbers.length];
        for (int i = 0; i < floats.length; i++) {
          floats[i] = (float) numbers[i];
        }
        yield Tensor.of(whole, floats);
      }
      case I64 -> Tensor.of(whole, all.mapToLong(Double::longValue).toArray());
      case I32 -> Tensor.of(whole, all.mapToInt(Double::intValue).toArray());
      case I8, BOOL -> {
        byte[] bytes = new byte[numbers.length];
        for (int i = 0; i < bytes.length; i++) {
          bytes[i] = (byte) numbers[i];
        }
        yield Tensor.of(whole, bytes);
      }
    };
  }

  private String weight(String wish, Tensor tensor) {
    String name = fresh(wish);
    weights.put(name, Data.of(name, tensor));
    return name;
  }

  private String emit(
      String operator, String to, List<String> operands, AttributeProto... attributes) {
    out.addNode(
        NodeProto.newBuilder()
            .setName(nodeName())
            .setOpType(operator)
            .addAllInput(operands)
            .addOutput(to)
            .addAllAttribute(List.of(attributes)));
    return to;
  }

  /// That of the node it came from; of several only one may have it.
  private String nodeName() {
    String name = node;
    for (int i = 1; !name.isEmpty() && !nodes.add(name); i++) {
      name = node + "_" + i;
    }
    return name;
  }

  /// @param type number of the kind of attribute: 1 a float, 2 an integer, 3 a string, 7 integers
  private static AttributeProto.Builder attribute(String name, int type) {
    return AttributeProto.newBuilder().setName(name).setType(type);
  }

  private static AttributeProto integer(String name, long value) {
    return attribute(name, 2).setI(value).build();
  }

  private static AttributeProto string(String name, String value) {
    return attribute(name, 3).setS(com.google.protobuf.ByteString.copyFromUtf8(value)).build();
  }

  private static AttributeProto ints(String name, List<Integer> values) {
    return attribute(name, 7).addAllInts(values.stream().map(Integer::longValue).toList()).build();
  }
}
