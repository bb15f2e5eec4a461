package org.lapidary.tools.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lapidary.frontend.onnx.proto.Onnx.AttributeProto;
import org.lapidary.frontend.onnx.proto.Onnx.GraphProto;
import org.lapidary.frontend.onnx.proto.Onnx.ModelProto;
import org.lapidary.frontend.onnx.proto.Onnx.NodeProto;
import org.lapidary.frontend.onnx.proto.Onnx.TensorProto;
import org.lapidary.ir.Tensor;
import org.lapidary.testkit.Repository;
import org.lapidary.tools.data.Npy;

/// I-BERT's arithmetic as other people implemented it, on numbers that they stored: every element
/// of theirs follows from our primitives and the few choices that [DeeployRules] names.
final class DeeployTest {
  private static final Path FOLDER = Repository.shared("models/deeploy-int");
  private static final String ATTENTION = "Kernels/Integer/Attention";
  private static final String CCT = "Models/CCT/Int/ICCT";
  private static final String STREAM = "_ql_op_tree_replace_addition_";

  @BeforeAll
  static void there() {
    assumeTrue(Files.exists(FOLDER), Repository.absent(FOLDER));
  }

  /// A network with what flowed through it.
  private record Golden(GraphProto graph, Map<String, Tensor> arrays) {
    static Golden read(String folder) throws IOException {
      Path path = FOLDER.resolve(folder);
      ModelProto model = ModelProto.parseFrom(Files.readAllBytes(path.resolve("network.onnx")));
      return new Golden(model.getGraph(), Npy.readZip(path.resolve("activations.npz")));
    }

    NodeProto node(String type, int which) {
      return graph.getNodeList().stream()
          .filter(n -> n.getOpType().equals(type))
          .skip(which)
          .findFirst()
          .orElseThrow();
    }

    NodeProto multipliedBy(String initializer) {
      return graph.getNodeList().stream()
          .filter(n -> n.getOpType().equals("RequantShift"))
          .filter(n -> n.getInput(1).equals(initializer))
          .findFirst()
          .orElseThrow();
    }

    long[] array(String name) {
      return integers(Objects.requireNonNull(arrays.get(name), name));
    }

    long[] initializer(String name) {
      return graph.getInitializerList().stream()
          .filter(t -> t.getName().equals(name))
          .findFirst()
          .map(DeeployTest::integers)
          .orElseThrow();
    }

    /// What a requantisation gives, its factors one for all or one for each column.
    long[] requantized(NodeProto node, long[] x) {
      long[] mul = initializer(node.getInput(1));
      long[] add = initializer(node.getInput(2));
      long div = attribute(node, "div");
      DeeployRules.Grid grid =
          new DeeployRules.Grid(attribute(node, "n_levels_out"), attribute(node, "signed") == 1);
      return IntStream.range(0, x.length)
          .mapToLong(i ->
              DeeployRules.requantShift(x[i], mul[i % mul.length], add[i % add.length], div, grid))
          .toArray();
    }
  }

  private static long[] integers(Tensor t) {
    return IntStream.range(0, t.elements()).mapToLong(t::asLong).toArray();
  }

  private static long[] integers(TensorProto t) {
    ByteBuffer raw = t.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    List<Float> listed = t.getFloatDataList();
    int n = raw.remaining() > 0 ? raw.remaining() / Float.BYTES : listed.size();
    return IntStream.range(0, n)
        .mapToLong(i -> (long) (listed.isEmpty() ? raw.getFloat(i * Float.BYTES) : listed.get(i)))
        .toArray();
  }

  private static long attribute(NodeProto node, String name) {
    AttributeProto a =
        node.getAttributeList().stream()
            .filter(b -> b.getName().equals(name))
            .findFirst()
            .orElseThrow();
    return a.hasT() ? integers(a.getT())[0] : a.getI();
  }

  /// An operator of the last axis, on all rows.
  private static long[] rows(long[] all, int width, UnaryOperator<long[]> row) {
    return IntStream.range(0, all.length / width)
        .mapToObj(i -> row.apply(Arrays.copyOfRange(all, i * width, (i + 1) * width)))
        .flatMapToLong(Arrays::stream)
        .toArray();
  }

