package org.lapidary.frontend.onnx;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lapidary.frontend.onnx.proto.Onnx.FunctionProto;
import org.lapidary.frontend.onnx.proto.Onnx.GraphProto;
import org.lapidary.frontend.onnx.proto.Onnx.ModelProto;
import org.lapidary.frontend.onnx.proto.Onnx.NodeProto;
import org.lapidary.frontend.onnx.proto.Onnx.OperatorSetIdProto;
import org.lapidary.frontend.onnx.proto.Onnx.TensorProto;
import org.lapidary.frontend.onnx.proto.Onnx.ValueInfoProto;
import org.lapidary.ir.Diagnostic.Code;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;

/// Walks over the nodes of a model in order, lowers each by the table of operators, inlines
/// functions and takes the branch of every `If` whose condition is known.
final class GraphLowering {
  private static final int DEEPEST_CALL = 64;

  /// What to do where a model has no result for its sizes.
  private static final String SIZES =
      "check --dim, or --length: a model has positions for so many tokens only";

  /// Functions that call each other twice could unfold without end.
  private static final int MOST_NODES = 500_000;

  private final Problems problems;
  private final Emitter out;
  private final TensorReader tensors;
  private final Map<String, FunctionProto> functions = new HashMap<>();
  private int visited;

  GraphLowering(ModelProto model, Problems problems, Emitter out, TensorReader tensors) {
    this.problems = problems;
    this.out = out;
    this.tensors = tensors;
    for (FunctionProto f : model.getFunctionsList()) {
      functions.put(key(f.getDomain(), f.getName(), f.getOverload()), f);
    }
  }

  private static String key(String domain, String name, String overload) {
    return OperatorTable.canonical(domain) + "\n" + name + "\n" + overload;
  }

  static Map<String, Long> opsets(List<OperatorSetIdProto> imports) {
    Map<String, Long> opsets = new HashMap<>();
    imports.forEach(o -> opsets.put(OperatorTable.canonical(o.getDomain()), o.getVersion()));
    return opsets;
  }

  /// Binds the stored tensors of a graph.
  void initializers(GraphProto graph, Scope scope) {
    for (TensorProto t : graph.getInitializerList()) {
      try {
        if (scope.declaresHere(t.getName())) {
          throw Refusal.model("two initializers have the name \"" + t.getName() + "\"");
        }
        Value value = out.constant(tensors.read(t, t.getName()));
        out.declare(value, ElementType.of(t.getDataType()));
        scope.bind(t.getName(), Optional.of(value));
      } catch (Refusal refusal) {
        problems.add(t.getName(), refusal);
        scope.bind(t.getName(), Optional.empty());
      } catch (IllegalArgumentException e) {
        problems.add(t.getName(), Refusal.shape(sentence(e), "check the model"));
        scope.bind(t.getName(), Optional.empty());
      }
    }
    graph
        .getSparseInitializerList()
        .forEach(s ->
            problems.add(
                s.getValues().getName(),
                Refusal.type("sparse tensors are not read", "export dense weights")));
  }

  /// Lowers the nodes that the outputs of a graph need.
  void nodes(GraphProto graph, Scope scope) {
    List<String> outputs = graph.getOutputList().stream().map(ValueInfoProto::getName).toList();
    nodes(graph.getNodeList(), outputs, scope);
  }

  private void nodes(List<NodeProto> nodes, List<String> outputs, Scope scope) {
    NodeOrder order = new NodeOrder(nodes);
    for (NodeProto node : order.of(outputs)) {
      if (++visited > MOST_NODES) {
        throw Refusal.model("the model unfolds to more than " + MOST_NODES + " nodes");
      }
      String name = scope.prefix + NodeOrder.nameOf(node);
      out.at(name);
      List<Optional<Value>> results = List.of();
      try {
        results = lower(node, name, scope).stream().map(Optional::of).toList();
      } catch (Poisoned _) {
        // reported where it began
      } catch (Refusal refusal) {
        problems.add(name, refusal);
      } catch (IllegalArgumentException e) {
        problems.add(name, Refusal.shape(node.getOpType() + ": " + sentence(e), SIZES));
      } catch (IndexOutOfBoundsException | ArithmeticException e) {
        problems.add(
            name,
            new Refusal(
                Code.INVALID_MODEL,
                node.getOpType() + " cannot be computed: " + sentence(e),
                SIZES));
      }
      bind(node, name, results, order, scope);
    }
  }

