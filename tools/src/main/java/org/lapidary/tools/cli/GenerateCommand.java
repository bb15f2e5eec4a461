package org.lapidary.tools.cli;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.sim.timing.CycleModel;
import org.lapidary.tools.data.TextEncoder;
import org.lapidary.tools.generate.Continuation;
import org.lapidary.tools.generate.Generation;
import org.lapidary.tools.generate.LanguageModel;
import org.lapidary.tools.generate.Programs;
import org.lapidary.tools.generate.ProgramsDirectory;
import org.lapidary.tools.generate.Referee;
import org.lapidary.tools.generate.Sampler;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Continues a prompt with a compiled language model.
@Command(
    name = "generate",
    mixinStandardHelpOptions = true,
    description = "Continues a prompt with a language model, token by token, on the simulator.",
    footer = {
      "",
      "DIR is made by: lapidary compile model.onnx -o DIR --generate 64 --calibrate chains.npz",
      "Example: lapidary generate DIR --prompt 0,7,14,16,20,24,49 --stop 51 --verify"
    })
final class GenerateCommand implements Callable<Integer> {
  @Parameters(paramLabel = "DIR", description = "Made by `lapidary compile --generate`.")
  Path directory = Path.of("");

  @Option(
      names = "--prompt",
      required = true,
      paramLabel = "IDS|TEXT",
      description = "Token ids (1,2,3), or with --tokenizer text.")
  String prompt = "";

