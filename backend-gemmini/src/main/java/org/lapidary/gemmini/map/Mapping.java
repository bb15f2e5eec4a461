package org.lapidary.gemmini.map;

import java.util.List;
import java.util.Map;
import org.lapidary.ir.Data;
import org.lapidary.ir.Value;

/// What runs where, in order.
///
/// @param work everything there is to do, host and accelerator taking turns as seldom as possible
/// @param places where the values are that main memory holds
/// @param images constants in main memory
/// @param caches where the result of each is that stays in memory
/// @param placements for the reader: node by node
/// @param fusions for the reader: what was decided
public record Mapping(
    List<Work> work,
    Map<Value, View> places,
    List<Image> images,
    Map<Cache, View> caches,
    List<Placement> placements,
    List<FusionDecision> fusions) {

  /// A constant in main memory.
  ///
  /// @param data the elements, written to `view`
  public record Image(View view, Data data) {}
}
