package org.lapidary.tools.generate;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import org.lapidary.frontend.onnx.OnnxImporter;
import org.lapidary.gemmini.GemminiCompiler;
import org.lapidary.gemmini.map.Cache;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramVerifier;
import org.lapidary.gemmini.search.TilingSearch;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Op;
import org.lapidary.machine.Semantics;
import org.lapidary.passes.quant.Agreement;
import org.lapidary.passes.quant.Calibration;
import org.lapidary.passes.quant.CalibrationTransfer;
import org.lapidary.passes.quant.GivenSteps;
import org.lapidary.passes.quant.QuantizedModel;
import org.lapidary.passes.quant.Quantizer;
import org.lapidary.tools.compile.CalibrationSet;
import org.lapidary.tools.compile.CompileOptions;
import org.lapidary.tools.compile.Lapidary;

/// Compiles one ONNX file to programs for several lengths.
///
/// Ranges are observed once, on whole sequences that start without a past; all programs take their
/// steps from there, so the integers one leaves in a cache are those another would have computed.
public final class LanguageModelCompiler {
  private final CompileOptions options;
  private final Signature signature;
  private final Path file;
  private final List<Integer> lengths;
  private final Map<Bucket, GivenSteps> canonical = new LinkedHashMap<>();

  /// What came out.
  ///
  /// @param programs what runs
  /// @param calibration what ranges were observed on
  /// @param quantized the integer form of each program
  public record Result(
      Programs programs, CalibrationSet calibration, Map<Bucket, QuantizedModel> quantized) {}

  private LanguageModelCompiler(Path file, CompileOptions options, List<Integer> lengths) {
    this.file = file;
    this.options = options;
    this.signature = Signature.read(file, options.dims());
    this.lengths = lengths(lengths);
  }

  /// Compiles a language model.
  ///
  /// @param lengths of the buckets in tokens, prompt included, in ascending order
  /// @param progress told how many calibration samples are done
  /// @throws DiagnosticException if the file, the machine or the options are at fault
  public static Result compile(
      Path file, CompileOptions options, List<Integer> lengths, LongConsumer progress) {
    if (options.semantics() == Semantics.LIBGEMMINI) {
      throw new DiagnosticException(
          Diagnostic.error(
              Diagnostic.Code.INVALID_MACHINE,
              file.toString(),
              "",
              "with libgemmini's exponential, which shifts modulo 32, padding would show in results",
              "compile for generation with --semantics rtl"));
    }
    if (!options.pruning().isEmpty()) {
      throw new DiagnosticException(
          Diagnostic.error(
              Diagnostic.Code.INVALID_PIPELINE,
              "--prune",
              "",
              "programs of several lengths cannot be pruned yet: each would be fitted to other rows",
              "leave --prune or --generate out"));
    }
    return new LanguageModelCompiler(file, options, lengths).run(progress);
  }

  /// A model exported for one length is compiled for that one.
  private List<Integer> lengths(List<Integer> wanted) {
    OptionalInt fixed = signature.fixedLength();
    if (fixed.isPresent() && !signature.hasCaches()) {
      return List.of(fixed.getAsInt());
    }
    return List.copyOf(wanted);
  }

  private int longest() {
    return lengths.getLast();
  }

  private Result run(LongConsumer progress) {
    Graph<NnOp> whole = canonical(Bucket.prefill(longest()));
    List<CacheFinder.Pair> caches = List.of();
    String note = "the model has no caches";
    if (signature.hasCaches()) {
      Optional<List<CacheFinder.Pair>> found =
          CacheFinder.find(canonical(Bucket.decode(longest())));
      caches = found.orElse(List.of());
      note = found.isPresent() ? "" : "the model's caches are no concatenations of past and new";
    }
    Map<Bucket, Graph<NnOp>> graphs = new LinkedHashMap<>();
    for (Bucket bucket : buckets(!caches.isEmpty())) {
      graphs.put(bucket, canonical(bucket));
    }
    String logits = logits(whole, caches);
    CalibrationSet samples = options.calibration().apply(whole);
    new StepCheck(file.toString(), whole, graphs, caches, logits).check(samples.samples());
    // What channels are like is not carried from one length to another.
    Calibration seen = Lapidary.calibrate(whole, samples, 0, options.threads(), progress);
    seen.give(given(Bucket.prefill(longest())).steps());
    Map<Bucket, QuantizedModel> quantized =
        quantized(graphs, new CalibrationTransfer(whole, seen), caches);
    int vocabulary = result(whole, logits).type().dim(-1);
    LanguageModel model =
        new LanguageModel(
            LanguageModel.FORMAT,
            String.valueOf(file.getFileName()),
            longest(),
            vocabulary,
            logits,
            !caches.isEmpty(),
            note,
            samples.description(),
            List.copyOf(graphs.keySet()));
    return new Result(programs(model, quantized, caches), samples, quantized);
  }

