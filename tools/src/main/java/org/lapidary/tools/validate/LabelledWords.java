package org.lapidary.tools.validate;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.tools.data.TextEncoder;

/// CoNLL-like text: a word per line with its label in the last column, an empty line after each
/// sentence. The first piece of a word carries its label, the other pieces none.
record LabelledWords(Path file, TextEncoder encoder, DataOptions options) {

  List<Sample> samples(String text) {
    List<Sample> samples = new ArrayList<>();
    List<String> words = new ArrayList<>();
    List<Integer> labels = new ArrayList<>();
    List<String> lines = new ArrayList<>(text.lines().toList());
    lines.add("");
    for (int i = 0; i < lines.size() && samples.size() < options.limit(); i++) {
      String line = lines.get(i).strip();
      if (line.startsWith("-DOCSTART-")) {
        continue;
      }
      if (!line.isEmpty()) {
        String[] columns = line.split("[\t ]+");
        words.add(columns[0]);
        labels.add(label(columns, i + 1));
      } else if (!words.isEmpty()) {
        samples.add(sentence(words, labels));
        words.clear();
        labels.clear();
      }
    }
    return samples;
  }

  private int label(String[] columns, int line) {
    if (columns.length < 2) {
      throw at(line, "has no label");
    }
    return label(columns[columns.length - 1], options.labelNames(), message -> at(line, message));
  }

  private DiagnosticException at(int line, String message) {
    return TaskData.problem(
        Diagnostic.Code.INVALID_INPUT,
        file,
        "line " + line + " " + message,
        "a line is WORD<tab>LABEL; labels are numbers, or names with --labels");
  }

  private Sample sentence(List<String> words, List<Integer> labels) {
    TextEncoder.Encoded text = encoder.encode(List.copyOf(words));
    int[] perToken = new int[text.ids().length];
    long before = -1;
    for (int i = 0; i < perToken.length; i++) {
      long word = text.words()[i];
      perToken[i] = word >= 0 && word != before ? labels.get((int) word) : -1;
      before = word >= 0 ? word : before;
    }
    return new Sample(List.of(Sample.row(text)), perToken, 0);
  }

  /// The number of a class, given as a number or, with names, by its name.
  static int label(String text, List<String> names, Function<String, DiagnosticException> problem) {
    int named = names.indexOf(text);
    if (named >= 0) {
      return named;
    }
    try {
      double number = Double.parseDouble(text);
      if (names.isEmpty() && number == Math.rint(number) && number >= 0) {
        return (int) number;
      }
    } catch (NumberFormatException e) {
      // a name that nobody declared, as reported below
    }
    throw problem.apply(
        "has the label '"
            + text
            + (names.isEmpty() ? "', which is no class number" : "', which is none of " + names));
  }
}
