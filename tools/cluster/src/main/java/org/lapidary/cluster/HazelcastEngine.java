package org.lapidary.cluster;

import com.hazelcast.client.HazelcastClient;
import com.hazelcast.client.config.ClientConfig;
import com.hazelcast.config.Config;
import com.hazelcast.config.JoinConfig;
import com.hazelcast.config.NetworkConfig;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.tools.explore.Evaluator;
import org.lapidary.tools.explore.PointEngine;
import org.lapidary.tools.explore.PointRunner;
import org.lapidary.tools.explore.Question;

/// Workers that find each other by `hazelcast:HOST:PORT[,HOST:PORT…]`, the addresses of some of
/// them; `hazelcast:embedded` is one worker inside the process.
public final class HazelcastEngine implements PointEngine {
  private static final String SCHEME = "hazelcast";
  private static final String EMBEDDED = "embedded";
  private static final String NAME = "lapidary";
  private static final Pattern ADDRESS = Pattern.compile("([^:,\\s]+):([0-9]{1,5})");
  private static final int CONNECT_MILLISECONDS = 20_000;

  @Override
  public String scheme() {
    return SCHEME;
  }

  @Override
  public PointRunner connect(
      String address,
      Question question,
      Function<List<String>, Evaluator> evaluators,
      int threads) {
    String rest = address.substring(SCHEME.length() + 1);
    HazelcastInstance cluster =
        rest.equals(EMBEDDED) ? member(List.of(), evaluators, threads) : client(rest);
    return new ClusterRunner(cluster, question);
  }

  @Override
  public void serve(String address, Function<List<String>, Evaluator> evaluators, int threads) {
    HazelcastInstance member =
        member(addresses(address.substring(SCHEME.length() + 1)), evaluators, threads);
    System.out.println(
        "worker at " + member.getCluster().getLocalMember().getAddress() + ", threads: " + threads);
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException _) {
      member.shutdown();
      Thread.currentThread().interrupt();
    }
  }

  private static HazelcastInstance client(String rest) {
    quiet();
    ClientConfig config = new ClientConfig().setClusterName(NAME);
    addresses(rest).forEach(config.getNetworkConfig()::addAddress);
    config
        .getConnectionStrategyConfig()
        .getConnectionRetryConfig()
        .setClusterConnectTimeoutMillis(CONNECT_MILLISECONDS);
    try {
      return HazelcastClient.newHazelcastClient(config);
    } catch (IllegalStateException e) {
      throw problem("no worker answers at " + rest, "start one: lapidary worker --engine URL");
    }
  }

  private static HazelcastInstance member(
      List<String> seeds, Function<List<String>, Evaluator> evaluators, int threads) {
    quiet();
    Config config = new Config().setClusterName(NAME);
    config.getJetConfig().setEnabled(false);
    config.getIntegrityCheckerConfig().setEnabled(false);
    config.getExecutorConfig(ClusterRunner.POINTS).setPoolSize(threads).setStatisticsEnabled(false);
    config
        .getMemberAttributeConfig()
        .setAttribute(ClusterRunner.THREADS, Integer.toString(threads));
    config.getUserContext().put(Workbench.KEY, new Workbench(evaluators));
    NetworkConfig network = config.getNetworkConfig();
    JoinConfig join = network.getJoin();
    join.getMulticastConfig().setEnabled(false);
    join.getAutoDetectionConfig().setEnabled(false);
    if (!seeds.isEmpty()) {
      join.getTcpIpConfig().setEnabled(true).setMembers(seeds);
      network.setPort(port(seeds.getFirst())).setPortAutoIncrement(true);
    }
    if (seeds.stream().allMatch(HazelcastEngine::isThisMachine)) {
      network.getInterfaces().setEnabled(true).addInterface("127.0.0.1");
    }
    return Hazelcast.newHazelcastInstance(config);
  }

  /// It neither logs nor calls its makers.
  private static void quiet() {
    System.setProperty("hazelcast.logging.type", "none");
    System.setProperty("hazelcast.phone.home.enabled", "false");
  }

  private static List<String> addresses(String text) {
    List<String> addresses = List.of(text.split(",", -1));
    if (!addresses.stream().allMatch(a -> ADDRESS.matcher(a).matches())) {
      throw problem(
          "'" + text + "' names no workers", "write hazelcast:HOST:PORT, or more with commas");
    }
    return addresses;
  }

  private static int port(String address) {
    Matcher m = ADDRESS.matcher(address);
    return m.matches() ? Integer.parseInt(m.group(2)) : 0;
  }

  private static boolean isThisMachine(String address) {
    try {
      return InetAddress.getByName(address.substring(0, address.indexOf(':'))).isLoopbackAddress();
    } catch (UnknownHostException _) {
      return false;
    }
  }

  private static DiagnosticException problem(String message, String hint) {
    return new DiagnosticException(
        Diagnostic.error(Diagnostic.Code.INVALID_INPUT, "--engine", "", message, hint));
  }
}
