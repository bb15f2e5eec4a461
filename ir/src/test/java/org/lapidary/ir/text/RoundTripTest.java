package org.lapidary.ir.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.Loc;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.HostBridge;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Op;

class RoundTripTest {
  @TempDir private Path directory;

  private static Graph<Op> identity(String text) {
    Graph<Op> graph = IrParser.parse("test.ir", text, ConstantStore.NONE);
    assertThat(IrPrinter.print(graph)).isEqualTo(text);
    return graph;
  }

  @Test
  void aQuantizedGraph() {
    GraphBuilder<Op> b = new GraphBuilder<>("tiny");
    Value x = b.input("input_ids", TensorType.of(DType.F32, 2, 3));
    Value q = b.emit(new HostBridge.Quantize(x, DType.I8, 0.1, -127, 127), Loc.onnx("/q/MatMul"));
    Value w = b.constant("w", Tensor.i8(List.of(3, 1), (byte) 1, (byte) -2, (byte) 3));
    Value product = b.emit(new Accumulate.MatMulI8(q, w), Loc.onnx("/q/MatMul").through("lower"));
    Value out = b.emit(new MoveOut.Requantize(product, 0.3f, true, 1 / 3.0));
    b.result("logits", out);
    b.result("sum", product);
    b.result("blocks", b.emit(new MoveOut.RequantizeBlocks(product, List.of(0.3f), 4, false, 0.5)));
    String text =
        """
        graph @tiny(%input_ids: f32[2,3]) -> i8<scale=0.3333333333333333>[2,1], i32[2,1],\
         i8<scale=0.5>[2,1] {
          %0 = q.quantize(%input_ids) {to=i8, scale=0.1, low=-127, high=127} : i8<scale=0.1>[2,3]\
          loc("onnx:/q/MatMul")
          %1 = nn.const() {data=@w [1,-2,3]} : i8[3,1]
          %2 = q.matmul(%0, %1) : i32[2,1]  loc("onnx:/q/MatMul", "lower")
          %3 = q.requantize(%2) {scale=0.3, relu=true, outScale=0.3333333333333333}\
         : i8<scale=0.3333333333333333>[2,1]
          %4 = q.requantize_blocks(%2) {scales=[0.3], columns=4, relu=false, outScale=0.5}\
         : i8<scale=0.5>[2,1]
          return logits = %3, sum = %2, blocks = %4
        }
        """;
    assertThat(IrPrinter.print(b.build())).isEqualTo(text);
    Graph<Op> parsed = identity(text);
    assertThat(parsed.nodes().get(2).loc()).isEqualTo(new Loc("/q/MatMul", List.of("lower")));
  }

  @Test
  void everyKindOfAttribute() {
    GraphBuilder<NnOp> b = new GraphBuilder<>("a b:c/d");
    Value x = b.input("3", TensorType.of(DType.F32, 2, 3));
    Value y = b.input("x:0", TensorType.of(DType.F32));
    b.input("NaN", TensorType.of(DType.I64, 0, 2));
    Value r = b.emit(new Neural.Reduce(x, Neural.Reduction.SUM_SQUARE, List.of(0, -1), false));
    Value c = b.emit(new Elementwise.Clip(r, Double.NEGATIVE_INFINITY, 1e-7));
    b.constant("flags", Tensor.bool(List.of(2), (byte) 0, (byte) 1));
    b.constant("", Tensor.f32(List.of(4), Float.NaN, -0f, Float.NEGATIVE_INFINITY, 1.4E-45f));
    b.constant("a \"b\"\\\n", Tensor.i64(List.of(0)));
    b.result("return", b.emit(new Elementwise.Add(c, y), new Loc("", List.of("some-rule"))));
    b.result("1st", y);
    String text = IrPrinter.print(b.build());
    assertThat(text)
        .isEqualTo(
            """
            graph @"a b:c/d"(%"3": f32[2,3], %"x:0": f32[], %"NaN": i64[0,2]) -> f32[], f32[] {
              %0 = nn.reduce(%"3") {how=sum_square, axes=[0,-1], keepDims=false} : f32[]
              %1 = nn.clip(%0) {low=-Infinity, high=1.0E-7} : f32[]
              %2 = nn.const() {data=@flags [false,true]} : bool[2]
              %3 = nn.const() {data=[NaN,-0.0,-Infinity,1.4E-45]} : f32[4]
              %4 = nn.const() {data=@"a \\"b\\"\\\\\\n" []} : i64[0]
              %5 = nn.add(%1, %"x:0") : f32[]  loc("", "some-rule")
              return return = %5, "1st" = %"x:0"
            }
            """);
    Graph<Op> parsed = identity(text);
    assertThat(parsed.inputs()).extracting(Graph.Port::name).containsExactly("3", "x:0", "NaN");
    assertThat(parsed.results()).extracting(Graph.Port::name).containsExactly("return", "1st");
    assertThat(parsed.name()).isEqualTo("a b:c/d");
    assertThat(((Layout.Const) parsed.nodes().get(4).op()).data().name()).isEqualTo("a \"b\"\\\n");
  }

