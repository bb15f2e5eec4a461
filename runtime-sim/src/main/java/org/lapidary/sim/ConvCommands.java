package org.lapidary.sim;

import static org.lapidary.sim.PlainCommands.block;

import org.lapidary.machine.isa.Activation;
import org.lapidary.machine.isa.Dataflow;
import org.lapidary.machine.isa.Instr;

/// The plain commands of one LOOP_CONV_WS, phase by phase. Source: gemmini.md §10.5.
final class ConvCommands {
  private static final float IDENTITY = 1.0f;

  private final ConvTile tile;
  private final CommandSink sink;
  private final int dim;

  ConvCommands(ConvTile tile, CommandSink sink) {
    this.tile = tile;
    this.sink = sink;
    this.dim = tile.dim;
  }

  void checkFits() {
    if (tile.inputRows() + tile.weightRows() > tile.params.spadRows() / 2) {
      throw new MachineTrap("LOOP_CONV_WS does not fit half the scratchpad");
    }
    if (tile.outputRows() > tile.params.accRows() / 2) {
      throw new MachineTrap("LOOP_CONV_WS does not fit half the accumulator");
    }
  }

  private void configLoad(int state, long strideBytes, int blockStrideRows, int pixelRepeats) {
    PlainCommands.emit(
        sink,
        new Instr.ConfigLoad(false, state, pixelRepeats, blockStrideRows, IDENTITY, strideBytes));
  }

  void moveBias() {
    long bias = tile.moreAddrs.bias().bytes();
    if (bias == 0) {
      return;
    }
    configLoad(2, 0, tile.batches * tile.orows * tile.ocols, 1);
    int step = Math.min(tile.ochs, tile.params.maxAccBlockTiles() * dim);
    for (int b = 0; b < tile.batches; b++) {
      for (int orow = 0; orow < tile.orows; orow++) {
        for (int ocol = 0; ocol < tile.ocols; ocol += dim) {
          int pixels = Math.min(dim, tile.ocols - ocol);
          for (int och = 0; och < tile.ochs; och += step) {
            int to = PlainCommands.ACC | tile.outputRow(b, orow, ocol, och);
            long from = tile.loop.noBias() ? 0 : bias + (long) och * Integer.BYTES;
            sink.accept(
                PlainCommands.MVIN3, from, block(to, Math.min(step, tile.ochs - och), pixels));
          }
        }
      }
    }
  }

  void moveInput() {
    if (tile.moreAddrs.input().isNone()) {
      return;
    }
    boolean byBatch = tile.loop.transInput3120();
    long stride = byBatch ? tile.image.batch() : tile.strides.inStrideElements();
    int blockStride = (byBatch ? tile.kchs : tile.batches) * tile.localImage;
    configLoad(0, stride << tile.downsample, blockStride, tile.pixelsPerRow);
    int widest = tile.params.maxBlockTiles() * dim;
    int batchStep = byBatch ? Math.min(tile.batches, widest) : 1;
    int channelStep = byBatch ? 1 : Math.min(tile.kchs, widest);
    for (int b = 0; b < tile.batches; b += batchStep) {
      for (int row = -tile.padUp;
          row < tile.irowsUnpadded + tile.padDown;
          row += 1 + tile.downsample) {
        int col = -tile.padLeft;
        while (col < tile.icolsUnpadded + tile.padRight) {
          int pixels = pixelsFrom(col);
          for (int ich = 0; ich < tile.kchs; ich += channelStep) {
            int cols =
                byBatch
                    ? Math.min(batchStep, tile.batches - b)
                    : Math.min(channelStep, tile.kchs - ich);
            moveInputPixels(b, row, col, ich, cols, pixels);
          }
          col += pixels;
        }
      }
    }
  }

  /// How many pixels one mvin takes from column `col` on: never across the edge of the padding.
  private int pixelsFrom(int col) {
    if (col < 0) {
      return Math.min(dim, -col);
    } else if (col >= tile.icolsUnpadded) {
      return Math.min(dim, tile.icolsUnpadded + tile.padRight - col);
    }
    return Math.min(dim << tile.downsample, tile.icolsUnpadded - col);
  }

  private void moveInputPixels(int b, int row, int col, int ich, int cols, int pixels) {
    boolean padding = row < 0 || row >= tile.irowsUnpadded || col < 0 || col >= tile.icolsUnpadded;
    long from = padding ? 0 : tile.inputAddress(b, row, col, ich);
    int to = tile.inputRow(b, row + tile.padUp, col + tile.padLeft, ich);
    sink.accept(PlainCommands.MVIN, from, block(to, cols, pixels >> tile.downsample));
  }

  void moveWeights() {
    if (tile.addrs.weights().isNone()) {
      return;
    }
    boolean swapped = tile.loop.transWeight0132();
    int blockStride = tile.krows * tile.kcols * (swapped ? tile.ochs : tile.kchs);
    configLoad(1, tile.weightStride(), blockStride, 1);
    int widest = Math.min(swapped ? tile.kchs : tile.ochs, tile.params.maxBlockTiles() * dim);
    int ochStep = swapped ? dim : widest;
    int kchStep = swapped ? widest : dim;
    for (int och = 0; och < tile.ochs; och += ochStep) {
      for (int krow = 0; krow < tile.krows; krow++) {
        for (int kcol = 0; kcol < tile.kcols; kcol++) {
          for (int kch = 0; kch < tile.kchs; kch += kchStep) {
            int outs = Math.min(ochStep, tile.ochs - och);
            int ins = Math.min(kchStep, tile.kchs - kch);
            sink.accept(
                PlainCommands.MVIN2,
                tile.weightAddress(krow, kcol, kch, och),
                block(
                    tile.weightRow(krow, kcol, kch, och),
                    swapped ? ins : outs,
                    swapped ? outs : ins));
          }
        }
      }
    }
  }

