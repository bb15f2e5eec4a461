package org.lapidary.ir.op;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.lapidary.ir.Value;

/// What a record class says about the operation it declares: its name, its operands, its
/// attributes. Read by reflection once per class; printer, parser, rewriter and the op table all
/// derive from it.
public final class OpInfo {
  private static final ClassValue<OpInfo> INFOS =
      new ClassValue<>() {
        @Override
        protected OpInfo computeValue(Class<?> type) {
          return new OpInfo(type.asSubclass(Op.class));
        }
      };

  /// How many values a component holds.
  public enum Arity {
    /// A `Value`.
    ONE,
    /// An `Optional<Value>`.
    OPTIONAL,
    /// A `List<Value>`.
    MANY,
    /// None: the component is an attribute.
    NONE
  }

  /// One component of the record.
  ///
  /// @param name as declared
  /// @param arity whether it is an operand, and of which kind
  /// @param type as declared
  public record Component(String name, Arity arity, Type type) {}

  private final String name;
  private final Class<? extends Op> type;
  private final List<Component> components;
  private final RecordComponent[] accessors;
  private final Constructor<? extends Op> constructor;

  private OpInfo(Class<? extends Op> type) {
    Name declared = type.getAnnotation(Name.class);
    if (declared == null || !type.isRecord()) {
      throw new IllegalStateException(type + " must be a record with a @Name");
    }
    this.name = declared.value();
    this.type = type;
    this.accessors = type.getRecordComponents();
    List<Component> list = new ArrayList<>();
    for (RecordComponent c : accessors) {
      list.add(new Component(c.getName(), arity(c.getGenericType()), c.getGenericType()));
    }
    this.components = List.copyOf(list);
    if (components.stream().filter(OpInfo::isOpenEnded).count() > 1) {
      // A printed operand list could not be dealt out to the components again.
      throw new IllegalStateException(type + " has more than one optional or list operand");
    }
    Class<?>[] parameters = new Class<?>[accessors.length];
    for (int i = 0; i < parameters.length; i++) {
      parameters[i] = accessors[i].getType();
    }
    try {
      this.constructor = type.getDeclaredConstructor(parameters);
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException("records have a canonical constructor", e);
    }
  }

  /// The declaration of an operation.
  public static OpInfo of(Op op) {
    return INFOS.get(op.getClass());
  }

  /// The declaration of a record class.
  public static OpInfo of(Class<? extends Op> type) {
    return INFOS.get(type);
  }

  /// The declaration with that `@Name`.
  public static Optional<OpInfo> named(String name) {
    return Optional.ofNullable(Vocabulary.BY_NAME.get(name));
  }

  /// All operations there are, sorted by name.
  public static Collection<OpInfo> all() {
    return Vocabulary.BY_NAME.values();
  }

  /// For example `nn.matmul`.
  public String name() {
    return name;
  }

  public Class<? extends Op> type() {
    return type;
  }

  /// All components, as declared.
  public List<Component> components() {
    return components;
  }

  /// The components that are not operands, as declared.
  public List<Component> attributes() {
    return components.stream().filter(c -> c.arity() == Arity.NONE).toList();
  }

  /// The values an operation reads, in the order of its components.
  public static List<Value> operands(Op op) {
    OpInfo info = of(op);
    List<Value> out = new ArrayList<>(2);
    for (int i = 0; i < info.accessors.length; i++) {
      switch (info.components.get(i).arity()) {
        case ONE -> out.add((Value) info.component(op, i));
        case OPTIONAL -> ((Optional<?>) info.component(op, i)).ifPresent(v -> out.add((Value) v));
        case MANY -> ((List<?>) info.component(op, i)).forEach(v -> out.add((Value) v));
        case NONE -> {}
      }
    }
    return out;
  }

  /// The same operation reading other values; itself if none differs.
  public static <O extends Op> O mapOperands(O op, UnaryOperator<Value> map) {
    OpInfo info = of(op);
    Object[] arguments = new Object[info.accessors.length];
    boolean changed = false;
    for (int i = 0; i < arguments.length; i++) {
      Object old = info.component(op, i);
      arguments[i] =
          switch (info.components.get(i).arity()) {
            case ONE -> map.apply((Value) old);
            case OPTIONAL -> ((Optional<?>) old).map(v -> map.apply((Value) v));
            case MANY -> ((List<?>) old).stream().map(v -> map.apply((Value) v)).toList();
            case NONE -> old;
          };
      changed |= !arguments[i].equals(old);
    }
    @SuppressWarnings("unchecked") // the constructor of the class of op
    O result = changed ? (O) info.construct(arguments) : op;
    return result;
  }

