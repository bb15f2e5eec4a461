package org.lapidary.sim.trace;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.ParamsText;
import org.lapidary.machine.Semantics;
import org.lapidary.sim.MachineTrap;
import org.lapidary.sim.MainMemory;
import org.lapidary.sim.Simulator;

/// A directory of golden machine programs, `NAME.trace` beside `NAME.expect`, which says by its
/// layout what they run on:
///
/// * a name starting with `CONFIG.` or `CONFIG-` names the configuration, others run on `norm`;
/// * memory is `CONFIG.memory` where that exists, otherwise 64 MiB of zeros;
/// * `manifest.tsv` adds hashes of memory, scratchpad and accumulator;
/// * a directory called `rtl` holds what the hardware computed, others what libgemmini did.
///
/// @param configName overrides the configurations, when not null
/// @param semantics overrides the semantics, when not null
public record ReplayDirectory(
    Path directory, @Nullable String configName, @Nullable Semantics semantics) {
  private static final long PROGRAM_MEMORY_BYTES = 64L << 20;
  private static final String DEFAULT_CONFIG = "norm";

  /// What became of the programs.
  public record Result(int passed, List<Replay.Failure> failures) {}

  /// Told of each program when it is done.
  @FunctionalInterface
  public interface Progress {
    /// The program `name` met its expectations, or not.
    void done(String name, boolean passed);
  }

  /// Columns of a manifest line.
  private record Hashes(String memory, String spad, String acc) {}

  /// Runs every program of the directory, in alphabetical order.
  ///
  /// @throws TraceException when a file cannot be read
  public Result run(Progress progress) {
    Map<String, Hashes> manifest = readManifest();
    List<Replay.Failure> failures = new ArrayList<>();
    int passed = 0;
    for (Path trace : traces()) {
      String name = nameOf(trace);
      Optional<Replay.Failure> failure = runOne(name, trace, manifest.get(name));
      failure.ifPresent(failures::add);
      passed += failure.isEmpty() ? 1 : 0;
      progress.done(name, failure.isEmpty());
    }
    return new Result(passed, failures);
  }

  private List<Path> traces() {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(f -> f.toString().endsWith(".trace") || f.toString().endsWith(".trace.gz"))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new TraceException("cannot list " + directory + ": " + e.getMessage(), e);
    }
  }

  private static String nameOf(Path trace) {
    return trace.getFileName().toString().replaceFirst("\\.trace(\\.gz)?$", "");
  }

  private Optional<Replay.Failure> runOne(String name, Path trace, @Nullable Hashes hashes) {
    Simulator simulator;
    try {
      simulator = replay(name, trace).run();
    } catch (MachineTrap e) {
      String why = e.getMessage();
      return Optional.of(new Replay.Failure(name, "", "", why == null ? "trap" : why));
    }
    Path expect = expectFile(name);
    Optional<Replay.Failure> failure = Replay.check(name, simulator, expect);
    if (failure.isPresent() || hashes == null) {
      return failure;
    }
    return Stream.of(
            compare(name, "memory", hashes.memory(), simulator.memory().bytes()),
            compare(name, "scratchpad", hashes.spad(), simulator.scratchpad()),
            compare(name, "accumulator", hashes.acc(), Replay.accumulatorBytes(simulator)))
        .flatMap(Optional::stream)
        .findFirst();
  }

  private Path expectFile(String name) {
    Path plain = directory.resolve(name + ".expect");
    Path compressed = directory.resolve(name + ".expect.gz");
    if (!Files.exists(plain) && !Files.exists(compressed)) {
      throw new TraceException("no " + plain + " beside its trace");
    }
    return Files.exists(plain) ? plain : compressed;
  }

  private Replay replay(String name, Path trace) {
    String config = configName != null ? configName : configOf(name);
    Path image = directory.resolve(configOf(name) + ".memory");
    Replay.InitialMemory memory =
        Files.exists(image)
            ? new Replay.InitialMemory.Image(image)
            : new Replay.InitialMemory.Zeros(PROGRAM_MEMORY_BYTES);
    return new Replay(
        trace, GemminiParams.load(config), chosenSemantics(), memory, MainMemory.DEFAULT_BASE);
  }

  private Semantics chosenSemantics() {
    if (semantics != null) {
      return semantics;
    }
    Path own = directory.toAbsolutePath().normalize().getFileName();
    return own != null && own.toString().equals("rtl") ? Semantics.RTL : Semantics.LIBGEMMINI;
  }

  private static String configOf(String name) {
    for (String config : ParamsText.SHIPPED) {
      if (name.startsWith(config + ".") || name.matches(config + "-\\d+")) {
        return config;
      }
    }
    return DEFAULT_CONFIG;
  }

  private Map<String, Hashes> readManifest() {
    Map<String, Hashes> hashes = new HashMap<>();
    Path manifest = directory.resolve("manifest.tsv");
    if (Files.exists(manifest)) {
      TextFile.read(
          manifest,
          (number, line) -> {
            String[] columns = line.split("\t");
            if (columns.length != 6) {
              throw new IllegalArgumentException("expected six columns");
            }
            hashes.put(columns[0], new Hashes(columns[3], columns[4], columns[5]));
          });
    }
    return hashes;
  }

  private static Optional<Replay.Failure> compare(
      String name, String what, String expected, byte[] bytes) {
    String actual;
    try {
      actual = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java runtime has SHA-256", e);
    }
    return actual.equals(expected)
        ? Optional.empty()
        : Optional.of(new Replay.Failure(name, what, expected, actual));
  }
}
