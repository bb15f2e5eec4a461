package org.lapidary.gemmini.map;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.lapidary.ir.DType;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Layout;
import org.lapidary.testkit.Property;

/// Addressing does what the referee does by moving elements.
class ViewTest {
  @Test
  void viewsShowWhatTheRefereeMoves() {
    int[] expressible = {0};
    Property.holds(
        500,
        random -> {
          TensorType type = TensorType.of(DType.I32, dims(random));
          int[] memory = new int[type.elements()];
          for (int i = 0; i < memory.length; i++) {
            memory[i] = i;
          }
          Tensor tensor = Tensor.of(type, memory);
          Buffer buffer = Buffer.activation("b", type.bytes());
          Optional<View> view = Optional.of(View.rowMajor(buffer, type, type.dim(-1)));
          for (int step = 0; step < 4 && view.isPresent(); step++) {
            Layout op = rearrangement(random, new Value(tensor.type()));
            tensor = Evaluator.apply(op, List.of(tensor));
            view = view.get().apply(op);
          }
          if (view.isPresent()) {
            assertThat(read(view.get(), memory)).isEqualTo(tensor.i32());
            expressible[0]++;
          }
        });
    assertThat(expressible[0]).isGreaterThan(300);
  }

  @Test
  void headsSplitAndMergeWithoutACopy() {
    TensorType type = TensorType.of(DType.I8, 2, 8, 12);
    View x = View.rowMajor(Buffer.activation("x", type.bytes()), type, 12);
    View heads = x.reshape(List.of(2, 8, 3, 4)).orElseThrow().transpose(List.of(0, 2, 1, 3));
    View back = heads.transpose(List.of(0, 2, 1, 3)).reshape(List.of(2, 8, 12)).orElseThrow();
    assertThat(back).isEqualTo(x);
    assertThat(heads.reshape(List.of(2, 24, 4))).isEmpty();
  }

  private static List<Integer> dims(Random random) {
    List<Integer> dims = new ArrayList<>();
    int rank = 1 + random.nextInt(4);
    for (int i = 0; i < rank; i++) {
      dims.add(1 + random.nextInt(4));
    }
    return dims;
  }

  private static Layout rearrangement(Random random, Value x) {
    List<Integer> dims = x.type().dims();
    return switch (random.nextInt(4)) {
      case 0 -> {
        List<Integer> axes = new ArrayList<>();
        for (int i = 0; i < dims.size(); i++) {
          axes.add(i);
        }
        Collections.shuffle(axes, random);
        yield new Layout.Transpose(x, axes);
      }
      case 1 -> {
        int axis = random.nextInt(dims.size());
        int start = random.nextInt(dims.get(axis));
        int step = 1 + random.nextInt(2);
        int most = (dims.get(axis) - start + step - 1) / step;
        yield new Layout.Slice(x, axis, start, 1 + random.nextInt(most), step);
      }
      case 2 -> {
        List<Integer> wide = new ArrayList<>(dims);
        wide.addFirst(2);
        yield new Layout.Broadcast(x, wide);
      }
      default -> {
        List<Integer> split = new ArrayList<>(dims);
        int axis = random.nextInt(dims.size());
        int size = split.remove(/* index */ axis);
        int inner = size % 2 == 0 ? 2 : 1;
        split.add(axis, inner);
        split.add(axis, size / inner);
        if (random.nextBoolean()) {
          int merged = split.removeFirst() * split.removeFirst();
          split.addFirst(merged);
        }
        yield new Layout.Reshape(x, split);
      }
    };
  }

  private static int[] read(View view, int[] memory) {
    int n = 1;
    for (int d : view.dims()) {
      n *= d;
    }
    int[] out = new int[n];
    for (int i = 0; i < n; i++) {
      long at = view.offset();
      int rest = i;
      for (int axis = view.rank() - 1; axis >= 0; axis--) {
        at += rest % view.dim(axis) * view.stride(axis);
        rest /= view.dim(axis);
      }
      out[i] = memory[(int) at];
    }
    return out;
  }
}
