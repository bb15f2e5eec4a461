package org.lapidary.ir.text;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import org.antlr.v4.runtime.ParserRuleContext;
import org.lapidary.ir.DType;
import org.lapidary.ir.Data;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.Diagnostic.Code;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;

/// Reads attribute values as the types their record components declare.
///
/// @param source file of the text, for messages about missing constants
/// @param store where constants by reference are
record AttributeReader(String source, ConstantStore store) {

  /// The value of an attribute.
  ///
  /// @param declared type of the component
  /// @param result type of the statement's result, which is that of a constant too
  /// @throws IllegalArgumentException with a plain sentence if the text is no such value
  Object read(IrTextParser.ValueContext value, Type declared, TensorType result) {
    if (declared == Data.class) {
      return constant(value, result);
    }
    if (value.list() != null && value.CONSTANT() == null) {
      return elements(value.list(), declared);
    }
    if (value.number() == null && value.name() == null) {
      throw new IllegalArgumentException("a constant where none is due");
    }
    String text = value.getText();
    try {
      return scalar(text, (Class<?>) declared);
    } catch (IllegalArgumentException e) {
      String due = declared instanceof Class<?> c ? c.getSimpleName() : declared.getTypeName();
      throw new IllegalArgumentException(text + " is not a value of type " + due, e);
    }
  }

  private static Object scalar(String text, Class<?> type) {
    if (type == boolean.class) {
      return flag(text);
    }
    if (type == int.class) {
      return Integer.valueOf(text);
    }
    if (type == long.class) {
      return Long.valueOf(text);
    }
    if (type == float.class) {
      return Float.valueOf(text);
    }
    if (type == double.class) {
      return Double.valueOf(text);
    }
    if (type == DType.class) {
      return DType.of(text);
    }
    if (type.isEnum()) {
      return constantOf(type, text);
    }
    throw new IllegalArgumentException("attributes of type " + type + " have no text form");
  }

  private static Object constantOf(Class<?> type, String text) {
    for (Object constant : type.getEnumConstants()) {
      if (((Enum<?>) constant).name().toLowerCase(Locale.ROOT).equals(text)) {
        return constant;
      }
    }
    throw new IllegalArgumentException(text);
  }

  private static List<?> elements(IrTextParser.ListContext list, Type declared) {
    boolean real =
        declared instanceof ParameterizedType p && p.getActualTypeArguments()[0] == Float.class;
    List<Object> out = new ArrayList<>();
    for (IrTextParser.ElementContext element : list.element()) {
      out.add(scalar(element.getText(), real ? float.class : int.class));
    }
    return out;
  }

  private Data constant(IrTextParser.ValueContext value, TensorType type) {
    String token = value.CONSTANT() == null ? "@\"\"" : value.CONSTANT().getText();
    int hash = token.indexOf('#', token.lastIndexOf('"') + 1);
    String name = Quoting.unquoted(token.substring(1, hash < 0 ? token.length() : hash));
    if (value.list() != null) {
      return Data.of(name, elements(value.list(), type));
    }
    if (hash < 0) {
      throw new IllegalArgumentException("constant " + name + " has neither elements nor a hash");
    }
    String digits = token.substring(hash + 1);
    Optional<Supplier<Tensor>> found = store.find(type, digits);
    return Data.stored(name, type, digits, found.orElse(() -> missing(name, digits)));
  }

  private Tensor missing(String name, String hash) {
    throw new DiagnosticException(
        Diagnostic.error(
            Code.MISSING_EXTERNAL_DATA,
            source,
            name,
            "the elements of this constant, hash " + hash + ", are not at hand",
            "keep the directory \"constants\" beside the file"));
  }

  private static Tensor elements(IrTextParser.ListContext list, TensorType type) {
    int n = type.elements();
    if (list.element().size() != n) {
      throw new IllegalArgumentException(list.element().size() + " elements for " + type);
    }
    List<String> texts = list.element().stream().map(ParserRuleContext::getText).toList();
    return Tensor.of(
        type,
        switch (type.dtype()) {
          case F32 -> {
            float[] array = new float[n];
            for (int i = 0; i < n; i++) {
              array[i] = Float.parseFloat(texts.get(i));
            }
            yield array;
          }
          case I64 -> texts.stream().mapToLong(Long::parseLong).toArray();
          case I32 -> texts.stream().mapToInt(Integer::parseInt).toArray();
          case I8 -> {
            byte[] array = new byte[n];
            for (int i = 0; i < n; i++) {
              array[i] = Byte.parseByte(texts.get(i));
            }
            yield array;
          }
          case BOOL -> {
            byte[] array = new byte[n];
            for (int i = 0; i < n; i++) {
              array[i] = (byte) (flag(texts.get(i)) ? 1 : 0);
            }
            yield array;
          }
        });
  }

  private static boolean flag(String text) {
    return switch (text) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalArgumentException(text + " is neither true nor false");
    };
  }
}
