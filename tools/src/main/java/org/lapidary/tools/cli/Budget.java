package org.lapidary.tools.cli;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// How far an exploration goes: `points=200`, `time=10m`, or both.
///
/// @param points at most so many
/// @param time after which nothing new is begun
record Budget(int points, Optional<Duration> time) {
  private static final Pattern PART =
      Pattern.compile("points=([1-9][0-9]{0,6})|time=([1-9][0-9]{0,6})([smh])");
  private static final int ANY = 1_000_000;

  /// As it is written on a command line.
  @Override
  public String toString() {
    return "points=" + points + time.map(t -> ",time=" + t.toSeconds() + "s").orElse("");
  }

  /// Reads a budget.
  static final class Text implements ITypeConverter<Budget> {
    @Override
    public Budget convert(String text) {
      Optional<Integer> points = Optional.empty();
      Optional<Duration> time = Optional.empty();
      for (String part : text.split(",", -1)) {
        Matcher m = PART.matcher(part.strip());
        if (!m.matches()) {
          throw new TypeConversionException(
              "'" + text + "' is no budget; write points=200, time=10m or both with a comma");
        }
        if (m.group(1) != null) {
          points = Optional.of(Integer.valueOf(m.group(1)));
        } else {
          long n = Long.parseLong(m.group(2));
          time =
              Optional.of(
                  switch (m.group(3)) {
                    case "s" -> Duration.ofSeconds(n);
                    case "m" -> Duration.ofMinutes(n);
                    default -> Duration.ofHours(n);
                  });
        }
      }
      return new Budget(points.orElse(ANY), time);
    }
  }
}
