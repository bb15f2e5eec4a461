package org.lapidary.machine.isa;

import static org.lapidary.machine.isa.Reg.RS1;
import static org.lapidary.machine.isa.Reg.RS2;

/// The accelerator's commands. **This file is the instruction set**: encoder, decoder, assembler,
/// disassembler, range checks and the generated page `ISA.md` follow from the annotations. To add a
/// command, add a record here.
///
/// Rows and columns count elements of the logical (post-transpose) matrix, local addresses count
/// rows of DIM elements, everything named `…Bytes` counts bytes. Source: gemmini.md §3, §5.
public sealed interface Instr {

  /// Configures the array. Source: gemmini.md §5.5.
  @Encoding(mnemonic = "config_ex", funct = 0, selector = 0, job = "configures the array")
  record ConfigExecute(
      @Bits(reg = RS1, hi = 2, lo = 2) Dataflow dataflow,
      @Bits(reg = RS1, hi = 4, lo = 3, note = "only RELU acts, on writes to the scratchpad")
          Activation activation,
      @Bits(reg = RS1, hi = 7, lo = 7, note = "take only the two strides") boolean stridesOnly,
      @Bits(reg = RS1, hi = 8, lo = 8) boolean transposeA,
      @Bits(reg = RS1, hi = 9, lo = 9) boolean transposeB,
      @Bits(reg = RS1, hi = 31, lo = 16, note = "rows between the A rows fed in") int strideARows,
      @Bits(reg = RS1, hi = 63, lo = 32, note = "for operands read from the accumulator")
          float accScale,
      @Bits(reg = RS2, hi = 31, lo = 0, note = "output stationary only") int shift,
      @Bits(reg = RS2, hi = 47, lo = 32, note = "dead field") int relu6Shift,
      @Bits(reg = RS2, hi = 63, lo = 48, note = "rows between the C rows written") int strideCRows)
      implements Instr {}

  /// Configures one of the three load states. Source: gemmini.md §5.6.
  @Encoding(
      mnemonic = "config_ld",
      funct = 0,
      selector = 1,
      job = "configures one of three load states")
  record ConfigLoad(
      @Bits(reg = RS1, hi = 2, lo = 2, note = "accumulator mvins read int8 and widen")
          boolean shrink,
      @Bits(reg = RS1, hi = 4, lo = 3) int state,
      @Bits(reg = RS1, hi = 15, lo = 8, note = "0 means 1") int pixelRepeats,
      @Bits(reg = RS1, hi = 31, lo = 16, note = "rows between blocks of DIM columns")
          int blockStrideRows,
      @Bits(reg = RS1, hi = 63, lo = 32) float scale,
      @Bits(reg = RS2, hi = 63, lo = 0, note = "0 repeats the first row") long strideBytes)
      implements Instr {}

  /// Configures the store unit. Source: gemmini.md §5.7.
  @Encoding(mnemonic = "config_st", funct = 0, selector = 2, job = "configures the store unit")
  record ConfigStore(
      @Bits(reg = RS1, hi = 3, lo = 2) Activation activation,
      @Bits(reg = RS1, hi = 5, lo = 4, note = "0 switches pooling off") int poolStride,
      @Bits(reg = RS1, hi = 7, lo = 6) int poolWindow,
      @Bits(reg = RS1, hi = 9, lo = 8) int padUp,
      @Bits(reg = RS1, hi = 11, lo = 10) int padLeft,
      @Bits(reg = RS1, hi = 31, lo = 24, note = "width of the pooled image") int poolOutDim,
      @Bits(reg = RS1, hi = 39, lo = 32) int pooledRows,
      @Bits(reg = RS1, hi = 47, lo = 40) int pooledCols,
      @Bits(reg = RS1, hi = 55, lo = 48) int imageRows,
      @Bits(reg = RS1, hi = 63, lo = 56) int imageCols,
      @Bits(reg = RS2, hi = 31, lo = 0) long strideBytes,
      @Bits(reg = RS2, hi = 63, lo = 32, note = "RTL keeps the old scale when all ones")
          float accScale)
      implements Instr {}

