package org.lapidary.tools.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.lapidary.gemmini.program.WholeDirectory;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/// What an output was made from: the version, the command, every option that has a part in the
/// result, and the hashes of the files it read. It tells no paths, no times and no number of
/// threads, so that equal inputs give equal bytes.
///
/// @param facts keys and values in the order they are written
record Manifest(Map<String, Object> facts) {
  /// Its name in a directory of outputs.
  static final String FILE = WholeDirectory.ORIGIN;

  /// Options that say where something goes, how fast, or what to check, not what it is.
  private static final Set<String> WITHOUT_EFFECT =
      Set.of(
          "-o",
          "--output-dir",
          "--html",
          "--write",
          "--export-trace",
          "--dump-dir",
          "--dump-after",
          "--emit",
          "--cache",
          "--engine",
          "--calibration-file",
          "--threads",
          "--prove",
          "--require-accelerator",
          "--json",
          "--help",
          "--version");

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  /// A file or directory that was read.
  ///
  /// @param option that named it
  /// @param name the last part of its path
  /// @param sha256 of the content; for a directory of the names and contents in it
  private record Input(String option, String name, String sha256) {}

  /// Of a command that has been given its options.
  static Manifest of(CommandSpec command) {
    Map<String, Object> options = new LinkedHashMap<>();
    List<Input> inputs = new ArrayList<>();
    for (ArgSpec argument : command.args()) {
      String name = name(argument);
      Object value = argument.getValue();
      if (!WITHOUT_EFFECT.contains(name)) {
        List<Path> files = values(value).flatMap(v -> existing(v).stream()).toList();
        files.forEach(file -> inputs.add(input(name, file)));
        String text = text(value);
        if (files.isEmpty() && !text.isEmpty()) {
          options.put(name, text);
        }
      }
    }
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("made_by", Main.VERSION);
    facts.put("command", command.qualifiedName().replaceFirst("lapidary ", ""));
    facts.put("options", options);
    facts.put("inputs", inputs);
    return new Manifest(facts);
  }

  /// The same with one more fact.
  Manifest with(String key, Object value) {
    Map<String, Object> more = new LinkedHashMap<>(facts);
    more.put(key, value);
    return new Manifest(more);
  }

  String text() {
    try {
      return JSON.writeValueAsString(facts).replace(System.lineSeparator(), "\n") + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("facts that are no JSON", e);
    }
  }

  void writeInto(Path directory) {
    Texts.write(directory.resolve(FILE), text().getBytes(StandardCharsets.UTF_8));
  }

  /// Beside a file that cannot carry it: `model.onnx.manifest.json`.
  void writeBeside(Path file) {
    Texts.write(
        file.resolveSibling(file.getFileName() + ".manifest.json"),
        text().getBytes(StandardCharsets.UTF_8));
  }

  /// A page or drawing that carries the manifest where machines find it and people do not see it.
  String in(String page) {
    String harmless = text().replace("<", "\\u003c");
    return page.contains("</head>")
        ? page.replaceFirst(
            "</head>",
            quoted(
                "<script type=\"application/json\" id=\"manifest\">"
                    + harmless
                    + "</script></head>"))
        : page.replaceFirst(
            "(?s)(<svg[^>]*>)", "$1" + quoted("<metadata>" + harmless + "</metadata>"));
  }

  private static String quoted(String replacement) {
    return Matcher.quoteReplacement(replacement);
  }

  private static String name(ArgSpec argument) {
    return argument instanceof OptionSpec option ? option.longestName() : argument.paramLabel();
  }

  /// The single values of an option that may be optional, a list or a map.
  private static Stream<Object> values(@Nullable Object value) {
    return switch (value) {
      case null -> Stream.empty();
      case Optional<?> optional -> optional.stream().flatMap(Manifest::values);
      case Collection<?> many -> many.stream().flatMap(Manifest::values);
      case Map<?, ?> named -> named.values().stream().flatMap(Manifest::values);
      default -> Stream.of(value);
    };
  }

  private static String text(@Nullable Object value) {
    return switch (value) {
      case null -> "";
      case Boolean flag -> flag ? "true" : "";
      case Optional<?> optional -> optional.map(Manifest::text).orElse("");
      case Path path -> String.valueOf(path.getFileName());
      case Collection<?> many -> many.isEmpty() ? "" : many.toString();
      case Map<?, ?> named -> named.isEmpty() ? "" : named.toString();
      default -> value.toString();
    };
  }

  private static Optional<Path> existing(Object value) {
    try {
      return Optional.of(value)
          .filter(v -> v instanceof Path || v instanceof String)
          .map(v -> Path.of(v.toString()))
          .filter(path -> !path.toString().isEmpty() && Files.exists(path));
    } catch (InvalidPathException _) {
      return Optional.empty();
    }
  }

  private static Input input(String option, Path path) {
    try (Stream<Path> walk = Files.walk(path)) {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      for (Path file : walk.filter(Files::isRegularFile).sorted().toList()) {
        if (Files.isDirectory(path)) {
          sha.update(
              path.relativize(file).toString().replace('\\', '/').getBytes(StandardCharsets.UTF_8));
        }
        try (InputStream in = new DigestInputStream(Files.newInputStream(file), sha)) {
          in.transferTo(OutputStream.nullOutputStream());
        }
      }
      Path name = path.toAbsolutePath().normalize().getFileName();
      return new Input(option, String.valueOf(name), HexFormat.of().formatHex(sha.digest()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
