package org.lapidary.sim.timing;

/// One convolution loop: its bounds, addresses and the local layout they imply (gemmini.md §10.5).
/// Rows and columns are in pixels, channels in elements, addresses in bytes.
final class ConvShape {
  private int batchSize;
  private int inRows;
  private int inChannels;
  private int outChannels;
  private int outCols;
  private int outRows;
  private int pooledRows;
  private int pooledCols;
  private int stride;
  private int poolStride;
  private int poolSize;
  private int kernel;
  private int dilation;
  private int inCols;
  private int inStride;
  private int weightStrideBytes;
  private int porows;
  private int pocols;
  private int plpad;
  private int pupad;

  int batches;
  int pochs;
  int krows;
  int kcols;
  int kchs;
  int lpad;
  int rpad;
  int upad;
  int dpad;
  int orows;
  int ocols;
  int outStride;
  long weights;
  long output;
  long bias;
  long input;
  boolean noBias;
  private boolean transOutput;
  private boolean transWeight1203;
  boolean transWeight0132;
  boolean transInput;
  private boolean depthwise;
  boolean noPool;
  int downsample;
  int inputDilated;
  private int activation;
  int pixels;
  int idA;
  int idB;

  int irows;
  int icols;
  int irowsUnpadded;
  int icolsUnpadded;

  void set(int funct, long a, long b) {
    switch (funct) {
      case 16 -> {
        batchSize = bits(a, 0, 16);
        inRows = bits(a, 16, 16);
        inChannels = bits(a, 32, 16);
        outChannels = bits(a, 48, 16);
        outRows = bits(b, 0, 16);
        pooledRows = bits(b, 16, 16);
        outCols = bits(b, 32, 16);
        stride = bits(b, 48, 8);
      }
      case 17 -> {
        poolStride = bits(a, 8, 8);
        poolSize = bits(a, 16, 16);
        pooledCols = bits(a, 32, 16);
        kernel = bits(a, 48, 16);
        pochs = bits(b, 0, 16);
        pocols = bits(b, 16, 16);
        porows = bits(b, 32, 16);
        batches = bits(b, 48, 16);
      }
      case 18 -> {
        lpad = bits(a, 0, 16);
        kchs = bits(a, 16, 16);
        kcols = bits(a, 32, 16);
        krows = bits(a, 48, 16);
        inCols = bits(b, 0, 16);
        plpad = bits(b, 16, 8);
        dpad = bits(b, 24, 8);
        upad = bits(b, 32, 16);
        rpad = bits(b, 48, 16);
      }
      case 19 -> {
        dilation = bits(a, 0, 10);
        pupad = bits(a, 21, 11);
        orows = bits(a, 48, 16);
        ocols = bits(b, 0, 16);
        outStride = bits(b, 16, 16);
        weightStrideBytes = bits(b, 32, 16);
        inStride = bits(b, 48, 16);
      }
      case 20 -> {
        weights = a;
        output = b;
      }
      case 21 -> {
        bias = a;
        input = b;
      }
      default -> flags(a, b);
    }
  }

  private void flags(long a, long b) {
    noBias = (a & 1) != 0;
    transOutput = (a & 4) != 0;
    transWeight1203 = (a & 8) != 0;
    transWeight0132 = (a & 16) != 0;
    transInput = (a & 32) != 0;
    depthwise = (a & 64) != 0;
    pixels = Math.max(1, bits(a, 8, 8));
    idB = bits(a, 16, 2);
    idA = bits(a, 18, 2);
    noPool = (b & 1) != 0;
    downsample = bits(b, 1, 1);
    inputDilated = bits(b, 2, 1);
    activation = bits(b, 3, 2);
  }

  private static int bits(long word, int low, int count) {
    return LoopUnroller.field(word, low, count);
  }

  /// Works out the input image this loop needs.
  void derive(int dim) {
    int dilatedRows = krows + (dilation - 1) * (krows - 1);
    int dilatedCols = kcols + (dilation - 1) * (kcols - 1);
    int rows = orows * stride + dilatedRows - 1;
    int cols = ocols * stride + dilatedCols - 1;
    irowsUnpadded = undilated(rows - upad - dpad);
    icolsUnpadded = undilated(cols - lpad - rpad);
    irows = inputDilated == 1 ? irowsUnpadded + undilated(upad) + undilated(dpad) : rows;
    icols = inputDilated == 1 ? icolsUnpadded + undilated(lpad) + undilated(rpad) : cols;
  }

  int undilated(int x) {
    return (x + inputDilated) >> inputDilated;
  }

  /// Advances iterator `n` from zero; true when it wrapped, so that the next outer one is due.
  static boolean step(int[] at, int n, int by, int bound) {
    return stepFrom(at, n, by, 0, bound);
  }

