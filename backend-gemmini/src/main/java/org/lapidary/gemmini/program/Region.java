package org.lapidary.gemmini.program;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.lapidary.ir.DType;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.sim.MainMemory;

/// Where a tensor is in main memory: element `(i0, i1, …)` at `address + i0 * stridesBytes[0] + …`.
public record Region(long address, DType dtype, List<Integer> dims, List<Long> stridesBytes) {
  public Region {
    dims = List.copyOf(dims);
    stridesBytes = List.copyOf(stridesBytes);
  }

  /// The same further on in memory.
  Region moved(long bytes) {
    return bytes == 0 ? this : new Region(address + bytes, dtype, dims, stridesBytes);
  }

  /// The tensor that is there.
  ///
  /// @param type of the tensor; shape and element type are those of the region
  public Tensor read(MainMemory memory, TensorType type) {
    int n = type.elements();
    byte[] packed = new byte[n * dtype.bytes()];
    rows((at, address, bytes) -> memory.load(address, packed, at, bytes));
    if (dtype.bytes() == 1) {
      return Tensor.of(type, packed);
    }
    int[] ints = new int[n];
    ByteBuffer.wrap(packed).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(ints);
    return Tensor.of(type, ints);
  }

  /// Puts a tensor there.
  public void write(MainMemory memory, Tensor tensor) {
    byte[] packed = bytes(tensor);
    rows((at, address, bytes) -> memory.store(address, packed, at, bytes));
  }

  /// The bytes of a stretch of memory that starts with this region and holds a tensor.
  public byte[] pack(Tensor tensor, long length) {
    byte[] packed = bytes(tensor);
    byte[] out = new byte[Math.toIntExact(length)];
    rows((at, to, n) -> System.arraycopy(packed, at, out, (int) (to - address), n));
    return out;
  }

  static byte[] bytes(Tensor tensor) {
    if (tensor.type().dtype().bytes() == 1) {
      return tensor.bytes();
    }
    ByteBuffer packed =
        ByteBuffer.allocate(tensor.elements() * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    packed.asIntBuffer().put(tensor.i32());
    return packed.array();
  }

  /// A run of neighbours: `bytes` from index `at` of the packed tensor are at `address`.
  @FunctionalInterface
  interface Run {
    void visit(int at, long address, int bytes);
  }

  /// Visits all elements in row-major order, neighbours together.
  void rows(Run run) {
    if (dims.contains(0)) {
      return;
    }
    int size = dtype.bytes();
    int rank = dims.size();
    boolean dense = rank == 0 || dims.getLast() == 1 || stridesBytes.getLast() == size;
    int last = dense ? rank - 1 : rank;
    int length = dense && rank > 0 ? dims.getLast() * size : size;
    int[] index = new int[Math.max(0, last)];
    int at = 0;
    do {
      long from = address;
      for (int axis = 0; axis < index.length; axis++) {
        from += index[axis] * stridesBytes.get(axis);
      }
      run.visit(at, from, length);
      at += length;
    } while (advance(index));
  }

  private boolean advance(int[] index) {
    for (int axis = index.length - 1; axis >= 0; axis--) {
      if (++index[axis] < dims.get(axis)) {
        return true;
      }
      index[axis] = 0;
    }
    return false;
  }
}