  private List<Bucket> buckets(boolean cached) {
    List<Bucket> buckets = new ArrayList<>();
    lengths.forEach(length -> buckets.add(Bucket.prefill(length)));
    if (cached) {
      lengths.forEach(length -> buckets.add(Bucket.decode(length)));
    }
    return buckets;
  }

  private Graph<NnOp> canonical(Bucket bucket) {
    return given(bucket).graph();
  }

  /// With the steps that a quantized model came with.
  private GivenSteps given(Bucket bucket) {
    return canonical.computeIfAbsent(bucket, this::imported);
  }

  private GivenSteps imported(Bucket bucket) {
    Graph<NnOp> graph = OnnxImporter.read(file, signature.dims(bucket)).graph();
    return GivenSteps.of(Lapidary.canonicalize(file, graph, options).graph().at(NnOp.class));
  }

  /// The first result that is no cache and has a row for every token.
  private String logits(Graph<NnOp> whole, List<CacheFinder.Pair> caches) {
    return whole.results().stream()
        .filter(r -> caches.stream().noneMatch(c -> c.result().equals(r.name())))
        .filter(r -> r.type().rank() == 3 && r.type().dim(1) == longest())
        .map(Graph.Port::name)
        .findFirst()
        .orElseThrow(() ->
            new DiagnosticException(
                Diagnostic.error(
                    Diagnostic.Code.INVALID_MODEL,
                    file.toString(),
                    "",
                    "the model has no result of logits [1, tokens, vocabulary]",
                    "export a causal language model with its head and without slicing the logits")));
  }

  private static Graph.Port result(Graph<NnOp> graph, String name) {
    return graph.results().stream().filter(r -> r.name().equals(name)).findFirst().orElseThrow();
  }

  private Map<Bucket, QuantizedModel> quantized(
      Map<Bucket, Graph<NnOp>> graphs, CalibrationTransfer seen, List<CacheFinder.Pair> caches) {
    Agreement agreement =
        new Agreement(
            caches.stream()
                .collect(Collectors.toMap(CacheFinder.Pair::input, CacheFinder.Pair::result)),
            longest());
    Map<Bucket, QuantizedModel> quantized = new LinkedHashMap<>();
    graphs.forEach((bucket, graph) ->
        quantized.put(
            bucket, Quantizer.quantize(graph, seen.to(graph), options.quantization(), agreement)));
    return quantized;
  }

  private Programs programs(
      LanguageModel model, Map<Bucket, QuantizedModel> quantized, List<CacheFinder.Pair> pairs) {
    List<Cache> caches =
        pairs.stream()
            .map(p -> new Cache(p.input(), p.result(), p.axis(), longest() - 1, longest()))
            .toList();
    Map<Bucket, Program> programs = new LinkedHashMap<>();
    Map<Bucket, Graph<Op>> referees = new LinkedHashMap<>();
    quantized.forEach((bucket, q) -> {
      programs.put(
          bucket,
          ProgramVerifier.require(
              GemminiCompiler.compile(
                  q.graph(),
                  options.machine(),
                  options.semantics(),
                  options.schedule(),
                  caches,
                  new TilingSearch(options.machine(), options.semantics(), options.cache()))));
      if (bucket.isPrefill()) {
        referees.put(bucket, q.graph());
      }
    });
    return new Programs(model, programs, referees);
  }
}
