package org.lapidary.frontend.onnx;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.lapidary.ir.Value;

/// The names visible at one place of the model: those of a graph or function body and, for the
/// branches of an `If`, those of the graphs around it.
///
/// A name may be bound to nothing: its value could not be made, which has been reported, and what
/// depends on it is passed over in silence.
final class Scope {
  private final @Nullable Scope outer;
  private final Map<String, Optional<Value>> names = new HashMap<>();

  /// Operator set version by domain.
  final Map<String, Long> opsets;

  /// Written before the names of the nodes inside.
  final String prefix;

  /// Attributes of the function call that is being inlined.
  final Attributes caller;

  /// How many calls and branches are around this one.
  final int depth;

  private Scope(
      @Nullable Scope outer,
      Map<String, Long> opsets,
      String prefix,
      Attributes caller,
      int depth) {
    this.outer = outer;
    this.opsets = opsets;
    this.prefix = prefix;
    this.caller = caller;
    this.depth = depth;
  }

  static Scope main(Map<String, Long> opsets) {
    return new Scope(null, opsets, "", Attributes.NONE, 0);
  }

  /// The body of a function: it sees only its parameters.
  Scope body(Map<String, Long> itsOpsets, String call, Attributes attributes) {
    return new Scope(null, itsOpsets, call + "/", attributes, depth + 1);
  }

  /// A branch: it sees everything around it.
  Scope branch() {
    return new Scope(this, opsets, prefix, caller, depth + 1);
  }

  boolean declaresHere(String name) {
    return names.containsKey(name);
  }

  void bind(String name, Optional<Value> value) {
    names.put(name, value);
  }

  /// @throws Refusal if nothing has that name
  Optional<Value> find(String name) {
    for (Scope s = this; s != null; s = s.outer) {
      Optional<Value> found = s.names.get(name);
      if (found != null) {
        return found;
      }
    }
    throw Refusal.model("nothing in the model has the name \"" + name + "\"");
  }
}
