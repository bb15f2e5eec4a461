package org.lapidary.frontend.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.fail;
import static org.lapidary.frontend.onnx.TestModel.FLOAT;
import static org.lapidary.frontend.onnx.TestModel.INT64;
import static org.lapidary.frontend.onnx.TestModel.i;
import static org.lapidary.frontend.onnx.TestModel.ints;

import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lapidary.frontend.onnx.proto.Onnx.AttributeProto;
import org.lapidary.frontend.onnx.proto.Onnx.GraphProto;
import org.lapidary.frontend.onnx.proto.Onnx.ModelProto;
import org.lapidary.frontend.onnx.proto.Onnx.NodeProto;
import org.lapidary.frontend.onnx.proto.Onnx.TensorProto;
import org.lapidary.ir.DiagnosticException;

/// Damaged and hostile files end in diagnostics: no other exception, no hang, no memory past the
/// heap. `-Dfuzz.count=N` tries more than the usual number.
class FuzzTest {
  private static final int COUNT = Integer.getInteger("fuzz.count", 300);
  private static final long[] HOSTILE = {
    -1, 0, 1, 2, 7, 1 << 20, Integer.MAX_VALUE, Integer.MIN_VALUE, Long.MAX_VALUE, Long.MIN_VALUE
  };

  @TempDir Path folder;

  /// A little of everything: attention with shape arithmetic, splits, gathers and a cache.
  static TestModel sample() {
    return TestModel.opset(17)
        .domain("com.microsoft", 1)
        .input("ids", INT64, "batch", "seq")
        .input("past", FLOAT, 2, "batch", 2, "past", 4)
        .output("y")
        .output("present")
        .weight("table", 6, 8)
        .weight("w", 8, 24)
        .weight("b", 24)
        .weight("g", 8)
        .longs("one", 1)
        .longs("zero", 0)
        .longs("minus", -1)
        .longs("eight", 8)
        .longs("axes", 0, 1)
        .node("Gather", "table ids", "e")
        .node("LayerNormalization", "e g g", "n", i("axis", -1))
        .node("Shape", "n", "shape")
        .node("Gather", "shape zero", "batch", i("axis", 0))
        .node("Slice", "shape one axes_end", "rest")
        .longs("axes_end", 2)
        .node("Concat", "batch minus eight", "back", i("axis", 0))
        .node("Reshape", "n minus8", "flat")
        .longs("minus8", -1, 8)
        .node("Gemm", "flat w b", "gemm")
        .node("Split", "gemm", "q k v", i("axis", 1))
        .node("Add", "q k", "qk")
        .node("Softmax", "qk", "s", i("axis", 1))
        .node("Mul", "s v", "sv")
        .node("Reshape", "sv back", "r")
        .node("Range", "zero_s eight_s one_s", "range")
        .scalar("zero_s", 0)
        .scalar("eight_s", 8)
        .scalar("one_s", 1)
        .node("Cast", "range", "rangef", i("to", FLOAT))
        .node("Add", "r rangef", "added")
        .nodeIn("com.microsoft", "Attention", "added w b _ past", "att present", i("num_heads", 2))
        .node("Unsqueeze", "att axes", "u")
        .node("Transpose", "u", "t", ints("perm", 1, 0, 2, 3, 4))
        .node("ReduceMean", "t", "y", ints("axes", 3));
  }

  @Test
  void theSampleItselfIsFine() throws Exception {
    Path file = sample().write(folder);
    assertThat(Agreement.check(file, Map.of("batch", 2, "seq", 3, "past", 2))).isLessThan(1e-4);
  }

  @Test
  void mutatedFilesEndInDiagnostics() throws IOException {
    byte[] whole = sample().bytes();
    int refused = 0;
    for (int seed = 0; seed < COUNT; seed++) {
      Random random = new Random(seed);
      byte[] mutant =
          switch (seed % 4) {
            case 0 -> Arrays.copyOf(whole, random.nextInt(whole.length));
            case 1 -> flipped(whole, random);
            default -> rewritten(whole, random);
          };
      refused += refused(mutant, seed) ? 1 : 0;
    }
    System.out.println(COUNT + " mutated models tried, " + refused + " refused in words");
    assertThat(refused).isGreaterThan(COUNT / 3);
  }