  @Test
  void aGraphWithoutAnything() {
    identity("graph @empty() {\n  return \n}\n");
  }

  @Test
  void commentsAndLayoutAreFree() {
    Graph<Op> graph =
        IrParser.parse(
            "test.ir",
            "// opt -\ngraph @g(%x:f32[1])->f32[1]{%y=nn.neg(%x):f32[1]//\nreturn z=%y}",
            ConstantStore.NONE);
    assertThat(IrPrinter.print(graph))
        .isEqualTo(
            """
            graph @g(%x: f32[1]) -> f32[1] {
              %0 = nn.neg(%x) : f32[1]
              return z = %0
            }
            """);
  }

  @Test
  void dumpsAreReadAgainWithTheirConstants() {
    GraphBuilder<NnOp> b = new GraphBuilder<>("g");
    Value x = b.input("x", TensorType.of(DType.F32, 1, 5));
    float[] weight = new float[20];
    long[] ids = new long[17];
    int[] sums = new int[17];
    byte[] small = new byte[17];
    for (int i = 0; i < 17; i++) {
      weight[i] = i / 3f;
      ids[i] = -i * 10_000_000_000L;
      sums[i] = i * 1_000_000_007;
      small[i] = (byte) (i - 9);
    }
    Value w = b.constant("enc.0/w", Tensor.f32(List.of(5, 4), weight));
    b.result("y", b.emit(new Neural.MatMul(x, w)));
    b.result("ids", b.constant("ids", Tensor.i64(List.of(17), ids)));
    b.result("sums", b.constant("sums", Tensor.i32(List.of(17), sums)));
    b.result("small", b.constant("small one", Tensor.i8(List.of(17), small)));
    Graph<NnOp> graph = b.build();

    Path file = Path.of(new IrDumps(directory).write("01-x.ir", "after x", graph));
    String text = "// after x\n" + IrPrinter.print(graph);
    assertThat(file).hasContent(text);
    assertThat(text).contains("data=@enc.0/w#").contains("data=@\"small one\"#");
    Graph<Op> parsed = IrParser.parse(file.toString(), text, IrDumps.store(file));
    assertThat(IrPrinter.print(parsed)).isEqualTo(IrPrinter.print(graph));
    Map<String, Tensor> inputs = Map.of("x", Tensor.f32(List.of(1, 5), 1, 2, 3, 4, 5));
    assertThat(Evaluator.run(parsed, inputs)).isEqualTo(Evaluator.run(graph, inputs));
  }

  @Test
  void aConstantWithoutItsElementsKeepsItsHash() {
    Data data = Data.of("w", Tensor.f32(List.of(20), new float[20]));
    GraphBuilder<NnOp> b = new GraphBuilder<>("g");
    b.result("y", b.emit(new Layout.Const(data)));
    Graph<Op> parsed = identity(IrPrinter.print(b.build()));
    Data bare = ((Layout.Const) parsed.nodes().getFirst().op()).data();
    assertThat(bare).isEqualTo(data);
    org.assertj.core.api.Assertions.assertThatThrownBy(bare::load)
        .hasMessageContaining("test.ir:w: error[missing-external-data]");
  }
}