  /// Configures the normalisation unit. Source: gemmini.md §5.8.
  @Encoding(
      mnemonic = "config_norm",
      funct = 0,
      selector = 3,
      job = "configures the normalisation unit")
  record ConfigNorm(
      @Bits(reg = RS1, hi = 15, lo = 8, note = "always taken") int slot,
      @Bits(reg = RS1, hi = 16, lo = 16, note = "third bit of the store activation")
          boolean activationMsb,
      @Bits(reg = RS1, hi = 17, lo = 17, note = "take only the slot") boolean slotOnly,
      @Bits(reg = RS1, hi = 18, lo = 18) NormConstant kind,
      @Bits(reg = RS1, hi = 63, lo = 32, note = "qln2 or qln2_inv, by kind") int constant,
      @Bits(reg = RS2, hi = 31, lo = 0) int qb,
      @Bits(reg = RS2, hi = 63, lo = 32) int qc)
      implements Instr {}

  /// Moves a block in, by load state 1. Source: gemmini.md §5.1, §6.2.
  @Encoding(mnemonic = "mvin2", funct = 1, job = "moves a block in, by load state 1")
  record Mvin2(
      @Bits(reg = RS1, hi = 63, lo = 0, note = "0 writes zeros") DramAddr from,
      @Bits(reg = RS2, hi = 31, lo = 0) LocalAddr to,
      @Bits(reg = RS2, hi = 47, lo = 32) int cols,
      @Bits(reg = RS2, hi = 63, lo = 48) int rows)
      implements Instr {}

  /// Moves a block from main memory into the scratchpad or the accumulator, by load state 0.
  /// Source: gemmini.md §5.1, §6.2.
  @Encoding(mnemonic = "mvin", funct = 2, job = "moves a block in, by load state 0")
  record Mvin(
      @Bits(reg = RS1, hi = 63, lo = 0, note = "0 writes zeros") DramAddr from,
      @Bits(reg = RS2, hi = 31, lo = 0) LocalAddr to,
      @Bits(reg = RS2, hi = 47, lo = 32) int cols,
      @Bits(reg = RS2, hi = 63, lo = 48) int rows)
      implements Instr {}

  /// Moves a block out, through activation and scale when it comes from the accumulator. Source:
  /// gemmini.md §5.2, §6.6.
  @Encoding(mnemonic = "mvout", funct = 3, job = "moves a block out")
  record Mvout(
      @Bits(reg = RS1, hi = 63, lo = 0) DramAddr to,
      @Bits(reg = RS2, hi = 31, lo = 0) LocalAddr from,
      @Bits(reg = RS2, hi = 47, lo = 32) int cols,
      @Bits(reg = RS2, hi = 63, lo = 48) int rows)
      implements Instr {}

  /// Computes with the operand the last preload named. Source: gemmini.md §5.4, §6.4, §6.5.
  @Encoding(
      mnemonic = "compute_preloaded",
      funct = 4,
      job = "flips to the newly preloaded operand, then computes")
  record ComputePreloaded(
      @Bits(reg = RS1, hi = 31, lo = 0) LocalAddr a,
      @Bits(reg = RS1, hi = 47, lo = 32) int aCols,
      @Bits(reg = RS1, hi = 63, lo = 48) int aRows,
      @Bits(reg = RS2, hi = 31, lo = 0, note = "D when weight stationary, B when output stationary")
          LocalAddr bd,
      @Bits(reg = RS2, hi = 47, lo = 32) int bdCols,
      @Bits(reg = RS2, hi = 63, lo = 48) int bdRows)
      implements Instr {}

