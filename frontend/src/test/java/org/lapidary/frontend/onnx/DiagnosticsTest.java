package org.lapidary.frontend.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.lapidary.frontend.onnx.TestModel.FLOAT;
import static org.lapidary.frontend.onnx.TestModel.INT64;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lapidary.frontend.onnx.proto.Onnx.FunctionProto;
import org.lapidary.frontend.onnx.proto.Onnx.OperatorSetIdProto;
import org.lapidary.frontend.onnx.proto.Onnx.StringStringEntryProto;
import org.lapidary.frontend.onnx.proto.Onnx.TensorProto;
import org.lapidary.ir.DiagnosticException;

/// The exact words for everything that can be wrong with a file.
class DiagnosticsTest {
  @TempDir Path folder;

  private static TestModel plain() {
    return TestModel.opset(17).input("x", FLOAT, 2, 4).output("y");
  }

  private static TestModel linear() {
    return plain().weight("w", 4, 300).node("MatMul", "x w", "y");
  }

  private void expect(Path file, Map<String, Integer> dims, String... lines) {
    DiagnosticException e =
        assertThrows(DiagnosticException.class, () -> OnnxImporter.read(file, dims));
    assertThat(e.diagnostics().stream().map(Object::toString)).containsExactly(lines);
  }

  private void expect(TestModel model, String... lines) {
    expect(model.write(folder), Map.of(), lines);
  }

  @Test
  void aMissingFile() {
    expect(
        folder.resolve("nobody.onnx"),
        Map.of(),
        "nobody.onnx: error[file-not-found]: there is no such file"
            + " hint: give the path of an .onnx file");
  }

  @Test
  void somethingElse() throws IOException {
    String message =
        "model.onnx: error[not-onnx]: this is not an ONNX file"
            + " hint: export the model again to ONNX";
    Path file = folder.resolve("model.onnx");
    for (String content : new String[] {"", "hello world\n", "PK\3\4zip", "{\"json\": 1}"}) {
      Files.writeString(file, content);
      expect(file, Map.of(), message);
    }
  }

  @Test
  void aFileCutOff() throws IOException {
    byte[] whole = linear().bytes();
    Path file = folder.resolve("model.onnx");
    Files.write(file, Arrays.copyOf(whole, whole.length / 2));
    expect(
        file,
        Map.of(),
        "model.onnx: error[truncated-file]: the file ends in the middle of the model"
            + " hint: copy or download it again");
  }

  @Test
  void everyUnsupportedOperatorAtOnce() {
    expect(
        plain()
            .node("Conv", "x", "a")
            .node("Relu", "a", "b")
            .node("Conv", "b", "c")
            .nodeIn("my.domain", "Magic", "c", "d")
            .node("Relu", "d", "y"),
        "model.onnx:Conv_0: error[unsupported-op]: the operator Conv is not supported (also at 1"
            + " more node) hint: convolutions are outside: only Transformers are compiled",
        "model.onnx:Magic_3: error[unsupported-op]: the operator my.domain.Magic is not supported"
            + " hint: frontend/COVERAGE.md lists the operators that are");
  }

  @Test
  void anUnsupportedOpset() {
    TestModel model = TestModel.opset(3).input("x", FLOAT, 2).output("y").node("Relu", "x", "y");
    expect(
        model,
        "model.onnx: error[unsupported-opset]: the model uses opset 3; 7 to 27 are read"
            + " hint: convert it with onnx.version_converter, or export it again");
  }

  @Test
  void anUnsupportedType() {
    TestModel model = TestModel.opset(17).input("x", 8, 2).output("y").node("Relu", "x", "y");
    expect(
        model,
        "model.onnx:x: error[unsupported-type]: elements of type string are not read"
            + " hint: export the model with float32 and int64 values");
  }

  @Test
  void allUnboundAndUnknownDimensions() {
    TestModel model =
        TestModel.opset(17)
            .input("x", FLOAT, "batch", "sequence length")
            .output("y")
            .node("Relu", "x", "y");
    expect(
        model.write(folder),
        Map.of("seq", 3),
        "model.onnx: error[unbound-dimension]: the sizes of these dimensions are not known: batch,"
            + " sequence length hint: pass --dim batch=N --dim 'sequence length'=N",
        "model.onnx: error[unknown-dimension]: the model has no dimension seq hint: it has batch,"
            + " sequence length");
  }

  @Test
  void shapesThatDoNotFit() {
    expect(
        plain().weight("w", 5, 3).node("MatMul", "x w", "y"),
        "model.onnx:MatMul_0: error[shape-mismatch]: MatMul: matmul of [2, 4] and [5, 3]: inner"
            + " sizes differ hint: check --dim, or --length: a model has positions for so many"
            + " tokens only");
  }

  @Test
  void aWeightOfTheWrongSize() {
    TestModel model = linear();
    model.graph().getInitializerBuilder(0).setDims(0, 7);
    expect(
        model,
        "model.onnx:w: error[shape-mismatch]: the stored tensor [7, 300] needs 8400 bytes, but"
            + " has 4800 hint: the exporter wrote a damaged tensor: export the model again");
  }

  private TestModel external(String location) {
    TestModel model = linear();
    model
        .graph()
        .getInitializerBuilder(0)
        .clearRawData()
        .setDataLocation(1)
        .addExternalData(StringStringEntryProto.newBuilder().setKey("location").setValue(location));
    return model;
  }

  @Test
  void missingExternalData() {
    expect(
        external("weights.bin"),
        "model.onnx:w: error[missing-external-data]: the weights are in weights.bin, which is not"
            + " there hint: put weights.bin beside the model");
  }

