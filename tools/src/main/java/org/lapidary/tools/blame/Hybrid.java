package org.lapidary.tools.blame;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.lapidary.ir.DType;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.passes.quant.Form;
import org.lapidary.tools.compile.Compiled;

/// A model of which some operations run in float and the others as quantized: an operation's
/// operands are rounded to the integers its quantized twin reads, the twin runs on the integer
/// referee, and its result is turned into real numbers again. Safe for concurrent use.
final class Hybrid {
  private final Graph<NnOp> graph;
  private final Map<Value, Integer> order = new HashMap<>();
  private final Map<Value, List<Form>> formsOf = new HashMap<>();
  private final Map<Value, List<Form>> standsFor = new HashMap<>();
  private final Map<Value, Graph.Node<Op>> integerNodes;
  private final Map<Value, Plan> plans = new HashMap<>();
  private final Map<Value, Tensor> constants = new ConcurrentHashMap<>();

  /// How the integers of a value are computed.
  ///
  /// @param entries values that are rounded on entry, by the integer value they become
  /// @param steps operations of the quantized graph in order
  private record Plan(Map<Value, Form> entries, List<Graph.Node<Op>> steps) {}

  Hybrid(Compiled compiled) {
    this.graph = compiled.canonical();
    this.integerNodes = compiled.quantized().graph().definitions();
    graph.inputs().forEach(port -> order.put(port.value(), -1));
    for (Graph.Node<NnOp> node : graph.nodes()) {
      order.put(node.result(), order.size());
    }
    for (Form form : compiled.quantized().forms()) {
      boolean sameShape = form.real().type().dims().equals(form.stored().type().dims());
      if (order.containsKey(form.real()) && (sameShape || form.isReal())) {
        standsFor.computeIfAbsent(form.stored(), _ -> new ArrayList<>()).add(form);
        if (!form.isReal()) {
          formsOf.computeIfAbsent(form.real(), _ -> new ArrayList<>()).add(form);
        }
      }
    }
    formsOf.replaceAll((_, forms) -> narrowest(forms));
    formsOf.forEach((v, forms) -> plans.put(v, plan(v, forms)));
  }

  /// What readers see: int8 where there is an int8 form, else the sum.
  private static List<Form> narrowest(List<Form> forms) {
    List<Form> bytes = forms.stream().filter(f -> f.stored().type().dtype() == DType.I8).toList();
    return bytes.isEmpty() ? List.of(forms.getFirst()) : bytes;
  }

  /// Whether an operation has a quantized twin that does more than move bytes.
  boolean isQuantized(Graph.Node<NnOp> node) {
    return formsOf.containsKey(node.result()) && !(node.op() instanceof Layout);
  }

  /// The forms in which a value is read; empty if it stays in float.
  List<Form> forms(Value v) {
    return formsOf.getOrDefault(v, List.of());
  }

  private Plan plan(Value v, List<Form> forms) {
    Map<Value, Form> entries = new LinkedHashMap<>();
    List<Graph.Node<Op>> steps = new ArrayList<>();
    Set<Value> seen = new HashSet<>();
    forms.forEach(f -> need(f.stored(), order.getOrDefault(v, 0), entries, steps, seen));
    return new Plan(entries, steps);
  }

  private void need(
      Value q, int before, Map<Value, Form> entries, List<Graph.Node<Op>> steps, Set<Value> seen) {
    if (!seen.add(q)) {
      return;
    }
    Form entry = null;
    for (Form form : standsFor.getOrDefault(q, List.of())) {
      int at = order.getOrDefault(form.real(), 0);
      if (at < before && (entry == null || at > order.getOrDefault(entry.real(), 0))) {
        entry = form;
      }
    }
    if (entry != null) {
      entries.put(q, entry);
      return;
    }
    Graph.Node<Op> node = Objects.requireNonNull(integerNodes.get(q), "computed by something");
    OpInfo.operands(node.op()).forEach(o -> need(o, before, entries, steps, seen));
    steps.add(node);
  }

  /// Every value of the model in float.
  Map<Value, Tensor> inFloat(Map<String, Tensor> inputs) {
    return values(inputs, _ -> false, Map.of());
  }

