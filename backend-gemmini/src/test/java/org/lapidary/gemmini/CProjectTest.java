package org.lapidary.gemmini;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lapidary.gemmini.c.CProject;
import org.lapidary.gemmini.program.Program;
import org.lapidary.ir.Value;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.Isa;
import org.lapidary.machine.isa.RoccCommand;
import org.lapidary.sim.Simulator;

/// Generated C builds without warnings, issues exactly the program's commands, and computes the
/// simulator's bits: on this machine and, emulated, on RISC-V.
class CProjectTest {
  private static final String NAME = "layer";
  private static final String TOOLS = "riscv64-unknown-elf-";

  private static Program write(Path folder, Semantics semantics) {
    return write(folder, "ibert", semantics);
  }

  private static Program write(Path folder, String machine, Semantics semantics) {
    RandomGraphs made = BitExactnessTest.graphs(5, semantics);
    Value x = made.quantizedInput("x", 1, 19, 24);
    Value mask = made.int32("mask", 90, 1, 1, 19, 19);
    Value y = made.encoderLayer(x, mask, 1, 19, 3, 8, 40);
    Program program =
        GemminiCompiler.compile(made.result(y), GemminiParams.load(machine), semantics);
    CProject.write(program, NAME, "an encoder layer", made.inputs, folder);
    return program;
  }

  @Test
  void runsOnThisMachine(@TempDir Path folder) throws Exception {
    for (Semantics semantics : Semantics.values()) {
      Path project = folder.resolve(semantics.name());
      Program program = write(project, semantics);
      twice(project);
      assertThat(GeneratedC.runNatively(program, project, NAME))
          .contains("as expected: out0")
          .doesNotContain("WRONG");
    }
  }

  /// The functional model has to be told a statistics slot, a machine without them must not be.
  @Test
  void aMachineWithoutNormalisationUnit(@TempDir Path folder) throws Exception {
    Program program = write(folder.resolve("model"), "chip", Semantics.LIBGEMMINI);
    assertThat(GeneratedC.runNatively(program, folder.resolve("model"), NAME))
        .contains("as expected: out0");
    write(folder.resolve("hardware"), "chip", Semantics.RTL);
    String slot = "config_norm slotOnly=true";
    assertThat(folder.resolve("model/layer.c")).content().contains(slot);
    assertThat(folder.resolve("hardware/layer.c")).content().doesNotContain(slot);
  }

  /// The second run finds the accelerator as the first one left it.
  private static void twice(Path project) throws IOException {
    Path main = project.resolve("main.c");
    String once = Files.readString(main);
    String before = "    uint64_t start";
    assertThat(once).contains(before);
    Files.writeString(main, once.replace(before, "    " + NAME + "_run(&in, &out);\n" + before));
  }

  @Test
  void runsOnRiscVUnderAnEmulator(@TempDir Path folder) throws Exception {
    GeneratedC.require("make", "riscv64-linux-gnu-gcc", "qemu-riscv64");
    Program program = write(folder.resolve("c"), Semantics.RTL);
    GeneratedC.quietly(folder.resolve("c"), "make", "-s", "linux-stub");
    assertThat(GeneratedC.run(program, folder.resolve("c"), "qemu-riscv64", NAME + "_linux_stub"))
        .contains("as expected: out0")
        .doesNotContain("WRONG");
  }

  /// Who runs on Spike what was compiled for the hardware is told so.
  @Test
  void tellsTheOtherSemanticsFromAWrongResult(@TempDir Path folder) throws Exception {
    Path project = folder.resolve("c");
    Program p = write(project, Semantics.RTL);
    Program spike =
        new Program(
            p.machine(),
            Semantics.LIBGEMMINI,
            p.graph(),
            p.steps(),
            p.commands(),
            p.kernels(),
            p.regions(),
            p.caches(),
            p.image(),
            p.placements(),
            p.fusions());
    assertThat(GeneratedC.runNatively(spike, project, NAME))
        .contains("WRONG: out0", "compile with --semantics libgemmini");
  }

