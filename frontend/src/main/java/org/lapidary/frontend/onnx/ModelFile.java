package org.lapidary.frontend.onnx;

import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.lapidary.frontend.onnx.proto.Onnx.ModelProto;
import org.lapidary.ir.Diagnostic.Code;

/// A model file, mapped into memory: the weights inside the parsed message are views of the
/// mapping, so that only the pages somebody reads are ever loaded.
///
/// @param path where it is
/// @param bytes the whole file
/// @param model the parsed message, whose large tensors refer to `bytes`
record ModelFile(Path path, ByteBuffer bytes, ModelProto model) {
  private static final int VARINT = 0;
  private static final int LENGTH = 2;

  /// Fields of ModelProto and their wire types: what tells an ONNX file from any other.
  private static final Map<Integer, Integer> WIRE_TYPES =
      Map.ofEntries(
          Map.entry(1, VARINT),
          Map.entry(2, LENGTH),
          Map.entry(3, LENGTH),
          Map.entry(4, LENGTH),
          Map.entry(5, VARINT),
          Map.entry(6, LENGTH),
          Map.entry(7, LENGTH),
          Map.entry(8, LENGTH),
          Map.entry(14, LENGTH),
          Map.entry(20, LENGTH),
          Map.entry(25, LENGTH),
          Map.entry(26, LENGTH));

  private enum Outline {
    WHOLE,
    CUT_OFF,
    FOREIGN
  }

  static ModelFile open(Path path) {
    if (!Files.isRegularFile(path)) {
      throw new Refusal(
          Code.FILE_NOT_FOUND,
          Files.exists(path) ? "this is not a file" : "there is no such file",
          "give the path of an .onnx file");
    }
    try {
      MemorySegment file = map(path);
      if (file.byteSize() > Integer.MAX_VALUE) {
        throw notOnnx("a protobuf message cannot be larger than 2 GiB");
      }
      ByteBuffer bytes = file.asByteBuffer();
      return new ModelFile(path, bytes, parse(bytes));
    } catch (IOException e) {
      throw new Refusal(Code.FILE_NOT_FOUND, "the file cannot be read", "check its permissions");
    }
  }

  /// Maps a whole file for reading; the mapping lives as long as anything refers to it.
  static MemorySegment map(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), Arena.ofAuto());
    }
  }

  private static ModelProto parse(ByteBuffer bytes) {
    Outline outline = outline(bytes.duplicate());
    if (outline == Outline.FOREIGN) {
      throw notOnnx("this is not an ONNX file");
    }
    try {
      ModelProto model = ModelProto.parseFrom(Skeleton.of(bytes));
      if (!model.hasGraph()) {
        throw notOnnx("this is not an ONNX model: it holds no graph");
      }
      return model;
    } catch (InvalidProtocolBufferException | Skeleton.Malformed e) {
      throw outline == Outline.CUT_OFF ? cutOff() : notOnnx("the inside of the file is damaged");
    }
  }

  private static Refusal notOnnx(String message) {
    return new Refusal(Code.NOT_ONNX, message, "export the model again to ONNX");
  }

  private static Refusal cutOff() {
    return new Refusal(
        Code.TRUNCATED_FILE,
        "the file ends in the middle of the model",
        "copy or download it again");
  }

  /// Walks over the outermost fields only.
  private static Outline outline(ByteBuffer bytes) {
    boolean any = false;
    while (bytes.hasRemaining()) {
      long tag = varint(bytes);
      Integer wire = WIRE_TYPES.get((int) Math.min(tag >>> 3, 1000));
      if (tag < 0 || wire == null || wire != (tag & 7)) {
        return any && tag < 0 ? Outline.CUT_OFF : Outline.FOREIGN;
      }
      long value = varint(bytes);
      if (value < 0 || (wire == LENGTH && value > bytes.remaining())) {
        return Outline.CUT_OFF;
      }
      if (wire == LENGTH) {
        bytes.position(bytes.position() + (int) value);
      }
      any = true;
    }
    return any ? Outline.WHOLE : Outline.FOREIGN;
  }

  /// The next variable-length number, or -1 if the bytes end first or it is none.
  private static long varint(ByteBuffer bytes) {
    long value = 0;
    for (int shift = 0; shift < 63 && bytes.hasRemaining(); shift += 7) {
      byte b = bytes.get();
      value |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        return value;
      }
    }
    return -1;
  }
}