  void multiply() {
    if (tile.loop.transInput3120()) {
      PlainCommands.emit(
          sink,
          new Instr.ConfigExecute(
              Dataflow.OUTPUT_STATIONARY,
              Activation.NONE,
              true,
              false,
              false,
              tile.irows * tile.icols,
              0,
              0,
              0,
              tile.orows * tile.ocols));
    }
    for (int och = 0; och < tile.ochs; och += dim) {
      for (int krow = 0; krow < tile.krows; krow++) {
        for (int kcol = 0; kcol < tile.kcols; kcol += tile.pixelsPerRow) {
          for (int kch = 0; kch < tile.kchs; kch += dim) {
            multiplyTap(och, krow, kcol, kch);
          }
        }
      }
    }
  }

  /// All output pixels of one weight tile, which stays in the array meanwhile.
  private void multiplyTap(int och, int krow, int kcol, int kch) {
    boolean byBatch = tile.loop.transInput3120();
    boolean freshWeights = true;
    for (int b = 0; b < tile.batches; b += byBatch ? dim : 1) {
      for (int orow = 0; orow < tile.orows; orow++) {
        int row = orow * tile.image.stride() + krow * tile.strides.kernelDilation();
        if (fallsBetween(row - tile.kernel.padUp())) {
          continue;
        }
        int ocol = 0;
        while (ocol < tile.ocols) {
          int col = ocol * tile.image.stride() + kcol * tile.strides.kernelDilation();
          if (fallsBetween(col - tile.kernel.padLeft())) {
            ocol++;
            continue;
          }
          int widest = tile.loop.inputDilated() ? dim << 1 : dim;
          int pixels =
              byBatch
                  ? Math.min(dim, tile.batches - b)
                  : tile.undilated(Math.min(widest, tile.ocols - ocol));
          int input = tile.inputRow(b, tile.undilated(row), tile.undilated(col), kch);
          int output = tile.outputRow(b, orow, ocol, och);
          multiplyPixels(och, krow, kcol, kch, freshWeights, input, output, pixels);
          freshWeights = false;
          ocol += byBatch ? 1 : widest;
        }
      }
    }
  }

  /// Whether an input position is one of the zeros that input dilation puts between elements.
  private boolean fallsBetween(int position) {
    return tile.loop.inputDilated() && (position & 1) != 0;
  }

  private void multiplyPixels(
      int och, int krow, int kcol, int kch, boolean fresh, int input, int output, int pixels) {
    boolean rotated = tile.loop.rotateWeights180();
    int taps = Math.min(tile.pixelsPerRow, tile.kcols - kcol);
    int depth = taps * Math.min(dim, tile.kchs - kch);
    int width = Math.min(dim, tile.ochs - och);
    int weights =
        fresh
            ? tile.weightRow(
                rotated ? tile.krows - krow - 1 : krow,
                rotated ? tile.kcols - kcol - 1 : kcol,
                kch,
                och)
            : PlainCommands.GARBAGE;
    sink.accept(
        PlainCommands.PRELOAD,
        block(weights, width, depth),
        block(PlainCommands.ACC_ADD | output, width, pixels));
    sink.accept(
        fresh ? PlainCommands.COMPUTE_PRELOADED : PlainCommands.COMPUTE_ACCUMULATED,
        block(input, depth, pixels),
        block(PlainCommands.GARBAGE, width, pixels));
  }

  void store() {
    for (int b = 0; b < tile.batches; b++) {
      for (int orow = 0; orow < tile.orows; orow++) {
        for (int ocol = 0; ocol < tile.ocols; ocol += dim) {
          for (int och = 0; och < tile.ochs; och += dim) {
            int from = PlainCommands.ACC | tile.outputRow(b, orow, ocol, och);
            sink.accept(
                PlainCommands.MVOUT,
                tile.outputAddress(b, orow, ocol, och),
                block(from, Math.min(dim, tile.ochs - och), Math.min(dim, tile.ocols - ocol)));
          }
        }
      }
    }
  }

  /// Pools while moving out; the store configuration is pooling only in between.
  void storePooled(float scale, boolean wholeActivation) {
    Activation wanted = tile.loop.activation();
    Activation activation = wholeActivation || wanted == Activation.NONE ? wanted : Activation.RELU;
    long stride = tile.strides.outStrideElements();
    PlainCommands.emit(
        sink,
        new Instr.ConfigStore(
            activation,
            tile.pool.poolStride(),
            tile.pool.poolSize(),
            tile.strides.poolPadUp(),
            tile.kernel.poolPadLeft(),
            tile.pool.pooledOutCols(),
            tile.pool.tilePooledRows(),
            tile.pool.tilePooledCols(),
            tile.orows,
            tile.ocols,
            stride,
            scale));
    for (int b = 0; b < tile.batches; b++) {
      for (int och = 0; och < tile.ochs; och += dim) {
        int from = PlainCommands.ACC | tile.outputRow(b, 0, 0, och);
        sink.accept(
            PlainCommands.MVOUT,
            tile.pooledOutputAddress(b, och),
            block(from, Math.min(dim, tile.ochs - och), 0));
      }
    }
    PlainCommands.emit(
        sink, new Instr.ConfigStore(activation, 0, 0, 0, 0, 0, 0, 0, 0, 0, stride, scale));
  }
}
