package org.lapidary.tools.compile;

import java.util.ArrayList;
import java.util.List;
import org.lapidary.ir.DType;

/// An input as the ONNX file declares it.
///
/// @param name name of the input
/// @param dtype element type
/// @param dims one entry per axis: a number, or the name of a symbolic dimension (possibly empty)
public record InputSlot(String name, DType dtype, List<String> dims) {
  public InputSlot {
    dims = List.copyOf(dims);
  }

  /// The same input with another size of its first axis.
  InputSlot withFirst(String size) {
    List<String> changed = new ArrayList<>(dims);
    if (!changed.isEmpty()) {
      changed.set(0, size);
    }
    return new InputSlot(name, dtype, changed);
  }
}
