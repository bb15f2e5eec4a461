package org.lapidary.ir.op;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.lapidary.testkit.Golden;
import org.lapidary.testkit.Repository;

/// `ir/OPS.md` is derived from the declarations; `-Dgolden.update=true` writes it anew.
class OpTableTest {

  @Test
  void theTableIsFresh() {
    StringBuilder table =
        new StringBuilder(
            """
            # Operations

            Generated from the record declarations in `org.lapidary.ir.op`, whose Javadoc says what each
            computes; `mvn -pl ir -am test -Dgolden.update=true` writes this file anew. Operands are values,
            `…` marks a list of them; attributes are typed.

            | operation | level | family | operands | attributes |
            |---|---|---|---|---|
            """);
    for (OpInfo info : OpInfo.all()) {
      table.append(
          "| `%s` | %s | %s | %s | %s |\n"
              .formatted(
                  info.name(),
                  levels(info),
                  info.type().getEnclosingClass().getSimpleName(),
                  operands(info),
                  attributes(info)));
    }
    Golden.check(Repository.root().resolve("ir").resolve("OPS.md"), table.toString());
  }

  private static String levels(OpInfo info) {
    boolean nn = NnOp.class.isAssignableFrom(info.type());
    boolean q = QOp.class.isAssignableFrom(info.type());
    return nn && q ? "both" : nn ? "nn" : "q";
  }

  private static String operands(OpInfo info) {
    return info.components().stream()
        .filter(c -> c.arity() != OpInfo.Arity.NONE)
        .map(c ->
            switch (c.arity()) {
              case ONE -> c.name();
              case OPTIONAL -> c.name() + "?";
              case MANY -> c.name() + "…";
              case NONE -> "";
            })
        .collect(Collectors.joining(", "));
  }

  private static String attributes(OpInfo info) {
    return info.attributes().stream()
        .map(c -> c.name() + ": " + name(c.type()))
        .collect(Collectors.joining(", "));
  }

  private static String name(Type type) {
    if (type instanceof ParameterizedType p) {
      return List.of(p.getActualTypeArguments()).stream()
          .map(OpTableTest::name)
          .collect(Collectors.joining(", ", "list of ", ""));
    }
    String name = ((Class<?>) type).getSimpleName();
    return name.equals("DType") ? "element type" : name.toLowerCase(Locale.ROOT);
  }
}
