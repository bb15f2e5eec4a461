package org.lapidary.frontend.onnx;

import java.util.ArrayList;
import java.util.List;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.Neural;
import org.lapidary.ir.op.Neural.Reduction;

/// Einsum with one or two operands, as one matrix product between transposes.
///
/// Every label is a batch label (in both operands and the result), a row label (in the first and
/// the result), a column label (in the second and the result), a contracted label (in both only),
/// or is summed away first (in one operand only). Source: ONNX Einsum-12.
final class Einsum {
  private Einsum() {}

  static Value lower(Call c) {
    String equation = c.attributes().text("equation", "").replace(" ", "");
    String[] sides = equation.split("->", -1);
    String[] terms = sides[0].split(",", -1);
    boolean plain = equation.matches("[A-Za-z]*(,[A-Za-z]*)?->[A-Za-z]*");
    if (!plain || terms.length != c.operands().size() || repeats(terms) || repeats(sides[1])) {
      throw Refusal.op(
          "Einsum \"" + equation + "\" is not supported",
          "only products of one or two operands with distinct labels are");
    }
    String result = sides[1];
    if (terms.length == 1) {
      Summed x = summed(c, new Summed(c.in(0), terms[0]), result);
      return permuted(c, x, result);
    }
    Summed a = summed(c, new Summed(c.in(0), terms[0]), terms[1] + result);
    Summed b = summed(c, new Summed(c.in(1), terms[1]), terms[0] + result);
    return product(c, a, b, result);
  }

  /// A tensor and the labels of its axes.
  private record Summed(Value value, String labels) {
    int size(char label) {
      return value.type().dim(labels.indexOf(label));
    }

    List<Integer> sizes(String some) {
      return some.chars().mapToObj(l -> size((char) l)).toList();
    }
  }

  private static boolean repeats(String... terms) {
    for (String term : terms) {
      if (term.chars().distinct().count() < term.length()) {
        return true;
      }
    }
    return false;
  }

  /// Labels nobody else uses are summed away.
  private static Summed summed(Call c, Summed x, String used) {
    if (x.labels.length() != x.value.type().rank()) {
      throw Refusal.shape(
          "the labels " + x.labels + " of Einsum do not fit " + x.value.type(), "check the model");
    }
    List<Integer> axes = new ArrayList<>();
    StringBuilder left = new StringBuilder();
    for (int i = 0; i < x.labels.length(); i++) {
      if (used.indexOf(x.labels.charAt(i)) < 0) {
        axes.add(i);
      } else {
        left.append(x.labels.charAt(i));
      }
    }
    return axes.isEmpty()
        ? x
        : new Summed(
            c.emit(new Neural.Reduce(x.value, Reduction.SUM, axes, false)), left.toString());
  }

  private static Value permuted(Call c, Summed x, String order) {
    if (order.length() != x.labels.length()) {
      throw Refusal.op("the result of Einsum has labels no operand has", "check the model");
    }
    return c.transpose(x.value, order.chars().mapToObj(l -> x.labels.indexOf(l)).toList());
  }

  private static Value product(Call c, Summed a, Summed b, String result) {
    String batch = keep(keep(result, a.labels, true), b.labels, true);
    String rows = keep(keep(result, a.labels, true), b.labels, false);
    String columns = keep(keep(result, b.labels, true), a.labels, false);
    String inner = keep(keep(a.labels, b.labels, true), result, false);
    List<Integer> batchSizes = a.sizes(batch);
    Value lhs =
        c.reshape(
            permuted(c, a, batch + rows + inner),
            Dims.join(batchSizes, flat(a, rows), flat(a, inner)));
    Value rhs =
        c.reshape(
            permuted(c, b, batch + inner + columns),
            Dims.join(b.sizes(batch), flat(b, inner), flat(b, columns)));
    Value product = c.emit(new Neural.MatMul(lhs, rhs));
    Value unfolded = c.reshape(product, Dims.join(batchSizes, a.sizes(rows), b.sizes(columns)));
    return permuted(c, new Summed(unfolded, batch + rows + columns), result);
  }

  private static List<Integer> flat(Summed x, String labels) {
    return List.of(Dims.product(x.sizes(labels)));
  }

  /// The labels that are (or are not) among others.
  private static String keep(String labels, String others, boolean among) {
    StringBuilder kept = new StringBuilder();
    labels
        .chars()
        .filter(l -> (others.indexOf(l) >= 0) == among)
        .forEach(l -> kept.append((char) l));
    return kept.toString();
  }
}