  /// Computes with what the array already holds. Source: gemmini.md §5.4, §6.4, §6.5.
  @Encoding(
      mnemonic = "compute_accumulated",
      funct = 5,
      job = "computes with what the array already holds")
  record ComputeAccumulated(
      @Bits(reg = RS1, hi = 31, lo = 0) LocalAddr a,
      @Bits(reg = RS1, hi = 47, lo = 32) int aCols,
      @Bits(reg = RS1, hi = 63, lo = 48) int aRows,
      @Bits(reg = RS2, hi = 31, lo = 0, note = "D when weight stationary, B when output stationary")
          LocalAddr bd,
      @Bits(reg = RS2, hi = 47, lo = 32) int bdCols,
      @Bits(reg = RS2, hi = 63, lo = 48) int bdRows)
      implements Instr {}

  /// Names the stationary operand and the output of the next compute. Source: gemmini.md §5.3,
  /// §6.3.
  @Encoding(mnemonic = "preload", funct = 6, job = "names the stationary operand and the output")
  record Preload(
      @Bits(reg = RS1, hi = 31, lo = 0, note = "B when weight stationary, D when output stationary")
          LocalAddr bd,
      @Bits(reg = RS1, hi = 47, lo = 32) int bdCols,
      @Bits(reg = RS1, hi = 63, lo = 48) int bdRows,
      @Bits(reg = RS2, hi = 31, lo = 0) LocalAddr c,
      @Bits(reg = RS2, hi = 47, lo = 32) int cCols,
      @Bits(reg = RS2, hi = 63, lo = 48) int cRows)
      implements Instr {}

  /// Flushes the TLB; no functional effect. Source: gemmini.md §3, §6.8.
  @Encoding(mnemonic = "flush", funct = 7, job = "flushes the TLB")
  record Flush(
      @Bits(reg = RS1, hi = 0, lo = 0, note = "skip the faulting access instead of retrying it")
          boolean skip)
      implements Instr {}

  /// Runs the matmul loop that the commands before it configured. Source: gemmini.md §5.9, §10.4.
  @Encoding(mnemonic = "loop_ws", funct = 8, job = "runs the configured matmul loop")
  record LoopWs(
      @Bits(reg = RS1, hi = 0, lo = 0) boolean accumulate,
      @Bits(reg = RS1, hi = 1, lo = 1) boolean fullC,
      @Bits(reg = RS1, hi = 2, lo = 2) boolean lowD,
      @Bits(reg = RS1, hi = 10, lo = 8) Activation activation,
      @Bits(reg = RS1, hi = 17, lo = 16, note = "1 first half, 2 second half") int spadIdB,
      @Bits(reg = RS1, hi = 19, lo = 18, note = "1 first half, 2 second half") int spadIdA,
      @Bits(reg = RS2, hi = 0, lo = 0) boolean transposeA,
      @Bits(reg = RS2, hi = 1, lo = 1) boolean transposeB,
      @Bits(reg = RS2, hi = 2, lo = 2, note = "C = A + B, no product") boolean residualAdd,
      @Bits(reg = RS2, hi = 3, lo = 3, note = "RTL only") boolean skipLoadA,
      @Bits(reg = RS2, hi = 4, lo = 4, note = "RTL only") boolean skipLoadB,
      @Bits(reg = RS2, hi = 5, lo = 5, note = "RTL only") boolean skipLoadD,
      @Bits(reg = RS2, hi = 6, lo = 6, note = "RTL only") boolean skipExecute,
      @Bits(reg = RS2, hi = 7, lo = 7, note = "RTL only") boolean skipStore,
      @Bits(reg = RS2, hi = 8, lo = 8, note = "RTL only") boolean toggleAccHalf,
      @Bits(reg = RS2, hi = 9, lo = 9, note = "RTL only") boolean storeToSpad,
      @Bits(reg = RS2, hi = 63, lo = 32, note = "RTL only") LocalAddr storeSpadAddr)
      implements Instr {}

