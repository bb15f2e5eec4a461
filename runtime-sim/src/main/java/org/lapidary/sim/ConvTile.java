package org.lapidary.sim;

import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.isa.Instr;

/// The sizes of one LOOP_CONV_WS and where its operands lie, locally (in rows) and in main memory
/// (in elements).
///
/// Source: gemmini.md §10.5.
final class ConvTile {
  final GemminiParams params;
  final int dim;
  final Instr.LoopConvWs loop;
  final Instr.LoopConvWs1 image;
  final Instr.LoopConvWs2 pool;
  final Instr.LoopConvWs3 kernel;
  final Instr.LoopConvWs4 strides;
  final Instr.LoopConvWs5 addrs;
  final Instr.LoopConvWs6 moreAddrs;

  final int batches;
  final int orows;
  final int ocols;
  final int ochs;
  final int krows;
  final int kcols;
  final int kchs;

  /// Input rows and columns with and without padding, after undoing the input dilation.
  final int irows;

  final int icols;
  final int irowsUnpadded;
  final int icolsUnpadded;
  final int padUp;
  final int padDown;
  final int padLeft;
  final int padRight;

  /// Local rows per image of the input, per image row, and the shift that downsampling means.
  final int localImage;

  final int localImageCols;
  final int downsample;
  final int pixelsPerRow;

  private final int inputRow;
  private final int weightRow;
  private final int accRow;

  ConvTile(
      GemminiParams params,
      Instr.LoopConvWs loop,
      Instr.LoopConvWs1 image,
      Instr.LoopConvWs2 pool,
      Instr.LoopConvWs3 kernel,
      Instr.LoopConvWs4 strides,
      Instr.LoopConvWs5 addrs,
      Instr.LoopConvWs6 moreAddrs,
      boolean secondAccHalf) {
    this.params = params;
    this.dim = params.dim();
    this.loop = loop;
    this.image = image;
    this.pool = pool;
    this.kernel = kernel;
    this.strides = strides;
    this.addrs = addrs;
    this.moreAddrs = moreAddrs;
    this.batches = pool.tileBatches();
    this.orows = strides.tileOutRows();
    this.ocols = strides.tileOutCols();
    this.ochs = pool.tileOutChannels();
    this.krows = kernel.tileKernelRows();
    this.kcols = kernel.tileKernelCols();
    this.kchs = kernel.tileKernelChannels();
    this.padUp = undilated(kernel.padUp());
    this.padDown = undilated(kernel.padDown());
    this.padLeft = undilated(kernel.padLeft());
    this.padRight = undilated(kernel.padRight());
    this.irowsUnpadded = undilated(inputSize(orows, krows) - kernel.padUp() - kernel.padDown());
    this.icolsUnpadded = undilated(inputSize(ocols, kcols) - kernel.padLeft() - kernel.padRight());
    this.irows = irowsUnpadded + padUp + padDown;
    this.icols = icolsUnpadded + padLeft + padRight;
    this.downsample = loop.downsample() ? 1 : 0;
    this.localImageCols = icols >> downsample;
    this.localImage = (irows >> downsample) * localImageCols;
    this.pixelsPerRow = Math.max(1, loop.maxPixelsPerRow());
    int half = params.spadRows() / 2;
    this.inputRow = Math.max(0, loop.spadIdA() - 1) * half;
    this.weightRow = Math.max(1, loop.spadIdB()) * half - weightRows();
    this.accRow = secondAccHalf ? params.accRows() / 2 : 0;
  }

  /// Input positions that `outputs` output positions and `taps` kernel positions reach.
  private int inputSize(int outputs, int taps) {
    int dilatedTaps = taps + (strides.kernelDilation() - 1) * (taps - 1);
    return outputs * image.stride() + dilatedTaps - 1;
  }

  /// A position of the dilated input, counted without the zeros in between.
  int undilated(int x) {
    return loop.inputDilated() ? (x + 1) >> 1 : x;
  }

  int weightRows() {
    return loop.transWeight0132()
        ? ceilDiv(kchs, dim) * krows * kcols * ochs
        : ceilDiv(ochs, dim) * krows * kcols * kchs;
  }

  int inputRows() {
    return loop.transInput3120()
        ? ceilDiv(batches, dim) * kchs * localImage
        : ceilDiv(kchs, dim) * batches * localImage;
  }

  int outputRows() {
    return ceilDiv(ochs, dim) * batches * orows * ocols;
  }

  static int ceilDiv(int x, int y) {
    return (x + y - 1) / y;
  }

  int inputRow(int b, int row, int col, int ich) {
    int channel =
        loop.transInput3120()
            ? b / dim * kchs * localImage + ich * localImage
            : ich / dim * batches * localImage + b * localImage;
    return inputRow + channel + (row >> downsample) * localImageCols + (col >> downsample);
  }

  int weightRow(int krow, int kcol, int kch, int och) {
    int tap = krow * kcols + kcol;
    return weightRow
        + (loop.transWeight0132()
            ? (kch / dim * krows * kcols + tap) * ochs + och
            : (och / dim * krows * kcols + tap) * kchs + kch);
  }

  int outputRow(int b, int orow, int ocol, int och) {
    return accRow + ((och / dim * batches + b) * orows + orow) * ocols + ocol;
  }

  long inputAddress(int b, int row, int col, int ich) {
    long pixel = (long) row * kernel.inCols() + col;
    long perImage = (long) image.inRows() * kernel.inCols();
    return moreAddrs.input().bytes()
        + (loop.transInput3120()
            ? (ich * perImage + pixel) * image.batch() + b
            : (b * perImage + pixel) * strides.inStrideElements() + ich);
  }

  long weightAddress(int krow, int kcol, int kch, int och) {
    long kernelDim = pool.kernelDim();
    long offset;
    if (loop.depthwise()) {
      offset = krow * kernelDim + kcol;
    } else if (loop.transWeight1203()) {
      offset = ((kch * kernelDim + krow) * kernelDim + kcol) * image.outChannels() + och;
    } else if (loop.transWeight0132()) {
      offset = ((krow * kernelDim + kcol) * image.outChannels() + och) * image.inChannels() + kch;
    } else {
      offset =
          ((krow * kernelDim + kcol) * image.inChannels() + kch) * strides.weightStrideElements()
              + och;
    }
    return addrs.weights().bytes() + offset;
  }

  /// Elements between main-memory rows of a weight tile.
  long weightStride() {
    if (loop.depthwise()) {
      return 1;
    } else if (loop.transWeight1203()) {
      return (long) pool.kernelDim() * pool.kernelDim() * image.outChannels();
    } else if (loop.transWeight0132()) {
      return image.inChannels();
    }
    return strides.weightStrideElements();
  }

  long outputAddress(int b, int orow, int ocol, int och) {
    return addrs.output().bytes()
        + (loop.transOutput1203()
            ? (((long) orow * image.outCols() + ocol) * image.batch() + b) * image.outChannels()
                + och
            : (((long) b * image.outRows() + orow) * image.outCols() + ocol)
                    * strides.outStrideElements()
                + och);
  }

  long pooledOutputAddress(int b, int och) {
    long images = (long) b * image.pooledOutRows() * pool.pooledOutCols();
    return addrs.output().bytes() + images * strides.outStrideElements() + och;
  }
}
