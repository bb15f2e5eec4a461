package org.lapidary.tools.compile;

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
}
