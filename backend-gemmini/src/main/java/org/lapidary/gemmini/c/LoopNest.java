package org.lapidary.gemmini.c;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// Nested C loops over an index space, in row-major order, with the positions of its points in
/// several arrays.
///
/// @param dims sizes of the axes, outermost first
/// @param strides for each array, elements from one index to the next along each axis
record LoopNest(List<Integer> dims, List<int[]> strides) {

  /// The same points in the same order with as few loops as possible.
  private LoopNest merged() {
    List<Integer> sizes = new ArrayList<>();
    List<List<Integer>> steps = new ArrayList<>();
    for (int axis = 0; axis < dims.size(); axis++) {
      List<Integer> step = step(axis);
      int size = dims.get(axis);
      if (size == 1) {
        continue;
      }
      if (!sizes.isEmpty() && steps.getLast().equals(times(step, size))) {
        sizes.set(sizes.size() - 1, sizes.getLast() * size);
        steps.set(steps.size() - 1, step);
      } else {
        sizes.add(size);
        steps.add(step);
      }
    }
    List<int[]> out = new ArrayList<>();
    for (int array = 0; array < strides.size(); array++) {
      int index = array;
      out.add(steps.stream().mapToInt(step -> step.get(index)).toArray());
    }
    return new LoopNest(sizes, out);
  }

  private List<Integer> step(int axis) {
    return strides.stream().map(s -> s[axis]).toList();
  }

  private static List<Integer> times(List<Integer> step, int size) {
    return step.stream().map(s -> s * size).toList();
  }

  /// The loops.
  ///
  /// @param variable first letter of the indices
  /// @param body the innermost statements, given the position in each array
  String code(String variable, Function<List<String>, String> body) {
    LoopNest nest = merged();
    StringBuilder out = new StringBuilder();
    List<String> variables = new ArrayList<>();
    for (int axis = 0; axis < nest.dims.size(); axis++) {
      String i = variable + axis;
      out.append("for (long %s = 0; %s < %d; %s++) {\n".formatted(i, i, nest.dims.get(axis), i));
      variables.add(i);
    }
    out.append(body.apply(nest.strides.stream().map(s -> position(s, variables)).toList()));
    out.append("}\n".repeat(nest.dims.size()));
    return out.toString();
  }

  private static String position(int[] strides, List<String> variables) {
    List<String> terms = new ArrayList<>();
    for (int axis = 0; axis < strides.length; axis++) {
      if (strides[axis] != 0) {
        terms.add(variables.get(axis) + (strides[axis] == 1 ? "" : " * " + strides[axis]));
      }
    }
    return terms.isEmpty() ? "0" : String.join(" + ", terms);
  }
}
