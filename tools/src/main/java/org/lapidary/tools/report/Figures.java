package org.lapidary.tools.report;

import java.util.Locale;
import org.lapidary.tools.validate.Metric;

/// Figures as the page prints them, the same in every country.
final class Figures {
  private Figures() {}

  static String count(long n) {
    return String.format(Locale.ROOT, "%,d", n);
  }

  /// Of a whole, in per cent.
  static double percent(long part, long whole) {
    return whole == 0 ? 0 : 100.0 * part / whole;
  }

  static String share(double percent) {
    return String.format(Locale.ROOT, "%.1f %%", percent);
  }

  static String bytes(long n) {
    return n < 10_000 ? count(n) + " B" : count((n + 512) / 1024) + " KiB";
  }

  static String decimal(double x) {
    return String.format(Locale.ROOT, "%.2f", x);
  }

  static String times(double factor) {
    return String.format(Locale.ROOT, "%.1f×", factor);
  }

  static String metric(Metric metric, double value) {
    return Double.isNaN(value)
        ? "–"
        : metric.isShare()
            ? String.format(Locale.ROOT, "%.2f %%", 100 * value)
            : String.format(Locale.ROOT, "%.4f", value);
  }

  /// A power of noise over a power of signal.
  static String decibels(double noise) {
    return noise == 0 ? "none" : String.format(Locale.ROOT, "%.1f dB", 10 * Math.log10(noise));
  }
}
