package org.lapidary.gemmini.map;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lapidary.ir.Data;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.Diagnostic.Code;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.ir.op.Op;
import org.lapidary.machine.GemminiParams;

/// Groups sums and what is read out of them into kernels of one accumulation each.
final class Kernels {
  private final String graphName;
  private final Uses uses;
  private final Storage storage;
  private final HostRules hostRules;
  private final FusionRules fusion;
  private final Diagonals diagonals;
  private final Transposes transposes;
  private final GemminiParams machine;

  Kernels(
      String graphName,
      Uses uses,
      Storage storage,
      HostRules hostRules,
      FusionRules fusion,
      GemminiParams machine) {
    this.graphName = graphName;
    this.uses = uses;
    this.storage = storage;
    this.hostRules = hostRules;
    this.fusion = fusion;
    this.diagonals = new Diagonals(storage, machine.dim());
    this.transposes = new Transposes(diagonals, machine);
    this.machine = machine;
  }

  /// A kernel, the values it reads and those it leaves in main memory.
  ///
  /// @param transposes kernels that make transposed copies of operands first
  record Made(Kernel kernel, List<Kernel> transposes, List<Value> operands, List<Value> results) {}

  /// Whether a sum is only a term of a larger one of the same shape.
  boolean isFused(Value value) {
    if (!(uses.op(value) instanceof Accumulate) || uses.isResult(value)) {
      return false;
    }
    Graph.Node<Op> definition = uses.definition(value);
    List<Graph.Node<Op>> readers = uses.of(value);
    return definition != null
        && hostRules.isOnAccelerator(definition)
        && readers.size() == 1
        && readers.getFirst().op() instanceof Accumulate.AddI32
        && readers.getFirst().result().type().dims().equals(value.type().dims());
  }

  /// The kernel that computes a sum (or loads it, if it is in memory already) and everything that
  /// is read out of it.
  Made make(Value root) {
    Collected terms = new Collected(shape(root.type().dims()));
    Graph.Node<Op> definition = uses.definition(root);
    if (definition != null
        && definition.op() instanceof Accumulate sum
        && hostRules.isOnAccelerator(definition)) {
      terms.nodes.add(definition);
      collect(sum, terms);
    } else {
      add(root, terms);
    }
    List<Value> results = new ArrayList<>();
    return made(terms, epilogues(root, terms, results), results);
  }

  /// The kernel of an operation that loads its sum from main memory.
  Made separate(Graph.Node<Op> reader, MoveOut op) {
    Collected terms = new Collected(shape(op.x().type().dims()));
    add(op.x(), terms);
    List<Value> results = new ArrayList<>();
    return made(terms, List.of(epilogue(reader, op, terms, results)), results);
  }

  private static Made made(Collected terms, List<Epilogue> epilogues, List<Value> results) {
    Kernel.Accumulation kernel =
        new Kernel.Accumulation(
            terms.nodes,
            terms.shape.subList(0, terms.shape.size() - 2),
            terms.shape.get(terms.shape.size() - 2),
            terms.shape.getLast(),
            terms.contributions,
            epilogues);
    return new Made(MergeBatch.merge(kernel), terms.transposes, terms.operands, results);
  }

  private static final class Collected {
    final List<Integer> shape;
    final List<Contribution> contributions = new ArrayList<>();
    final List<Value> operands = new ArrayList<>();
    final List<Kernel> transposes = new ArrayList<>();
    final List<Graph.Node<? extends Op>> nodes = new ArrayList<>();

    Collected(List<Integer> shape) {
      this.shape = shape;
    }
  }

  private List<Epilogue> epilogues(Value root, Collected terms, List<Value> results) {
    List<Epilogue> epilogues = new ArrayList<>();
    boolean raw = uses.isResult(root);
    for (Graph.Node<Op> reader : uses.of(root)) {
      if (reader.op() instanceof MoveOut op
          && hostRules.isOnAccelerator(reader)
          && fusion.choose(reader).fused()) {
        epilogues.add(epilogue(reader, op, terms, results));
      } else {
        raw = true;
      }
    }
    boolean computed = !storage.isPlaced(root) && !uses.isConstant(root);
    if (computed && (raw || epilogues.isEmpty())) {
      if (!machine.fullWidthAccRead()) {
        throw impossible(root, "machine " + machine.name() + " cannot move out 32-bit sums");
      }
      View out = storage.allocate(root, name(root));
      epilogues.addFirst(new Epilogue.Raw(shaped(out, terms.shape)));
      results.add(root);
    }
    return epilogues;
  }

