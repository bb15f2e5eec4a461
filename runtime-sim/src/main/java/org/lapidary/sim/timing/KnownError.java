package org.lapidary.sim.timing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The error of the cycle model on the workloads it was compared with, overall and per family.
///
/// @param overall over all workloads
/// @param families per family, in alphabetical order
public record KnownError(ErrorSummary overall, Map<String, ErrorSummary> families) {
  private static final String RESOURCE = CycleModel.NAME + ".errors";
  private static final String OVERALL = "overall";

  static KnownError shipped() {
    return Shipped.ERROR;
  }

  private static final class Shipped {
    static final KnownError ERROR = read();
  }

  private static KnownError read() {
    try (InputStream in = KnownError.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException("resource " + RESOURCE + " is missing from the build");
      }
      var reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
      return parse(reader.lines().toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Reads the text form: a line `family rows mean p90 worst` each, `overall` among them.
  public static KnownError parse(Iterable<String> lines) {
    @Nullable ErrorSummary overall = null;
    Map<String, ErrorSummary> families = new LinkedHashMap<>();
    for (String line : lines) {
      String[] field = line.split(" ");
      var summary =
          new ErrorSummary(
              Integer.parseInt(field[1]),
              Double.parseDouble(field[2]),
              Double.parseDouble(field[3]),
              Double.parseDouble(field[4]));
      if (field[0].equals(OVERALL)) {
        overall = summary;
      } else {
        families.put(field[0], summary);
      }
    }
    if (overall == null) {
      throw new IllegalArgumentException("no line for " + OVERALL);
    }
    return new KnownError(overall, Collections.unmodifiableMap(families));
  }

  /// The text form, in per cent with two decimals.
  public String text() {
    var text = new StringBuilder(line(OVERALL, overall));
    families.forEach((family, summary) -> text.append(line(family, summary)));
    return text.toString();
  }

  private static String line(String family, ErrorSummary e) {
    return String.format(
        Locale.ROOT, "%s %d %.2f %.2f %.2f%n", family, e.rows(), e.mean(), e.p90(), e.worst());
  }
}
