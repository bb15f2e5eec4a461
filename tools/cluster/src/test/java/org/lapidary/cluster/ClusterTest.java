package org.lapidary.cluster;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lapidary.tools.cli.Main;

/// Worker processes on this machine, one of which is killed while it works.
final class ClusterTest {
  private static final Path ROOT = Path.of(System.getProperty("lapidary.root", "../.."));
  private static final Path ZOO = ROOT.resolve("testdata/models/zoo");
  private static final int BEFORE_THE_KILL = 3;

  /// 4 times accuracy, 8 times cost.
  private static final int OUTCOMES = 12;

  @TempDir Path folder = Path.of("");

  private final List<Process> workers = new ArrayList<>();

  @AfterEach
  void stop() {
    workers.forEach(Process::destroyForcibly);
  }

  private record Ran(int code, String err) {}

  private static Ran lapidary(String... words) {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code =
        Main.run(
            new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            words);
    return new Ran(code, err.toString(StandardCharsets.UTF_8));
  }

  private static Ran explore(Path target, String... more) {
    List<String> words =
        new ArrayList<>(
            List.of(
                "explore",
                ZOO.resolve("bert-script-11.onnx").toString(),
                "--task=embed",
                "--data=" + ZOO.resolve("bert-script-11.npz"),
                "--axis=quantize=plain|bias-correct",
                "--axis=calibration-method=mse|min_max",
                "--prune=none",
                "--axis=dim=own|8",
                "--axis=spad-kib=own",
                "--axis=acc-kib=own",
                "--fusion=cost",
                "--schedule=serial",
                "-o",
                target.toString()));
    words.addAll(Arrays.asList(more));
    return lapidary(words.toArray(String[]::new));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private Process worker(String engine) throws IOException {
    Process worker =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx512m",
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                "org.lapidary.tools.cli.Main",
                "worker",
                "--engine",
                engine,
                "--threads",
                "1")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    workers.add(worker);
    return worker;
  }

  private static void awaitReady(Process worker) throws IOException {
    var reader =
        new BufferedReader(new InputStreamReader(worker.getInputStream(), StandardCharsets.UTF_8));
    assertThat(reader.readLine()).contains("worker at");
  }

  /// Kills a worker as soon as some outcomes are there, and says how many.
  private static FutureTask<Integer> killer(Path target, Process victim) throws IOException {
    Path outcomes = Files.createDirectories(target.resolve("outcomes"));
    WatchService watch = outcomes.getFileSystem().newWatchService();
    outcomes.register(watch, StandardWatchEventKinds.ENTRY_CREATE);
    FutureTask<Integer> killer =
        new FutureTask<>(() -> {
          try (watch) {
            while (count(outcomes) < BEFORE_THE_KILL) {
              WatchKey key = watch.take();
              key.pollEvents();
              key.reset();
            }
            victim.destroyForcibly();
            return count(outcomes);
          }
        });
    Thread.ofVirtual().start(killer);
    return killer;
  }

  private static int count(Path outcomes) throws IOException {
    try (Stream<Path> files = Files.list(outcomes)) {
      return (int) files.filter(f -> f.toString().endsWith(".json")).count();
    }
  }

  @Test
  void oneOfThreeWorkersDiesAndNobodyNotices() throws Exception {
    Path local = folder.resolve("local");
    assertThat(explore(local).code()).isZero();

    String engine = "hazelcast:127.0.0.1:" + freePort();
    awaitReady(worker(engine));
    Process victim = worker(engine);
    Process third = worker(engine);
    awaitReady(victim);
    awaitReady(third);

    Path remote = folder.resolve("remote");
    FutureTask<Integer> killer = killer(remote, victim);
    Ran ran = explore(remote, "--engine", engine);
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(killer.get()).isBetween(BEFORE_THE_KILL, OUTCOMES - 1);
    assertThat(count(remote.resolve("outcomes"))).isEqualTo(OUTCOMES);
    assertThat(victim.waitFor()).isNotZero();
    for (String name : List.of("front.csv", "points.csv", "explore.html")) {
      assertThat(remote.resolve(name)).hasSameBinaryContentAs(local.resolve(name));
    }
  }

  @Test
  void aWorkerInsideTheProcessIsEnough() {
    Path inside = folder.resolve("inside");
    Ran ran = explore(inside, "--engine", "hazelcast:embedded", "--quantize", "plain");
    assertThat(ran.code()).as(ran.err()).isZero();
    Ran wrong = explore(folder.resolve("wrong"), "--engine", "hazelcast:nowhere");
    assertThat(wrong.code()).isEqualTo(1);
    assertThat(wrong.err()).contains("names no workers");
  }

  @Test
  void nobodyDependsOnTheCluster() throws IOException {
    noClasses()
        .that()
        .resideOutsideOfPackage("org.lapidary.cluster..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.lapidary.cluster..", "com.hazelcast..")
        .check(
            new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("org.lapidary.tools"));
    for (String module : List.of("tools", "backend-gemmini", "testdata")) {
      assertThat(ROOT.resolve(module).resolve("pom.xml"))
          .content()
          .doesNotContain("lapidary-cluster");
    }
  }
}
