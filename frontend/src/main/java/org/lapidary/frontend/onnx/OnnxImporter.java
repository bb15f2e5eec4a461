package org.lapidary.frontend.onnx;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lapidary.frontend.onnx.proto.Onnx.GraphProto;
import org.lapidary.frontend.onnx.proto.Onnx.ModelProto;
import org.lapidary.frontend.onnx.proto.Onnx.ValueInfoProto;
import org.lapidary.ir.Diagnostic.Code;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.NnOp;

/// Reads an ONNX model and lowers it to the `nn` level.
public final class OnnxImporter {
  static final long OLDEST_OPSET = 7;
  static final long NEWEST_OPSET = 27;

  private OnnxImporter() {}

  /// Reads a model. Weights stay in the file, which must not change while the graph is in use.
  ///
  /// @param file an `.onnx` file; external data is looked for beside it
  /// @param dims sizes of the model's symbolic dimensions, by name (`batch` = 1); also values of
  ///   scalar integer or boolean inputs, which thereby become constants
  /// @return the model as a graph with static shapes
  /// @throws DiagnosticException with everything that stands in the way
  public static Imported read(Path file, Map<String, Integer> dims) {
    Problems problems = new Problems(String.valueOf(file.getFileName()));
    try {
      return read(ModelFile.open(file), dims, problems);
    } catch (Refusal refusal) {
      problems.add("", refusal);
      throw new DiagnosticException(problems.list());
    }
  }

  private static Imported read(ModelFile file, Map<String, Integer> dims, Problems problems) {
    ModelProto model = file.model();
    GraphProto graph = model.getGraph();
    Map<String, Long> opsets = GraphLowering.opsets(model.getOpsetImportList());
    long opset = opsets.computeIfAbsent("", _ -> 1L);
    if (opset < OLDEST_OPSET || opset > NEWEST_OPSET) {
      problems.add(
          Code.UNSUPPORTED_OPSET,
          "",
          "the model uses opset "
              + opset
              + "; "
              + OLDEST_OPSET
              + " to "
              + NEWEST_OPSET
              + " are read",
          "convert it with onnx.version_converter, or export it again");
    }
    Path folder = Optional.ofNullable(file.path().toAbsolutePath().getParent()).orElseThrow();
    TensorReader tensors = new TensorReader(file.bytes(), new ExternalData(folder));
    Emitter out = new Emitter(graph.getName().isEmpty() ? "main" : graph.getName());
    Scope scope = Scope.main(opsets);
    GraphLowering lowering = new GraphLowering(model, problems, out, tensors);
    lowering.initializers(graph, scope);
    Dimensions bound = new Dimensions(dims, problems);
    new ModelInputs(bound, problems, out).bind(graph, scope);
    lowering.nodes(graph, scope);
    results(graph, scope, out, problems);
    problems.stopIfAny();
    refuseNothing(out.build(), dims, problems);
    problems.stopIfAny();
    Graph<NnOp> built = out.build();
    FiniteWeights.check(built, problems);
    problems.stopIfAny();
    return new Imported(built, bound.used(), opset, model.getProducerName(), graph.getNodeCount());
  }

  /// A dimension of size 0 is for empty caches; where it leaves an empty result it is a slip.
  private static void refuseNothing(
      Graph<NnOp> built, Map<String, Integer> dims, Problems problems) {
    for (Graph.Port result : built.results()) {
      if (dims.containsValue(0) && result.type().dims().contains(0)) {
        problems.add(
            Code.INVALID_INPUT,
            result.name(),
            "this result would be empty, " + result.type(),
            "give the dimensions of size 0 at least 1; only a cache may be empty");
      }
    }
  }

  private static void results(GraphProto graph, Scope scope, Emitter out, Problems problems) {
    List<String> names = graph.getOutputList().stream().map(ValueInfoProto::getName).toList();
    if (names.isEmpty()) {
      problems.add("", Refusal.model("the model has no outputs"));
    }
    if (names.stream().distinct().count() < names.size()) {
      problems.add("", Refusal.model("two outputs of the model have the same name"));
    }
    for (String name : names) {
      try {
        Optional<Value> value = scope.find(name);
        value.ifPresent(v -> out.result(name, v));
      } catch (Refusal refusal) {
        problems.add(name, refusal);
      }
    }
  }
}
