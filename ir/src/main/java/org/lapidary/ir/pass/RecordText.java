package org.lapidary.ir.pass;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A list of records as text, `heads{keep=0.5}, neurons{keep=0.25,score=magnitude}`: a name is that
/// of the record's class, options are its components, as in the text form of a pass.
public final class RecordText {
  private static final Pattern ITEM =
      Pattern.compile("\\s*([A-Za-z0-9_-]+)\\s*(?:\\{([^}]*)})?\\s*(,|$)");

  private RecordText() {}

  /// The name of a record in text.
  public static String name(Record record) {
    return Names.kebab(record.getClass());
  }

  /// Name and all options of a record.
  public static String print(Record record) {
    return PassText.print(name(record), record);
  }

  /// Reads a list; every record at most once.
  ///
  /// @param what the records are, for messages
  /// @param known one of each record there is; its options are the defaults
  /// @throws IllegalArgumentException with a plain sentence at the first mistake
  public static <R extends Record> List<R> parse(
      String what, String text, List<? extends R> known) {
    List<R> found = new ArrayList<>();
    Matcher item = ITEM.matcher(text);
    for (int at = 0; at < text.length(); at = item.end()) {
      if (!item.region(at, text.length()).lookingAt()) {
        throw new IllegalArgumentException(
            "not a list of such from here on: " + text.substring(at));
      }
      R one = one(what, item.group(1), Optional.ofNullable(item.group(2)).orElse(""), known);
      if (found.stream().anyMatch(f -> f.getClass() == one.getClass())) {
        throw new IllegalArgumentException(item.group(1) + " is given twice");
      }
      found.add(one);
    }
    return found;
  }

  private static <R extends Record> R one(
      String what, String name, String options, List<? extends R> known) {
    for (R candidate : known) {
      if (name(candidate).equals(name)) {
        return PassText.with(name, candidate, Pipeline.options(options));
      }
    }
    throw new IllegalArgumentException(
        "there is no %s %s%s"
            .formatted(
                what, name, Names.instead(name, known.stream().map(RecordText::name).toList())));
  }
}
