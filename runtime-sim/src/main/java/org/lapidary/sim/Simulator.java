package org.lapidary.sim;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lapidary.machine.Divergence;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;
import org.lapidary.machine.isa.Assembly;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.Isa;
import org.lapidary.machine.isa.IsaException;
import org.lapidary.machine.isa.RoccCommand;

/// The functional simulator: every command, in program order, to the bit.
///
/// A command that the machine cannot carry out ends in a [MachineTrap] that names it. Not safe for
/// concurrent use; several simulators can run side by side.
///
/// Source: gemmini.md §6, §7, §10.
public final class Simulator {
  /// Longs per command in a packed program: function code, rs1, rs2.
  public static final int PACKED_LONGS = 3;

  private final MachineState state;
  private final LoadUnit loads;
  private final StoreUnit stores;
  private final ArrayUnit array;
  private final ConfigUnit config;
  private final LoopMatmul loopMatmul;
  private final LoopConv loopConv;
  private final Counters counters = new Counters();
  private final DecodeCache decoded = new DecodeCache();
  private @Nullable Observer observer;
  private long commandIndex;

  /// A machine whose state is all zero.
  public Simulator(GemminiParams params, Semantics semantics, MainMemory memory) {
    this(params, semantics, memory, Kernel.fastest(params.dim()));
  }

  Simulator(GemminiParams params, Semantics semantics, MainMemory memory, Kernel kernel) {
    this.state = new MachineState(params, semantics, memory);
    this.loads = new LoadUnit(state, kernel);
    this.stores = new StoreUnit(state, kernel, new NormUnit(state));
    this.array = new ArrayUnit(state, kernel);
    this.config = new ConfigUnit(state);
    this.loopMatmul = new LoopMatmul(params, semantics, this::plain);
    this.loopConv = new LoopConv(params, semantics, () -> state.storeScale, this::plain);
  }

  /// What kind of machine this is.
  public GemminiParams params() {
    return state.params;
  }

  /// Whose behaviour it has.
  public Semantics semantics() {
    return state.semantics;
  }

  /// Its main memory.
  public MainMemory memory() {
    return state.memory;
  }

  /// The scratchpad itself: element `c` of row `r` is at `r * dim + c`.
  public byte[] scratchpad() {
    return state.spad;
  }

  /// The accumulator itself: element `c` of row `r` is at `r * dim + c`.
  public int[] accumulator() {
    return state.acc;
  }

  /// The performance counters.
  public Counters counters() {
    return counters;
  }

  /// Has an observer watch, or no one when null. An [AccessObserver] also hears of every access,
  /// which takes the machine off its fast path.
  public void observe(@Nullable Observer newObserver) {
    this.observer = newObserver;
    state.accesses = newObserver instanceof AccessObserver accesses ? accesses : null;
  }

  /// Commands executed so far.
  public long commandsExecuted() {
    return commandIndex;
  }

  /// Packs commands for the fast way to execute them.
  public static long[] pack(List<Instr> commands) {
    long[] packed = new long[commands.size() * PACKED_LONGS];
    int at = 0;
    for (Instr instr : commands) {
      RoccCommand command = Isa.encode(instr);
      packed[at++] = command.funct();
      packed[at++] = command.rs1();
      packed[at++] = command.rs2();
    }
    return packed;
  }

  /// Executes a range of commands, three longs each.
  ///
  /// @param from index of the first command
  /// @param to index after the last command
  public void execute(long[] packed, int from, int to) {
    for (int i = from; i < to; i++) {
      int at = i * PACKED_LONGS;
      step((int) packed[at], packed[at + 1], packed[at + 2]);
    }
    array.runQueue();
  }

  /// Executes a command.
  public void execute(Instr instr) {
    RoccCommand command = Isa.encode(instr);
    execute(command.funct(), command.rs1(), command.rs2());
  }

  /// Executes a command.
  ///
  /// @return the value of `rd`: 0 for all but counter commands
  public long execute(int funct, long rs1, long rs2) {
    step(funct, rs1, rs2);
    array.runQueue();
    return counters.takeResponse();
  }

