package org.lapidary.ir.pass;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Op;

/// A function from an immutable graph to a new one.
///
/// A pass is a record named by a verb phrase; its components are its options. Its text form,
/// `quantize{calibration=entropy}`, and the levels it takes and gives derive from the declaration.
///
/// @param <A> the level it takes
/// @param <B> the level it gives
public interface Pass<A extends Op, B extends Op> {

  /// Transforms a graph.
  ///
  /// @throws org.lapidary.ir.DiagnosticException if the user's model or options are at fault
  Graph<B> run(Graph<A> graph, PassContext context);

  /// The name in pipelines, derived from the class: `fuse-gelu`.
  default String name() {
    return Names.kebab(getClass());
  }

  /// Name and options as pipelines write them.
  default String text() {
    return PassText.print(name(), this);
  }

  /// The level it takes, read from the declaration.
  default Class<? extends Op> takes() {
    return level(0);
  }

  /// The level it gives, read from the declaration.
  default Class<? extends Op> gives() {
    return level(1);
  }

  private Class<? extends Op> level(int parameter) {
    for (Type type : getClass().getGenericInterfaces()) {
      if (type instanceof ParameterizedType p
          && p.getRawType() == Pass.class
          && p.getActualTypeArguments()[parameter] instanceof Class<?> level) {
        return level.asSubclass(Op.class);
      }
    }
    return Op.class;
  }
}
