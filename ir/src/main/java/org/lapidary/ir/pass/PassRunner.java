package org.lapidary.ir.pass;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.function.Predicate;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.Diagnostic.Code;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;

/// Runs pipelines: verifies after each pass, times it, dumps what was asked for, and wraps what
/// goes wrong with a reproducer.
///
/// @param passLimit only so many passes run, for bisection; the default is all
/// @param dumpAfter after which passes, by name, the graph is written
/// @param dumps where graphs are written
public record PassRunner(int passLimit, Predicate<String> dumpAfter, Dumps dumps) {

  /// Writes graphs for people to look at.
  @FunctionalInterface
  public interface Dumps {
    /// Writes one graph.
    ///
    /// @param fileName for example `03-fuse-gelu.ir`
    /// @param comment a line that says what it is; for a reproducer, the pipeline that fails
    /// @return where it was written, or empty if nowhere
    String write(String fileName, String comment, Graph<? extends Op> graph);

    /// Writes a step of a compilation: the graph, and beside it what the step changed.
    ///
    /// @param number of the step; passes count from 1
    /// @param name of the pass
    /// @param comment a line that says what it is
    default void step(
        int number,
        String name,
        String comment,
        Graph<? extends Op> before,
        Graph<? extends Op> after) {
      write("%02d-%s.ir".formatted(number, name), comment, after);
    }
  }

  /// Neither limits nor dumps.
  public PassRunner() {
    this(Integer.MAX_VALUE, _ -> false, (_, _, _) -> "");
  }

  public PassRunner withPassLimit(int limit) {
    return new PassRunner(limit, dumpAfter, dumps);
  }

  public PassRunner withDumps(Predicate<String> after, Dumps to) {
    return new PassRunner(passLimit, after, to);
  }

  /// What one pass did.
  ///
  /// @param name text form of the pass
  /// @param seconds wall-clock time without verification
  public record Step(String name, double seconds, int opsBefore, int opsAfter) {}

  /// What a pipeline made.
  ///
  /// @param hits how often each rule fired, by name
  public record Outcome(
      Graph<? extends Op> graph,
      List<Step> steps,
      List<PassContext.WhyNot> whyNots,
      List<Diagnostic> warnings,
      SortedMap<String, Integer> hits) {}

  /// Runs a pipeline on a graph.
  ///
  /// @throws DiagnosticException if the user's model or pipeline is at fault
  /// @throws PassFailure if we are
  public Outcome run(Graph<? extends Op> graph, Pipeline pipeline) {
    PassContext context = new PassContext();
    List<Step> steps = new ArrayList<>();
    Graph<? extends Op> current = graph;
    for (Pass<?, ?> pass : pipeline.passes()) {
      if (steps.size() >= passLimit) {
        break;
      }
      requireLevel(current, pass);
      long start = System.nanoTime();
      Graph<? extends Op> next = apply(pass, current, context);
      double seconds = (System.nanoTime() - start) / 1e9;
      steps.add(new Step(pass.text(), seconds, current.nodes().size(), next.nodes().size()));
      verify(pass, current, next);
      if (dumpAfter.test(pass.name())) {
        dumps.step(steps.size(), pass.name(), "after " + pass.text(), current, next);
      }
      current = next;
    }
    return new Outcome(current, steps, context.whyNots(), context.warnings(), context.hits());
  }

  private static void requireLevel(Graph<? extends Op> graph, Pass<?, ?> pass) {
    for (Graph.Node<? extends Op> node : graph.nodes()) {
      if (!pass.takes().isInstance(node.op())) {
        throw new DiagnosticException(
            Diagnostic.error(
                Code.INVALID_PIPELINE,
                graph.name(),
                node.loc().node(),
                pass.name() + " cannot take " + OpInfo.of(node.op()).name(),
                "it belongs before the pass that made this operation"));
      }
    }
  }

  private <A extends Op, B extends Op> Graph<B> apply(
      Pass<A, B> pass, Graph<? extends Op> graph, PassContext context) {
    @SuppressWarnings("unchecked") // requireLevel has looked at every operation
    Graph<A> typed = (Graph<A>) graph;
    try {
      return pass.run(typed, context);
    } catch (DiagnosticException e) {
      throw e;
    } catch (RuntimeException e) {
      throw failure(pass, graph, e);
    }
  }

  private void verify(Pass<?, ?> pass, Graph<? extends Op> before, Graph<? extends Op> after) {
    try {
      Verifier.require(after, pass.gives());
    } catch (IllegalStateException e) {
      throw failure(pass, before, e);
    }
  }

  private PassFailure failure(Pass<?, ?> pass, Graph<? extends Op> graph, RuntimeException cause) {
    String reproducer =
        dumps.write("reproducer-" + pass.name() + ".ir", "--pipeline " + pass.text(), graph);
    return new PassFailure(pass.text(), reproducer, cause);
  }
}
