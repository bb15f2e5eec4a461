package org.lapidary.tools.study;

import java.util.Locale;

/// Figures as text, the same in every country.
final class Format {
  private Format() {}

  static String count(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  /// With two decimals.
  static String decimal(double value) {
    return String.format(Locale.ROOT, "%,.2f", value);
  }

  /// A share as a percentage.
  static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }

  /// A change in per cent, with its sign; nothing where it is not known.
  static String change(double percent) {
    return Double.isNaN(percent) ? "–" : String.format(Locale.ROOT, "%+.1f %%", percent);
  }

  /// A factor.
  static String times(double factor) {
    return String.format(Locale.ROOT, "%.2f×", factor);
  }

  /// Billions.
  static String giga(long value) {
    return String.format(Locale.ROOT, "%,.3f", value / 1e9);
  }
}