  private void step(int funct, long rs1, long rs2) {
    if (observer != null) {
      observer.command(commandIndex, funct, rs1, rs2);
    }
    try {
      plain(funct, rs1, rs2);
    } catch (MachineTrap | IsaException e) {
      array.runQueue();
      throw new MachineTrap(
          "command %d: %s: %s"
              .formatted(
                  commandIndex,
                  Assembly.disassemble(new RoccCommand(funct, rs1, rs2)),
                  e.getMessage()),
          e);
    }
    commandIndex++;
  }

  /// The commands that programs consist of go straight to their units, the others by their record.
  private void plain(int funct, long rs1, long rs2) {
    if (observer != null) {
      observer.plainCommand(funct, rs1, rs2);
    }
    if (funct == PlainCommands.PRELOAD) {
      array.preload(rs1, rs2);
    } else if (funct == PlainCommands.COMPUTE_ACCUMULATED) {
      array.compute(rs1, rs2, false);
    } else if (funct == PlainCommands.COMPUTE_PRELOADED) {
      array.compute(rs1, rs2, true);
    } else {
      array.runQueue();
      otherCommand(funct, rs1, rs2);
    }
  }

  private void otherCommand(int funct, long rs1, long rs2) {
    if (funct == PlainCommands.MVIN) {
      loads.mvin(0, rs1, rs2);
    } else if (funct == PlainCommands.MVIN2) {
      loads.mvin(1, rs1, rs2);
    } else if (funct == PlainCommands.MVIN3) {
      loads.mvin(2, rs1, rs2);
    } else if (funct == PlainCommands.MVOUT) {
      stores.mvout(rs1, rs2);
    } else {
      decodedCommand(decoded.decode(funct, rs1, rs2), rs1, rs2);
    }
  }

  private void decodedCommand(Instr instr, long rs1, long rs2) {
    switch (instr) {
      case Instr.ConfigExecute c -> config.execute(c);
      case Instr.ConfigLoad c -> config.load(c);
      case Instr.ConfigStore c -> config.store(c, (int) (rs2 >>> Integer.SIZE));
      case Instr.ConfigNorm c -> config.norm(c);
      case Instr.Mvin _ -> loads.mvin(0, rs1, rs2);
      case Instr.Mvin2 _ -> loads.mvin(1, rs1, rs2);
      case Instr.Mvin3 _ -> loads.mvin(2, rs1, rs2);
      case Instr.Mvout _ -> stores.mvout(rs1, rs2);
      case Instr.Preload _ -> array.preload(rs1, rs2);
      case Instr.ComputePreloaded _ -> array.compute(rs1, rs2, true);
      case Instr.ComputeAccumulated _ -> array.compute(rs1, rs2, false);
      case Instr.LoopWsBounds c -> loopMatmul.configure(c);
      case Instr.LoopWsAddrsAb c -> loopMatmul.configure(c);
      case Instr.LoopWsAddrsDc c -> loopMatmul.configure(c);
      case Instr.LoopWsStridesAb c -> loopMatmul.configure(c);
      case Instr.LoopWsStridesDc c -> loopMatmul.configure(c);
      case Instr.LoopWs c -> loopMatmul.run(c);
      case Instr.LoopConvWs1 c -> loopConv.configure(c);
      case Instr.LoopConvWs2 c -> loopConv.configure(c);
      case Instr.LoopConvWs3 c -> loopConv.configure(c);
      case Instr.LoopConvWs4 c -> loopConv.configure(c);
      case Instr.LoopConvWs5 c -> loopConv.configure(c);
      case Instr.LoopConvWs6 c -> loopConv.configure(c);
      case Instr.LoopConvWs c -> loopConv.run(c);
      case Instr.CounterOp c -> counters.obey(c);
      case Instr.Flush _, Instr.Fence _ -> {} // commands complete in order anyway
      case Instr.ClockGate _ -> requireClockGate();
      case Instr.StoreSpad _, Instr.LoopWsSpadAb _, Instr.LoopWsSpadC _ ->
          throw new MachineTrap("there is no external scratchpad");
    }
  }

  private void requireClockGate() {
    if (!state.semantics.hardware(Divergence.CLOCK_GATE)) {
      throw new MachineTrap("the functional model knows no clock gate");
    }
  }
}
