package org.lapidary.gemmini.program;

import java.util.List;
import org.lapidary.sim.AccessObserver;
import org.lapidary.sim.Observer;

/// Several observers as one. Only those of accesses need accesses, which are slow to report.
record Watchers(List<Observer> commands, List<AccessObserver> accesses) implements AccessObserver {

  @Override
  public void command(long index, int funct, long rs1, long rs2) {
    commands.forEach(o -> o.command(index, funct, rs1, rs2));
  }

  @Override
  public void plainCommand(int funct, long rs1, long rs2) {
    commands.forEach(o -> o.plainCommand(funct, rs1, rs2));
  }

  @Override
  public void memoryRead(long address, int bytes) {
    accesses.forEach(o -> o.memoryRead(address, bytes));
  }

  @Override
  public void memoryWritten(long address, int bytes) {
    accesses.forEach(o -> o.memoryWritten(address, bytes));
  }

  @Override
  public void rowRead(boolean inAccumulator, int row) {
    accesses.forEach(o -> o.rowRead(inAccumulator, row));
  }

  @Override
  public void rowWritten(boolean inAccumulator, int row, boolean added) {
    accesses.forEach(o -> o.rowWritten(inAccumulator, row, added));
  }

  @Override
  public void wrapped(long exact) {
    accesses.forEach(o -> o.wrapped(exact));
  }

  @Override
  public void rowOutOfRange(boolean inAccumulator, int row) {
    accesses.forEach(o -> o.rowOutOfRange(inAccumulator, row));
  }
}
