package org.lapidary.ir.text;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.antlr.v4.runtime.BaseErrorListener;
import org.antlr.v4.runtime.CharStreams;
import org.antlr.v4.runtime.CommonTokenStream;
import org.antlr.v4.runtime.RecognitionException;
import org.antlr.v4.runtime.Recognizer;
import org.antlr.v4.runtime.Token;
import org.antlr.v4.runtime.tree.TerminalNode;
import org.lapidary.ir.DType;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.Diagnostic.Code;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Loc;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;

/// Reads what [IrPrinter] prints. All mistakes are reported, each with line and column.
public final class IrParser {
  private static final String ONNX = "onnx:";

  private final String source;
  private final AttributeReader attributes;
  private final List<Diagnostic> errors = new ArrayList<>();
  private final Map<String, Value> values = new HashMap<>();

  private IrParser(String source, ConstantStore store) {
    this.source = source;
    this.attributes = new AttributeReader(source, store);
  }

  /// Reads a graph; use [Graph#at] where one level is expected.
  ///
  /// @param source where the text comes from, for messages
  /// @param store where the larger constants are
  /// @throws DiagnosticException listing all mistakes
  public static Graph<Op> parse(String source, String text, ConstantStore store) {
    IrParser reader = new IrParser(source, store);
    IrTextParser.GraphContext tree = reader.tree(text);
    reader.throwErrors();
    Graph<Op> graph = reader.graph(tree);
    reader.throwErrors();
    return graph;
  }

  private IrTextParser.GraphContext tree(String text) {
    BaseErrorListener listener =
        new BaseErrorListener() {
          @Override
          public void syntaxError(
              Recognizer<?, ?> recognizer,
              Object symbol,
              int line,
              int column,
              String message,
              RecognitionException e) {
            error(Code.SYNTAX, line, column, message);
          }
        };
    IrTextLexer lexer = new IrTextLexer(CharStreams.fromString(text, source));
    lexer.removeErrorListeners();
    lexer.addErrorListener(listener);
    IrTextParser parser = new IrTextParser(new CommonTokenStream(lexer));
    parser.removeErrorListeners();
    parser.addErrorListener(listener);
    return parser.graph();
  }

  private Graph<Op> graph(IrTextParser.GraphContext tree) {
    List<Graph.Port> inputs = new ArrayList<>();
    for (IrTextParser.InputContext input : tree.input()) {
      Value value = define(input.VALUE(), type(input.type()));
      inputs.add(new Graph.Port(name(input.VALUE()), value));
    }
    List<Graph.Node<Op>> nodes = new ArrayList<>();
    for (IrTextParser.StatementContext statement : tree.statement()) {
      statement(statement, nodes);
    }
    List<Graph.Port> results = new ArrayList<>();
    for (IrTextParser.ResultContext result : tree.result()) {
      results.add(new Graph.Port(Quoting.unquoted(result.label().getText()), use(result.VALUE())));
    }
    checkResultTypes(tree, results);
    return new Graph<>(name(tree.CONSTANT()), inputs, nodes, results);
  }

  private void checkResultTypes(IrTextParser.GraphContext tree, List<Graph.Port> results) {
    List<TensorType> declared = tree.type().stream().map(this::type).toList();
    List<TensorType> actual = results.stream().map(Graph.Port::type).toList();
    if (!declared.equals(actual)) {
      Token at = tree.type().isEmpty() ? tree.getStart() : tree.type(0).getStart();
      error(Code.TYPE_MISMATCH, at, "results declared " + declared + " are " + actual);
    }
  }

  private void statement(IrTextParser.StatementContext statement, List<Graph.Node<Op>> nodes) {
    int errorsBefore = errors.size();
    TensorType stated = type(statement.type());
    List<Value> operands = new ArrayList<>();
    for (TerminalNode operand : statement.VALUE().subList(1, statement.VALUE().size())) {
      operands.add(use(operand));
    }
    TensorType type = stated;
    try {
      Op op = op(statement, operands, stated);
      type = op.resultType();
      if (type.equals(stated)) {
        Value result = define(statement.VALUE(0), type);
        nodes.add(new Graph.Node<>(result, op, loc(statement.location())));
        return;
      }
      String message = "the type is " + type + ", not " + stated;
      first(errorsBefore, statement.type().getStart(), message);
    } catch (IllegalArgumentException e) {
      first(errorsBefore, statement.name().getStart(), String.valueOf(e.getMessage()));
    }
    define(statement.VALUE(0), type); // so that the statements below are checked all the same
  }

  /// Reports a mistake unless the statement has one already, of which this is a consequence.
  private void first(int errorsBefore, Token at, String message) {
    if (errors.size() == errorsBefore) {
      error(Code.TYPE_MISMATCH, at, message);
    }
  }

  private Op op(IrTextParser.StatementContext statement, List<Value> operands, TensorType stated) {
    String name = statement.name().getText();
    OpInfo info =
        OpInfo.named(name)
            .orElseThrow(() -> new IllegalArgumentException("there is no operation " + name));
    Map<String, Object> given = new LinkedHashMap<>();
    if (statement.attributes() != null) {
      for (IrTextParser.AttributeContext attribute : statement.attributes().attribute()) {
        String key = attribute.name().getText();
        OpInfo.Component component =
            info.attributes().stream()
                .filter(c -> c.name().equals(key))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(name + " has no attribute " + key));
        given.put(key, attributes.read(attribute.value(), component.type(), stated));
      }
    }
    return info.make(operands, given);
  }

  private TensorType type(IrTextParser.TypeContext type) {
    try {
      List<Integer> dims = type.NUMBER().stream().map(n -> Integer.valueOf(n.getText())).toList();
      double scale = type.number() == null ? 0 : Double.parseDouble(type.number().getText());
      return new TensorType(DType.of(type.name().getText()), dims, scale);
    } catch (IllegalArgumentException e) {
      error(Code.SYNTAX, type.getStart(), "not a type: " + type.getText());
      return TensorType.of(DType.F32);
    }
  }

  private static Loc loc(IrTextParser.LocationContext location) {
    if (location == null) {
      return Loc.NONE;
    }
    List<String> parts =
        location.STRING().stream().map(s -> Quoting.unquoted(s.getText())).toList();
    String node = parts.getFirst();
    return new Loc(
        node.startsWith(ONNX) ? node.substring(ONNX.length()) : node,
        parts.subList(1, parts.size()));
  }

  private Value define(TerminalNode token, TensorType type) {
    Value value = new Value(type);
    if (values.put(token.getText(), value) != null) {
      error(Code.SYNTAX, token.getSymbol(), token.getText() + " is defined twice");
    }
    return value;
  }

  private Value use(TerminalNode token) {
    Value value = values.get(token.getText());
    if (value != null) {
      return value;
    }
    error(Code.SYNTAX, token.getSymbol(), token.getText() + " is not defined above");
    return new Value(TensorType.of(DType.F32));
  }

  /// The name behind `%` or `@`.
  private static String name(TerminalNode token) {
    return Quoting.unquoted(token.getText().substring(1));
  }

  private void error(Code code, Token at, String message) {
    error(code, at.getLine(), at.getCharPositionInLine(), message);
  }

  private void error(Code code, int line, int column, String message) {
    errors.add(Diagnostic.error(code, source, line + ":" + (column + 1), message, ""));
  }

  private void throwErrors() {
    if (!errors.isEmpty()) {
      throw new DiagnosticException(errors);
    }
  }
}
