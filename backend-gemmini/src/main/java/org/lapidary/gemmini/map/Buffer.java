package org.lapidary.gemmini.map;

/// A stretch of main memory whose address is not yet decided. Equality is identity.
public final class Buffer {
  private final String name;
  private final long bytes;
  private final boolean constant;

  /// Memory for something computed while the program runs.
  public static Buffer activation(String name, long bytes) {
    return new Buffer(name, bytes, false);
  }

  /// Memory whose content is part of the program.
  public static Buffer constant(String name, long bytes) {
    return new Buffer(name, bytes, true);
  }

  private Buffer(String name, long bytes, boolean constant) {
    this.name = name;
    this.bytes = bytes;
    this.constant = constant;
  }

  /// For people; not an identity.
  public String name() {
    return name;
  }

  public long bytes() {
    return bytes;
  }

  public boolean isConstant() {
    return constant;
  }

  @Override
  public String toString() {
    return name + "[" + bytes + "]";
  }
}
