package org.lapidary.gemmini.program;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.lapidary.gemmini.map.FusionDecision;
import org.lapidary.gemmini.map.Placement;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.Diagnostic.Code;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.ir.text.ConstantDirectory;
import org.lapidary.ir.text.ConstantStore;
import org.lapidary.ir.text.IrParser;
import org.lapidary.ir.text.IrPrinter;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.ParamsText;
import org.lapidary.machine.Semantics;
import org.lapidary.sim.Simulator;

/// A program as a directory:
///
/// | file | content |
/// | --- | --- |
/// | `program.json` | format, machine, semantics, steps, kernels, regions, placement, fusions |
/// | `lapidary-manifest.json` | what it was made from, if the writer says so |
/// | `graph.ir` | the integer graph; host steps refer to its nodes by number |
/// | `constants/HASH.bin` | constants that host steps read |
/// | `instructions.bin` | 17 bytes a command: funct, rs1, rs2, little-endian |
/// | `memory.bin` | main memory from its base on, constants of the accelerator |
///
/// Equal programs give equal bytes. The directory appears under its name when it is complete.
public final class Container {
  private static final int FORMAT = 3;
  private static final String MANIFEST = "program.json";
  private static final String GRAPH = "graph.ir";
  private static final String CONSTANTS = "constants";
  private static final String INSTRUCTIONS = "instructions.bin";
  private static final String MEMORY = "memory.bin";
  private static final int COMMAND_BYTES = 1 + 2 * Long.BYTES;
  private static final int SEGMENT_BYTES = 1 << 24;
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private Container() {}

  private record Manifest(
      int format,
      String machine,
      String semantics,
      int commands,
      long memoryBase,
      long memoryBytes,
      long imageBytes,
      List<StepEntry> steps,
      List<Program.KernelInfo> kernels,
      TreeMap<Integer, Region> regions,
      List<CacheSlot> caches,
      List<Placement> placements,
      List<FusionDecision> fusions) {}

  /// Either host nodes or a range of commands.
  private record StepEntry(List<Integer> hostNodes, int from, int to, List<Step.Range> ranges) {}

  /// Writes a program, replacing an older one of that name.
  ///
  /// @throws DiagnosticException if something else is there
  public static void write(Program program, Path directory) {
    write(program, directory, Optional.empty());
  }

  /// The same, with an account of what the program was made from.
  public static void write(Program program, Path directory, Optional<String> origin) {
    WholeDirectory.write(
        directory,
        List.of(MANIFEST, WholeDirectory.ORIGIN, GRAPH, CONSTANTS, INSTRUCTIONS, MEMORY)
            ::containsAll,
        "a compiled program",
        unfinished -> {
          writeFiles(program, unfinished);
          if (origin.isPresent()) {
            Files.writeString(unfinished.resolve(WholeDirectory.ORIGIN), origin.get());
          }
        });
  }

  private static void writeFiles(Program program, Path directory) throws IOException {
    Files.writeString(directory.resolve(GRAPH), IrPrinter.print(program.graph()));
    ConstantDirectory constants = new ConstantDirectory(directory.resolve(CONSTANTS));
    hostConstants(program).forEach(c -> constants.write(c.data()));
    writeCommands(program, directory.resolve(INSTRUCTIONS));
    writeMemory(program.image(), directory.resolve(MEMORY));
    Files.write(directory.resolve(MANIFEST), JSON.writeValueAsBytes(manifest(program)));
  }

  private static Manifest manifest(Program program) {
    return new Manifest(
        FORMAT,
        ParamsText.print(program.machine()),
        program.semantics().name(),
        program.commandCount(),
        program.image().base(),
        program.image().bytes(),
        program.image().contentBytes(),
        program.steps().stream().map(Container::entry).toList(),
        program.kernels(),
        new TreeMap<>(program.regions()),
        program.caches(),
        program.placements(),
        program.fusions());
  }

  private static StepEntry entry(Step step) {
    return switch (step) {
      case Step.Host host -> new StepEntry(host.nodes(), 0, 0, List.of());
      case Step.Accelerator a -> new StepEntry(List.of(), a.from(), a.to(), a.ranges());
    };
  }

  private static Step step(StepEntry entry) {
    return entry.hostNodes.isEmpty()
        ? new Step.Accelerator(entry.from, entry.to, entry.ranges)
        : new Step.Host(entry.hostNodes);
  }

  /// The constants that host steps and results need, in the order of the graph.
  private static List<Layout.Const> hostConstants(Program program) {
    Graph<Op> graph = program.graph();
    Set<Value> needed = new HashSet<>();
    graph.results().forEach(port -> needed.add(port.value()));
    for (Step step : program.steps()) {
      if (step instanceof Step.Host host) {
        for (int n : host.nodes()) {
          needed.addAll(OpInfo.operands(graph.nodes().get(n).op()));
        }
      }
    }
    List<Layout.Const> constants = new ArrayList<>();
    for (Graph.Node<Op> node : graph.nodes().reversed()) {
      if (needed.contains(node.result()) && node.op() instanceof Layout layout) {
        needed.addAll(OpInfo.operands(layout));
        if (layout instanceof Layout.Const c) {
          constants.addFirst(c);
        }
      }
    }
    return constants;
  }

