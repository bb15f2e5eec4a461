package org.lapidary.gemmini.c;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.lapidary.gemmini.program.Program;
import org.lapidary.machine.isa.Assembly;
import org.lapidary.machine.isa.Isa;
import org.lapidary.machine.isa.Reg;
import org.lapidary.machine.isa.RoccCommand;
import org.lapidary.sim.MainMemory;
import org.lapidary.sim.Simulator;

/// Runs a C project that was built with `-DGEMMINI_STUB`: the C issues commands, our simulator
/// executes them on a copy of the process's memory and hands that back at fences. The messages are
/// those of `gemmini_stub.c`. Every command is compared with the one the program has there.
public final class CoSimulation {
  private static final int AREA = 1;
  private static final int CONTENT = 2;
  private static final int COMMAND = 3;
  private static final int FENCE = 4;

  /// A stretch of the process's memory.
  private record Area(long address, long bytes, boolean writable) {}

  private final Program program;
  private final List<RoccCommand> prelude;
  private final long weightBytes;
  private final List<Area> areas = new ArrayList<>();
  private final List<byte[]> early = new ArrayList<>();
  private final StringBuilder difference = new StringBuilder();
  private @Nullable Simulator simulator;
  private int next;
  private long commands;

  /// How a process ended.
  ///
  /// @param code its exit code
  /// @param text what it printed
  /// @param commands that it issued
  /// @param difference the first of them that is not the program's, or empty
  public record Ended(int code, String text, long commands, String difference) {}

  private CoSimulation(Program program) {
    this.program = program;
    this.prelude = CommandTable.prelude(program);
    this.weightBytes = CProject.weightBytes(program);
  }

  /// Runs a command line to its end.
  public static Ended run(Program program, List<String> line, Path directory) throws IOException {
    Process process = new ProcessBuilder(line).directory(directory.toFile()).start();
    try (InputStream messages = process.getErrorStream();
        OutputStream out = process.getOutputStream();
        DataInputStream in =
            new DataInputStream(new BufferedInputStream(process.getInputStream(), 1 << 16))) {
      CompletableFuture<String> text = CompletableFuture.supplyAsync(() -> all(messages));
      CoSimulation simulation = new CoSimulation(program);
      simulation.serve(in, out);
      simulation.requireComplete();
      int code = process.waitFor();
      return new Ended(code, text.join(), simulation.commands, simulation.difference.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      process.destroy();
    }
  }

  /// As often as it wants, but to the end.
  private void requireComplete() {
    if (difference.isEmpty() && next != 0) {
      difference.append("it ended before command %d of %d".formatted(next, program.commandCount()));
    }
  }

  /// Fences have no message of their own where nothing is to be waited for.
  private int afterFences(int command) {
    int at = command;
    while (at < program.commandCount() && program.commands()[at(at)] == CommandTable.FENCE) {
      at++;
    }
    return at == program.commandCount() ? 0 : at;
  }

  private static int at(int command) {
    return command * Simulator.PACKED_LONGS;
  }

  private static String all(InputStream in) {
    try {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void serve(DataInputStream in, OutputStream out) throws IOException {
    for (int tag = in.read(); tag >= 0; tag = in.read()) {
      in.skipNBytes(Long.BYTES - 1);
      switch (tag) {
        case AREA -> areas.add(new Area(word(in), word(in), word(in) != 0));
        case CONTENT -> store(word(in), in.readNBytes(Math.toIntExact(word(in))));
        case COMMAND -> execute((int) word(in), word(in), word(in));
        case FENCE -> giveBack(out);
        default -> throw new IOException("message " + tag + " is none of gemmini_stub.c");
      }
    }
  }

  private static long word(DataInputStream in) throws IOException {
    return Long.reverseBytes(in.readLong());
  }

  /// The machine comes into being with the first command, when all areas are known.
  private Simulator simulator() {
    Simulator known = simulator;
    if (known == null) {
      long low = areas.stream().mapToLong(Area::address).min().orElse(0);
      long high = areas.stream().mapToLong(a -> a.address + a.bytes).max().orElse(0);
      MainMemory memory = new MainMemory(low, high - low);
      known = new Simulator(program.machine(), program.semantics(), memory);
      for (int i = 0; i < early.size(); i++) {
        memory.store(areas.get(i).address, early.get(i));
      }
      simulator = known;
    }
    return known;
  }

  /// Read-only memory comes as soon as its area is announced, all other with the first command.
  private void store(long address, byte[] bytes) {
    if (simulator == null && !areas.getLast().writable) {
      early.add(bytes);
    } else {
      simulator().memory().store(address, bytes);
    }
  }

  private void execute(int funct, long rs1, long rs2) {
    commands++;
    boolean before = next == 0 && prelude.contains(new RoccCommand(funct, rs1, rs2));
    if (difference.isEmpty() && !before && program.commandCount() > 0) {
      compare(funct, rs1, rs2);
    }
    simulator().execute(funct, rs1, rs2);
  }

  private void compare(int funct, long rs1, long rs2) {
    long[] due = program.commands();
    int at = at(next);
    next = afterFences(next + 1);
    Set<Reg> addresses = Isa.addressOperands(funct, rs1);
    RoccCommand found =
        new RoccCommand(
            funct,
            addresses.contains(Reg.RS1) ? programAddress(rs1) : rs1,
            addresses.contains(Reg.RS2) ? programAddress(rs2) : rs2);
    RoccCommand expected = new RoccCommand((int) due[at], due[at + 1], due[at + 2]);
    if (!found.equals(expected)) {
      difference.append(
          "command %d is %s where the program has %s"
              .formatted(
                  at / Simulator.PACKED_LONGS,
                  Assembly.disassemble(found),
                  Assembly.disassemble(expected)));
    }
  }

  /// The address that the program has for a pointer of the process.
  private long programAddress(long pointer) {
    long base = program.image().base();
    for (Area area : areas) {
      if (pointer >= area.address && pointer < area.address + area.bytes) {
        return base + (area.writable ? weightBytes : 0) + pointer - area.address;
      }
    }
    return pointer;
  }

  private void giveBack(OutputStream out) throws IOException {
    for (Area area : areas) {
      if (area.writable) {
        out.write(simulator().memory().load(area.address, Math.toIntExact(area.bytes)));
      }
    }
    out.flush();
  }
}
