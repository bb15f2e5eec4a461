package org.lapidary.ir.text;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.function.Supplier;
import org.lapidary.ir.Data;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;

/// Constants as files `HASH.bin` of little-endian elements in one directory, memory-mapped when
/// they are read.
///
/// @param directory need not exist before the first write
public record ConstantDirectory(Path directory) implements ConstantStore {

  @Override
  public Optional<Supplier<Tensor>> find(TensorType type, String hash) {
    Path file = file(hash);
    try {
      return Files.exists(file) && Files.size(file) == type.bytes()
          ? Optional.of(() -> read(file, type))
          : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Writes a constant unless it is there already.
  public void write(Data data) {
    Path file = file(data.hash());
    if (Files.exists(file)) {
      return;
    }
    Tensor tensor = data.load();
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.toIntExact(data.type().bytes())).order(ByteOrder.LITTLE_ENDIAN);
    switch (data.type().dtype()) {
      case F32 -> bytes.asFloatBuffer().put(tensor.f32());
      case I64 -> bytes.asLongBuffer().put(tensor.i64());
      case I32 -> bytes.asIntBuffer().put(tensor.i32());
      case I8, BOOL -> bytes.duplicate().put(tensor.bytes());
    }
    try {
      Files.createDirectories(directory);
      // Whoever sees the file under its name sees all of it.
      Path unfinished = Files.createTempFile(directory, data.hash(), ".part");
      Files.write(unfinished, bytes.array());
      Files.move(unfinished, file, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path file(String hash) {
    return directory.resolve(hash + ".bin");
  }

  private static Tensor read(Path file, TensorType type) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer bytes =
          channel
              .map(FileChannel.MapMode.READ_ONLY, 0, type.bytes())
              .order(ByteOrder.LITTLE_ENDIAN);
      int n = type.elements();
      return Tensor.of(
          type,
          switch (type.dtype()) {
            case F32 -> {
              float[] array = new float[n];
              bytes.asFloatBuffer().get(array);
              yield array;
            }
            case I64 -> {
              long[] array = new long[n];
              bytes.asLongBuffer().get(array);
              yield array;
            }
            case I32 -> {
              int[] array = new int[n];
              bytes.asIntBuffer().get(array);
              yield array;
            }
            case I8, BOOL -> {
              byte[] array = new byte[n];
              bytes.get(array);
              yield array;
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
