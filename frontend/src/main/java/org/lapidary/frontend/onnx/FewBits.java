package org.lapidary.frontend.onnx;

import java.util.Optional;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;

/// Weights of 2, 4 or 8 bits in blocks with a scale each, several to a byte; unpacked whenever they
/// are read.
///
/// Source: ONNX Runtime ContribOperators.md, MatMulNBits.
final class FewBits {
  private FewBits() {}

  /// Inputs: A, B `[N, blocks, bytes]`, scales, zero points, group indices, bias.
  static Value matMul(Call c) {
    int k = c.attributes().small("K", 0);
    int n = c.attributes().small("N", 0);
    int bits = c.attributes().small("bits", 4);
    int block = c.attributes().small("block_size", 32);
    if (c.maybe(4).isPresent() || (bits != 2 && bits != 4 && bits != 8)) {
      throw Refusal.op(
          "MatMulNBits of " + bits + " bits or with reordered rows is not supported",
          "use 2, 4 or 8 bits without g_idx");
    }
    if (k < 1 || n < 1 || block < 1) {
      throw Refusal.shape(
          "MatMulNBits of K " + k + ", N " + n + ", blocks of " + block, "check it");
    }
    Packing packing = new Packing(k, n, bits, block);
    Data packed = stored(c, 1, (long) n * packing.blocks() * packing.bytesPerBlock());
    Data scales = stored(c, 2, (long) n * packing.blocks());
    Optional<Data> zeros =
        c.maybe(3).map(z -> stored(c, 3, (long) n * packing.zerosPerColumn(z.type().dtype())));
    TensorType type = TensorType.of(DType.F32, k, n);
    Dims.made(k, n);
    Value weight =
        c.constant(
            Data.lazy(
                packed.name(),
                type,
                () ->
                    Tensor.of(
                        type,
                        packing.unpack(packed.load(), scales.load(), zeros.map(Data::load)))));
    Value y = NeuralOperators.matmul(c, c.in(0), weight);
    return c.maybe(5).map(bias -> c.add(y, bias)).orElse(y);
  }

  private static Data stored(Call c, int input, long elements) {
    Value v = c.in(input);
    boolean isPacked = input == 1;
    if (v.type().elements() != elements || (isPacked && v.type().dtype() == DType.F32)) {
      throw Refusal.shape(
          "input "
              + input
              + " of MatMulNBits is "
              + v.type()
              + ", not of "
              + elements
              + " elements",
          "check the model");
    }
    return c.out()
        .data(v)
        .orElseThrow(
            () -> Refusal.op("MatMulNBits computes its weights", "store them in the model"));
  }

  /// How the numbers of a matrix `[K,N]` lie in bytes.
  private record Packing(int k, int n, int bits, int block) {
    int blocks() {
      return (k + block - 1) / block;
    }

    /// Real zero points are one a block; packed ones fill up the last byte of a column.
    int zerosPerColumn(DType type) {
      return type == DType.F32 ? blocks() : (blocks() * bits + 7) / 8;
    }

    int bytesPerBlock() {
      return (block * bits + 7) / 8;
    }

    float[] unpack(Tensor packed, Tensor scales, Optional<Tensor> zeros) {
      float[] out = new float[k * n];
      for (int column = 0; column < n; column++) {
        for (int row = 0; row < k; row++) {
          int group = column * blocks() + row / block;
          int q = element(packed, group * bytesPerBlock(), row % block);
          double zero = zeros.isPresent() ? zero(zeros.get(), group, column) : 1 << (bits - 1);
          out[row * n + column] = (float) ((q - zero) * scales.asDouble(group));
        }
      }
      return out;
    }

    private double zero(Tensor zeros, int group, int column) {
      if (zeros.type().dtype() == DType.F32) {
        return zeros.asDouble(group);
      }
      int start = column * zerosPerColumn(zeros.type().dtype());
      return element(zeros, start, group % blocks());
    }

    private int element(Tensor bytes, int start, int index) {
      int bit = index * bits;
      int whole = (int) bytes.asLong(start + bit / 8) & 0xff;
      return whole >> (bit % 8) & ((1 << bits) - 1);
    }
  }
}