  private boolean refused(byte[] mutant, int seed) throws IOException {
    Path file = Files.write(folder.resolve("mutant" + seed + ".onnx"), mutant);
    try {
      return assertTimeoutPreemptively(Duration.ofSeconds(20), () -> isRefused(file));
    } catch (Throwable e) {
      return fail("seed " + seed, e);
    } finally {
      Files.delete(file);
    }
  }

  private static boolean isRefused(Path file) {
    try {
      OnnxImporter.read(file, Map.of("batch", 2, "seq", 3, "past", 2));
      return false;
    } catch (DiagnosticException e) {
      assertThat(e.diagnostics()).isNotEmpty().noneMatch(d -> d.message().isBlank());
      return true;
    }
  }

  private static byte[] flipped(byte[] whole, Random random) {
    byte[] mutant = whole.clone();
    for (int n = random.nextInt(8); n >= 0; n--) {
      mutant[random.nextInt(mutant.length)] = (byte) random.nextInt(256);
    }
    return mutant;
  }

  /// Changes the meaning but not the syntax: names, dimensions, types, attributes, operators.
  private static byte[] rewritten(byte[] whole, Random random)
      throws InvalidProtocolBufferException {
    ModelProto.Builder model = ModelProto.parseFrom(whole).toBuilder();
    GraphProto.Builder graph = model.getGraphBuilder();
    for (int n = random.nextInt(3); n >= 0; n--) {
      if (random.nextBoolean()) {
        rewrite(graph.getNodeBuilder(random.nextInt(graph.getNodeCount())), graph, random);
      } else {
        rewrite(graph.getInitializerBuilder(random.nextInt(graph.getInitializerCount())), random);
      }
    }
    return model.build().toByteArray();
  }

  private static void rewrite(NodeProto.Builder node, GraphProto.Builder graph, Random random) {
    NodeProto other = graph.getNode(random.nextInt(graph.getNodeCount()));
    switch (random.nextInt(5)) {
      case 0 ->
          node.setOpType(OperatorTable.ALL.get(random.nextInt(OperatorTable.ALL.size())).name());
      case 1 -> node.addInput(other.getOutput(0));
      case 2 -> {
        if (node.getInputCount() > 0) {
          node.setInput(random.nextInt(node.getInputCount()), other.getOutput(0));
        }
      }
      case 3 -> node.addOutput("extra" + random.nextInt(3));
      default -> {
        List<String> names =
            List.of("axis", "perm", "to", "num_heads", "axes", "keepdims", "split");
        AttributeProto.Builder a =
            AttributeProto.newBuilder().setName(names.get(random.nextInt(names.size())));
        node.addAttribute(a.setI(hostile(random)).addInts(hostile(random)));
      }
    }
  }

  private static void rewrite(TensorProto.Builder tensor, Random random) {
    switch (random.nextInt(4)) {
      case 0 -> tensor.setDataType(random.nextInt(25));
      case 1 -> tensor.addDims(hostile(random));
      case 2 -> tensor.clearDims();
      default -> {
        if (tensor.getInt64DataCount() > 0) {
          tensor.setInt64Data(random.nextInt(tensor.getInt64DataCount()), hostile(random));
        } else if (tensor.getDimsCount() > 0) {
          tensor.setDims(0, hostile(random));
        }
      }
    }
  }

  private static long hostile(Random random) {
    return HOSTILE[random.nextInt(HOSTILE.length)];
  }

  /// 50 million empty messages in a file that a parser would make objects of.
  @Test
  void aBombOfTinyMessagesIsRefused() throws IOException {
    byte[] nodes = new byte[20_000_000];
    for (int at = 0; at < nodes.length; at += 2) {
      nodes[at] = 0x0a; // graph.node, of length 0
    }
    byte[] head = {0x08, 0x08, 0x3a, (byte) 0x80, (byte) 0xda, (byte) 0xc4, 0x09};
    byte[] file = Arrays.copyOf(head, head.length + nodes.length);
    System.arraycopy(nodes, 0, file, head.length, nodes.length);
    assertThat(refused(file, -1)).isTrue();
  }
}