  private static long[] softmax(NodeProto node, long[] all, int width) {
    assertThat(attribute(node, "coeffA")).isEqualTo(1);
    int b = (int) attribute(node, "coeffB");
    int c = (int) attribute(node, "coeffC");
    int ln2 = (int) attribute(node, "log2");
    long levels = attribute(node, "n_levels");
    return rows(all, width, row -> DeeployRules.softmax(row, b, c, ln2, levels));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Regular", "Large"})
  void softmax(String size) throws IOException {
    Path folder = FOLDER.resolve("Kernels/Integer/Softmax").resolve(size);
    ModelProto model = ModelProto.parseFrom(Files.readAllBytes(folder.resolve("network.onnx")));
    Tensor in = Npy.readZip(folder.resolve("inputs.npz")).values().iterator().next();
    Tensor out = Npy.readZip(folder.resolve("outputs.npz")).values().iterator().next();
    NodeProto node = model.getGraph().getNode(0);
    assertThat(softmax(node, integers(in), in.type().dim(-1))).isEqualTo(integers(out));
  }

  @Test
  void softmaxTimesValuesInsideAttention() throws IOException {
    Golden golden = Golden.read(ATTENTION);
    int heads = 8;
    int length = 16;
    int depth = 8;
    long[] p =
        softmax(
            golden.node("iSoftmax", 0),
            golden.array("_ql_replaced__integerize_signed_act_pass_3"),
            length);
    long[] v = golden.array("net_l1_func__ql_replaced__integerize_signed_act_pass_2");
    long[] sums = new long[heads * length * depth];
    for (int i = 0; i < sums.length; i++) {
      int row = i / depth;
      int column = row / length * depth + i % depth;
      for (int k = 0; k < length; k++) {
        sums[i] += p[row * length + k] * v[k * heads * depth + column];
      }
    }
    long[] expected = golden.array("_ql_replaced__integerize_signed_act_pass_4");
    NodeProto requantShift =
        golden.multipliedBy("net.l1.func._QL_REPLACED__INTEGERIZE_SIGNED_ACT_PASS_0.mul");
    assertThat(golden.requantized(requantShift, sums)).isEqualTo(expected);
  }

  @Test
  void layerNorm() throws IOException {
    Golden golden = Golden.read(CCT);
    String output = "_ql_replaced__integer_layernorm_pass_";
    layerNorm(
        golden,
        1,
        STREAM + "0__ql_replaced__integerize_signed_act_pass_6",
        "transformer_layers_0_1_" + output + 1);
    layerNorm(golden, 2, STREAM + "1__ql_replaced__integerize_signed_act_pass_12", output + 2);
  }

  private static void layerNorm(Golden golden, int which, String input, String output) {
    NodeProto node = golden.node("iLayerNorm", which);
    long[] gamma = golden.initializer(node.getInput(1));
    long[] beta = golden.initializer(node.getInput(2));
    long d = attribute(node, "D");
    assertThat(attribute(node, "n_levels")).isEqualTo(256);
    long[] y =
        rows(golden.array(input), gamma.length, row -> DeeployRules.layerNorm(row, gamma, beta, d));
    assertThat(y).isEqualTo(golden.array(output));
  }

  @Test
  void gelu() throws IOException {
    Golden golden = Golden.read(CCT);
    NodeProto node = golden.node("iGELU", 0);
    int b = (int) attribute(node, "b");
    int one = (int) attribute(node, "one");
    String layer = "transformer_layers_0_1_fn_ff__ql_replaced__";
    long[] x = golden.array(layer + "integerize_signed_act_pass_7");
    long[] y = Arrays.stream(x).map(v -> DeeployRules.gelu(v, b, one)).toArray();
    assertThat(y).isEqualTo(golden.array(layer + "integer_gelu_pass_0"));
  }

  @ParameterizedTest
  @CsvSource({
    "Kernels/Integer/Attention, net_l1_func__ql_replaced__integerize_pact_lin_pass_2,"
        + " net_l1_func__ql_replaced__integerize_signed_act_pass_2,"
        + " net.l1.func._QL_REPLACED__INTEGERIZE_SIGNED_ACT_PASS_0.mul",
    "Kernels/Integer/Attention, net_l1_func__ql_replaced__integerize_pact_lin_pass_3,"
        + " net_l1_func__ql_replaced__rqs_merge_pass_0,"
        + " net.l1.func._QL_REPLACED__RQS_MERGE_PASS_0.mul",
    "Kernels/Integer/Attention, net_l2_func_layers__ql_replaced__integerize_pact_lin_pass_4,"
        + " net_l2_func_layers__ql_replaced__integerize_unsigned_act_pass_0,"
        + " net.l2.func.layers._QL_REPLACED__INTEGERIZE_UNSIGNED_ACT_PASS_0.mul",
    "Models/EEGFormer, _ql_replaced__integerize_pact_lin_pass_0,"
        + " _ql_replaced__integerize_signed_act_pass_0,"
        + " _QL_REPLACED__INTEGERIZE_SIGNED_ACT_PASS_0.mul",
    "Kernels/Integer/GEMM/Regular_RQPerColumn, _ql_replaced__integerize_pact_lin_pass_0,"
        + " _ql_replaced__integerize_unsigned_act_pass_0, PACTOps::RequantShift_11"
  })
  void requantShift(String folder, String input, String output, String mul) throws IOException {
    Golden golden = Golden.read(folder);
    long[] y = golden.requantized(golden.multipliedBy(mul), golden.array(input));
    assertThat(y).isEqualTo(golden.array(output));
  }
}