  @Test
  void externalDataCutOff() throws IOException {
    Files.write(folder.resolve("weights.bin"), new byte[4000]);
    expect(
        external("weights.bin"),
        "model.onnx:w: error[missing-external-data]: weights.bin ends before byte 0 + 4800"
            + " hint: copy the whole file beside the model again");
  }

  @Test
  void pathsOutOfTheFolder() throws IOException {
    for (String path : new String[] {"../weights.bin", "/etc/passwd", "a/../../b", ""}) {
      expect(
          external(path),
          "model.onnx:w: error[unsafe-path]: the external data \"%s\" lies outside the model's"
                  .formatted(path)
              + " folder hint: weights must be in the folder of the model; do not trust this file");
    }
    Path inner = Files.createDirectory(folder.resolve("inner"));
    Files.write(folder.resolve("secret"), new byte[4800]);
    Files.createSymbolicLink(inner.resolve("link"), folder.resolve("secret"));
    expect(
        external("link").write(inner),
        Map.of(),
        "model.onnx:w: error[unsafe-path]: the external data \"link\" lies outside the model's"
            + " folder hint: weights must be in the folder of the model; do not trust this file");
  }

  @Test
  void weightsThatAreNotNumbers() {
    float[] nan = new float[8];
    nan[3] = Float.NaN;
    float[] infinite = {1, 2, Float.POSITIVE_INFINITY, 4};
    expect(
        plain()
            .floats("w", new int[] {4, 2}, nan)
            .floats("b", new int[] {2, 2}, infinite)
            .node("MatMul", "x w", "h")
            .node("Add", "h b", "y"),
        "model.onnx:w: error[not-a-number]: the weight f32[4,2] is not a number (NaN) at element 3"
            + " hint: training diverged or the file is damaged: use another checkpoint",
        "model.onnx:b: error[not-a-number]: the weight f32[2,2] is infinite at element 2"
            + " hint: training diverged or the file is damaged: use another checkpoint");
  }

  @Test
  void masksOfMinusInfinityAreNumbers() {
    float inf = Float.NEGATIVE_INFINITY;
    TestModel model =
        plain()
            .floats("m", new int[] {2, 4}, 0, inf, inf, inf, 0, 0, inf, inf)
            .node("Add", "x m", "y");
    assertThat(OnnxImporter.read(model.write(folder), Map.of()).graph().nodes()).hasSize(2);
  }

  @Test
  void brokenGraphs() {
    String hint = " hint: check the file with onnx.checker.check_model";
    expect(
        plain().node("Add", "x b", "a").node("Relu", "a", "b").node("Relu", "b", "y"),
        "model.onnx: error[invalid-model]: the graph has a cycle through Add_0 (3 nodes)" + hint);
    expect(
        plain().node("Add", "x nobody", "y"),
        "model.onnx:Add_0: error[invalid-model]: nothing in the model has the name \"nobody\""
            + hint);
    expect(
        plain().node("Relu", "x", "y").node("Tanh", "x", "y"),
        "model.onnx: error[invalid-model]: two nodes make \"y\"" + hint);
    expect(
        plain().weight("w", 2).weight("w", 2).node("Relu", "x", "y"),
        "model.onnx:w: error[invalid-model]: two initializers have the name \"w\"" + hint);
    expect(
        plain().node("Add", "x", "y"),
        "model.onnx:Add_0: error[invalid-model]: Add lacks its input 1" + hint);
    expect(
        TestModel.opset(17).input("x", FLOAT, 2),
        "model.onnx: error[invalid-model]: the model has no outputs" + hint);
  }

  @Test
  void aFunctionThatCallsItself() {
    FunctionProto.Builder again =
        FunctionProto.newBuilder()
            .setDomain("local")
            .setName("Again")
            .addInput("a")
            .addOutput("b")
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
            .addNode(TestModel.aNode("Again", "a", "b").setDomain("local"));
    TestModel model = plain().domain("local", 1).nodeIn("local", "Again", "x", "y").function(again);
    DiagnosticException e =
        assertThrows(
            DiagnosticException.class, () -> OnnxImporter.read(model.write(folder), Map.of()));
    assertThat(e).hasMessageContaining("functions call each other more than 64 deep");
  }

  @Test
  void aShapeThatDependsOnTheInputs() {
    TestModel model =
        TestModel.opset(17)
            .input("x", FLOAT, 2, 4)
            .input("shape", INT64, 2)
            .output("y")
            .node("Reshape", "x shape", "y");
    expect(
        model,
        "model.onnx:Reshape_0: error[unsupported-op]: Reshape computes its shape from the inputs of"
            + " the model hint: shapes must be static: fix the shape when exporting");
  }

  @Test
  void largeTensorsStayInTheFile() {
    TensorProto stored =
        ModelFile.open(linear().write(folder)).model().getGraph().getInitializer(0);
    assertThat(stored.hasRawData()).isFalse();
    assertThat(stored.getMappedLength()).isEqualTo(4800);
  }

  @Test
  void noFileCanSayWhereItsTensorsAreMapped() {
    TestModel model = plain().node("Add", "x w", "y");
    model
        .graph()
        .addInitializer(
            TensorProto.newBuilder()
                .setName("w")
                .setDataType(FLOAT)
                .addDims(4)
                .setMappedOffset(1 << 30)
                .setMappedLength(16));
    expect(
        model,
        "model.onnx:w: error[shape-mismatch]: the stored tensor [4] needs 4 numbers, but has 0"
            + " hint: the exporter wrote a damaged tensor: export the model again");
  }
}