  /// Sizes of the matmul loop: tiles, and the elements missing in the last tile. Source: gemmini.md
  /// §5.9.
  @Encoding(mnemonic = "loop_ws_bounds", funct = 9, job = "sets the sizes of the matmul loop")
  record LoopWsBounds(
      @Bits(reg = RS1, hi = 15, lo = 0) int padI,
      @Bits(reg = RS1, hi = 31, lo = 16) int padJ,
      @Bits(reg = RS1, hi = 47, lo = 32) int padK,
      @Bits(reg = RS2, hi = 15, lo = 0) int tilesI,
      @Bits(reg = RS2, hi = 31, lo = 16) int tilesJ,
      @Bits(reg = RS2, hi = 47, lo = 32) int tilesK)
      implements Instr {}

  /// Addresses of A and B. Source: gemmini.md §5.9.
  @Encoding(mnemonic = "loop_ws_addrs_ab", funct = 10, job = "sets where A and B are; 0 skips one")
  record LoopWsAddrsAb(
      @Bits(reg = RS1, hi = 63, lo = 0) DramAddr a, @Bits(reg = RS2, hi = 63, lo = 0) DramAddr b)
      implements Instr {}

  /// Addresses of D and C. Source: gemmini.md §5.9.
  @Encoding(mnemonic = "loop_ws_addrs_dc", funct = 11, job = "sets where D and C are; 0 skips one")
  record LoopWsAddrsDc(
      @Bits(reg = RS1, hi = 63, lo = 0) DramAddr d, @Bits(reg = RS2, hi = 63, lo = 0) DramAddr c)
      implements Instr {}

  /// Row strides of A and B, in elements. Source: gemmini.md §5.9.
  @Encoding(mnemonic = "loop_ws_strides_ab", funct = 12, job = "sets the row strides of A and B")
  record LoopWsStridesAb(
      @Bits(reg = RS1, hi = 63, lo = 0) long aElements,
      @Bits(reg = RS2, hi = 63, lo = 0) long bElements)
      implements Instr {}

  /// Row strides of D and C, in elements. Source: gemmini.md §5.9.
  @Encoding(mnemonic = "loop_ws_strides_dc", funct = 13, job = "sets the row strides of D and C")
  record LoopWsStridesDc(
      @Bits(reg = RS1, hi = 63, lo = 0) long dElements,
      @Bits(reg = RS2, hi = 63, lo = 0) long cElements)
      implements Instr {}

  /// Moves a block in, by load state 2. Source: gemmini.md §5.1, §6.2.
  @Encoding(mnemonic = "mvin3", funct = 14, job = "moves a block in, by load state 2")
  record Mvin3(
      @Bits(reg = RS1, hi = 63, lo = 0, note = "0 writes zeros") DramAddr from,
      @Bits(reg = RS2, hi = 31, lo = 0) LocalAddr to,
      @Bits(reg = RS2, hi = 47, lo = 32) int cols,
      @Bits(reg = RS2, hi = 63, lo = 48) int rows)
      implements Instr {}

  /// Runs the convolution loop that the commands before it configured. Source: gemmini.md §5.10,
  /// §10.5.
  @Encoding(mnemonic = "loop_conv_ws", funct = 15, job = "runs the configured convolution loop")
  record LoopConvWs(
      @Bits(reg = RS1, hi = 0, lo = 0) boolean noBias,
      @Bits(reg = RS1, hi = 1, lo = 1) boolean rotateWeights180,
      @Bits(reg = RS1, hi = 2, lo = 2) boolean transOutput1203,
      @Bits(reg = RS1, hi = 3, lo = 3) boolean transWeight1203,
      @Bits(reg = RS1, hi = 4, lo = 4) boolean transWeight0132,
      @Bits(reg = RS1, hi = 5, lo = 5) boolean transInput3120,
      @Bits(reg = RS1, hi = 6, lo = 6) boolean depthwise,
      @Bits(reg = RS1, hi = 15, lo = 8, note = "0 means 1") int maxPixelsPerRow,
      @Bits(reg = RS1, hi = 17, lo = 16, note = "1 first half, 2 second half") int spadIdB,
      @Bits(reg = RS1, hi = 19, lo = 18, note = "1 first half, 2 second half") int spadIdA,
      @Bits(reg = RS2, hi = 0, lo = 0) boolean noPool,
      @Bits(reg = RS2, hi = 1, lo = 1) boolean downsample,
      @Bits(reg = RS2, hi = 2, lo = 2) boolean inputDilated,
      @Bits(reg = RS2, hi = 4, lo = 3) Activation activation)
      implements Instr {}

