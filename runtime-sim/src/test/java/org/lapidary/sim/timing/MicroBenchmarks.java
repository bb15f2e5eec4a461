package org.lapidary.sim.timing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import org.lapidary.machine.GemminiParams;

/// The measured single instructions of `rtl/micro.csv.gz` and the model's error on each.
final class MicroBenchmarks {
  private record Bench(List<long[]> setup, List<long[]> body) {}

  private MicroBenchmarks() {}

  /// Absolute errors in per cent, one per row of the table.
  static double[] errors(Path folder) throws IOException {
    Map<String, Map<String, Bench>> benches = new HashMap<>();
    benches.put("default", benches(folder.resolve("micro.trace.gz")));
    benches.put("norm", benches(folder.resolve("micro-norm.trace.gz")));
    List<String> rows = lines(folder.resolve("micro.csv.gz"));
    return rows.stream().skip(1).mapToDouble(row -> error(row.split(",", -1), benches)).toArray();
  }

  private static double error(String[] row, Map<String, Map<String, Bench>> benches) {
    Map<String, Bench> all = Objects.requireNonNull(benches.get(row[2]), row[2]);
    String repeated = row[0] + ".x" + row[1];
    String name = all.containsKey(repeated) ? repeated : row[0];
    Bench bench = Objects.requireNonNull(all.get(name), name);
    var memory = MemoryTiming.flat(Integer.parseInt(row[3]), Integer.parseInt(row[4]), 1);
    var model = new CycleModel(GemminiParams.load(row[2]), memory);
    long measured = Long.parseLong(row[5]);
    long start = feed(model, bench.setup());
    long predicted = feed(model, bench.body()) - start;
    return 100.0 * Math.abs(predicted - measured) / measured;
  }

  private static long feed(CycleModel model, List<long[]> commands) {
    for (long[] c : commands) {
      model.command((int) c[0], c[1], c[2]);
    }
    return model.cycles();
  }

  /// The benchmarks of a trace by name, each with the configuration commands in force before it.
  private static Map<String, Bench> benches(Path trace) throws IOException {
    Map<String, Bench> result = new HashMap<>();
    Map<Long, long[]> configuration = new HashMap<>();
    List<long[]> body = new ArrayList<>();
    for (String line : lines(trace)) {
      if (line.startsWith("# begin ")) {
        body = new ArrayList<>();
        var setup = new ArrayList<>(configuration.values());
        result.putIfAbsent(line.substring("# begin ".length()).strip(), new Bench(setup, body));
      } else if (!line.startsWith("#")) {
        String[] field = line.split(" ");
        long[] command = new long[3];
        for (int i = 0; i < 3; i++) {
          command[i] = Long.parseUnsignedLong(field[i], 16);
        }
        body.add(command);
        if (command[0] == 0) {
          long kind = command[1] & 3;
          configuration.put(kind == 1 ? command[1] & 0x1B : kind, command);
        }
      }
    }
    return result;
  }

  private static List<String> lines(Path file) throws IOException {
    try (var reader =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
      return reader.lines().toList();
    }
  }
}
