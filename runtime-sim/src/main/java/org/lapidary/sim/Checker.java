package org.lapidary.sim;

import java.util.BitSet;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.isa.Activation;
import org.lapidary.machine.isa.Dataflow;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.Isa;
import org.lapidary.machine.isa.LocalAddr;
import org.lapidary.machine.isa.NormCommand;

/// The checked mode: traps what a machine would silently get wrong.
///
/// * a private row is read, or added to, that nothing ever wrote, or that does not exist;
/// * main memory is read that an unfenced mvout wrote, or written that an unfenced mvin read; the
///   same for the host's stores;
/// * an int32 sum or activation wraps around;
/// * a command exceeds what this build can do.
///
/// Forbidden transposes trap in any mode. Install with [Simulator#observe]; the trap then carries
/// the command's index and text.
public final class Checker implements AccessObserver, MainMemory.HostStores {

  private final GemminiParams params;
  private final BitSet spadWritten = new BitSet();
  private final BitSet accWritten = new BitSet();
  private final AddressSet unfencedReads = new AddressSet();
  private final AddressSet unfencedWrites = new AddressSet();

  /// A checker for machines of the given kind.
  public Checker(GemminiParams params) {
    this.params = params;
  }

  /// The host waits until the accelerator is idle.
  public void fence() {
    unfencedReads.clear();
    unfencedWrites.clear();
  }

  @Override
  public void stored(long address, byte[] data, int from, int length) {
    require(
        !unfencedReads.meets(address, length) && !unfencedWrites.meets(address, length),
        "the host stores to 0x%x, which an earlier command may still be accessing; fence first",
        address);
  }

  @Override
  public void plainCommand(int funct, long rs1, long rs2) {
    switch (Isa.decode(funct, rs1, rs2)) {
      case Instr.Fence _ -> fence();
      case Instr.Mvin c -> mvin(c.to(), c.cols(), c.rows());
      case Instr.Mvin2 c -> mvin(c.to(), c.cols(), c.rows());
      case Instr.Mvin3 c -> mvin(c.to(), c.cols(), c.rows());
      case Instr.Mvout c -> mvout(c);
      case Instr.Preload c -> {
        operand(c.bdCols(), c.bdRows());
        operand(c.cCols(), c.cRows());
      }
      case Instr.ComputePreloaded c -> operand(c.aCols(), c.aRows());
      case Instr.ComputeAccumulated c -> operand(c.aCols(), c.aRows());
      case Instr.ConfigExecute c -> dataflow(c);
      case Instr.ConfigStore c -> activation(c.activation());
      case Instr.ConfigNorm _ -> normaliser();
      case Instr.ConfigLoad _,
          Instr.Flush _,
          Instr.LoopWs _,
          Instr.LoopWsBounds _,
          Instr.LoopWsAddrsAb _,
          Instr.LoopWsAddrsDc _,
          Instr.LoopWsStridesAb _,
          Instr.LoopWsStridesDc _,
          Instr.LoopConvWs _,
          Instr.LoopConvWs1 _,
          Instr.LoopConvWs2 _,
          Instr.LoopConvWs3 _,
          Instr.LoopConvWs4 _,
          Instr.LoopConvWs5 _,
          Instr.LoopConvWs6 _,
          Instr.ClockGate _,
          Instr.StoreSpad _,
          Instr.LoopWsSpadAb _,
          Instr.LoopWsSpadC _,
          Instr.CounterOp _ -> {}
    }
  }

  private void mvin(LocalAddr to, int cols, int rows) {
    block(cols, rows);
    require(!to.isGarbage(), "mvin to the garbage address");
  }

  private void mvout(Instr.Mvout c) {
    block(c.cols(), c.rows());
    require(!c.from().isGarbage(), "mvout from the garbage address");
    if (c.from().isAccumulator()) {
      require(
          !c.from().fullWidth() || params.fullWidthAccRead(),
          "this build cannot read int32 rows from its accumulator");
      if (c.from().norm() != NormCommand.RESET) {
        normaliser();
      }
    }
  }

  private void block(int cols, int rows) {
    require(rows <= params.dim(), "%d rows, at most %d", rows, params.dim());
    require(cols <= params.maxColumns(), "%d columns, at most %d", cols, params.maxColumns());
  }

  private void operand(int cols, int rows) {
    require(
        cols <= params.dim() && rows <= params.dim(),
        "an operand of %d x %d, at most DIM = %d each way",
        rows,
        cols,
        params.dim());
  }

  private void dataflow(Instr.ConfigExecute c) {
    boolean built =
        switch (params.dataflows()) {
          case BOTH -> true;
          case WS -> c.dataflow() == Dataflow.WEIGHT_STATIONARY;
          case OS -> c.dataflow() == Dataflow.OUTPUT_STATIONARY;
        };
    require(built || c.stridesOnly(), "this build has no %s dataflow", c.dataflow());
  }

  private void activation(Activation activation) {
    switch (activation) {
      case NONE, RELU -> {}
      case LAYERNORM, IGELU, SOFTMAX -> normaliser();
    }
  }

  private void normaliser() {
    require(params.hasNormalizations(), "this build has no normalisation unit");
  }

  @Override
  public void memoryRead(long address, int bytes) {
    require(
        !unfencedWrites.meets(address, bytes),
        "reads 0x%x, which an earlier mvout writes; fence in between",
        address);
    unfencedReads.add(address, bytes);
  }

  @Override
  public void memoryWritten(long address, int bytes) {
    require(
        !unfencedReads.meets(address, bytes),
        "writes 0x%x, which an earlier mvin reads; fence in between",
        address);
    unfencedWrites.add(address, bytes);
  }

  @Override
  public void rowRead(boolean inAccumulator, int row) {
    BitSet written = inAccumulator ? accWritten : spadWritten;
    require(written.get(row), "reads %s, which was never written", rowName(inAccumulator, row));
  }

  @Override
  public void rowWritten(boolean inAccumulator, int row, boolean added) {
    int rows = inAccumulator ? params.accRows() : params.spadRows();
    if (row < 0 || row >= rows) {
      rowOutOfRange(inAccumulator, row);
    }
    if (added) {
      rowRead(inAccumulator, row);
    }
    (inAccumulator ? accWritten : spadWritten).set(row);
  }

  @Override
  public void rowOutOfRange(boolean inAccumulator, int row) {
    throw new MachineTrap(rowName(inAccumulator, row) + " does not exist");
  }

  @Override
  public void wrapped(long exact) {
    throw new MachineTrap("%d does not fit int32 and wraps around".formatted(exact));
  }

  private static String rowName(boolean inAccumulator, int row) {
    return (inAccumulator ? "accumulator row " : "scratchpad row ") + row;
  }

  private static void require(boolean condition, String message, Object... values) {
    if (!condition) {
      throw new MachineTrap(message.formatted(values));
    }
  }
}
