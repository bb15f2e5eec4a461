package org.lapidary.tools.validate;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lapidary.ir.Tensor;
import org.lapidary.tools.data.TextEncoder;

/// A sample as it stands in a file, before it is fitted to a model's inputs.
///
/// @param rows the arrays of one inference, or of two for sentence pairs
/// @param labels see [Example#labels()]; empty where the file has none
/// @param target real-valued label of a sentence pair
@SuppressWarnings("ArrayRecordComponent") // made once, never changed
public record Sample(List<Map<String, Tensor>> rows, int[] labels, double target) {
  /// Names of the arrays made from text; models name these inputs so, or have only one.
  static final String IDS = "input_ids";

  private static final String SEGMENTS = "token_type_ids";

  static Sample of(long[] ids, int[] labels) {
    return new Sample(List.of(row(ids)), labels, 0);
  }

  static Map<String, Tensor> row(long[] ids) {
    return Map.of(IDS, Tensor.i64(List.of(1, ids.length), ids));
  }

  static Map<String, Tensor> row(TextEncoder.Encoded text) {
    Map<String, Tensor> row = new LinkedHashMap<>(row(text.ids()));
    row.put(SEGMENTS, Tensor.i64(List.of(1, text.segments().length), text.segments()));
    return row;
  }
}