  private static void writeCommands(Program program, Path file) throws IOException {
    long[] packed = program.commands();
    ByteBuffer bytes = ByteBuffer.allocate(COMMAND_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16)) {
      for (int at = 0; at < packed.length; at += Simulator.PACKED_LONGS) {
        bytes.clear().put((byte) packed[at]).putLong(packed[at + 1]).putLong(packed[at + 2]);
        out.write(bytes.array());
      }
    }
  }

  private static void writeMemory(MemoryImage image, Path file) throws IOException {
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16)) {
      long at = image.base();
      for (MemoryImage.Segment segment : image.segments()) {
        out.write(new byte[Math.toIntExact(segment.address() - at)]);
        out.write(segment.content().get());
        at = segment.address() + segment.bytes();
      }
    }
  }

  /// Reads a program.
  ///
  /// @throws DiagnosticException if it is missing or damaged
  public static Program read(Path directory) {
    Path manifestFile = directory.resolve(MANIFEST);
    if (!Files.isRegularFile(manifestFile)) {
      throw refused(
          Code.FILE_NOT_FOUND,
          directory,
          "is no compiled program: it has no " + MANIFEST,
          "make one with lapidary compile");
    }
    try {
      Manifest manifest = JSON.readValue(Files.readAllBytes(manifestFile), Manifest.class);
      if (manifest.format != FORMAT) {
        throw refused(
            Code.INVALID_INPUT,
            directory,
            "has format " + manifest.format,
            "compile it again; this version reads format " + FORMAT);
      }
      requireSize(directory.resolve(INSTRUCTIONS), (long) manifest.commands * COMMAND_BYTES);
      requireSize(directory.resolve(MEMORY), manifest.imageBytes);
      return program(manifest, directory);
    } catch (JsonProcessingException e) {
      throw refused(
          Code.INVALID_INPUT,
          manifestFile,
          "is damaged: " + e.getOriginalMessage(),
          "compile it again");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Reads a program to run on a machine; memory timing apart it must be the one it was built for.
  ///
  /// @throws DiagnosticException if the machine is another
  public static Program read(Path directory, GemminiParams machine) {
    Program program = read(directory);
    GemminiParams built = program.machine();
    GemminiParams same =
        machine.withMemory(built.memLatencyCycles(), built.memBeatIntervalCycles());
    if (!same.equals(built)) {
      throw refused(
          Code.WRONG_MACHINE,
          directory,
          "was built for machine %s (DIM %d, %d scratchpad and %d accumulator rows), not for %s"
              .formatted(
                  built.name(), built.dim(), built.spadRows(), built.accRows(), machine.name()),
          "run it on " + built.name() + ", or compile it with --machine " + machine.name());
    }
    return program;
  }

  /// Reads a program's integer graph, for a referee that has its constants elsewhere.
  ///
  /// @throws DiagnosticException if it is damaged
  public static Graph<Op> readGraph(Path directory, ConstantStore constants) {
    Path file = directory.resolve(GRAPH);
    try {
      return IrParser.parse(file.toString(), Files.readString(file), constants);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Program program(Manifest manifest, Path directory) throws IOException {
    Graph<Op> graph = readGraph(directory, new ConstantDirectory(directory.resolve(CONSTANTS)));
    return new Program(
        ParamsText.parse(directory.resolve(MANIFEST).toString(), manifest.machine),
        Semantics.valueOf(manifest.semantics),
        graph,
        manifest.steps.stream().map(Container::step).toList(),
        readCommands(directory.resolve(INSTRUCTIONS), manifest.commands),
        manifest.kernels,
        manifest.regions,
        manifest.caches,
        image(manifest, directory.resolve(MEMORY)),
        manifest.placements,
        manifest.fusions);
  }

  private static long[] readCommands(Path file, int count) throws IOException {
    long[] packed = new long[count * Simulator.PACKED_LONGS];
    try (DataInputStream in =
        new DataInputStream(new BufferedInputStream(Files.newInputStream(file), 1 << 16))) {
      for (int at = 0; at < packed.length; at += Simulator.PACKED_LONGS) {
        packed[at] = in.readUnsignedByte();
        packed[at + 1] = Long.reverseBytes(in.readLong());
        packed[at + 2] = Long.reverseBytes(in.readLong());
      }
    }
    return packed;
  }

  private static MemoryImage image(Manifest manifest, Path file) {
    List<MemoryImage.Segment> segments = new ArrayList<>();
    for (long at = 0; at < manifest.imageBytes; at += SEGMENT_BYTES) {
      int bytes = (int) Math.min(SEGMENT_BYTES, manifest.imageBytes - at);
      long from = at;
      segments.add(
          new MemoryImage.Segment(manifest.memoryBase + at, bytes, () -> read(file, from, bytes)));
    }
    return new MemoryImage(manifest.memoryBase, manifest.memoryBytes, segments);
  }

  private static byte[] read(Path file, long from, int bytes) {
    try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
      byte[] content = new byte[bytes];
      in.seek(from);
      in.readFully(content);
      return content;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void requireSize(Path file, long bytes) throws IOException {
    if (!Files.isRegularFile(file) || Files.size(file) != bytes) {
      throw refused(
          Code.TRUNCATED_FILE,
          file,
          "does not have the " + bytes + " bytes it should",
          "compile it again");
    }
  }

  private static DiagnosticException refused(Code code, Path file, String message, String hint) {
    return new DiagnosticException(Diagnostic.error(code, file.toString(), "", message, hint));
  }
}
