package org.lapidary.cluster;

import com.hazelcast.cluster.Member;
import com.hazelcast.cluster.MembershipEvent;
import com.hazelcast.cluster.MembershipListener;
import com.hazelcast.core.ExecutionCallback;
import com.hazelcast.core.HazelcastException;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.IExecutorService;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.tools.explore.Job;
import org.lapidary.tools.explore.Outcome;
import org.lapidary.tools.explore.PointRunner;
import org.lapidary.tools.explore.Question;

/// Keeps every worker busy with as many jobs as it has threads. What a worker had in hand when it
/// died goes to others; one that comes later gets its share.
final class ClusterRunner implements PointRunner {
  /// Name of the executor on the workers.
  static final String POINTS = "lapidary.points";

  /// The attribute in which a worker says how many threads it has.
  static final String THREADS = "lapidary.threads";

  private static final int LOSSES = 10;
  private static final long PATIENCE_SECONDS = 60;

  private final HazelcastInstance cluster;
  private final Question question;
  private final IExecutorService executor;
  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private final Map<UUID, Integer> inHand = new HashMap<>();
  private final Map<Job, Integer> losses = new HashMap<>();
  private final Deque<Job> waiting = new ArrayDeque<>();
  private Shipment shipment;

  /// What the loop hears of.
  private sealed interface Event {
    record Done(Job job, UUID worker, Outcome outcome) implements Event {}

    record Failed(Job job, UUID worker, Throwable why) implements Event {}

    record Changed() implements Event {}
  }

  ClusterRunner(HazelcastInstance cluster, Question question) {
    this.cluster = cluster;
    this.question = question;
    this.shipment = Shipment.send(question, cluster.getMap(PointTask.FILES));
    this.executor = cluster.getExecutorService(POINTS);
    cluster
        .getCluster()
        .addMembershipListener(
            new MembershipListener() {
              @Override
              public void memberAdded(MembershipEvent event) {
                events.add(new Event.Changed());
              }

              @Override
              public void memberRemoved(MembershipEvent event) {
                events.add(new Event.Changed());
              }
            });
  }

  @Override
  public void run(List<Job> jobs, BiConsumer<Job, Outcome> done) {
    waiting.addAll(jobs);
    int open = jobs.size();
    while (open > 0) {
      boolean somebody = handOut();
      Event event = next(somebody);
      switch (event) {
        case Event.Done(Job job, UUID worker, Outcome outcome) -> {
          inHand.merge(worker, -1, Integer::sum);
          done.accept(job, outcome);
          open--;
        }
        case Event.Failed(Job job, UUID worker, Throwable why) -> {
          inHand.merge(worker, -1, Integer::sum);
          again(job, why);
        }
        case Event.Changed() -> {}
      }
    }
  }

  /// Waits as long as work is under way; without any worker only for a while.
  private Event next(boolean somebody) {
    try {
      Event event = somebody ? events.take() : events.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (event == null) {
        throw new DiagnosticException(
            Diagnostic.error(
                Diagnostic.Code.INVALID_INPUT,
                "--engine",
                "",
                "no worker is left",
                "start workers and run the same command again: it goes on where it was"));
      }
      return event;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("cancelled", e);
    }
  }

  /// Gives jobs to whoever has a thread to spare.
  ///
  /// @return whether anybody has work
  private boolean handOut() {
    List<Member> members = new ArrayList<>(cluster.getCluster().getMembers());
    boolean given = true;
    while (given && !waiting.isEmpty()) {
      given = false;
      for (Member member : members) {
        if (!waiting.isEmpty() && inHand.getOrDefault(member.getUuid(), 0) < threads(member)) {
          submit(waiting.poll(), member);
          given = true;
        }
      }
    }
    return inHand.values().stream().anyMatch(n -> n > 0);
  }

  private static int threads(Member member) {
    String said = member.getAttribute(THREADS);
    return said == null ? 0 : Integer.parseInt(said);
  }

  private void submit(Job job, Member member) {
    UUID worker = member.getUuid();
    inHand.merge(worker, 1, Integer::sum);
    ExecutionCallback<Outcome> callback =
        new ExecutionCallback<>() {
          @Override
          public void onResponse(Outcome outcome) {
            events.add(new Event.Done(job, worker, outcome));
          }

          @Override
          public void onFailure(Throwable why) {
            events.add(new Event.Failed(job, worker, why));
          }
        };
    try {
      executor.submitToMember(new PointTask(job, shipment), member, callback);
    } catch (HazelcastException | IllegalStateException e) {
      events.add(new Event.Failed(job, worker, e));
    }
  }

  /// A job whose worker died goes to another; a job that fails is our bug.
  private void again(Job job, Throwable why) {
    Throwable cause = why;
    while (cause.getCause() != null && !isLoss(cause)) {
      cause = cause.getCause();
    }
    if (!isLoss(cause) || losses.merge(job, 1, Integer::sum) > LOSSES) {
      switch (cause) {
        case RuntimeException known -> throw known;
        case Error known -> throw known;
        default -> throw new IllegalStateException(cause);
      }
    }
    if (cause instanceof Shipment.LostException) {
      shipment = Shipment.send(question, cluster.getMap(PointTask.FILES));
    }
    waiting.addFirst(job);
  }

  /// Whether something happened to the worker or the way to it, not to the job.
  private static boolean isLoss(Throwable why) {
    return why instanceof HazelcastException
        || why instanceof Shipment.LostException
        || why instanceof CancellationException
        || why instanceof java.io.IOException
        || why.getClass().getName().startsWith("com.hazelcast.");
  }

  @Override
  public void close() {
    cluster.shutdown();
  }
}