  /// Image sizes of the convolution. Source: gemmini.md §5.10.
  @Encoding(mnemonic = "loop_conv_ws_1", funct = 16, job = "sets image sizes, stride and padding")
  record LoopConvWs1(
      @Bits(reg = RS1, hi = 15, lo = 0) int batch,
      @Bits(reg = RS1, hi = 31, lo = 16) int inRows,
      @Bits(reg = RS1, hi = 47, lo = 32) int inChannels,
      @Bits(reg = RS1, hi = 63, lo = 48) int outChannels,
      @Bits(reg = RS2, hi = 15, lo = 0) int outRows,
      @Bits(reg = RS2, hi = 31, lo = 16) int pooledOutRows,
      @Bits(reg = RS2, hi = 47, lo = 32) int outCols,
      @Bits(reg = RS2, hi = 55, lo = 48) int stride,
      @Bits(reg = RS2, hi = 63, lo = 56) int padding)
      implements Instr {}

  /// Pooling, kernel size and the output tile. Source: gemmini.md §5.10.
  @Encoding(
      mnemonic = "loop_conv_ws_2",
      funct = 17,
      job = "sets pooling, kernel size and output tile")
  record LoopConvWs2(
      @Bits(reg = RS1, hi = 7, lo = 0) int poolPadding,
      @Bits(reg = RS1, hi = 15, lo = 8) int poolStride,
      @Bits(reg = RS1, hi = 31, lo = 16) int poolSize,
      @Bits(reg = RS1, hi = 47, lo = 32) int pooledOutCols,
      @Bits(reg = RS1, hi = 63, lo = 48) int kernelDim,
      @Bits(reg = RS2, hi = 15, lo = 0) int tileOutChannels,
      @Bits(reg = RS2, hi = 31, lo = 16) int tilePooledCols,
      @Bits(reg = RS2, hi = 47, lo = 32) int tilePooledRows,
      @Bits(reg = RS2, hi = 63, lo = 48) int tileBatches)
      implements Instr {}

  /// Kernel tile and padding of the tile. Source: gemmini.md §5.10.
  @Encoding(mnemonic = "loop_conv_ws_3", funct = 18, job = "sets kernel tile and tile padding")
  record LoopConvWs3(
      @Bits(reg = RS1, hi = 15, lo = 0) int padLeft,
      @Bits(reg = RS1, hi = 31, lo = 16) int tileKernelChannels,
      @Bits(reg = RS1, hi = 47, lo = 32) int tileKernelCols,
      @Bits(reg = RS1, hi = 63, lo = 48) int tileKernelRows,
      @Bits(reg = RS2, hi = 15, lo = 0) int inCols,
      @Bits(reg = RS2, hi = 23, lo = 16) int poolPadLeft,
      @Bits(reg = RS2, hi = 31, lo = 24) int padDown,
      @Bits(reg = RS2, hi = 47, lo = 32) int padUp,
      @Bits(reg = RS2, hi = 63, lo = 48) int padRight)
      implements Instr {}

  /// Dilation, padding of the pool, strides. Source: gemmini.md §5.10.
  @Encoding(
      mnemonic = "loop_conv_ws_4",
      funct = 19,
      job = "sets dilation, pool padding and strides")
  record LoopConvWs4(
      @Bits(reg = RS1, hi = 9, lo = 0) int kernelDilation,
      @Bits(reg = RS1, hi = 20, lo = 10) int poolPadDown,
      @Bits(reg = RS1, hi = 31, lo = 21) int poolPadUp,
      @Bits(reg = RS1, hi = 47, lo = 32) int poolPadRight,
      @Bits(reg = RS1, hi = 63, lo = 48) int tileOutRows,
      @Bits(reg = RS2, hi = 15, lo = 0) int tileOutCols,
      @Bits(reg = RS2, hi = 31, lo = 16) int outStrideElements,
      @Bits(reg = RS2, hi = 47, lo = 32) int weightStrideElements,
      @Bits(reg = RS2, hi = 63, lo = 48) int inStrideElements)
      implements Instr {}

