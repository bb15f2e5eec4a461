package org.lapidary.gemmini.map;

/// A stretch of main memory whose address is not yet decided. Equality is identity.
public final class Buffer {
  private final String name;
  private final long bytes;
  private final Kind kind;

  private enum Kind {
    ACTIVATION,
    CONSTANT,
    RESIDENT
  }

  /// Memory for something computed while the program runs.
  public static Buffer activation(String name, long bytes) {
    return new Buffer(name, bytes, Kind.ACTIVATION);
  }

  /// Memory whose content is part of the program.
  public static Buffer constant(String name, long bytes) {
    return new Buffer(name, bytes, Kind.CONSTANT);
  }

  /// Memory whose content outlives a run.
  public static Buffer resident(String name, long bytes) {
    return new Buffer(name, bytes, Kind.RESIDENT);
  }

  private Buffer(String name, long bytes, Kind kind) {
    this.name = name;
    this.bytes = bytes;
    this.kind = kind;
  }

  /// For people; not an identity.
  public String name() {
    return name;
  }

  public long bytes() {
    return bytes;
  }

  public boolean isConstant() {
    return kind == Kind.CONSTANT;
  }

  /// Whether it is needed only while a program runs, and may lie where others were.
  public boolean isActivation() {
    return kind == Kind.ACTIVATION;
  }

  @Override
  public String toString() {
    return name + "[" + bytes + "]";
  }
}
