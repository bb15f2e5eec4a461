package org.lapidary.tools.reference.quantized;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Tensor;
import org.lapidary.tools.reference.OnnxRuntimeModel;

/// ONNX Runtime's own int8 of a model. What it computes depends on the host: without VNNI some of
/// its kernels add products of bytes with saturation.
public final class OrtInt8 {
  /// The first operator set with all operators that the quantized models are made of.
  private static final int FIRST_OPSET = 11;

  private OrtInt8() {}

  /// The model as `quantize_dynamic(model)` makes it.
  ///
  /// @throws DiagnosticException if it cannot be read, or ONNX Runtime refuses it
  public static byte[] dynamic(Path model) {
    Set<String> floats = RangeObserver.floatValues(graph(model), model.toString());
    OnnxGraph graph = graph(model);
    DynamicQuantization.apply(graph, floats);
    return graph.bytes();
  }

  /// The model as `quantize_static(model, reader over the samples)` makes it.
  ///
  /// @param samples complete inputs
  /// @throws DiagnosticException if it cannot be read, or ONNX Runtime refuses it
  public static byte[] fixed(Path model, List<Map<String, Tensor>> samples, int threads) {
    String name = model.toString();
    Set<String> floats = RangeObserver.floatValues(graph(model), name);
    var ranges = RangeObserver.ranges(graph(model), name, floats, samples, threads);
    OnnxGraph graph = graph(model);
    StaticQuantization.apply(graph, floats, ranges);
    return graph.bytes();
  }

  /// Loads a quantized model.
  ///
  /// @param name for messages
  public static OnnxRuntimeModel load(String name, byte[] model) {
    return OnnxRuntimeModel.load(name, model, true);
  }

  private static OnnxGraph graph(Path model) {
    try {
      OnnxGraph graph = OnnxGraph.read(model);
      if (graph.opset() < FIRST_OPSET) {
        throw unreadable(model, "opset " + graph.opset() + " has no operators for int8");
      }
      return graph;
    } catch (IOException e) {
      throw unreadable(model, String.valueOf(e.getMessage()));
    }
  }

  private static DiagnosticException unreadable(Path model, String why) {
    return new DiagnosticException(
        Diagnostic.error(
            Diagnostic.Code.INVALID_MODEL,
            model.toString(),
            "",
            "cannot be quantized for ONNX Runtime: " + why,
            "leave its columns out with --no-ort-int8"));
  }

  /// What of the host's instruction set decides which int8 kernels run: `x86_64, avx512_vnni`.
  public static String hostInstructions() {
    String host = System.getProperty("os.arch", "unknown");
    try {
      Path info = Path.of("/proc/cpuinfo");
      if (Files.isReadable(info)) {
        Set<String> flags =
            Files.readAllLines(info).stream()
                .filter(l -> l.startsWith("flags") || l.startsWith("Features"))
                .findFirst()
                .map(l -> Set.of(l.substring(l.indexOf(':') + 1).strip().split("\\s+")))
                .orElse(Set.of());
        for (String flag :
            List.of("amx_int8", "avx512_vnni", "avx_vnni", "avx512bw", "avx2", "i8mm", "asimddp")) {
          if (flags.contains(flag)) {
            return host + ", " + flag;
          }
        }
      }
    } catch (IOException | IllegalArgumentException e) {
      return host; // what the system does not tell stays out
    }
    return host;
  }
}