  /// Addresses of weights and output. Source: gemmini.md §5.10.
  @Encoding(mnemonic = "loop_conv_ws_5", funct = 20, job = "sets where weights and output are")
  record LoopConvWs5(
      @Bits(reg = RS1, hi = 63, lo = 0) DramAddr weights,
      @Bits(reg = RS2, hi = 63, lo = 0) DramAddr output)
      implements Instr {}

  /// Addresses of bias and input. Source: gemmini.md §5.10.
  @Encoding(mnemonic = "loop_conv_ws_6", funct = 21, job = "sets where bias and input are")
  record LoopConvWs6(
      @Bits(reg = RS1, hi = 63, lo = 0) DramAddr bias,
      @Bits(reg = RS2, hi = 63, lo = 0) DramAddr input)
      implements Instr {}

  /// Switches the clock gate; no functional effect. Source: gemmini.md §3.
  @Encoding(mnemonic = "clkgate_en", funct = 22, job = "switches the clock gate; RTL only")
  record ClockGate(@Bits(reg = RS1, hi = 0, lo = 0) boolean enable) implements Instr {}

  /// Moves a block out to an external scratchpad. Source: gemmini.md §3.
  @Encoding(
      mnemonic = "store_spad",
      funct = 23,
      job = "moves a block to an external scratchpad; RTL only")
  record StoreSpad(
      @Bits(reg = RS1, hi = 63, lo = 0) DramAddr to,
      @Bits(reg = RS2, hi = 31, lo = 0) LocalAddr from,
      @Bits(reg = RS2, hi = 47, lo = 32) int cols,
      @Bits(reg = RS2, hi = 63, lo = 48) int rows)
      implements Instr {}

  /// Explicit scratchpad addresses of A and B for the matmul loop. Source: gemmini.md §3.
  @Encoding(
      mnemonic = "loop_ws_spad_ab",
      funct = 24,
      job = "sets explicit scratchpad addresses of A and B; RTL only")
  record LoopWsSpadAb(
      @Bits(reg = RS1, hi = 63, lo = 0) long a, @Bits(reg = RS2, hi = 63, lo = 0) long b)
      implements Instr {}

  /// Explicit scratchpad address of C for the matmul loop. Source: gemmini.md §3.
  @Encoding(
      mnemonic = "loop_ws_spad_c",
      funct = 25,
      job = "sets the explicit scratchpad address of C; RTL only")
  record LoopWsSpadC(@Bits(reg = RS1, hi = 63, lo = 0) long c) implements Instr {}

  /// Reads and controls the performance counters. Source: gemmini.md §5.11, §11.10.
  @Encoding(
      mnemonic = "counter_op",
      funct = 126,
      returnsValue = true,
      job = "reads and controls the performance counters")
  record CounterOp(
      @Bits(reg = RS1, hi = 0, lo = 0) boolean reset,
      @Bits(reg = RS1, hi = 1, lo = 1) boolean dropSnapshot,
      @Bits(reg = RS1, hi = 2, lo = 2) boolean takeSnapshot,
      @Bits(reg = RS1, hi = 3, lo = 3) boolean configure,
      @Bits(reg = RS1, hi = 6, lo = 4) int index,
      @Bits(reg = RS1, hi = 17, lo = 12) int event,
      @Bits(reg = RS1, hi = 31, lo = 31, note = "counts values instead of cycles") boolean external)
      implements Instr {}

  /// Stands for the CPU's fence, which waits until the accelerator is idle. Source: gemmini.md §3,
  /// §6.8.
  @Encoding(mnemonic = "fence", funct = 127, job = "waits until the accelerator is idle")
  record Fence() implements Instr {}
}
