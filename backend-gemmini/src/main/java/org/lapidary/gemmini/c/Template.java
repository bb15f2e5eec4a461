package org.lapidary.gemmini.c;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Files of a C project, kept as resources, with places `@LIKE_THIS@` to fill in.
final class Template {
  private static final Pattern PLACE = Pattern.compile("@([A-Z_0-9]+)@");

  private Template() {}

  /// The resource with every place filled.
  static String filled(String resource, Map<String, String> values) {
    return PLACE
        .matcher(read(resource))
        .replaceAll(match -> {
          String value = values.get(match.group(1));
          if (value == null) {
            throw new IllegalStateException(resource + " has a place " + match.group());
          }
          return Matcher.quoteReplacement(value);
        });
  }

  private static String read(String resource) {
    try (InputStream in = Template.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("no resource " + resource);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
