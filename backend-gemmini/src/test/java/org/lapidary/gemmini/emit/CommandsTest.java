package org.lapidary.gemmini.emit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lapidary.machine.isa.DramAddr;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.LocalAddr;
import org.lapidary.sim.Simulator;
import org.lapidary.testkit.Property;

/// The quick way to write commands writes what the general encoder writes.
class CommandsTest {
  private static final int DIM = 16;

  @Test
  void packsAsTheEncoderDoes() {
    Property.holds(
        200,
        random -> {
          LocalAddr a = LocalAddr.accAdd(random.nextInt(1000));
          LocalAddr b = random.nextBoolean() ? LocalAddr.GARBAGE : LocalAddr.spad(7);
          long address = random.nextLong();
          int cols = random.nextInt(65);
          int rows = random.nextInt(17);
          DramAddr memory = new DramAddr(address);
          Commands quick = new Commands();
          quick.mvin(0, address, a, cols, rows);
          quick.mvin(1, address, a, cols, rows);
          quick.mvin(2, address, a, cols, rows);
          quick.mvout(address, a, cols, rows);
          quick.preload(b, cols, rows, a, rows, cols);
          quick.compute(true, b, cols, rows, DIM);
          quick.compute(false, b, cols, rows, DIM);
          assertThat(quick.packed())
              .isEqualTo(
                  Simulator.pack(
                      List.of(
                          new Instr.Mvin(memory, a, cols, rows),
                          new Instr.Mvin2(memory, a, cols, rows),
                          new Instr.Mvin3(memory, a, cols, rows),
                          new Instr.Mvout(memory, a, cols, rows),
                          new Instr.Preload(b, cols, rows, a, rows, cols),
                          new Instr.ComputePreloaded(b, cols, rows, LocalAddr.GARBAGE, DIM, DIM),
                          new Instr.ComputeAccumulated(
                              b, cols, rows, LocalAddr.GARBAGE, DIM, DIM))));
        });
  }
}