  /// Every value of the model.
  ///
  /// @param quantized which results are computed by their quantized twin
  /// @param known all values in float, taken over wherever nothing before them is quantized
  Map<Value, Tensor> values(
      Map<String, Tensor> inputs, Predicate<Value> quantized, Map<Value, Tensor> known) {
    Map<Value, Tensor> values = new HashMap<>();
    Set<Value> changed = new HashSet<>();
    for (Graph.Port port : graph.inputs()) {
      Tensor given = Objects.requireNonNull(inputs.get(port.name()), port.name());
      values.put(port.value(), given.retyped(port.type()));
    }
    for (Graph.Node<NnOp> node : graph.nodes()) {
      Value v = node.result();
      List<Value> operands = OpInfo.operands(node.op());
      Tensor before = known.get(v);
      boolean own = formsOf.containsKey(v) && quantized.test(v);
      if (before != null && !own && operands.stream().noneMatch(changed::contains)) {
        values.put(v, before);
        continue;
      }
      changed.add(v);
      values.put(v, own ? throughIntegers(node, values) : apply(node.op(), operands, values));
    }
    return values;
  }

  /// The results of the model among all values.
  Map<String, Tensor> results(Map<Value, Tensor> values) {
    Map<String, Tensor> results = new LinkedHashMap<>();
    graph
        .results()
        .forEach(p -> results.put(p.name(), Objects.requireNonNull(values.get(p.value()))));
    return results;
  }

  private Tensor apply(Op op, List<Value> operands, Map<Value, Tensor> values) {
    if (op instanceof Layout.Const(var data)) {
      return data.load();
    }
    return Evaluator.apply(
        op, operands.stream().map(o -> Objects.requireNonNull(values.get(o))).toList());
  }

  /// What the twin computes, without the rounding of operands: that is the doing of those who made
  /// them, and is there already if their twins ran.
  private Tensor throughIntegers(Graph.Node<NnOp> node, Map<Value, Tensor> values) {
    Plan plan = Objects.requireNonNull(plans.get(node.result()));
    Map<Value, Tensor> integers = new HashMap<>();
    plan.entries()
        .forEach((q, form) ->
            integers.put(q, form.store(Objects.requireNonNull(values.get(form.real())))));
    Map<Value, Tensor> rounded = rounded(plan, integers, values);
    for (Graph.Node<Op> step : plan.steps()) {
      Tensor result =
          step.op() instanceof Layout.Const(var data)
              ? constants.computeIfAbsent(step.result(), _ -> data.load())
              : apply(step.op(), OpInfo.operands(step.op()), integers);
      integers.put(step.result(), result);
    }
    Tensor twin = real(node.result(), integers);
    List<Value> operands = OpInfo.operands(node.op());
    if (operands.stream().allMatch(o -> same(rounded.get(o), values.get(o)))) {
      return twin;
    }
    Map<Value, Tensor> seen = new HashMap<>(values);
    seen.putAll(rounded);
    Tensor exact = apply(node.op(), operands, values);
    Tensor ofRounded = apply(node.op(), operands, seen);
    float[] out = new float[twin.elements()];
    for (int i = 0; i < out.length; i++) {
      out[i] = exact.f32()[i] + (twin.f32()[i] - ofRounded.f32()[i]);
    }
    return Tensor.of(twin.type(), out);
  }

  private static boolean same(@Nullable Tensor rounded, @Nullable Tensor before) {
    return rounded == null || (before != null && rounded.equals(before));
  }

  /// The entries that others have rounded, as real numbers.
  private Map<Value, Tensor> rounded(
      Plan plan, Map<Value, Tensor> integers, Map<Value, Tensor> values) {
    Map<Value, Tensor> rounded = new HashMap<>();
    plan.entries()
        .forEach((q, form) -> {
          if (!form.isReal()) {
            Tensor before = rounded.getOrDefault(form.real(), values.get(form.real()));
            float[] out = Objects.requireNonNull(before).f32().clone();
            form.load(Objects.requireNonNull(integers.get(q)), out);
            rounded.put(form.real(), Tensor.of(form.real().type(), out));
          }
        });
    return rounded;
  }

  /// The real numbers that the integers of a value stand for.
  Tensor real(Value v, Map<Value, Tensor> integers) {
    float[] out = new float[v.type().elements()];
    for (Form form : forms(v)) {
      form.load(Objects.requireNonNull(integers.get(form.stored())), out);
    }
    return Tensor.of(v.type(), out);
  }
}
