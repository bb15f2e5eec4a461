package org.lapidary.gemmini.c;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.Region;
import org.lapidary.ir.DType;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.Strided;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.HostBridge;
import org.lapidary.ir.op.Indexing;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;

/// The host's work as C statements.
///
/// @param constantOffsets where each constant is in the data of constants
/// @param activations address of the program at which memory that is written begins
record HostCode(HostPlan plan, List<Long> constantOffsets, long activations) {
  private static final long ALIGNMENT = 64;

  static HostCode of(Program program, long activations) {
    HostPlan plan = HostPlan.of(program);
    List<Long> offsets = new ArrayList<>();
    long at = 0;
    for (Tensor constant : plan.constants()) {
      offsets.add(at);
      at = aligned(at + constant.type().bytes());
    }
    return new HostCode(plan, offsets, activations);
  }

  static long aligned(long bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /// All constants, each on a line of its own.
  byte[] constantBytes() {
    List<Tensor> constants = plan.constants();
    if (constants.isEmpty()) {
      return new byte[1];
    }
    long end = constantOffsets.getLast() + constants.getLast().type().bytes();
    ByteBuffer out = ByteBuffer.allocate(Math.toIntExact(Math.max(1, end)));
    for (int i = 0; i < constants.size(); i++) {
      out.position(Math.toIntExact(constantOffsets.get(i))).put(bytes(constants.get(i)));
    }
    return out.array();
  }

  /// The elements as they are in memory, little-endian.
  static byte[] bytes(Tensor t) {
    ByteBuffer out =
        ByteBuffer.allocate(Math.toIntExact(t.type().bytes())).order(ByteOrder.LITTLE_ENDIAN);
    switch (t.type().dtype()) {
      case F32 -> out.asFloatBuffer().put(t.f32());
      case I64 -> out.asLongBuffer().put(t.i64());
      case I32 -> out.asIntBuffer().put(t.i32());
      case I8, BOOL -> out.put(t.bytes());
    }
    return out.array();
  }

  /// Whether the table of the error function is needed.
  boolean needsErf() {
    return plan.sections().stream()
        .flatMap(List::stream)
        .anyMatch(action ->
            action instanceof HostPlan.Action.Compute c
                && (c.node().op() instanceof Elementwise.Erf
                    || (c.node().op() instanceof Elementwise.Gelu g && !g.tanh())));
  }

  /// The statements of a section.
  String section(int index) {
    StringBuilder out = new StringBuilder();
    for (HostPlan.Action action : plan.sections().get(index)) {
      out.append(block(action));
    }
    return Indentation.of(out.toString(), 1);
  }

  private String block(HostPlan.Action action) {
    return switch (action) {
      case HostPlan.Action.Compute c -> compute(c);
      case HostPlan.Action.Load l ->
          wrapped(
              "from the accelerator: " + l.value().type(),
              constPointer("x0", l.region().dtype(), memory(l.region()))
                  + pointer("y", l.value().type().dtype(), text(l.to())),
              copy(l.region(), true));
      case HostPlan.Action.Store s ->
          wrapped(
              "to the accelerator: " + s.value().type(),
              constPointer("x0", s.value().type().dtype(), text(s.from()))
                  + pointer("y", s.region().dtype(), memory(s.region())),
              copy(s.region(), false));
      case HostPlan.Action.Give g ->
          "memcpy(out->%s, %s, %d);\n"
              .formatted(
                  CText.identifier(g.result().name()), text(g.from()), g.result().type().bytes());
    };
  }

  private String compute(HostPlan.Action.Compute c) {
    Graph.Node<Op> node = c.node();
    TensorType type = node.result().type();
    if (type.elements() == 0) {
      return "";
    }
    StringBuilder declarations = new StringBuilder();
    List<Value> operands = OpInfo.operands(node.op());
    for (int i = 0; i < operands.size(); i++) {
      declarations.append(
          constPointer("x" + i, operands.get(i).type().dtype(), text(c.operands().get(i))));
    }
    declarations.append(pointer("y", type.dtype(), text(c.result())));
    String name = OpInfo.of(node.op()).name();
    String title = name + ": " + type + ", " + node.loc().node();
    return wrapped(title, declarations.toString(), code(node, name));
  }

  private static String code(Graph.Node<Op> node, String name) {
    return switch (node.op()) {
      case Layout layout -> MovementC.code(layout);
      case Elementwise e -> ElementwiseC.code(e, refusal(node, name, "division by zero"));
      case Indexing i -> MovementC.code(i, refusal(node, name, "an index beyond its axis"));
      case Neural n -> NeuralC.code(n);
      case Accumulate a -> NeuralC.code(a);
      case MoveOut m -> NeuralC.code(m);
      case HostBridge b -> NeuralC.code(b);
    };
  }

  private static String refusal(Graph.Node<Op> node, String name, String what) {
    return "return " + CText.string(node.loc().node() + ": " + name + ": " + what) + ";\n";
  }

  private static String wrapped(String title, String declarations, String statements) {
    return "{ /* " + CText.comment(title) + " */\n" + declarations + statements + "}\n";
  }

  private static String constPointer(String name, DType dtype, String address) {
    String type = CText.element(dtype);
    return "const %s *%s = (const %s *)(%s);\n".formatted(type, name, type, address);
  }

  private static String pointer(String name, DType dtype, String address) {
    String type = CText.element(dtype);
    return "%s *%s = (%s *)(%s);\n".formatted(type, name, type, address);
  }

  private String text(HostPlan.Place place) {
    return switch (place) {
      case HostPlan.Place.Given(var port) -> "in->" + CText.identifier(port.name());
      case HostPlan.Place.Constant(var index) -> "constants + " + constantOffsets.get(index);
      case HostPlan.Place.Own(var offset) -> "host + " + offset;
    };
  }

  private String memory(Region region) {
    if (region.address() < activations) {
      throw new IllegalStateException("a region among the constants: " + region);
    }
    return "activations + " + (region.address() - activations);
  }

  private static String copy(Region region, boolean out) {
    int size = region.dtype().bytes();
    int[] strides = region.stridesBytes().stream().mapToInt(s -> (int) (s / size)).toArray();
    return new LoopNest(region.dims(), List.of(Strided.strides(region.dims()), strides))
        .code("i", at -> "y[%s] = x0[%s];\n".formatted(at.get(out ? 0 : 1), at.get(out ? 1 : 0)));
  }
}
