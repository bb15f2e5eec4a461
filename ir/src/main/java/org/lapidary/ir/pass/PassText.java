package org.lapidary.ir.pass;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The text form of a pass or another record with options, from and to its components. Options are
/// numbers, booleans, strings and enum constants; components of other types are not part of the
/// text and are taken over from the record that serves as the model.
final class PassText {
  private PassText() {}

  static String print(String name, Object pass) {
    List<String> options = new ArrayList<>();
    for (RecordComponent c : components(pass)) {
      if (isOption(c)) {
        options.add(Names.kebab(c.getName()) + "=" + print(value(pass, c)));
      }
    }
    return options.isEmpty() ? name : name + "{" + String.join(",", options) + "}";
  }

  /// The names of its options.
  static List<String> options(Object pass) {
    List<String> names = new ArrayList<>();
    for (RecordComponent c : components(pass)) {
      if (isOption(c)) {
        names.add(Names.kebab(c.getName()));
      }
    }
    return names;
  }

  /// The same record with some options set.
  ///
  /// @throws IllegalArgumentException with a plain sentence if there is no such option or value
  static <T> T with(String itsName, T pass, Map<String, String> given) {
    RecordComponent[] components = components(pass);
    Object[] arguments = new Object[components.length];
    Class<?>[] types = new Class<?>[components.length];
    List<String> known = options(pass);
    for (String name : given.keySet()) {
      if (!known.contains(name)) {
        throw new IllegalArgumentException(
            itsName
                + " has no option "
                + name
                + (known.isEmpty() ? "" : Names.instead(name, known)));
      }
    }
    for (int i = 0; i < components.length; i++) {
      String name = Names.kebab(components[i].getName());
      String text = given.get(name);
      types[i] = components[i].getType();
      arguments[i] =
          text == null || !isOption(components[i])
              ? value(pass, components[i])
              : parse(name, types[i], text);
    }
    try {
      return constructor(pass, types).newInstance(arguments);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof IllegalArgumentException cause) {
        throw cause;
      }
      throw new IllegalStateException(e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(pass.getClass() + " must be a record", e);
    }
  }

  private static RecordComponent[] components(Object pass) {
    RecordComponent[] components = pass.getClass().getRecordComponents();
    return components == null ? new RecordComponent[0] : components;
  }

  private static @Nullable Object value(Object pass, RecordComponent c) {
    try {
      Method accessor = c.getAccessor();
      accessor.setAccessible(true); // passes of tests are not public
      return accessor.invoke(pass);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("accessor of " + pass.getClass(), e);
    }
  }

  @SuppressWarnings("unchecked") // the class of what is given
  private static <T> Constructor<? extends T> constructor(T pass, Class<?>[] types)
      throws NoSuchMethodException {
    Constructor<?> constructor = pass.getClass().getDeclaredConstructor(types);
    constructor.setAccessible(true);
    return (Constructor<? extends T>) constructor;
  }

  private static boolean isOption(RecordComponent c) {
    Class<?> type = c.getType();
    return type.isPrimitive() || type == String.class || type.isEnum();
  }

  private static String print(@Nullable Object value) {
    return switch (value) {
      case null -> "null";
      case Enum<?> constant -> Names.kebab(constant);
      case String s when !s.matches("[A-Za-z0-9_./-]+") -> "\"" + s + "\"";
      default -> value.toString(); // numbers and booleans
    };
  }

  private static Object parse(String name, Class<?> type, String text) {
    try {
      if (type == boolean.class) {
        return switch (text) {
          case "true" -> true;
          case "false" -> false;
          default -> throw new IllegalArgumentException("true or false");
        };
      }
      if (type == int.class) {
        return Integer.valueOf(text);
      }
      if (type == long.class) {
        return Long.valueOf(text);
      }
      if (type == float.class) {
        return Float.valueOf(text);
      }
      if (type == double.class) {
        return Double.valueOf(text);
      }
      return type == String.class ? text : constant(type, text);
    } catch (IllegalArgumentException e) {
      String due = e instanceof NumberFormatException ? "a number" : e.getMessage();
      throw new IllegalArgumentException(name + "=" + text + " where " + due + " is due", e);
    }
  }

  private static Object constant(Class<?> type, String text) {
    List<String> names = new ArrayList<>();
    Optional<Object> found = Optional.empty();
    for (Object constant : type.getEnumConstants()) {
      String name = Names.kebab((Enum<?>) constant);
      names.add(name);
      found = name.equals(text) ? Optional.of(constant) : found;
    }
    return found.orElseThrow(() -> new IllegalArgumentException(String.join(" or ", names)));
  }
}
