package org.lapidary.gemmini.c;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.Step;
import org.lapidary.machine.Semantics;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.Isa;
import org.lapidary.machine.isa.NormConstant;
import org.lapidary.machine.isa.Reg;
import org.lapidary.machine.isa.RoccCommand;
import org.lapidary.sim.Simulator;

/// A program's commands as data: which phrases, with which operands. Addresses are distances from
/// the program's memory base; the bits of `relocations` say which operands are addresses.
///
/// @param phrases one text per step of the accelerator
/// @param operands rs1 and rs2 of every command but fences
/// @param operandStarts for each step of the accelerator, the index of its first operand
/// @param relocations one bit per operand
/// @param overread bytes behind an operand that the hardware's matmul loop may read without need
@SuppressWarnings("ArrayRecordComponent") // millions of commands; treated as immutable
record CommandTable(
    Phrases phrases,
    long[] operands,
    List<Integer> operandStarts,
    byte[] relocations,
    long overread) {
  static final int FENCE = Isa.funct(Instr.Fence.class);

  /// Chooses a statistics slot. The functional model indexes an array by it at every store and
  /// begins with none. Source: gemmini.md §5.8, §6.
  static final RoccCommand SLOT =
      Isa.encode(new Instr.ConfigNorm(0, false, true, NormConstant.QLN2, 0, 0, 0));

  private static final int STRIDES = Isa.funct(Instr.LoopWsStridesAb.class);

  static CommandTable of(Program program) {
    long[] commands = program.commands();
    List<int[]> texts = new ArrayList<>();
    List<Integer> starts = new ArrayList<>();
    long[] operands = new long[2 * program.commandCount()];
    byte[] relocations = new byte[(operands.length + 7) / 8];
    long overread = program.machine().dim();
    int n = 0;
    for (Step step : program.steps()) {
      if (!(step instanceof Step.Accelerator a)) {
        continue;
      }
      starts.add(n);
      texts.add(IntStream.range(a.from(), a.to()).map(i -> funct(commands, i)).toArray());
      for (int i = a.from(); i < a.to(); i++) {
        int funct = funct(commands, i);
        if (funct == FENCE) {
          continue;
        }
        long rs1 = commands[i * Simulator.PACKED_LONGS + 1];
        long rs2 = commands[i * Simulator.PACKED_LONGS + 2];
        Set<Reg> addresses = Isa.addressOperands(funct, rs1);
        operands[n] = operand(rs1, addresses.contains(Reg.RS1), program, relocations, n);
        operands[n + 1] = operand(rs2, addresses.contains(Reg.RS2), program, relocations, n + 1);
        n += 2;
        // gemmini.md §8, row 11: whole tiles of B are read where its last one is not full.
        overread =
            funct == STRIDES ? Math.max(overread, (program.machine().dim() - 1) * rs2) : overread;
      }
    }
    return new CommandTable(
        Phrases.of(texts),
        Arrays.copyOf(operands, n),
        starts,
        Arrays.copyOf(relocations, (n + 7) / 8),
        overread);
  }

  /// What a run issues before the program: old address translations are forgotten; and where no
  /// command of the program does so, the functional model is told a statistics slot. Hardware
  /// without a normalisation unit has neither slot nor command.
  static List<RoccCommand> prelude(Program program) {
    RoccCommand flush = Isa.encode(new Instr.Flush(false));
    boolean slotless =
        program.semantics() == Semantics.LIBGEMMINI && !program.machine().hasNormalizations();
    return slotless ? List.of(flush, SLOT) : List.of(flush);
  }

  private static int funct(long[] commands, int index) {
    return (int) commands[index * Simulator.PACKED_LONGS];
  }

  private static long operand(
      long value, boolean address, Program program, byte[] relocations, int at) {
    if (!address || value == 0) {
      return value;
    }
    long offset = value - program.image().base();
    if (offset < 0 || offset >= program.image().bytes()) {
      throw new IllegalStateException("command with an address outside memory: " + value);
    }
    relocations[at / 8] |= (byte) (1 << at % 8);
    return offset;
  }

  byte[] operandBytes() {
    ByteBuffer bytes =
        ByteBuffer.allocate(operands.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asLongBuffer().put(operands);
    return bytes.array();
  }

  byte[] phraseBytes() {
    byte[] bytes = new byte[phrases.texts().stream().mapToInt(t -> t.length).sum()];
    int at = 0;
    for (int[] text : phrases.texts()) {
      for (int name : text) {
        bytes[at++] = (byte) name;
      }
    }
    return bytes;
  }

  /// The C cases that issue each phrase.
  String cases() {
    StringBuilder out = new StringBuilder();
    for (int name = 0; name < phrases.words().size(); name++) {
      out.append("        case %d:\n".formatted(name));
      int at = 0;
      for (int funct : phrases.words().get(name)) {
        out.append(
            funct == FENCE
                ? "            GEMMINI_FENCE();\n"
                : "            GEMMINI_COMMAND(%d, o[%d], o[%d]);\n"
                    .formatted(funct, 2 * at, 2 * at + 1));
        at += funct == FENCE ? 0 : 1;
      }
      out.append("            o += %d;\n            break;\n".formatted(2 * at));
    }
    return out.toString();
  }
}
