package org.lapidary.gemmini.program;

import java.util.ArrayList;
import java.util.List;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.Isa;
import org.lapidary.sim.Observer;
import org.lapidary.sim.timing.CycleModel;
import org.lapidary.sim.timing.MemoryTiming;

/// Predicts the cycles of a run, kernel by kernel.
final class KernelTimer implements Observer {
  private static final int FENCE = Isa.encode(new Instr.Fence()).funct();

  private final CycleModel model;
  private final List<Integer> kernels = new ArrayList<>();
  private final List<Integer> regions = new ArrayList<>();

  KernelTimer(Program program, MemoryTiming timing) {
    this.model = new CycleModel(program.machine(), timing);
  }

  /// The commands that follow serve a kernel.
  void begin(int kernel) {
    kernels.add(kernel);
    regions.add(model.mark());
  }

  @Override
  public void command(long index, int funct, long rs1, long rs2) {
    if (funct == FENCE) {
      model.fence();
    } else {
      model.command(funct, rs1, rs2);
    }
  }

  long cycles() {
    return model.cycles();
  }

  List<ProgramRunner.KernelCycles> kernelCycles() {
    List<ProgramRunner.KernelCycles> list = new ArrayList<>();
    long before = 0;
    for (int i = 0; i < kernels.size(); i++) {
      long end = model.endOf(regions.get(i));
      list.add(new ProgramRunner.KernelCycles(kernels.get(i), end - before));
      before = end;
    }
    return list;
  }
}
