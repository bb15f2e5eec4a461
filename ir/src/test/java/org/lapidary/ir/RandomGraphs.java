package org.lapidary.ir;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;

/// Makes random sound graphs out of every operation there is: operands and attributes are drawn
/// until the operation accepts them, so that a new operation takes part by being declared.
public final class RandomGraphs {
  private static final int MAX_ELEMENTS = 2000;
  private static final int ATTEMPTS = 100;
  private static final double[] SCALES = {0.5, 0.25, 0.1, 1};

  private final Random random;
  private final List<Value> values = new ArrayList<>();

  private RandomGraphs(Random random) {
    this.random = random;
  }

  /// A graph of one level: a few inputs, up to 15 operations, a few results.
  public static <O extends Op> Graph<O> graph(Random random, Class<O> level) {
    return new RandomGraphs(random).graph(level);
  }

  /// Elements that suit the inputs of a graph: small, so that some of them are valid indices.
  public static Map<String, Tensor> inputs(Random random, Graph<?> graph) {
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    for (Graph.Port port : graph.inputs()) {
      inputs.put(port.name(), tensor(random, port.type()));
    }
    return inputs;
  }

  /// Random elements of a type.
  public static Tensor tensor(Random random, TensorType type) {
    int n = type.elements();
    return Tensor.of(
        type,
        switch (type.dtype()) {
          case F32 -> {
            float[] array = new float[n];
            for (int i = 0; i < n; i++) {
              array[i] = (float) random.nextGaussian();
            }
            yield array;
          }
          case I64 -> random.longs(n, -2, 3).toArray();
          case I32 -> random.ints(n, -500, 500).toArray();
          case I8 -> {
            byte[] array = new byte[n];
            random.nextBytes(array);
            yield array;
          }
          case BOOL -> {
            byte[] array = new byte[n];
            for (int i = 0; i < n; i++) {
              array[i] = (byte) random.nextInt(2);
            }
            yield array;
          }
        });
  }

  private <O extends Op> Graph<O> graph(Class<O> level) {
    List<OpInfo> ops =
        OpInfo.all().stream().filter(info -> level.isAssignableFrom(info.type())).toList();
    GraphBuilder<O> builder = new GraphBuilder<>("random");
    for (int i = 0, n = 1 + random.nextInt(3); i < n; i++) {
      values.add(builder.input("in." + i, type()));
    }
    for (int i = 0, n = 1 + random.nextInt(15); i < n; i++) {
      Optional<Op> op = op(ops);
      if (op.isPresent()) {
        Loc loc = random.nextInt(3) == 0 ? Loc.NONE : Loc.onnx("/node/" + i);
        values.add(builder.emit(level.cast(op.get()), loc));
      }
    }
    builder.result("last", values.getLast());
    for (int i = 0, n = random.nextInt(3); i < n; i++) {
      builder.result("out " + i, anyOf(values));
    }
    return builder.build();
  }

  private Optional<Op> op(List<OpInfo> ops) {
    OpInfo info = anyOf(ops);
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        List<Value> operands = new ArrayList<>();
        Map<String, Object> attributes = new HashMap<>();
        for (OpInfo.Component c : info.components()) {
          switch (c.arity()) {
            case ONE -> operands.add(anyOf(values));
            case OPTIONAL, MANY -> {
              for (int i = 0, n = 1 + random.nextInt(2); i < n; i++) {
                operands.add(anyOf(values));
              }
            }
            case NONE -> attributes.put(c.name(), attribute(c.type(), operands));
          }
        }
        Op op = info.make(operands, attributes);
        if (op.resultType().elements() <= MAX_ELEMENTS) {
          return Optional.of(op);
        }
      } catch (IllegalArgumentException | IndexOutOfBoundsException _) {
        // The operation does not accept these: draw others.
      }
    }
    return Optional.empty();
  }

  private Object attribute(Type type, List<Value> operands) {
    if (type == int.class) {
      return random.nextInt(6) - 2;
    } else if (type == long.class) {
      return (long) random.nextInt(256) - 128;
    } else if (type == float.class) {
      return random.nextFloat();
    } else if (type == double.class) {
      return SCALES[random.nextInt(SCALES.length)];
    } else if (type == boolean.class) {
      return random.nextBoolean();
    } else if (type == Data.class) {
      return Data.of("c" + random.nextInt(100), tensor(random, type()));
    } else if (type instanceof Class<?> c && c.isEnum()) {
      return c.getEnumConstants()[random.nextInt(c.getEnumConstants().length)];
    }
    List<Integer> integers = integers(operands.getFirst().type());
    boolean real =
        type instanceof ParameterizedType list && list.getActualTypeArguments()[0] == Float.class;
    return real ? integers.stream().map(n -> n / 4f).toList() : integers;
  }

  /// A permutation, a selection of axes, or a shape with as many elements.
  private List<Integer> integers(TensorType type) {
    List<Integer> out = new ArrayList<>();
    switch (random.nextInt(4)) {
      case 0 -> {
        for (int i = 0; i < type.rank(); i++) {
          out.add(i);
        }
        Collections.shuffle(out, random);
      }
      case 1 -> {
        for (int i = 0; i < type.rank(); i++) {
          if (random.nextBoolean()) {
            out.add(i);
          }
        }
      }
      case 2 -> {
        out.addAll(type.dims());
        Collections.shuffle(out, random);
        out.add(random.nextInt(out.size() + 1), 1);
      }
      default -> {
        out.add(1 + random.nextInt(3));
        out.addAll(type.dims());
      }
    }
    return out;
  }

  private TensorType type() {
    List<Integer> dims = new ArrayList<>();
    for (int i = 0, n = random.nextInt(4); i < n; i++) {
      dims.add(random.nextInt(8) == 0 ? 1 : 2 + random.nextInt(2));
    }
    DType dtype = anyOf(List.of(DType.F32, DType.F32, DType.I64, DType.I32, DType.I8, DType.BOOL));
    boolean scaled = (dtype == DType.I32 || dtype == DType.I8) && random.nextInt(4) > 0;
    return new TensorType(dtype, dims, scaled ? SCALES[random.nextInt(SCALES.length)] : 0);
  }

  private <T> T anyOf(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }
}
