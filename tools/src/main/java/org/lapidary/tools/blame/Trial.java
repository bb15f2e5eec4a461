package org.lapidary.tools.blame;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.lapidary.ir.DType;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.passes.quant.Form;
import org.lapidary.tools.blame.Verdict.Outcome;
import org.lapidary.tools.compile.Compiled;
import org.lapidary.tools.parallel.Workers;
import org.lapidary.tools.validate.Example;
import org.lapidary.tools.validate.Metric;
import org.lapidary.tools.validate.Task;

/// Runs a model on examples with any set of its operations quantized.
///
/// @param metric what is measured
/// @param inFloat all values in float, per example and inference
record Trial(
    Compiled compiled,
    Hybrid hybrid,
    Task task,
    Metric metric,
    List<Example> examples,
    List<List<Map<Value, Tensor>>> inFloat,
    int threads) {

  static Trial of(
      Compiled compiled,
      Hybrid hybrid,
      Task task,
      Metric metric,
      List<Example> examples,
      int threads) {
    List<List<Map<Value, Tensor>>> inFloat =
        Workers.map(
            examples.size(),
            threads,
            Object::new,
            (_, i) -> examples.get(i).inputs().stream().map(hybrid::inFloat).toList(),
            _ -> {});
    return new Trial(compiled, hybrid, task, metric, examples, inFloat, threads);
  }

  /// What one example gives.
  private record Judged(Task.Verdict fp32, Task.Verdict verdict, Fidelity outputs) {}

  /// The outcome with some results computed by their quantized twins.
  Outcome outcome(Predicate<Value> quantized) {
    List<Judged> judged =
        Workers.map(examples.size(), threads, Object::new, (_, i) -> judge(i, quantized), _ -> {});
    Fidelity outputs = new Fidelity();
    judged.forEach(j -> outputs.add(j.outputs()));
    List<Task.Verdict> fp32 = judged.stream().map(Judged::fp32).toList();
    List<Task.Verdict> verdicts = judged.stream().map(Judged::verdict).toList();
    return new Outcome(metric.of(examples, verdicts, fp32), outputs.relativeNoise());
  }

  private Judged judge(int i, Predicate<Value> quantized) {
    Example example = examples.get(i);
    Fidelity fidelity = new Fidelity();
    List<Map<String, Tensor>> real = new ArrayList<>();
    List<Map<String, Tensor>> rounded = new ArrayList<>();
    for (int k = 0; k < example.inputs().size(); k++) {
      Map<Value, Tensor> known = inFloat.get(i).get(k);
      Map<String, Tensor> expected = hybrid.results(known);
      Map<String, Tensor> got =
          hybrid.results(hybrid.values(example.inputs().get(k), quantized, known));
      expected.forEach((name, t) -> compare(t, Objects.requireNonNull(got.get(name)), 1, fidelity));
      real.add(expected);
      rounded.add(got);
    }
    return new Judged(task.judge(example, real), task.judge(example, rounded), fidelity);
  }

  private static void compare(Tensor real, Tensor quantized, double unit, Fidelity fidelity) {
    for (int i = 0; i < real.elements(); i++) {
      fidelity.add(real.asDouble(i), quantized.asDouble(i), unit);
    }
  }

  /// How near each suspect's value comes to the real one in the running quantized model.
  Map<Suspect, Fidelity> running(List<Suspect> suspects) {
    List<Map<Suspect, Fidelity>> parts =
        Workers.map(examples.size(), threads, Object::new, (_, i) -> running(suspects, i), _ -> {});
    Map<Suspect, Fidelity> whole = new HashMap<>();
    for (Map<Suspect, Fidelity> part : parts) {
      part.forEach((s, f) -> whole.computeIfAbsent(s, _ -> new Fidelity()).add(f));
    }
    return whole;
  }

  private Map<Suspect, Fidelity> running(List<Suspect> suspects, int example) {
    Map<Value, Tensor> known = inFloat.get(example).getFirst();
    Map<Value, Tensor> integers = new HashMap<>();
    Evaluator.run(
        compiled.quantized().graph(),
        examples.get(example).inputs().getFirst(),
        (node, result) -> integers.put(node.result(), result));
    Map<Suspect, Fidelity> found = new HashMap<>();
    for (Suspect suspect : suspects) {
      Value v = suspect.values().getLast();
      Tensor real = Objects.requireNonNull(known.get(v));
      Fidelity fidelity = new Fidelity();
      compare(real, hybrid.real(v, integers), unit(v, real), fidelity);
      for (Form form : hybrid.forms(v)) {
        fidelity.addSaturated(saturated(Objects.requireNonNull(integers.get(form.stored()))));
      }
      found.put(suspect, fidelity);
    }
    return found;
  }

  /// The real value of one step of int8: its own, or what it would be over the largest value.
  private double unit(Value v, Tensor real) {
    Form form = hybrid.forms(v).getFirst();
    if (form.stored().type().dtype() == DType.I8) {
      double gamma = form.gamma().stream().mapToDouble(Math::abs).average().orElse(1);
      return form.step() * gamma;
    }
    double largest = 0;
    for (int i = 0; i < real.elements(); i++) {
      largest = Math.max(largest, Math.abs(real.asDouble(i)));
    }
    return Math.max(largest / 127, Double.MIN_NORMAL);
  }

  private static long saturated(Tensor integers) {
    if (integers.type().dtype() != DType.I8) {
      return 0;
    }
    long count = 0;
    for (byte b : integers.bytes()) {
      count += b == Byte.MAX_VALUE || b == Byte.MIN_VALUE ? 1 : 0;
    }
    return count;
  }
}
