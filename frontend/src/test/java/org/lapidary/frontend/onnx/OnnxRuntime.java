package org.lapidary.frontend.onnx;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;

/// The reference: what ONNX Runtime computes from the same file and the same inputs.
final class OnnxRuntime {
  private static final OrtEnvironment ENVIRONMENT =
      OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);

  private OnnxRuntime() {}

  /// One result: its shape and its elements, whatever their type.
  record Result(List<Integer> dims, double[] values) {}

  static Map<String, Result> run(Path model, Map<String, Tensor> inputs) throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      // Its extended fusions change what a masked GPT computes; the basic ones only fold.
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.BASIC_OPT);
      try (OrtSession session = ENVIRONMENT.createSession(model.toString(), options)) {
        Map<String, OnnxTensor> feed = new HashMap<>();
        for (NodeInfo info : session.getInputInfo().values()) {
          Tensor given = inputs.get(info.getName());
          if (given != null) {
            feed.put(info.getName(), tensor(given, (TensorInfo) info.getInfo()));
          }
        }
        try (OrtSession.Result result = session.run(feed)) {
          Map<String, Result> out = new LinkedHashMap<>();
          for (Map.Entry<String, OnnxValue> entry : result) {
            out.put(entry.getKey(), result((OnnxTensor) entry.getValue()));
          }
          return out;
        } finally {
          feed.values().forEach(OnnxTensor::close);
        }
      }
    }
  }

  private static OnnxTensor tensor(Tensor t, TensorInfo info) throws OrtException {
    long[] dims = t.type().dims().stream().mapToLong(d -> d).toArray();
    int n = t.elements();
    return switch (info.type) {
      case FLOAT -> OnnxTensor.createTensor(ENVIRONMENT, FloatBuffer.wrap(t.f32()), dims);
      case INT64 -> OnnxTensor.createTensor(ENVIRONMENT, LongBuffer.wrap(t.i64()), dims);
      case INT32 -> OnnxTensor.createTensor(ENVIRONMENT, IntBuffer.wrap(t.i32()), dims);
      case DOUBLE -> {
        double[] d = new double[n];
        for (int i = 0; i < n; i++) {
          d[i] = t.asDouble(i);
        }
        yield OnnxTensor.createTensor(ENVIRONMENT, DoubleBuffer.wrap(d), dims);
      }
      case FLOAT16 -> {
        ByteBuffer b = ByteBuffer.allocateDirect(2 * n).order(ByteOrder.nativeOrder());
        for (int i = 0; i < n; i++) {
          b.putShort(2 * i, Float.floatToFloat16(t.f32()[i]));
        }
        yield OnnxTensor.createTensor(ENVIRONMENT, b, dims, OnnxJavaType.FLOAT16);
      }
      default -> {
        ByteBuffer b = ByteBuffer.allocateDirect(n).order(ByteOrder.nativeOrder());
        for (int i = 0; i < n; i++) {
          b.put(i, (byte) t.asLong(i));
        }
        yield OnnxTensor.createTensor(ENVIRONMENT, b, dims, info.type);
      }
    };
  }

  private static Result result(OnnxTensor tensor) throws OrtException {
    TensorInfo info = tensor.getInfo();
    List<Integer> dims =
        java.util.Arrays.stream(info.getShape()).mapToObj(Math::toIntExact).toList();
    double[] values = new double[dims.stream().reduce(1, (a, b) -> a * b)];
    switch (info.type) {
      case FLOAT, FLOAT16, BFLOAT16 -> {
        FloatBuffer b = tensor.getFloatBuffer();
        java.util.Arrays.setAll(values, b::get);
      }
      case DOUBLE -> {
        DoubleBuffer b = tensor.getDoubleBuffer();
        java.util.Arrays.setAll(values, b::get);
      }
      case INT64 -> {
        LongBuffer b = tensor.getLongBuffer();
        java.util.Arrays.setAll(values, b::get);
      }
      case INT32 -> {
        IntBuffer b = tensor.getIntBuffer();
        java.util.Arrays.setAll(values, b::get);
      }
      case UINT8 -> {
        ByteBuffer b = tensor.getByteBuffer();
        java.util.Arrays.setAll(values, i -> b.get(i) & 0xff);
      }
      default -> {
        ByteBuffer b = tensor.getByteBuffer();
        java.util.Arrays.setAll(values, b::get);
      }
    }
    return new Result(dims, values);
  }

  /// Seeded inputs: real numbers around 0; ids 0 or 1, so that they fit every table; masks of ones;
  /// positions that count along the last axis.
  static Map<String, Tensor> inputs(Graph<?> graph, long seed) {
    Random random = new Random(seed);
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    for (Graph.Port port : graph.inputs()) {
      inputs.put(port.name(), input(port.name(), port.type(), random));
    }
    return inputs;
  }

  private static Tensor input(String name, TensorType type, Random random) {
    int n = type.elements();
    if (type.dtype() == org.lapidary.ir.DType.F32) {
      // Weights given as inputs are kept small, as weights are.
      double size = name.contains("weight") || name.contains("bias") ? 0.05 : 1;
      float[] values = new float[n];
      for (int i = 0; i < n; i++) {
        values[i] = (float) (random.nextGaussian() * size);
      }
      return Tensor.of(type, values);
    }
    long[] values = new long[n];
    int width = type.rank() == 0 ? 1 : Math.max(1, type.dim(-1));
    for (int i = 0; i < n; i++) {
      boolean mask = name.contains("mask");
      values[i] = mask ? 1 : name.contains("pos") ? i % width : random.nextInt(2);
    }
    return integers(type, values);
  }

  private static Tensor integers(TensorType type, long[] values) {
    int n = values.length;
    return switch (type.dtype()) {
      case I64 -> Tensor.of(type, values);
      case I32 -> {
        int[] a = new int[n];
        java.util.Arrays.setAll(a, i -> (int) values[i]);
        yield Tensor.of(type, a);
      }
      case I8, BOOL -> {
        byte[] a = new byte[n];
        for (int i = 0; i < n; i++) {
          a[i] = (byte) values[i];
        }
        yield Tensor.of(type, a);
      }
      case F32 -> throw new IllegalArgumentException("real numbers are made above");
    };
  }
}
