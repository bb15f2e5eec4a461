package org.lapidary.tools.reference;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import ai.onnxruntime.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lapidary.ir.DType;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Tensor;
import org.lapidary.tools.compile.InputSlot;

/// An ONNX file loaded into ONNX Runtime, on one thread per session so that results repeat.
public final class OnnxRuntimeModel implements AutoCloseable {
  static {
    Telemetry.disable();
  }

  private final String file;
  private final OrtEnvironment environment;
  private final OrtSession session;

  private OnnxRuntimeModel(String file, OrtEnvironment environment, OrtSession session) {
    this.file = file;
    this.environment = environment;
    this.session = session;
  }

  /// Loads a model.
  ///
  /// @throws DiagnosticException if ONNX Runtime refuses it
  public static OnnxRuntimeModel load(Path file) {
    try (OrtSession.SessionOptions options = options()) {
      OrtEnvironment environment = OrtEnvironment.getEnvironment();
      return new OnnxRuntimeModel(
          file.toString(), environment, environment.createSession(file.toString(), options));
    } catch (OrtException e) {
      throw refused(file.toString(), e);
    }
  }

  /// Loads a model from memory.
  ///
  /// @param name for messages
  /// @param fused whether operators may be fused before they run; what does nothing, as a dropout
  ///   at inference, is removed in any case
  /// @throws DiagnosticException if ONNX Runtime refuses it
  public static OnnxRuntimeModel load(String name, byte[] model, boolean fused) {
    try (OrtSession.SessionOptions options = options()) {
      OrtEnvironment environment = OrtEnvironment.getEnvironment();
      options.setOptimizationLevel(fused ? OptLevel.ALL_OPT : OptLevel.BASIC_OPT);
      return new OnnxRuntimeModel(name, environment, environment.createSession(model, options));
    } catch (OrtException e) {
      throw refused(name, e);
    }
  }

