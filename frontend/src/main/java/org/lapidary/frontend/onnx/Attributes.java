package org.lapidary.frontend.onnx;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lapidary.frontend.onnx.proto.Onnx.AttributeProto;
import org.lapidary.frontend.onnx.proto.Onnx.GraphProto;
import org.lapidary.frontend.onnx.proto.Onnx.TensorProto;

/// The attributes of one node, by name.
final class Attributes {
  static final Attributes NONE = new Attributes(Map.of());

  private final Map<String, AttributeProto> byName;

  private Attributes(Map<String, AttributeProto> byName) {
    this.byName = byName;
  }

  /// @param declared as written on a node
  /// @param caller attributes of the call being inlined, which `ref_attr_name` refers to
  static Attributes of(List<AttributeProto> declared, Attributes caller) {
    Map<String, AttributeProto> map = new HashMap<>();
    for (AttributeProto a : declared) {
      if (a.getRefAttrName().isEmpty()) {
        map.put(a.getName(), a);
      } else {
        caller.find(a.getRefAttrName()).ifPresent(actual -> map.put(a.getName(), actual));
      }
    }
    return new Attributes(map);
  }

  /// These attributes, and the given ones where these say nothing.
  Attributes orElse(List<AttributeProto> defaults) {
    Map<String, AttributeProto> map = new HashMap<>(byName);
    defaults.forEach(a -> map.putIfAbsent(a.getName(), a));
    return new Attributes(map);
  }

  private Optional<AttributeProto> find(String name) {
    return Optional.ofNullable(byName.get(name));
  }

  boolean has(String name) {
    return byName.containsKey(name);
  }

  long integer(String name, long otherwise) {
    return find(name).map(AttributeProto::getI).orElse(otherwise);
  }

  int small(String name, int otherwise) {
    return Dims.small(integer(name, otherwise), name);
  }

  boolean flag(String name, boolean otherwise) {
    return integer(name, otherwise ? 1 : 0) != 0;
  }

  float number(String name, float otherwise) {
    return find(name).map(AttributeProto::getF).orElse(otherwise);
  }

  String text(String name, String otherwise) {
    return find(name).map(a -> a.getS().toStringUtf8()).orElse(otherwise);
  }

  Optional<List<Integer>> integers(String name) {
    return find(name).map(a -> a.getIntsList().stream().map(l -> Dims.small(l, name)).toList());
  }

  List<Float> numbers(String name) {
    return find(name).map(AttributeProto::getFloatsList).orElse(List.of());
  }

  List<Long> longs(String name) {
    return find(name).map(AttributeProto::getIntsList).orElse(List.of());
  }

  Optional<TensorProto> tensor(String name) {
    return find(name).filter(AttributeProto::hasT).map(AttributeProto::getT);
  }

  Optional<GraphProto> graph(String name) {
    return find(name).filter(AttributeProto::hasG).map(AttributeProto::getG);
  }
}