  @Option(names = "--tokenizer", paramLabel = "FILE", description = "For text in and out.")
  Optional<Path> tokenizer = Optional.empty();

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      description = "Stop after N tokens; default: when the longest program is full.")
  int maxTokens = Integer.MAX_VALUE;

  @Option(
      names = "--stop",
      split = ",",
      paramLabel = "ID",
      description = "Stop after one of these tokens.")
  Set<Long> stop = Set.of();

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description = "Draw from softmax(logits / T); default 0: always the likeliest token.")
  double temperature;

  @Option(names = "--top-k", paramLabel = "K", description = "Draw among the K likeliest only.")
  int topK;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Of the draws, by " + Sampler.GENERATOR + "; default 0.")
  long seed;

  @Option(
      names = "--verify",
      description = "Compare every step with the integer referee on the whole sequence.")
  boolean verify;

  @Option(names = "--no-timing", description = "Do not estimate cycles.")
  boolean noTiming;

  @Mixin Output output = new Output();
  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    Sampler sampler = sampler();
    Optional<TextEncoder> encoder = tokenizer.map(TextEncoder::open);
    Programs programs = ProgramsDirectory.read(directory);
    long[] ids = encoder.map(e -> e.encodePrompt(prompt)).orElseGet(this::promptIds);
    requireFit(ids, programs.model());
    Generation generation = new Generation(programs, !noTiming);
    TokenPrinter printer = new TokenPrinter(output, encoder);
    Continuation done =
        Continuation.of(
            generation,
            ids,
            new Continuation.Limits(maxTokens, stop),
            sampler,
            verify ? Optional.of(new Referee(programs)) : Optional.empty(),
            printer);
    if (output.json()) {
      output.document(document(programs.model(), generation, ids, done, printer));
    } else {
      output.out().println();
      output.out().flush();
      output.err().print(summary(programs.model(), generation, done));
      output.err().flush();
    }
    return 0;
  }

  private Sampler sampler() {
    if (maxTokens < 1) {
      throw new ParameterException(spec.commandLine(), "--max-tokens must be at least 1");
    }
    try {
      return new Sampler(temperature, topK, seed);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          spec.commandLine(), "--temperature and --top-k must not be negative", e);
    }
  }

  private long[] promptIds() {
    try {
      return Arrays.stream(prompt.split("[,\\s]+", -1)).mapToLong(Long::parseLong).toArray();
    } catch (NumberFormatException e) {
      throw refused("'" + prompt + "' is no list of token ids", "write 1,2,3, or pass --tokenizer");
    }
  }

  private static void requireFit(long[] ids, LanguageModel model) {
    if (ids.length == 0 || ids.length > model.longest()) {
      throw refused(
          "the prompt has %d tokens, the programs take 1 to %d"
              .formatted(ids.length, model.longest()),
          "compile with a larger --generate, or change the prompt");
    }
    for (long id : ids) {
      if (id < 0 || id >= model.vocabulary()) {
        throw refused(
            "the model has no token " + id,
            "its tokens are 0 to %d".formatted(model.vocabulary() - 1));
      }
    }
  }

  private static DiagnosticException refused(String message, String hint) {
    return new DiagnosticException(
        Diagnostic.error(Diagnostic.Code.INVALID_INPUT, "--prompt", "", message, hint));
  }

  private String summary(LanguageModel model, Generation generation, Continuation done) {
    StringBuilder s = new StringBuilder();
    line(
        s,
        "%d tokens in, %d out (%s)",
        promptLength(generation, done),
        done.tokens().size(),
        end(done));
    line(s, "%.1f tokens/s of wall time on the simulator", tokensPerSecond(done));
    if (!noTiming) {
      Generation.Cost decode = generation.decode();
      line(s, "prefill: %s cycles", Output.count(generation.prefill().cycles()));
      if (decode.runs() > 0) {
        line(
            s,
            "decode: %s cycles/token over %d tokens",
            Output.count(Math.round(cyclesPerToken(decode))),
            decode.runs());
      }
      line(
          s,
          "cycles: model %s, mean error %.1f %%",
          CycleModel.NAME,
          CycleModel.knownError().overall().mean());
    }
    line(s, "%s", model.mode());
    if (verify) {
      line(
          s,
          "verified: all %d steps equal the integer referee's recomputation, bit for bit",
          done.verified());
    }
    return s.toString();
  }

  private static void line(StringBuilder text, String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values)).append(System.lineSeparator());
  }

  private static int promptLength(Generation generation, Continuation done) {
    return generation.tokens().length - done.tokens().size() + 1;
  }

  private static String end(Continuation done) {
    return switch (done.end()) {
      case STOP -> "stop token";
      case MAX_TOKENS -> "as many as asked for";
      case LENGTH -> "the longest program is full";
    };
  }

  private static double tokensPerSecond(Continuation done) {
    return done.tokens().size() * 1e9 / Math.max(1, done.nanoseconds());
  }

  private static double cyclesPerToken(Generation.Cost decode) {
    return (double) decode.cycles() / decode.runs();
  }

  private Map<String, Object> document(
      LanguageModel model,
      Generation generation,
      long[] ids,
      Continuation done,
      TokenPrinter printer) {
    Map<String, Object> d = new LinkedHashMap<>();
    d.put("prompt", ids);
    d.put("tokens", done.tokens());
    printer.text().ifPresent(text -> d.put("text", text));
    d.put("end", done.end().name().toLowerCase(Locale.ROOT));
    d.put("cached", model.cached());
    if (!model.cached()) {
      d.put("note", model.note());
    }
    d.put("tokens_per_second", tokensPerSecond(done));
    if (!noTiming) {
      d.put("prefill_cycles", generation.prefill().cycles());
      d.put("decode_cycles", generation.decode().cycles());
      d.put("decode_tokens", generation.decode().runs());
      if (generation.decode().runs() > 0) {
        d.put("cycles_per_token", cyclesPerToken(generation.decode()));
      }
      Map<String, Object> cycleModel = new LinkedHashMap<>();
      cycleModel.put("name", CycleModel.NAME);
      cycleModel.put("mean_error_percent", CycleModel.knownError().overall().mean());
      d.put("cycle_model", cycleModel);
    }
    d.put("instructions", generation.prefill().commands() + generation.decode().commands());
    if (verify) {
      d.put("verified_steps", done.verified());
    }
    d.put("seconds", done.nanoseconds() / 1e9);
    return d;
  }
}