  /// Whoever takes a wrong result for a right one would not notice anything else either.
  @Test
  void noticesAWrongResult(@TempDir Path folder) throws Exception {
    Path project = folder.resolve("c");
    Program program = write(project, Semantics.RTL);
    Path weights = project.resolve(NAME + "_weights.bin");
    byte[] bytes = Files.readAllBytes(weights);
    for (int i = 0; i < bytes.length / 2; i++) {
      bytes[i] ^= 3;
    }
    Files.write(weights, bytes);
    assertThat(GeneratedC.runNatively(program, project, NAME))
        .contains("WRONG: out0")
        .doesNotContain("--semantics");
  }

  @Test
  void buildsForBareMetalWithTheEncodersWords(@TempDir Path folder) throws Exception {
    GeneratedC.require("make", "riscv64-unknown-elf-gcc");
    Path project = folder.resolve("c");
    Program program = write(project, Semantics.RTL);
    GeneratedC.quietly(project, "make", "-s", "bare");
    assertThat(GeneratedC.quietly(project, TOOLS + "nm", NAME + "_bare"))
        .containsPattern("0*80000000 T _start")
        .contains(" tohost")
        .doesNotContain("malloc");
    Set<Integer> due = new TreeSet<>(Set.of(Isa.funct(Instr.Flush.class)));
    for (int i = 0; i < program.commands().length; i += Simulator.PACKED_LONGS) {
      due.add((int) program.commands()[i]);
    }
    due.remove(Isa.funct(Instr.Fence.class));
    assertThat(customWords(project).keySet()).isEqualTo(due);
  }

  /// Start code, console and exit code on a machine without Gemmini.
  @Test
  void startsOnBareMetalAndMissesTheAccelerator(@TempDir Path folder) throws Exception {
    GeneratedC.require("make", "timeout", "riscv64-unknown-elf-gcc", "qemu-system-riscv64");
    Path project = folder.resolve("c");
    write(project, Semantics.RTL);
    GeneratedC.quietly(project, "make", "-s", "bare");
    String machine =
        "timeout 60 qemu-system-riscv64 -M spike -nographic -bios none -kernel " + NAME + "_bare";
    Process process =
        new ProcessBuilder(machine.split(" "))
            .directory(project.toFile())
            .redirectErrorStream(true)
            .start();
    assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
        .contains("trap: cause 0000000000000002", "--extension=gemmini");
    assertThat(process.waitFor()).isEqualTo(2);
  }

  /// Gemmini's instructions of a program by function code, each as our encoder has it for the
  /// registers it uses.
  private static Map<Integer, Integer> customWords(Path project) throws Exception {
    String text =
        GeneratedC.quietly(project, TOOLS + "objdump", "-d", "-j", ".text", NAME + "_bare");
    Map<Integer, Integer> count = new TreeMap<>();
    List<String> words =
        text.lines()
            .flatMap(line -> Stream.of(line.split("\\s+")).skip(2).limit(1))
            .filter(word -> word.matches("[0-9a-f]{8}"))
            .toList();
    for (String hex : words) {
      int word = Integer.parseUnsignedInt(hex, 16);
      if ((word & 0x7f) == 0x7b) {
        int funct = word >>> 25;
        assertThat(word)
            .as(hex)
            .isEqualTo(new RoccCommand(funct, 0, 0).riscvWord(0, word >> 15 & 31, word >> 20 & 31));
        count.merge(funct, 1, Integer::sum);
      }
    }
    return count;
  }

  @Test
  void equalProgramsGiveEqualBytes(@TempDir Path folder) throws Exception {
    write(folder.resolve("one"), Semantics.RTL);
    write(folder.resolve("two"), Semantics.RTL);
    try (Stream<Path> files = Files.walk(folder.resolve("one"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path other = folder.resolve("two").resolve(folder.resolve("one").relativize(file));
        assertThat(other).hasSameBinaryContentAs(file);
      }
    }
  }
}
