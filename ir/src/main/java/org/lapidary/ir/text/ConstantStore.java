package org.lapidary.ir.text;

import java.util.Optional;
import java.util.function.Supplier;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;

/// Where the parser finds the elements of the constants a text refers to.
@FunctionalInterface
public interface ConstantStore {
  /// A store without constants: texts that refer to some can be read and transformed, but the
  /// elements cannot be.
  ConstantStore NONE = (_, _) -> Optional.empty();

  /// A reader of the elements with that hash, or nothing if they are not here.
  Optional<Supplier<Tensor>> find(TensorType type, String hash);
}
