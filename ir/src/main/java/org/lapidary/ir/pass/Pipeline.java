package org.lapidary.ir.pass;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.Diagnostic.Code;
import org.lapidary.ir.DiagnosticException;

/// A list of passes, as text: passes separated by white space, commas or semicolons, comments from
/// `#` to the end of the line.
///
/// @param passes in the order they run
public record Pipeline(List<Pass<?, ?>> passes) {
  private static final Pattern SEPARATOR = Pattern.compile("([\\s,;]|#[^\\n]*)+");
  private static final Pattern PASS = Pattern.compile("([A-Za-z0-9_-]+)(\\s*\\{([^}]*)\\})?");
  private static final Pattern OPTION =
      Pattern.compile("\\s*([A-Za-z0-9_-]+)\\s*=\\s*(\"([^\"]*)\"|[^,\"]*[^,\"\\s])\\s*(,|$)");

  public Pipeline {
    passes = List.copyOf(passes);
  }

  /// Reads a pipeline.
  ///
  /// @param source where the text comes from, for messages
  /// @param known one of each pass there is; its options are the defaults
  /// @throws DiagnosticException at the first mistake, with line and column
  public static Pipeline parse(String source, String text, List<? extends Pass<?, ?>> known) {
    List<Pass<?, ?>> passes = new ArrayList<>();
    Matcher separator = SEPARATOR.matcher(text);
    Matcher pass = PASS.matcher(text);
    int at = 0;
    while (true) {
      if (separator.region(at, text.length()).lookingAt()) {
        at = separator.end();
      }
      if (at == text.length()) {
        return new Pipeline(passes);
      }
      if (!pass.region(at, text.length()).lookingAt()) {
        throw error(
            source, text, at, "a pass is expected here", "write name or name{option=value}");
      }
      try {
        passes.add(pass(pass.group(1), Optional.ofNullable(pass.group(3)).orElse(""), known));
      } catch (IllegalArgumentException e) {
        throw error(source, text, at, String.valueOf(e.getMessage()), "");
      }
      at = pass.end();
    }
  }

  private static Pass<?, ?> pass(String name, String options, List<? extends Pass<?, ?>> known) {
    for (Pass<?, ?> candidate : known) {
      if (candidate.name().equals(name)) {
        return PassText.with(name, candidate, options(options));
      }
    }
    List<String> names = known.stream().map(Pass::name).sorted().toList();
    throw new IllegalArgumentException("there is no pass " + name + Names.instead(name, names));
  }

  static Map<String, String> options(String text) {
    Map<String, String> options = new LinkedHashMap<>();
    Matcher option = OPTION.matcher(text);
    for (int at = 0; at < text.stripTrailing().length(); at = option.end()) {
      if (!option.region(at, text.length()).lookingAt()) {
        throw new IllegalArgumentException("not an option: " + text.substring(at).strip());
      }
      String quoted = option.group(3);
      options.put(option.group(1), quoted == null ? option.group(2) : quoted);
    }
    return options;
  }

  private static DiagnosticException error(
      String source, String text, int at, String message, String hint) {
    String before = text.substring(0, at);
    long line = before.chars().filter(c -> c == '\n').count() + 1;
    int column = at - before.lastIndexOf('\n');
    return new DiagnosticException(
        Diagnostic.error(Code.INVALID_PIPELINE, source, line + ":" + column, message, hint));
  }

  /// The passes, one per line, with all their options.
  public String text() {
    return passes.stream().map(Pass::text).collect(Collectors.joining("\n", "", "\n"));
  }
}
