package org.lapidary.gemmini.map;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.lapidary.ir.Data;
import org.lapidary.ir.Graph;
import org.lapidary.ir.TensorType;
import org.lapidary.ir.Value;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.ir.op.Accumulate;
import org.lapidary.ir.op.Layout;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.ir.op.Shapes;

/// Where every tensor lies in main memory. A new tensor is laid out the way its readers want it, so
/// that head split, head merge and concatenation are addressing and not copies.
final class Storage {
  private static final int LINE_BYTES = 64;
  private static final int BEAT_BYTES = 16;

  private final Uses uses;
  private final CachePlaces caches;
  private final Map<Value, View> views = new HashMap<>();
  private final Map<Value, Data> folded = new HashMap<>();
  private final List<Mapping.Image> images = new ArrayList<>();

  Storage(Uses uses, CachePlaces caches) {
    this.uses = uses;
    this.caches = caches;
  }

  /// The constants placed so far, in order.
  List<Mapping.Image> images() {
    return images;
  }

  /// Where the values are that have a place.
  Map<Value, View> views() {
    return views;
  }

  /// Whether a computed value has a place.
  boolean isPlaced(Value value) {
    return views.containsKey(uses.origin(value));
  }

  /// Where a value is, constants being placed when first asked for.
  View view(Value value) {
    Value origin = uses.origin(value);
    View view = views.get(origin);
    if (view == null) {
      if (!uses.isConstant(origin)) {
        throw new IllegalStateException("no place for " + origin);
      }
      view = constant(data(origin));
      views.put(origin, view);
    }
    return view;
  }

  /// Says where a value is.
  void place(Value value, View view) {
    views.put(uses.origin(value), view);
  }

  /// A constant of the memory image, row-major.
  View constant(Data data) {
    Buffer buffer = Buffer.constant(data.name(), rowBytes(data.type(), true));
    View view = View.rowMajor(buffer, data.type(), pitch(data.type(), true));
    images.add(new Mapping.Image(view, data));
    return view;
  }

  /// The content of a constant value.
  Data data(Value value) {
    Data known = folded.get(value);
    if (known == null) {
      if (!(uses.op(value) instanceof Layout op)) {
        throw new IllegalStateException(value + " is no constant");
      }
      known = op instanceof Layout.Const c ? c.data() : rearranged(op, value.type());
      folded.put(value, known);
    }
    return known;
  }

  private Data rearranged(Layout op, TensorType type) {
    List<Data> operands = OpInfo.operands(op).stream().map(this::data).toList();
    return Data.lazy(
        operands.getFirst().name(),
        type,
        () -> Evaluator.apply(op, operands.stream().map(Data::load).toList()));
  }

  /// Chooses a place for a value that is about to be computed.
  View allocate(Value value, String name) {
    View cached = caches.of(value);
    View chosen =
        cached != null ? cached : preferred(value, name).orElseGet(() -> own(value, name, false));
    place(value, chosen);
    return chosen;
  }

  /// Whether a value may be there: anywhere, unless it belongs in a cache.
  boolean belongs(Value value, View view) {
    View cached = caches.of(value);
    return cached == null || cached.equals(view);
  }

  /// Row-major memory of its own for a value, whatever its readers would like.
  View own(Value value, String name, boolean padded) {
    TensorType type = value.type();
    Buffer buffer = Buffer.activation(name, rowBytes(type, padded));
    return View.rowMajor(buffer, type, pitch(type, padded));
  }

  /// The first layout under which every reader can address the value: within a concatenation it is
  /// part of, then row-major after as many of the reshapes and transposes that follow as possible,
  /// rows aligned for the memory bus if that does not get in the way.
  private Optional<View> preferred(Value value, String name) {
    List<Value> forms = new ArrayList<>(List.of(value));
    List<Layout> steps = new ArrayList<>();
    for (Layout next = rearrangement(value); next != null; next = rearrangement(forms.getLast())) {
      if (next instanceof Layout.Concat concat) {
        Optional<View> shared = within(concat, forms, steps, name);
        if (shared.isPresent()) {
          return shared;
        }
        break;
      }
      steps.add(next);
      forms.add(uses.of(forms.getLast()).getFirst().result());
    }
    for (int form = forms.size() - 1; form >= 0; form--) {
      for (boolean padded : new boolean[] {true, false}) {
        Optional<View> view = Optional.of(own(forms.get(form), name, padded));
        view = back(view, steps.subList(0, form)).filter(v -> isWritable(v) && serves(value, v));
        if (view.isPresent()) {
          return view;
        }
      }
    }
    return Optional.empty();
  }

  private Optional<View> within(
      Layout.Concat concat, List<Value> forms, List<Layout> steps, String name) {
    Value whole = uses.of(forms.getLast()).getFirst().result();
    View all = isPlaced(whole) ? view(whole) : allocate(whole, name);
    int axis = Shapes.axis(concat.axis(), whole.type().rank());
    int start = 0;
    for (Value part : concat.parts()) {
      if (uses.origin(part) == uses.origin(forms.getLast())) {
        View slice = all.part(axis, start, part.type().dim(axis));
        return back(Optional.of(slice), steps).filter(v -> isWritable(v));
      }
      start += part.type().dim(axis);
    }
    return Optional.empty();
  }

  private static Optional<View> back(Optional<View> view, List<Layout> steps) {
    Optional<View> at = view;
    for (Layout step : steps.reversed()) {
      at = at.flatMap(v -> v.before(step));
    }
    return at;
  }

  /// The reshape, transpose or concatenation that is the only reader of a value.
  private @Nullable Layout rearrangement(Value value) {
    List<Graph.Node<Op>> readers = uses.of(value);
    if (readers.size() != 1 || uses.isResult(value)) {
      return null;
    }
    return switch (readers.getFirst().op()) {
      case Layout.Reshape r -> r;
      case Layout.Transpose t -> t;
      case Layout.Concat c -> c;
      default -> null; // any other reader wants the value as it is
    };
  }

  private static boolean isWritable(View view) {
    return view.rank() == 0 || view.unit(-1);
  }

  /// Whether every reader, through whatever rearrangements, can address a value that lies there.
  boolean serves(Value value, View view) {
    for (Graph.Node<Op> reader : uses.of(value)) {
      boolean served =
          switch (reader.op()) {
            case Layout.Concat _ -> true;
            case Layout layout ->
                view.apply(layout).map(v -> serves(reader.result(), v)).orElse(false);
            case Accumulate.MatMulI8 _ -> isMatrix(view);
            case Accumulate _ -> isWritable(view);
            default -> true; // the host reads any view
          };
      if (!served) {
        return false;
      }
    }
    return true;
  }

  /// Whether the array can take a view as an operand, transposed or not.
  static boolean isMatrix(View view) {
    return view.unit(-1) || view.unit(-2);
  }

  private static long rowBytes(TensorType type, boolean padded) {
    long rows = 1;
    for (int axis = 0; axis < type.rank() - 1; axis++) {
      rows *= type.dim(axis);
    }
    return rows * pitch(type, padded) * type.dtype().bytes();
  }

  /// Elements from row to row.
  private static long pitch(TensorType type, boolean padded) {
    int columns = type.rank() == 0 ? 1 : type.dim(-1);
    if (!padded || type.rank() < 2) {
      return columns;
    }
    int size = type.dtype().bytes();
    long bytes = (long) columns * size;
    int unit =
        bytes <= BEAT_BYTES ? BEAT_BYTES : bytes <= 2 * BEAT_BYTES ? 2 * BEAT_BYTES : LINE_BYTES;
    return (bytes + unit - 1) / unit * unit / size;
  }
}