  static boolean stepFrom(int[] at, int n, int by, int low, int bound) {
    at[n] += by;
    if (at[n] < bound) {
      return false;
    }
    at[n] = low;
    return true;
  }

  long biasStride() {
    return (long) batches * orows * ocols;
  }

  long outputRow(int dim, int b, int row, int col, int och) {
    return (och / dim) * biasStride() + ((long) b * orows + row) * ocols + col;
  }

  long outputOffset(int b, int row, int col, int och) {
    return transOutput
        ? (((long) row * outCols + col) * batchSize + b) * outChannels + och
        : (((long) b * outRows + row) * outCols + col) * outStride + och;
  }

  long pooledOffset(int b, int och) {
    return (long) b * pooledRows * pooledCols * outStride + och;
  }

  long poolConfig() {
    return 2
        | (long) activation << 2
        | (long) poolStride << 4
        | (long) poolSize << 6
        | (long) pupad << 8
        | (long) plpad << 10
        | (long) pooledCols << 24
        | (long) porows << 32
        | (long) pocols << 40
        | (long) orows << 48
        | (long) ocols << 56;
  }

  long weightStride() {
    return (long) krows * kcols * (transWeight0132 ? pochs : kchs);
  }

  long weightDramStride() {
    if (depthwise) {
      return 1;
    }
    if (transWeight1203) {
      return (long) kernel * kernel * outChannels;
    }
    return transWeight0132 ? inChannels : weightStrideBytes;
  }

  long weightRows(int dim) {
    int tiles = ((transWeight0132 ? kchs : pochs) + dim - 1) / dim;
    return tiles * weightStride();
  }

  long weightRow(int dim, int och, int krow, int kcol, int kch) {
    int tile = (transWeight0132 ? kch : och) / dim;
    int within = transWeight0132 ? och : kch;
    int depth = transWeight0132 ? pochs : kchs;
    return tile * weightStride() + ((long) krow * kcols + kcol) * depth + within;
  }

  long weightOffset(int och, int krow, int kcol, int kch) {
    if (depthwise) {
      return (long) krow * kernel + kcol;
    }
    if (transWeight1203) {
      return (((long) kch * kernel + krow) * kernel + kcol) * outChannels + och;
    }
    return transWeight0132
        ? (((long) krow * kernel + kcol) * outChannels + och) * inChannels + kch
        : (((long) krow * kernel + kcol) * inChannels + kch) * weightStrideBytes + och;
  }

  long inputStride() {
    long image = (long) (irows >> downsample) * (icols >> downsample);
    return transInput ? kchs * image : batches * image;
  }

  long inputDramStride() {
    return (long) (transInput ? batchSize : inStride) << downsample;
  }

  long inputOffset(int b, int row, int col, int ich) {
    return transInput
        ? (((long) ich * inRows + row) * inCols + col) * batchSize + b
        : (((long) b * inRows + row) * inCols + col) * inStride + ich;
  }

  long inputRow(int dim, int b, int row, int col, int ich) {
    long image = (long) (irows >> downsample) * (icols >> downsample);
    int r = (row + undilated(upad)) >> downsample;
    int c = (col + undilated(lpad)) >> downsample;
    int tile = (transInput ? b : ich) / dim;
    int within = transInput ? ich : b;
    return tile * inputStride() + within * image + (long) r * (icols >> downsample) + c;
  }

  /// Pixels one input mvin covers from column `col` on, padding and picture kept apart.
  int inputRun(int dim, int col) {
    int most = dim << downsample;
    if (col < 0) {
      return Math.min(dim, -col);
    }
    return col >= icolsUnpadded
        ? Math.min(dim, icolsUnpadded + undilated(rpad) - col)
        : Math.min(most, icolsUnpadded - col);
  }

  /// Whether a dilated input has nothing at this kernel and output position.
  boolean skips(int[] at) {
    return inputDilated == 1
        && ((at[1] * dilation + at[5] - upad & 1) != 0
            || (at[2] * dilation + at[6] - lpad & 1) != 0);
  }

  /// The first scratchpad row of A at an execute position (och, krow, kcol, kch, b, orow, ocol).
  long operandRow(int dim, int[] at) {
    int row = undilated(at[5] * stride + at[1] * dilation) >> downsample;
    int col = undilated(at[6] * stride + at[2] * dilation) >> downsample;
    long image = (long) (irows >> downsample) * (icols >> downsample);
    int tile = (transInput ? at[4] : at[3]) / dim;
    int within = transInput ? at[3] : at[4];
    return tile * inputStride() + within * image + (long) row * (icols >> downsample) + col;
  }
}
