package org.lapidary.tools.page;

import com.samskivert.mustache.Mustache;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/// Pages made from templates that are resources beside a class.
public final class Page {
  private Page() {}

  /// Fills a template; what is inserted is escaped where the template does not say otherwise.
  ///
  /// @param owner the template, and those it includes, are resources beside it
  public static String of(Class<?> owner, String template, Object content) {
    return Mustache.compiler()
        .emptyStringIsFalse(true)
        .withLoader(name -> new StringReader(resource(owner, name)))
        .compile(resource(owner, template))
        .execute(content);
  }

  /// The text of a resource beside a class.
  public static String resource(Class<?> owner, String name) {
    try (InputStream in = owner.getResourceAsStream(name)) {
      return new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Text as it may stand in HTML, attributes included.
  public static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
