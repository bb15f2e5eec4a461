package org.lapidary.cluster;

import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.HazelcastInstanceAware;
import java.io.Serializable;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.lapidary.tools.explore.Job;
import org.lapidary.tools.explore.Outcome;

/// A job as it travels to a worker.
final class PointTask implements Callable<Outcome>, Serializable, HazelcastInstanceAware {
  /// The cluster's memory of files.
  static final String FILES = "lapidary.files";

  private static final long serialVersionUID = 1;

  private final Job job;
  private final Shipment shipment;
  private transient @Nullable HazelcastInstance here;

  PointTask(Job job, Shipment shipment) {
    this.job = job;
    this.shipment = shipment;
  }

  @Override
  public void setHazelcastInstance(HazelcastInstance instance) {
    here = instance;
  }

  @Override
  public Outcome call() {
    HazelcastInstance member = Objects.requireNonNull(here);
    Workbench bench = (Workbench) member.getUserContext().get(Workbench.KEY);
    return Objects.requireNonNull(bench).evaluate(job, shipment, member.getMap(FILES));
  }
}
