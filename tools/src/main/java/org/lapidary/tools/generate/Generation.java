package org.lapidary.tools.generate;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramRunner;
import org.lapidary.sim.MainMemory;
import org.lapidary.sim.timing.MemoryTiming;

/// One sequence that grows on the simulator. All programs run in one main memory, at the start of
/// which are the caches; nothing but the host's embeddings, masks and logits ever leaves it.
public final class Generation {
  private final Programs programs;
  private final boolean timed;
  private final MainMemory memory;
  private final Map<Bucket, ProgramRunner> runners = new HashMap<>();
  private @Nullable ProgramRunner loaded;
  private long[] tokens = new long[0];
  private Cost prefill = Cost.NONE;
  private Cost decode = Cost.NONE;

  /// What runs have cost.
  ///
  /// @param runs of programs
  /// @param cycles of the accelerator, estimated; 0 without timing
  /// @param commands executed
  /// @param nanoseconds of wall time
  public record Cost(int runs, long cycles, long commands, long nanoseconds) {
    static final Cost NONE = new Cost(0, 0, 0, 0);

    Cost plus(ProgramRunner.Result run, long more) {
      return new Cost(
          runs + 1, cycles + run.cycles(), commands + run.commands(), nanoseconds + more);
    }
  }

  /// @param timed whether to estimate cycles
  public Generation(Programs programs, boolean timed) {
    this.programs = programs;
    this.timed = timed;
    Map<Bucket, Program> all = programs.programs();
    long base = all.values().iterator().next().memoryBase();
    this.memory =
        new MainMemory(base, all.values().stream().mapToLong(Program::memoryBytes).max().orElse(0));
  }

  /// The tokens so far.
  public long[] tokens() {
    return tokens.clone();
  }

  /// Tokens there is still room for.
  public int room() {
    return programs.model().longest() - tokens.length;
  }

  /// Cost of starting the sequence.
  public Cost prefill() {
    return prefill;
  }

  /// Cost of all that was appended.
  public Cost decode() {
    return decode;
  }

  /// Starts a sequence, forgetting the one before.
  ///
  /// @return the logits after its last token
  public float[] start(long[] prompt) {
    tokens = prompt.clone();
    prefill = Cost.NONE;
    decode = Cost.NONE;
    long start = System.nanoTime();
    ProgramRunner.Result run = run(programs.model().prefill(prompt.length), prompt, 0);
    prefill = prefill.plus(run, System.nanoTime() - start);
    return Referee.row(run.outputs(), programs.model(), prompt.length - 1);
  }

  /// Appends a token.
  ///
  /// @return the logits after it
  public float[] append(long token) {
    int entries = tokens.length;
    tokens = Arrays.copyOf(tokens, entries + 1);
    tokens[entries] = token;
    LanguageModel model = programs.model();
    long start = System.nanoTime();
    ProgramRunner.Result run =
        model.cached()
            ? run(model.decode(entries), new long[] {token}, entries)
            : run(model.prefill(tokens.length), tokens, 0);
    decode = decode.plus(run, System.nanoTime() - start);
    return Referee.row(run.outputs(), model, model.cached() ? 0 : entries);
  }

  private ProgramRunner.Result run(Bucket bucket, long[] fresh, int entries) {
    Program program = programs.programs().get(bucket);
    if (program == null) {
      throw new IllegalStateException("no program " + bucket);
    }
    ProgramRunner runner = runners.computeIfAbsent(bucket, _ -> new ProgramRunner(program, memory));
    if (loaded == null || !loaded.equals(runner)) {
      runner.load();
      loaded = runner;
    }
    ProgramRunner.Options options =
        new ProgramRunner.Options(
            program.semantics(),
            timed ? Optional.of(MemoryTiming.of(program.machine())) : Optional.empty(),
            false,
            Optional.empty());
    return runner.step(Feeds.of(program.graph().inputs(), fresh, entries), options, entries);
  }
}