  /// The value of the attribute of that name.
  public Object attribute(Op op, String attribute) {
    for (int i = 0; i < accessors.length; i++) {
      if (components.get(i).name().equals(attribute)) {
        return component(op, i);
      }
    }
    throw new IllegalArgumentException(name + " has no attribute " + attribute);
  }

  /// Makes an operation from its operands and its attributes by name.
  ///
  /// @throws IllegalArgumentException with a plain sentence if one is missing or left over
  public Op make(List<Value> operands, Map<String, ?> attributes) {
    List<Value> rest = new ArrayList<>(operands);
    long fixed = components.stream().filter(c -> c.arity() == Arity.ONE).count();
    Object[] arguments = new Object[components.size()];
    for (int i = 0; i < arguments.length; i++) {
      Component c = components.get(i);
      arguments[i] =
          switch (c.arity()) {
            case ONE -> take(rest, c);
            case OPTIONAL -> rest.size() > fixed ? Optional.of(take(rest, c)) : Optional.empty();
            case MANY -> takeAll(rest, (int) Math.max(0, rest.size() - fixed));
            case NONE -> attribute(attributes, c);
          };
      fixed -= c.arity() == Arity.ONE ? 1 : 0;
    }
    if (!rest.isEmpty()) {
      throw new IllegalArgumentException(
          name + " has " + operands.size() + " operands, " + rest.size() + " too many");
    }
    for (String given : attributes.keySet()) {
      if (attributes().stream().noneMatch(c -> c.name().equals(given))) {
        throw new IllegalArgumentException(name + " has no attribute " + given);
      }
    }
    return construct(arguments);
  }

  private Value take(List<Value> rest, Component c) {
    if (rest.isEmpty()) {
      throw new IllegalArgumentException(name + " lacks its operand " + c.name());
    }
    return rest.removeFirst();
  }

  private static List<Value> takeAll(List<Value> rest, int count) {
    List<Value> head = rest.subList(0, count);
    List<Value> taken = List.copyOf(head);
    head.clear();
    return taken;
  }

  private Object attribute(Map<String, ?> attributes, Component c) {
    Object value = attributes.get(c.name());
    if (value == null) {
      throw new IllegalArgumentException(name + " lacks its attribute " + c.name());
    }
    return value;
  }

  private Object component(Op op, int index) {
    try {
      return accessors[index].getAccessor().invoke(op);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("accessors of records are public", e);
    }
  }

  private Op construct(Object[] arguments) {
    try {
      return constructor.newInstance(arguments);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException("constructor of " + type, e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("constructors of ops are public", e);
    }
  }

  private static Arity arity(Type type) {
    if (type == Value.class) {
      return Arity.ONE;
    }
    if (type instanceof ParameterizedType p && p.getActualTypeArguments()[0] == Value.class) {
      return p.getRawType() == Optional.class ? Arity.OPTIONAL : Arity.MANY;
    }
    return Arity.NONE;
  }

  private static boolean isOpenEnded(Component c) {
    return c.arity() == Arity.OPTIONAL || c.arity() == Arity.MANY;
  }

  /// All record classes below [Op], found by walking the sealed hierarchy.
  private static final class Vocabulary {
    static final Map<String, OpInfo> BY_NAME = Collections.unmodifiableMap(collect());

    private static Map<String, OpInfo> collect() {
      Map<String, OpInfo> found = new TreeMap<>();
      collect(Op.class, found);
      return found;
    }

    private static void collect(Class<?> type, Map<String, OpInfo> found) {
      if (!type.isRecord()) {
        for (Class<?> permitted : type.getPermittedSubclasses()) {
          collect(permitted, found);
        }
        return;
      }
      OpInfo info = of(type.asSubclass(Op.class));
      OpInfo other = found.put(info.name, info);
      if (other != null && other.type != type) {
        throw new IllegalStateException(info.name + " names " + type + " and " + other.type);
      }
    }
  }
}