  private static String sentence(RuntimeException e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  private void bind(
      NodeProto node, String name, List<Optional<Value>> results, NodeOrder order, Scope scope) {
    for (int i = 0; i < node.getOutputCount(); i++) {
      String output = node.getOutput(i);
      if (output.isEmpty()) {
        continue;
      }
      if (scope.declaresHere(output)) {
        problems.add(name, Refusal.model("\"" + output + "\" is defined twice"));
      }
      if (!results.isEmpty() && i >= results.size() && order.isRead(output)) {
        problems.add(
            name,
            Refusal.op(
                "output " + i + " of " + node.getOpType() + " is not computed",
                "export the model without this output"));
      }
      scope.bind(output, i < results.size() ? results.get(i) : Optional.empty());
    }
  }

  /// Says that an operand could not be made, which has been reported.
  private static final class Poisoned extends RuntimeException {
    private static final long serialVersionUID = 1;

    Poisoned() {
      super(null, null, false, false);
    }
  }

  private List<Value> lower(NodeProto node, String name, Scope scope) {
    String domain = OperatorTable.canonical(node.getDomain());
    FunctionProto function = functions.get(key(domain, node.getOpType(), node.getOverload()));
    if (function != null) {
      return inline(function, node, name, scope);
    }
    boolean branch = domain.isEmpty() && node.getOpType().equals("If");
    OnnxOp op = branch ? null : OperatorTable.find(domain, node.getOpType());
    if (op != null && op.since() > scope.opsets.getOrDefault(domain, 1L)) {
      throw new Refusal(
          Code.UNSUPPORTED_OPSET,
          node.getOpType() + " is read from opset " + op.since() + " on",
          "export with a newer opset");
    }
    List<Optional<Value>> operands = operands(node, scope);
    if (op == null) {
      return takeBranch(node, operands, scope);
    }
    return op.lowering()
        .lower(
            new Call(
                name,
                node.getOpType(),
                scope.opsets.getOrDefault(domain, 1L),
                Attributes.of(node.getAttributeList(), scope.caller),
                operands,
                node.getOutputCount(),
                tensors,
                out));
  }

  private List<Optional<Value>> operands(NodeProto node, Scope scope) {
    List<Optional<Value>> operands = new ArrayList<>();
    for (String input : node.getInputList()) {
      if (input.isEmpty()) {
        operands.add(Optional.empty());
      } else {
        operands.add(Optional.of(scope.find(input).orElseThrow(Poisoned::new)));
      }
    }
    return operands;
  }

  private List<Value> inline(FunctionProto function, NodeProto node, String name, Scope scope) {
    requireDepth(scope);
    Attributes attributes =
        Attributes.of(node.getAttributeList(), scope.caller)
            .orElse(function.getAttributeProtoList());
    Scope body = scope.body(opsets(function.getOpsetImportList()), name, attributes);
    List<Optional<Value>> operands = operands(node, scope);
    for (int i = 0; i < function.getInputCount(); i++) {
      // An argument left out has no value: whoever reads it fails by name.
      if (i < operands.size() && operands.get(i).isPresent()) {
        body.bind(function.getInput(i), operands.get(i));
      }
    }
    nodes(function.getNodeList(), function.getOutputList(), body);
    return results(function.getOutputList(), body);
  }

  private List<Value> takeBranch(NodeProto node, List<Optional<Value>> operands, Scope scope) {
    requireDepth(scope);
    Tensor condition =
        operands.stream()
            .flatMap(Optional::stream)
            .findFirst()
            .flatMap(out::known)
            .orElseThrow(() ->
                Refusal.op(
                    "the condition of If is computed from the inputs of the model",
                    "bind the input that decides it, for example --dim use_cache_branch=0"));
    if (condition.elements() != 1) {
      throw Refusal.shape("the condition of If is " + condition.type(), "check the model");
    }
    String branch = condition.asLong(0) != 0 ? "then_branch" : "else_branch";
    GraphProto graph =
        Attributes.of(node.getAttributeList(), scope.caller)
            .graph(branch)
            .orElseThrow(() -> Refusal.model("If lacks its " + branch));
    Scope inner = scope.branch();
    initializers(graph, inner);
    nodes(graph, inner);
    return results(graph.getOutputList().stream().map(ValueInfoProto::getName).toList(), inner);
  }

  private static void requireDepth(Scope scope) {
    if (scope.depth >= DEEPEST_CALL) {
      throw Refusal.model("functions call each other more than " + DEEPEST_CALL + " deep");
    }
  }

  private static List<Value> results(List<String> names, Scope scope) {
    return names.stream().map(n -> scope.find(n).orElseThrow(Poisoned::new)).toList();
  }
}