  private Epilogue epilogue(
      Graph.Node<Op> reader, MoveOut op, Collected terms, List<Value> results) {
    View out = storage.allocate(reader.result(), Mapper.name(reader));
    results.add(reader.result());
    terms.nodes.add(reader);
    return new Epilogue.Scaled(op, shaped(out, terms.shape));
  }

  private void collect(Accumulate op, Collected terms) {
    switch (op) {
      case Accumulate.MatMulI8 m -> {
        int depth = m.a().type().dim(-1);
        View a = operand(m.a(), terms, shape(terms, -2, depth));
        View b = operand(m.b(), terms, shape(terms, depth, -1));
        if (!b.unit(-1) && transposes.areWorthACopy(a, b)) {
          b = transposes.copy(m.b(), b, terms.nodes.getLast(), terms.transposes);
        }
        terms.contributions.add(new Contribution.Product(a, b, zeros(m.b())));
      }
      case Accumulate.ChannelMul c -> {
        View x = operand(c.x(), terms, terms.shape);
        terms.contributions.add(diagonals.of(x, storage.data(c.factors())));
      }
      case Accumulate.Widen w ->
          terms.contributions.add(new Contribution.Matrix(operand(w.x(), terms, terms.shape)));
      case Accumulate.AddI32 sum -> {
        term(sum.a(), terms);
        term(sum.b(), terms);
      }
      case Accumulate.Rescale r -> term(r.x(), terms);
    }
  }

  private ZeroTiles zeros(Value weights) {
    return uses.isConstant(weights)
        ? ZeroTiles.of(storage.data(uses.origin(weights)), machine.dim())
        : ZeroTiles.NONE;
  }

  private void term(Value value, Collected terms) {
    Graph.Node<Op> node = uses.definition(value);
    if (node != null && node.op() instanceof Accumulate inner && isFused(value)) {
      terms.nodes.add(node);
      collect(inner, terms);
    } else {
      add(value, terms);
    }
  }

  private void add(Value value, Collected terms) {
    int columns = terms.shape.getLast();
    Value origin = uses.origin(value);
    boolean repeats = value.type().rank() == 0 || value.type().dim(-1) != columns;
    View view;
    if (repeats && uses.isConstant(origin)) {
      // The machine repeats rows, not columns: spell a repeated column out.
      List<Integer> dims = new ArrayList<>(value.type().dims());
      if (dims.isEmpty()) {
        dims.add(1);
      }
      dims.set(dims.size() - 1, columns);
      Layout repeat = new Layout.Broadcast(origin, dims);
      Data data = storage.data(origin);
      view =
          storage.constant(
              Data.lazy(
                  data.name(),
                  repeat.resultType(),
                  () -> Evaluator.apply(repeat, List.of(data.load()))));
    } else if (repeats) {
      throw impossible(value, "a computed column cannot be repeated along a row");
    } else {
      view = storage.view(value);
    }
    terms.operands.add(value);
    terms.contributions.add(new Contribution.Matrix(shaped(view, terms.shape)));
  }

  private View operand(Value value, Collected terms, List<Integer> shape) {
    terms.operands.add(value);
    return shaped(storage.view(value), shape);
  }

  private static List<Integer> shape(List<Integer> dims) {
    List<Integer> shape = new ArrayList<>(dims);
    while (shape.size() < 2) {
      shape.addFirst(1);
    }
    return shape;
  }

  /// The batch of a sum with other rows and columns; -1 and -2 stand for those of the sum.
  private static List<Integer> shape(Collected terms, int rows, int columns) {
    int rank = terms.shape.size();
    List<Integer> shape = new ArrayList<>(terms.shape.subList(0, rank - 2));
    shape.add(rows < 0 ? terms.shape.get(rank + rows) : rows);
    shape.add(columns < 0 ? terms.shape.get(rank + columns) : columns);
    return shape;
  }

  private static View shaped(View view, List<Integer> shape) {
    return view.broadcast(shape);
  }

  private String name(Value value) {
    Graph.Node<Op> node = uses.definition(value);
    return node == null ? "input" : Mapper.name(node);
  }

  private DiagnosticException impossible(Value value, String why) {
    Optional<Graph.Node<Op>> node = Optional.ofNullable(uses.definition(value));
    return new DiagnosticException(
        Diagnostic.error(
            Code.NOT_ON_ACCELERATOR,
            graphName,
            node.map(n -> n.loc().node()).orElse(""),
            why,
            "choose another machine, or reshape the model around this node"));
  }
}