  private static OrtSession.SessionOptions options() throws OrtException {
    OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    options.setIntraOpNumThreads(1);
    options.setInterOpNumThreads(1);
    options.setSessionLogLevel(ai.onnxruntime.OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
    return options;
  }

  /// Whether the first output is one number per sample.
  public boolean givesOneNumber() {
    try {
      for (NodeInfo info : session.getOutputInfo().values()) {
        return info.getInfo() instanceof TensorInfo tensor
            && tensor.getShape().length == 2
            && tensor.getShape()[1] == 1;
      }
      return false;
    } catch (OrtException e) {
      throw refused(file, e);
    }
  }

  /// Names of the outputs of type f32.
  public List<String> floatOutputs() {
    try {
      List<String> names = new ArrayList<>();
      for (NodeInfo info : session.getOutputInfo().values()) {
        if (info.getInfo() instanceof TensorInfo tensor && tensor.type == OnnxJavaType.FLOAT) {
          names.add(info.getName());
        }
      }
      return names;
    } catch (OrtException e) {
      throw refused(file, e);
    }
  }

  /// The inputs as the file declares them, in its order.
  public List<InputSlot> inputs() {
    try {
      List<InputSlot> slots = new ArrayList<>();
      for (NodeInfo info : session.getInputInfo().values()) {
        TensorInfo tensor = (TensorInfo) info.getInfo();
        List<String> dims = new ArrayList<>();
        for (int i = 0; i < tensor.getShape().length; i++) {
          long size = tensor.getShape()[i];
          dims.add(size >= 0 ? Long.toString(size) : tensor.getDimensionNames()[i]);
        }
        slots.add(new InputSlot(info.getName(), dtype(tensor.type), dims));
      }
      return slots;
    } catch (OrtException e) {
      throw refused(file, e);
    }
  }

  private static DType dtype(OnnxJavaType type) throws OrtException {
    return switch (type) {
      case FLOAT, FLOAT16, BFLOAT16, DOUBLE -> DType.F32;
      case INT64 -> DType.I64;
      case INT32, INT16 -> DType.I32;
      case INT8, UINT8 -> DType.I8;
      case BOOL -> DType.BOOL;
      case STRING, UNKNOWN -> throw new OrtException("input of type " + type);
    };
  }

  /// One inference; inputs the model does not have are ignored.
  public Map<String, Tensor> run(Map<String, Tensor> inputs) {
    Map<String, OnnxTensor> feeds = new LinkedHashMap<>();
    try {
      for (NodeInfo info : session.getInputInfo().values()) {
        Tensor given = inputs.get(info.getName());
        if (given != null) {
          feeds.put(info.getName(), feed(given, ((TensorInfo) info.getInfo()).type));
        }
      }
      Map<String, Tensor> outputs = new LinkedHashMap<>();
      try (OrtSession.Result result = session.run(feeds)) {
        for (Map.Entry<String, OnnxValue> entry : result) {
          if (entry.getValue() instanceof OnnxTensor tensor) {
            outputs.put(entry.getKey(), fetch(tensor));
          }
        }
      }
      return outputs;
    } catch (OrtException e) {
      throw refused(file, e);
    } finally {
      feeds.values().forEach(OnnxTensor::close);
    }
  }

  private OnnxTensor feed(Tensor t, OnnxJavaType wanted) throws OrtException {
    long[] shape = t.type().dims().stream().mapToLong(Integer::longValue).toArray();
    int n = t.elements();
    return switch (wanted) {
      case FLOAT -> {
        FloatBuffer b = FloatBuffer.allocate(n);
        for (int i = 0; i < n; i++) {
          b.put(i, (float) t.asDouble(i));
        }
        yield OnnxTensor.createTensor(environment, b, shape);
      }
      case INT64 -> {
        LongBuffer b = LongBuffer.allocate(n);
        for (int i = 0; i < n; i++) {
          b.put(i, t.asLong(i));
        }
        yield OnnxTensor.createTensor(environment, b, shape);
      }
      case INT32 -> {
        IntBuffer b = IntBuffer.allocate(n);
        for (int i = 0; i < n; i++) {
          b.put(i, (int) t.asLong(i));
        }
        yield OnnxTensor.createTensor(environment, b, shape);
      }
      case BOOL, INT8, UINT8 -> {
        ByteBuffer b = ByteBuffer.allocateDirect(n);
        for (int i = 0; i < n; i++) {
          b.put(i, (byte) t.asLong(i));
        }
        yield OnnxTensor.createTensor(environment, b, shape, wanted);
      }
      case DOUBLE, STRING, INT16, FLOAT16, BFLOAT16, UNKNOWN ->
          throw new OrtException("input of type " + wanted + " is not supported here");
    };
  }

  private static Tensor fetch(OnnxTensor tensor) throws OrtException {
    TensorInfo info = tensor.getInfo();
    List<Integer> dims = new ArrayList<>();
    for (long d : info.getShape()) {
      dims.add(Math.toIntExact(d));
    }
    return switch (info.type) {
      case FLOAT, FLOAT16, BFLOAT16 -> {
        FloatBuffer b = tensor.getFloatBuffer();
        float[] a = new float[b.remaining()];
        b.get(a);
        yield Tensor.f32(dims, a);
      }
      case INT64 -> {
        LongBuffer b = tensor.getLongBuffer();
        long[] a = new long[b.remaining()];
        b.get(a);
        yield Tensor.i64(dims, a);
      }
      case INT32 -> {
        IntBuffer b = tensor.getIntBuffer();
        int[] a = new int[b.remaining()];
        b.get(a);
        yield Tensor.i32(dims, a);
      }
      case BOOL, INT8, UINT8 -> {
        ByteBuffer b = tensor.getByteBuffer();
        byte[] a = new byte[b.remaining()];
        b.get(a);
        yield Tensor.of(
            org.lapidary.ir.TensorType.of(
                info.type == OnnxJavaType.BOOL ? DType.BOOL : DType.I8, dims),
            a);
      }
      case DOUBLE, STRING, INT16, UNKNOWN ->
          throw new OrtException("output of type " + info.type + " is not supported here");
    };
  }

  private static DiagnosticException refused(String file, OrtException e) {
    return new DiagnosticException(
        Diagnostic.error(
            Diagnostic.Code.INVALID_MODEL,
            file,
            "",
            "ONNX Runtime says: " + String.valueOf(e.getMessage()).lines().findFirst().orElse(""),
            "check the model with onnx.checker"));
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }
}
