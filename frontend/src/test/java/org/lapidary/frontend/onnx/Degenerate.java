package org.lapidary.frontend.onnx;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.lapidary.frontend.onnx.proto.Onnx.ModelProto;
import org.lapidary.frontend.onnx.proto.Onnx.TensorProto;

/// Replaces weights that test nothing, all of one number or uninitialized memory, by seeded ones.
final class Degenerate {
  private Degenerate() {}

  static byte[] mended(ModelProto model) {
    ModelProto.Builder copy = model.toBuilder();
    Random random = new Random(3);
    for (TensorProto.Builder t : copy.getGraphBuilder().getInitializerBuilderList()) {
      int bytes = t.getDataType() == TestModel.FLOAT ? 4 : 2;
      boolean real = bytes == 4 || t.getDataType() == TestModel.FLOAT16;
      if (t.getFloatDataCount() > 0) {
        t.setRawData(packed(t)).clearFloatData();
      }
      if (real && t.hasRawData() && t.getDimsCount() > 0 && isDegenerate(t, bytes)) {
        t.setRawData(seeded(t.getRawData().size() / bytes, bytes, random));
      }
    }
    return copy.build().toByteArray();
  }

  private static boolean isDegenerate(TensorProto.Builder t, int bytes) {
    ByteBuffer raw = t.getRawData().asReadOnlyByteBuffer().slice().order(ByteOrder.LITTLE_ENDIAN);
    int n = raw.remaining() / bytes;
    boolean alike = true;
    boolean wild = false;
    for (int i = 0; i < n; i++) {
      float v = bytes == 4 ? raw.getFloat(4 * i) : Float.float16ToFloat(raw.getShort(2 * i));
      float first = bytes == 4 ? raw.getFloat(0) : Float.float16ToFloat(raw.getShort(0));
      alike &= v == first;
      wild |= !Float.isFinite(v) || Math.abs(v) > 1000;
    }
    return n > 15 && (alike || wild);
  }

  private static ByteString packed(TensorProto.Builder t) {
    ByteBuffer out = ByteBuffer.allocate(4 * t.getFloatDataCount()).order(ByteOrder.LITTLE_ENDIAN);
    t.getFloatDataList().forEach(out::putFloat);
    return ByteString.copyFrom(out.flip());
  }

  private static ByteString seeded(int n, int bytes, Random random) {
    ByteBuffer out = ByteBuffer.allocate(n * bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < n; i++) {
      float v = (float) (random.nextGaussian() * 0.2);
      if (bytes == 4) {
        out.putFloat(v);
      } else {
        out.putShort(Float.floatToFloat16(v));
      }
    }
    return ByteString.copyFrom(out.flip());
  }
}
