package org.lapidary.frontend.onnx;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/// A model message without its large tensors: these are replaced by their place in the file, so
/// that the parser never copies a weight.
///
/// protobuf-java can only hand out views of arrays, which would mean to load the file whole; so the
/// wire format is walked over once before it is parsed. Walking also bounds what a hostile file can
/// make of the parser: its depth and its number of messages.
final class Skeleton {
  /// Field numbers of `mapped_offset` and `mapped_length`, which no file may bring along.
  private static final int MAPPED_OFFSET = 1001;

  private static final int MAPPED_LENGTH = 1002;

  private static final int LARGE_BYTES = 1024;
  private static final int DEEPEST = 64;
  private static final int MOST_MESSAGES = 4_000_000;

  private static final int VARINT = 0;
  private static final int EIGHT_BYTES = 1;
  private static final int LENGTH = 2;
  private static final int FOUR_BYTES = 5;

  /// The bytes are no message.
  static final class Malformed extends Exception {
    private static final long serialVersionUID = 1;

    Malformed(String message) {
      super(message);
    }
  }

  /// The messages that lead to tensors.
  private enum Kind {
    MODEL,
    GRAPH,
    NODE,
    ATTRIBUTE,
    FUNCTION,
    SPARSE,
    TENSOR,
    OTHER;

    /// What a field of this message holds. Source: onnx.proto.
    Kind child(int field) {
      return switch (this) {
        case MODEL ->
            switch (field) {
              case 7 -> GRAPH;
              case 25 -> FUNCTION;
              default -> OTHER;
            };
        case GRAPH ->
            switch (field) {
              case 1 -> NODE;
              case 5 -> TENSOR;
              case 15 -> SPARSE;
              default -> OTHER;
            };
        case FUNCTION -> field == 7 ? NODE : field == 11 ? ATTRIBUTE : OTHER;
        case NODE -> field == 5 ? ATTRIBUTE : OTHER;
        case ATTRIBUTE ->
            switch (field) {
              case 5, 10 -> TENSOR;
              case 6, 11 -> GRAPH;
              default -> OTHER;
            };
        case SPARSE -> field == 1 || field == 2 ? TENSOR : OTHER;
        case TENSOR, OTHER -> OTHER;
      };
    }
  }

  private final ByteBuffer file;
  private int at;
  private int messages;

  private Skeleton(ByteBuffer file) {
    this.file = file;
  }

  /// @param file the whole file
  /// @return the message to parse
  static byte[] of(ByteBuffer file) throws Malformed {
    return new Skeleton(file).message(file.limit(), Kind.MODEL, 0);
  }

  private byte[] message(int end, Kind kind, int depth) throws Malformed {
    if (depth > DEEPEST || ++messages > MOST_MESSAGES) {
      throw new Malformed("nested too deeply, or too many messages");
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    while (at < end) {
      int start = at;
      long tag = varint(end);
      int field = (int) Math.min(tag >>> 3, Integer.MAX_VALUE);
      boolean ours = kind == Kind.TENSOR && (field == MAPPED_OFFSET || field == MAPPED_LENGTH);
      switch ((int) (tag & 7)) {
        case VARINT -> varint(end);
        case EIGHT_BYTES -> skip(8, end);
        case FOUR_BYTES -> skip(4, end);
        case LENGTH -> {
          if (nested(field, kind, depth, end, out)) {
            continue;
          }
        }
        default -> throw new Malformed("wire type " + (tag & 7));
      }
      if (!ours) {
        copy(start, at, out);
      }
    }
    return out.toByteArray();
  }

  /// Writes a field that holds a message or a large tensor, and says whether it was one.
  private boolean nested(int field, Kind kind, int depth, int end, ByteArrayOutputStream out)
      throws Malformed {
    long length = varint(end);
    if (length < 0 || length > end - at) {
      throw new Malformed("a field ends beyond its message");
    }
    int stop = at + (int) length;
    Kind child = kind.child(field);
    if (child != Kind.OTHER) {
      byte[] inner = message(stop, child, depth + 1);
      put((long) field << 3 | LENGTH, out);
      put(inner.length, out);
      out.writeBytes(inner);
      return true;
    }
    if (kind == Kind.TENSOR && field == 9 && length >= LARGE_BYTES) {
      put((long) MAPPED_OFFSET << 3, out);
      put(at, out);
      put((long) MAPPED_LENGTH << 3, out);
      put(length, out);
      at = stop;
      return true;
    }
    at = stop;
    return false;
  }

  private void skip(int bytes, int end) throws Malformed {
    if (bytes > end - at) {
      throw new Malformed("a number ends beyond its message");
    }
    at += bytes;
  }

  private void copy(int from, int to, ByteArrayOutputStream out) {
    byte[] bytes = new byte[to - from];
    file.get(from, bytes);
    out.writeBytes(bytes);
  }

  private long varint(int end) throws Malformed {
    long value = 0;
    for (int shift = 0; shift < 70 && at < end; shift += 7) {
      byte b = file.get(at++);
      value |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw new Malformed("a number without an end");
  }

  private static void put(long value, ByteArrayOutputStream out) {
    long rest = value;
    while (rest > 0x7f) {
      out.write((int) ((rest & 0x7f) | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
  }
}
