package org.lapidary.tools.graph;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.DType;
import org.lapidary.ir.Graph;
import org.lapidary.ir.GraphBuilder;
import org.lapidary.ir.Loc;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Elementwise;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.NnOp;
import org.xml.sax.InputSource;

class GraphPictureTest {
  private static final int WIDTH = 8;

  /// Layers with a residual sum and a mask they all share, unless one is told to differ.
  private static Graph<NnOp> layers(int count, int odd) {
    GraphBuilder<NnOp> b = new GraphBuilder<>("<layers> & more");
    Value x = b.input("x", TensorType.of(DType.F32, 4, WIDTH));
    Value given = b.input("mask", TensorType.of(DType.F32, 4, WIDTH));
    Value stream = b.emit(new Elementwise.Exp(x), Loc.onnx("/embed"));
    Value mask = given;
    for (int i = 0; i < count; i++) {
      if (i == 0) {
        mask = b.emit(new Elementwise.Neg(given), Loc.onnx("/mask"));
      }
      Value w = b.constant("w" + i, Tensor.f32(List.of(WIDTH, WIDTH), new float[WIDTH * WIDTH]));
      Value p = b.emit(new Neural.MatMul(stream, w), Loc.onnx("/layer." + i + "/MatMul"));
      Value m = b.emit(new Elementwise.Add(p, mask), Loc.onnx("/layer." + i + "/Mask"));
      NnOp act = i == odd ? new Elementwise.Tanh(m) : new Elementwise.Relu(m);
      Value a = b.emit(act, Loc.onnx("/layer." + i + "/Act"));
      stream = b.emit(new Elementwise.Add(a, stream), Loc.onnx("/layer." + i + "/Add"));
    }
    b.result("y", b.emit(new Elementwise.Sqrt(stream), Loc.onnx("/head")));
    return b.build();
  }

  private static GraphPicture picture(Graph<NnOp> graph) {
    return new GraphPicture(graph, _ -> "");
  }

  @Test
  void repeatedLayersAreFoldedThoughTheFirstOneMakesTheMask() {
    assertThat(picture(layers(12, -1)).folded())
        .containsExactly(new GraphPicture.Folded(12, 4, "/layer.0/MatMul"));
    assertThat(picture(layers(12, -1)).operations()).isEqualTo(12 * 4 + 3);
  }

  @Test
  void aLayerThatDiffersIsNotFolded() {
    assertThat(picture(layers(12, 5)).folded())
        .extracting(GraphPicture.Folded::times)
        .containsExactly(5, 6);
    assertThat(picture(layers(1, -1)).folded()).isEmpty();
  }

  @Test
  void theSameGraphGivesTheSameBytesThatNeedNoNetwork() throws Exception {
    GraphPicture one = picture(layers(12, -1));
    String svg = one.svg();
    String page = one.html();
    assertThat(picture(layers(12, -1)).svg()).isEqualTo(svg);
    assertThat(picture(layers(12, -1)).html()).isEqualTo(page);
    assertThat(page).doesNotContain("src=", "href=", "@import", "{{");
    assertThat(page.replace("http://www.w3.org/2000/svg", "")).doesNotContain("http");
    var document =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new InputSource(new StringReader(svg)));
    assertThat(document.getElementsByTagName("rect").getLength()).isEqualTo(4 + 3 + 3 + 1);
    assertThat(svg).contains("× 12  /layer.0/");
    assertThat(page).contains("12 of 12  /layer.11/", "ONNX node", "/layer.7/Act");
  }
}
