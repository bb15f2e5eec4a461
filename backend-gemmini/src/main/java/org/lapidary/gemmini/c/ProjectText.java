package org.lapidary.gemmini.c;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramRunner;
import org.lapidary.gemmini.program.Step;
import org.lapidary.ir.DType;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.ParamsText;
import org.lapidary.machine.Semantics;
import org.lapidary.machine.isa.Assembly;
import org.lapidary.machine.isa.RoccCommand;
import org.lapidary.sim.MainMemory;
import org.lapidary.sim.timing.CycleModel;

/// What is filled into the files of a C project.
///
/// @param prefix of the library's names
/// @param expected of the inference that `main` runs
/// @param elsewhere what the accelerator of the other semantics makes of it
record ProjectText(
    Program program,
    String prefix,
    String title,
    CommandTable table,
    HostCode host,
    ProgramRunner.Result expected,
    ProgramRunner.Result elsewhere) {
  private static final long FNV_START = 0xcbf29ce484222325L;
  private static final long FNV_PRIME = 0x100000001b3L;
  private static final String SAMPLE =
      """

          .balign 64
          .globl sample_%2$s
      sample_%2$s:
          .incbin "sample_%2$s.bin"
      """;
  private static final int STACK_BYTES = 1 << 16;

  Map<String, String> values() {
    Map<String, String> v = new HashMap<>();
    v.put("NAME", prefix);
    v.put("GUARD", prefix.toUpperCase(Locale.ROOT));
    v.put("TITLE", CText.comment(title));
    v.put("BASE", "0x" + Long.toHexString(MainMemory.DEFAULT_BASE));
    v.put("STACK", Integer.toString(STACK_BYTES));
    machine(v);
    encoding(v);
    ports(v);
    code(v);
    sizes(v);
    return v;
  }

  private void machine(Map<String, String> v) {
    GemminiParams m = program.machine();
    v.put("MACHINE", CText.comment(m.name()));
    v.put("PARAMS", ParamsText.print(m));
    v.put(
        "SIZES",
        "DIM %d, %d scratchpad and %d accumulator rows"
            .formatted(m.dim(), m.spadRows(), m.accRows()));
    v.put("SEMANTICS", program.semantics().name().toLowerCase(Locale.ROOT));
    Semantics other = other(program.semantics());
    v.put("OTHER_SEMANTICS", other.name().toLowerCase(Locale.ROOT));
    v.put("SEMANTICS_OF", whose(program.semantics()));
    v.put("OTHER_SEMANTICS_OF", whose(other));
    v.put(
        "AGREEMENT",
        program.graph().results().stream()
                .allMatch(p -> hash(result(expected, p)) == hash(result(elsewhere, p)))
            ? "With the embedded input it is also that of %s.".formatted(whose(other))
            : "On %s the same commands give another%s: compile with `--semantics %s` for it."
                .formatted(
                    whose(other),
                    usesLayerNorm() ? ", since it rounds LayerNorm differently" : "",
                    other.name().toLowerCase(Locale.ROOT)));
    v.put("SLOT_COMMAND", issued(CommandTable.SLOT));
    v.put(
        "SLOT",
        CommandTable.prelude(program).size() > 1
            ? " and chooses a statistics slot, which the functional model leaves undefined"
            : "");
    v.put("CYCLES", String.format(Locale.ROOT, "%,d", expected.cycles()));
    v.put("MODEL", CycleModel.NAME);
    v.put("LATENCY", Integer.toString(m.memLatencyCycles()));
    v.put("ERROR", String.format(Locale.ROOT, "%.1f %%", CycleModel.knownError().overall().mean()));
  }

  /// The semantics that is not this one.
  static Semantics other(Semantics semantics) {
    return switch (semantics) {
      case RTL -> Semantics.LIBGEMMINI;
      case LIBGEMMINI -> Semantics.RTL;
    };
  }

  private static String whose(Semantics semantics) {
    return switch (semantics) {
      case RTL -> "the hardware";
      case LIBGEMMINI -> "the functional model that Spike runs";
    };
  }

  private boolean usesLayerNorm() {
    return program.graph().nodes().stream().anyMatch(n -> n.op() instanceof MoveOut.LayerNormI32);
  }

  private static void encoding(Map<String, String> v) {
    int word = new RoccCommand(0, 0, 0).riscvWord(0, 0, 0);
    v.put("OPCODE", "0x" + Integer.toHexString(word & 0x7f));
    v.put("FUNCT3", Integer.toString(word >> 12 & 7));
  }

  private void ports(Map<String, String> v) {
    List<Graph.Port> inputs = program.graph().inputs();
    List<Graph.Port> results = program.graph().results();
    v.put("INPUTS", each(inputs, p -> "    const %s *%s; /* %s */\n", ProjectText::shape));
    v.put("OUTPUTS", each(results, p -> "    %s *%s; /* %s */\n", ProjectText::shape));
    v.put(
        "SAMPLE_NAMES", each(inputs, _ -> "extern const unsigned char sample_%2$s[];\n", _ -> ""));
    v.put("SAMPLE_DATA", each(inputs, _ -> SAMPLE, _ -> ""));
    v.put("INPUT_ROWS", rows(inputs));
    v.put("OUTPUT_ROWS", rows(results));
    v.put(
        "IN",
        inputs.stream()
            .map(p -> "(const void *)sample_" + CText.identifier(p.name()))
            .collect(Collectors.joining(", ")));
    v.put(
        "OUT",
        results.stream()
            .map(p -> "result_" + CText.identifier(p.name()))
            .collect(Collectors.joining(", ")));
    v.put(
        "RESULTS",
        each(
            results,
            p -> "static %s result_%s[%s];\n",
            p -> Integer.toString(Math.max(1, p.type().elements()))));
    v.put("CHECKS", results.stream().map(this::check).collect(Collectors.joining()));
  }

  private static String each(
      List<Graph.Port> ports,
      Function<Graph.Port, String> format,
      Function<Graph.Port, String> detail) {
    return ports.stream()
        .map(p ->
            format
                .apply(p)
                .formatted(
                    CText.plain(p.type().dtype()), CText.identifier(p.name()), detail.apply(p)))
        .collect(Collectors.joining());
  }

  private static String shape(Graph.Port port) {
    return CText.comment(port.name() + " " + port.type().dims());
  }

  private static String rows(List<Graph.Port> ports) {
    return ports.stream()
        .map(p ->
            "| `%s` | `%s` %s |\n"
                .formatted(
                    CText.identifier(p.name()), CText.plain(p.type().dtype()), p.type().dims()))
        .collect(Collectors.joining());
  }

  private String check(Graph.Port port) {
    Tensor tensor = result(expected, port);
    return """
        failed |= check(%1$s, hash(result_%2$s, %3$d, %4$d, %5$d),
                        UINT64_C(0x%6$x), UINT64_C(0x%7$x));
    """
        .formatted(
            CText.string(port.name()),
            CText.identifier(port.name()),
            tensor.elements(),
            tensor.type().dtype().bytes(),
            tensor.type().dtype() == DType.F32 ? 1 : 0,
            hash(tensor),
            hash(result(elsewhere, port)));
  }

  private static Tensor result(ProgramRunner.Result run, Graph.Port port) {
    return Optional.ofNullable(run.outputs().get(port.name())).orElseThrow();
  }

  /// FNV-1a of the elements in little-endian order; all floats that are not numbers count as one.
  static long hash(Tensor tensor) {
    if (tensor.type().dtype() == DType.F32) {
      float[] canonical = tensor.f32().clone();
      for (int i = 0; i < canonical.length; i++) {
        canonical[i] = Float.intBitsToFloat(Float.floatToIntBits(canonical[i]));
      }
      return hash(HostCode.bytes(Tensor.of(tensor.type(), canonical)));
    }
    return hash(HostCode.bytes(tensor));
  }

  private static long hash(byte[] bytes) {
    long hash = FNV_START;
    for (byte b : bytes) {
      hash = (hash ^ (b & 0xff)) * FNV_PRIME;
    }
    return hash;
  }

  private void code(Map<String, String> v) {
    StringBuilder functions = new StringBuilder();
    StringBuilder calls = new StringBuilder();
    hostSection(0, "take_inputs", functions, calls);
    int phrase = 0;
    int accelerated = 0;
    for (int i = 0; i < program.steps().size(); i++) {
      switch (program.steps().get(i)) {
        case Step.Host _ -> hostSection(i + 1, "step_" + i, functions, calls);
        case Step.Accelerator _ -> {
          int end = phrase + table.phrases().texts().get(accelerated).length;
          calls.append("    GEMMINI_FENCE();\n").append(accelerated == 0 ? prelude() : "");
          calls.append(issue(phrase, end, table.operandStarts().get(accelerated)));
          phrase = end;
          accelerated++;
        }
      }
    }
    if (accelerated == 0) {
      calls.append(issue(0, 0, 0)); // nothing, with no function left unused
    }
    calls.append(host.section(program.steps().size() + 1));
    v.put("FUNCTIONS", functions.toString());
    v.put("CALLS", calls.toString());
    v.put("CASES", table.cases());
    v.put("ERF", host.needsErf() ? "static lap_erf_table erf_table;\n" : "");
    v.put("PREPARE", host.needsErf() ? "    lap_erf_prepare(&erf_table);\n" : "");
  }

  private String prelude() {
    return CommandTable.prelude(program).stream()
        .map(c -> "    %s\n".formatted(issued(c)))
        .collect(Collectors.joining());
  }

  private static String issued(RoccCommand c) {
    return "GEMMINI_COMMAND(%d, UINT64_C(0x%x), UINT64_C(0x%x)); /* %s */"
        .formatted(c.funct(), c.rs1(), c.rs2(), Assembly.disassemble(c));
  }

  private String issue(int from, int to, int operands) {
    return "    issue(%1$s_phrases + %2$d, %1$s_phrases + %3$d, %1$s_operands + %4$d);\n"
        .formatted(prefix, from, to, operands);
  }

  private void hostSection(int section, String name, StringBuilder functions, StringBuilder calls) {
    String body = host.section(section);
    if (body.isEmpty()) {
      return;
    }
    functions.append(
        "static const char *%s(const %s_inputs *in)\n{\n    (void)in;\n%s    return NULL;\n}\n\n"
            .formatted(name, prefix, body));
    calls.append(
        "    wrong = %s(in);\n    if (wrong != NULL) {\n        return wrong;\n    }\n"
            .formatted(name));
  }

  private void sizes(Map<String, String> v) {
    long weights = CProject.weightBytes(program);
    long activations = Math.max(1, program.image().bytes() - weights);
    long hostBytes = Math.max(1, host.plan().bytes());
    int phrases = table.phraseBytes().length;
    v.put("WEIGHTS_BYTES", Long.toString(weights));
    v.put("ACTIVATION_BYTES", Long.toString(activations));
    v.put("HOST_BYTES", Long.toString(hostBytes));
    v.put("OPERANDS", Integer.toString(table.operands().length));
    v.put("OVERREAD", Long.toString(table.overread()));
    v.put("WEIGHTS", grouped(weights));
    v.put("CONSTANTS", grouped(host.constantBytes().length));
    v.put("COMMANDS", grouped(program.commandCount()));
    v.put(
        "TABLE",
        grouped(
            (long) table.operands().length * Long.BYTES + table.relocations().length + phrases));
    v.put("ACTIVATIONS", grouped(activations));
    v.put("HOST", grouped(hostBytes));
    v.put("PHRASES", Integer.toString(table.phrases().words().size()));
    v.put(
        "PER_PHRASE",
        String.format(Locale.ROOT, "%.1f", (double) program.commandCount() / Math.max(1, phrases)));
  }

  private static String grouped(long n) {
    return String.format(Locale.ROOT, "%,d", n);
  }
}
