package org.lapidary.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;
import org.lapidary.machine.isa.Encoding;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.Isa;
import org.lapidary.sim.trace.Recorder;
import org.lapidary.sim.trace.ReplayDirectory;

/// Programs of our own that issue every command, recorded once when the simulator agreed with all
/// of the golden programs of others. `-Dgolden.update=true` records them anew.
class GoldenProgramsTest {
  private static final long SEED = 2026;

  private static Path golden(Semantics semantics) {
    return Path.of(
        System.getProperty("lapidary.root"),
        "runtime-sim/src/test/golden",
        semantics.name().toLowerCase(Locale.ROOT));
  }

  @ParameterizedTest
  @EnumSource(Semantics.class)
  void programsReplayToTheStoredBytes(Semantics semantics) throws Exception {
    if (Boolean.getBoolean("golden.update")) {
      Files.createDirectories(golden(semantics));
      recordAll(golden(semantics), semantics);
    }
    ReplayDirectory.Result result =
        new ReplayDirectory(golden(semantics), null, null).run((name, passed) -> {});
    assertThat(result.failures()).isEmpty();
    assertThat(result.passed()).isEqualTo(SamplePrograms.names().size() * 2);
  }

  @ParameterizedTest
  @EnumSource(Semantics.class)
  void recordingGivesTheStoredFiles(Semantics semantics, @TempDir Path fresh) throws Exception {
    recordAll(fresh, semantics);
    try (var files = Files.list(fresh)) {
      for (Path file : files.sorted().toList()) {
        Path stored = golden(semantics).resolve(file.getFileName());
        assertThat(file).hasSameBinaryContentAs(stored);
      }
    }
  }

  private static void recordAll(Path directory, Semantics semantics) {
    for (String machine : List.of("norm", "large-chip")) {
      GemminiParams params = GemminiParams.load(machine);
      for (String name : SamplePrograms.names()) {
        SamplePrograms.Program program = SamplePrograms.make(name, SEED, params.dim());
        MainMemory memory = new MainMemory(SamplePrograms.BASE, SamplePrograms.MEMORY_BYTES);
        Simulator simulator = new Simulator(params, semantics, memory);
        try (Recorder _ = Recorder.start(directory.resolve(machine + "." + name), simulator)) {
          memory.store(SamplePrograms.BASE, program.input());
          program.commands().forEach(simulator::execute);
        }
      }
    }
  }

  @Test
  void togetherTheyIssueEveryCommandThatMachinesObey() {
    Set<String> issued = new TreeSet<>();
    for (String name : SamplePrograms.names()) {
      for (Instr instr : SamplePrograms.make(name, SEED, 16).commands()) {
        issued.add(Isa.mnemonic(instr));
      }
    }
    List<String> missing = new ArrayList<>();
    for (Class<?> command : Instr.class.getPermittedSubclasses()) {
      String mnemonic = command.getAnnotation(Encoding.class).mnemonic();
      if (!issued.contains(mnemonic)) {
        missing.add(mnemonic);
      }
    }
    // Only hardware has these: a clock gate, which is tested by itself, and external scratchpads.
    assertThat(missing)
        .containsExactlyInAnyOrder("clkgate_en", "store_spad", "loop_ws_spad_ab", "loop_ws_spad_c");
  }
}
