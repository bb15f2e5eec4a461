package org.lapidary.sim;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/// Main memory: one flat, little-endian region, zero at first.
///
/// One Java array holds it all, hence at most 2 GiB: array accesses are what the just-in-time
/// compiler handles best. The accelerator reaches into the array, hosts go through [#store] and
/// [#load], so that a [HostStores] listener sees what the CPU wrote.
public final class MainMemory {
  /// Where the golden programs and the C library put main memory.
  public static final long DEFAULT_BASE = 0x8000_0000L;

  static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  /// Told of every store by the host, before it happens.
  @FunctionalInterface
  public interface HostStores {
    /// `length` bytes of `data` starting at `from` are stored at `address`.
    void stored(long address, byte[] data, int from, int length);
  }

  private final long base;
  private final byte[] bytes;
  private @Nullable HostStores listener;

  /// Zeroed memory.
  ///
  /// @param base address of the first byte
  /// @param sizeBytes at most 2 GiB
  public MainMemory(long base, long sizeBytes) {
    if (sizeBytes < 0 || sizeBytes > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException("memory of " + sizeBytes + " bytes; at most 2 GiB");
    }
    this.base = base;
    this.bytes = new byte[(int) sizeBytes];
  }

  /// Address of the first byte.
  public long base() {
    return base;
  }

  /// Size in bytes.
  public int size() {
    return bytes.length;
  }

  /// The bytes themselves; index 0 is the byte at [#base]. Writing here goes unnoticed by
  /// listeners.
  public byte[] bytes() {
    return bytes;
  }

  /// Has a listener told of every store by the host, or no one when null.
  public void observeHostStores(@Nullable HostStores newListener) {
    this.listener = newListener;
  }

  /// A store by the host.
  public void store(long address, byte[] data, int from, int length) {
    int at = index(address, length);
    if (listener != null) {
      listener.stored(address, data, from, length);
    }
    System.arraycopy(data, from, bytes, at, length);
  }

  /// A store by the host.
  public void store(long address, byte[] data) {
    store(address, data, 0, data.length);
  }

  /// A load by the host.
  public void load(long address, byte[] into, int from, int length) {
    System.arraycopy(bytes, index(address, length), into, from, length);
  }

  /// A load by the host.
  public byte[] load(long address, int length) {
    byte[] loaded = new byte[length];
    load(address, loaded, 0, length);
    return loaded;
  }

  /// The index of an address among [#bytes], all of `length` bytes being within memory.
  ///
  /// @throws MachineTrap when they are not
  public int index(long address, long length) {
    long at = address - base;
    if (at < 0 || length < 0 || at > bytes.length - length) {
      throw new MachineTrap(
          "address 0x%x (%d bytes) is outside main memory 0x%x..0x%x"
              .formatted(address, length, base, base + bytes.length));
    }
    return (int) at;
  }
}
