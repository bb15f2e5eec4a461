package org.lapidary.ir.pass;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.lapidary.ir.Diagnostic;

/// What passes report besides their graph: warnings, rules that fired, patterns that nearly
/// matched.
public final class PassContext {
  private final Set<WhyNot> whyNots = new LinkedHashSet<>();
  private final List<Diagnostic> warnings = new ArrayList<>();
  private final SortedMap<String, Integer> hits = new TreeMap<>();

  /// A pattern that nearly matched.
  ///
  /// @param node the ONNX node it would have replaced
  /// @param pattern name of the rule
  /// @param condition what would have had to hold
  public record WhyNot(String node, String pattern, String condition) {}

  /// Notes that a pattern nearly matched; saying so twice counts once.
  public void whyNot(String onnxNode, String pattern, String condition) {
    whyNots.add(new WhyNot(onnxNode, pattern, condition));
  }

  /// Notes something the user should know.
  public void warn(Diagnostic warning) {
    warnings.add(warning);
  }

  /// Counts one application of a rule.
  public void hit(String rule) {
    hits.merge(rule, 1, Integer::sum);
  }

  /// In the order they were noted.
  public List<WhyNot> whyNots() {
    return List.copyOf(whyNots);
  }

  public List<Diagnostic> warnings() {
    return List.copyOf(warnings);
  }

  /// How often each rule fired, by name.
  public SortedMap<String, Integer> hits() {
    return Collections.unmodifiableSortedMap(hits);
  }
}
