package org.lapidary.machine;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/// Text form of [GemminiParams]: `key = value` lines, `#` comments, `base = NAME` to start from
/// another configuration. On a command line `ibert{dim=8,acc_bank_rows=512}` says the same of a
/// name or a file.
public final class ParamsText {
  /// The shipped configurations.
  public static final List<String> SHIPPED =
      List.of("default", "norm", "lean", "chip", "large-chip", "ibert", "survey");

  private static final String BASE = "base";

  private ParamsText() {}

  /// One of the shipped configurations, or the file of that name, `{key=value,…}` behind it.
  ///
  /// @throws ParamsException when there is no such configuration or it makes no sense
  public static GemminiParams load(String nameOrFile) {
    int brace = nameOrFile.indexOf('{');
    if (brace > 0 && nameOrFile.endsWith("}")) {
      String changes = nameOrFile.substring(brace + 1, nameOrFile.length() - 1);
      String base = print(load(nameOrFile.substring(0, brace)));
      return parse(nameOrFile, changed(base, changes.replace(',', '\n'), nameOrFile));
    }
    if (SHIPPED.contains(nameOrFile)) {
      return parse(nameOrFile, shippedText(nameOrFile));
    }
    Path file = Path.of(nameOrFile);
    if (!Files.isRegularFile(file)) {
      throw new ParamsException(
          "no machine is called '%s' and no such file exists; shipped are %s"
              .formatted(nameOrFile, String.join(", ", SHIPPED)));
    }
    try {
      return parse(nameOrFile, Files.readString(file));
    } catch (IOException e) {
      throw new ParamsException(nameOrFile + ": " + e.getMessage(), e);
    }
  }

  /// The configuration that a text describes.
  ///
  /// @param source what to call the text in messages
  public static GemminiParams parse(String source, String text) {
    GemminiParams params = build(source, values(source, text));
    for (GemminiParams.Objection objection : params.objections()) {
      if (objection.fatal()) {
        throw new ParamsException(
            "%s: %s %s".formatted(source, objection.key(), objection.reason()));
      }
    }
    return params;
  }

  /// The full text of a configuration; parsing it gives the same configuration back.
  public static String print(GemminiParams params) {
    return valuesOf(params).entrySet().stream()
        .map(line -> line.getKey() + " = " + line.getValue() + "\n")
        .collect(Collectors.joining());
  }

  /// The text of a configuration with some lines replaced, named after how it was written.
  private static String changed(String base, String changes, String name) {
    Map<String, String> values = values(name, base);
    values.putAll(values(name, changes));
    values.put("name", name);
    return values.entrySet().stream()
        .map(line -> line.getKey() + " = " + line.getValue() + "\n")
        .collect(Collectors.joining());
  }

  /// A configuration with some keys replaced.
  static GemminiParams with(GemminiParams params, Map<String, String> changes) {
    Map<String, String> values = valuesOf(params);
    values.putAll(changes);
    return build(params.name(), values);
  }

  private static Map<String, String> values(String source, String text) {
    Map<String, String> own = new LinkedHashMap<>();
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      String content = line.replaceFirst("#.*", "").strip();
      if (content.isEmpty()) {
        continue;
      }
      String[] sides = content.split("\\s*=\\s*", 2);
      if (sides.length != 2 || own.put(sides[0], sides[1]) != null) {
        throw new ParamsException("%s:%d: expected one 'key = value'".formatted(source, number));
      }
    }
    String base = own.remove(BASE);
    if (base == null) {
      return own;
    }
    if (!SHIPPED.contains(base)) {
      throw new ParamsException(
          "%s: base '%s' is none of %s".formatted(source, base, String.join(", ", SHIPPED)));
    }
    Map<String, String> values = values(base, shippedText(base));
    values.putAll(own);
    return values;
  }

  private static GemminiParams build(String source, Map<String, String> values) {
    RecordComponent[] components = GemminiParams.class.getRecordComponents();
    Map<String, String> rest = new LinkedHashMap<>(values);
    List<Object> arguments = new ArrayList<>();
    for (RecordComponent component : components) {
      String key = key(component);
      String value = rest.remove(key);
      if (value == null) {
        throw new ParamsException("%s: no line for '%s'".formatted(source, key));
      }
      arguments.add(valueOf(source, key, component.getType(), value));
    }
    if (!rest.isEmpty()) {
      throw new ParamsException(
          "%s: unknown key '%s'".formatted(source, rest.keySet().iterator().next()));
    }
    Class<?>[] types = new Class<?>[components.length];
    for (int i = 0; i < types.length; i++) {
      types[i] = components[i].getType();
    }
    try {
      return GemminiParams.class.getDeclaredConstructor(types).newInstance(arguments.toArray());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot construct GemminiParams", e);
    }
  }

  private static Object valueOf(String source, String key, Class<?> type, String text) {
    try {
      if (type == int.class) {
        return Integer.decode(text);
      } else if (type == String.class) {
        return text;
      } else if (type == GemminiParams.Dataflows.class) {
        return GemminiParams.Dataflows.valueOf(text.toUpperCase(Locale.ROOT));
      } else if (text.equals("true") || text.equals("false")) {
        return text.equals("true");
      }
    } catch (IllegalArgumentException e) {
      throw new ParamsException("%s: '%s' is no value for %s".formatted(source, text, key), e);
    }
    throw new ParamsException("%s: '%s' is no value for %s".formatted(source, text, key));
  }

  private static Map<String, String> valuesOf(GemminiParams params) {
    Map<String, String> values = new LinkedHashMap<>();
    for (RecordComponent component : GemminiParams.class.getRecordComponents()) {
      try {
        Object value = component.getAccessor().invoke(params);
        values.put(key(component), value.toString().toLowerCase(Locale.ROOT));
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException("cannot read " + component, e);
      }
    }
    values.put("name", params.name());
    return values;
  }

  private static String key(RecordComponent component) {
    return component.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
  }

  private static String shippedText(String name) {
    String resource = "/org/lapidary/machine/" + name + ".machine";
    try (InputStream in = ParamsText.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException(resource + " is missing");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
