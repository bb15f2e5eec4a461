package org.lapidary.ir;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A constant by reference: a name, a type, a hash of the content, and a way to read it.
///
/// Graphs and passes carry references only; the elements stay in the (memory-mapped) model file
/// until somebody asks for them, and are not kept afterwards.
public final class Data {
  /// Elements that are looked at before a whole constant is.
  private static final int BEGINNING = 64;

  private final String name;
  private final TensorType type;
  private final Supplier<Tensor> source;
  private volatile String hash = "";
  private volatile @Nullable Integer beginning;

  private Data(String name, TensorType type, Supplier<Tensor> source) {
    this.name = name;
    this.type = type;
    this.source = source;
  }

  /// A constant held in memory.
  public static Data of(String name, Tensor tensor) {
    return new Data(name, tensor.type(), () -> tensor);
  }

  /// A constant read on demand. The source must give the same tensor each time.
  public static Data lazy(String name, TensorType type, Supplier<Tensor> source) {
    return new Data(name, type, source);
  }

  /// A constant read on demand whose hash is known already.
  public static Data stored(String name, TensorType type, String hash, Supplier<Tensor> source) {
    Data data = new Data(name, type, source);
    data.hash = hash;
    return data;
  }

  /// Name for people, usually the ONNX initializer; not an identity.
  public String name() {
    return name;
  }

  public TensorType type() {
    return type;
  }

  /// Reads the elements.
  public Tensor load() {
    Tensor tensor = source.get();
    if (!tensor.type().equals(type)) {
      throw new IllegalStateException(name + " is " + tensor.type() + ", not " + type);
    }
    if (beginning == null) {
      beginning = beginning(tensor);
    }
    return tensor;
  }

  /// What tells most constants apart without reading them whole again.
  private static int beginning(Tensor tensor) {
    int sum = 0;
    for (int i = 0; i < Math.min(tensor.elements(), BEGINNING); i++) {
      sum = 31 * sum + Double.hashCode(tensor.asDouble(i));
    }
    return sum;
  }

  private int beginning() {
    Integer known = beginning;
    return known != null ? known : beginning(load());
  }

  /// First 16 hexadecimal digits of the SHA-256 of type and little-endian elements.
  public String hash() {
    if (!isHashed()) {
      hash = digest(load());
    }
    return hash;
  }

  /// Constants are equal when their types and contents are.
  @Override
  public boolean equals(Object other) {
    return this == other
        || (other instanceof Data that
            && type.equals(that.type)
            && ((isHashed() && that.isHashed()) || beginning() == that.beginning())
            && hash().equals(that.hash()));
  }

  private boolean isHashed() {
    return !hash.isEmpty();
  }

  @Override
  public int hashCode() {
    return Objects.hash(type);
  }

  @Override
  public String toString() {
    return "@" + name;
  }

  private static String digest(Tensor t) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      sha.update(t.type().toString().getBytes(java.nio.charset.StandardCharsets.UTF_8));
      int chunk = 1 << 16;
      ByteBuffer buffer =
          ByteBuffer.allocate(chunk * t.type().dtype().bytes()).order(ByteOrder.LITTLE_ENDIAN);
      for (int from = 0; from < t.elements(); from += chunk) {
        int to = Math.min(t.elements(), from + chunk);
        buffer.clear();
        put(t, from, to, buffer);
        sha.update(buffer.flip());
      }
      return HexFormat.of().formatHex(sha.digest(), 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static void put(Tensor t, int from, int to, ByteBuffer buffer) {
    switch (t.type().dtype()) {
      case F32 -> {
        for (int i = from; i < to; i++) {
          buffer.putFloat(t.f32()[i]);
        }
      }
      case I64 -> {
        for (int i = from; i < to; i++) {
          buffer.putLong(t.i64()[i]);
        }
      }
      case I32 -> {
        for (int i = from; i < to; i++) {
          buffer.putInt(t.i32()[i]);
        }
      }
      case I8, BOOL -> buffer.put(t.bytes(), from, to - from);
    }
  }
}
