package org.lapidary.gemmini;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramVerifier;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.HostBridge;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;
import org.lapidary.machine.isa.Instr;
import org.lapidary.machine.isa.Isa;
import org.lapidary.machine.isa.RoccCommand;

/// A compiled program is accepted; the same with one command missing is not.
class ProgramVerifierTest {
  private static final int WORDS = 3;

  private final Program program = compiled();

  private static Program compiled() {
    RandomGraphs g = new RandomGraphs(11, false);
    Value x = g.quantizedInput("x", 1, 21, 24);
    Value y = g.encoderLayer(x, g.int32("mask", 50, 1, 1, 1, 21), 1, 21, 3, 8, 40);
    return GemminiCompiler.compile(
        g.result(g.emit(new HostBridge.Dequantize(y), "dequantize")),
        GemminiParams.load("ibert"),
        Semantics.RTL);
  }

  private Instr instruction(int i) {
    long[] c = program.commands();
    return Isa.decode((int) c[WORDS * i], c[WORDS * i + 1], c[WORDS * i + 2]);
  }

  /// With a command replaced by one that does nothing here.
  private Program without(int i) {
    long[] commands = program.commands().clone();
    RoccCommand nothing = Isa.encode(new Instr.Flush(false));
    commands[WORDS * i] = nothing.funct();
    commands[WORDS * i + 1] = nothing.rs1();
    commands[WORDS * i + 2] = nothing.rs2();
    return new Program(
        program.machine(),
        program.semantics(),
        program.graph(),
        program.steps(),
        commands,
        program.kernels(),
        program.regions(),
        program.caches(),
        program.image(),
        program.placements(),
        program.fusions());
  }

  private List<Integer> where(Class<? extends Instr> kind) {
    List<Integer> found = new ArrayList<>();
    for (int i = 0; i < program.commands().length / WORDS; i++) {
      if (kind.isInstance(instruction(i))) {
        found.add(i);
      }
    }
    return found;
  }

  private boolean accepts(Program changed) {
    try {
      ProgramVerifier.require(changed);
      return true;
    } catch (IllegalStateException e) {
      assertThat(e).hasMessageContaining("kernel").hasMessageContaining("nodes");
      return false;
    }
  }

  @Test
  void whatTheCompilerEmitsIsAccepted() {
    assertThat(ProgramVerifier.require(program)).isSameAs(program);
  }

  @Test
  void aMissingLoadIsFound() {
    int first = where(Instr.Mvin.class).getFirst();
    assertThatThrownBy(() -> ProgramVerifier.require(without(first)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("never written");
  }

  @Test
  void everyFenceButTheLastIsNeeded() {
    List<Integer> fences = where(Instr.Fence.class);
    assertThat(fences).hasSizeGreaterThan(3);
    for (int fence : fences.subList(0, fences.size() - 1)) {
      assertThat(accepts(without(fence))).as("without the fence at %d", fence).isFalse();
    }
  }
}
