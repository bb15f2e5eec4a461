package org.lapidary.gemmini.map;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;

/// Orders work so that host and accelerator take turns as seldom as possible: each does all it can
/// before it hands over, in the order of the graph.
final class Schedule {
  private final List<Work> work;
  private final Map<Work, Integer> indices = new HashMap<>();
  private final List<List<Integer>> dependents = new ArrayList<>();
  private final int[] missing;
  private final TreeSet<Integer> readyOnHost = new TreeSet<>();
  private final TreeSet<Integer> readyOnAccelerator = new TreeSet<>();

  private Schedule(List<Work> work) {
    this.work = work;
    this.missing = new int[work.size()];
    for (int i = 0; i < work.size(); i++) {
      indices.put(work.get(i), i);
      dependents.add(new ArrayList<>());
      for (Work before : work.get(i).after()) {
        dependents.get(index(before)).add(i);
        missing[i]++;
      }
    }
  }

  static List<Work> order(List<Work> work) {
    Schedule schedule = new Schedule(work);
    List<Work> order = schedule.run();
    if (order.size() != work.size()) {
      throw new IllegalStateException("circular work");
    }
    return order;
  }

  private List<Work> run() {
    for (int i = 0; i < missing.length; i++) {
      if (missing[i] == 0) {
        ready(i);
      }
    }
    List<Work> order = new ArrayList<>();
    while (!readyOnHost.isEmpty() || !readyOnAccelerator.isEmpty()) {
      drain(readyOnHost, order);
      drain(readyOnAccelerator, order);
    }
    return order;
  }

  private void drain(NavigableSet<Integer> queue, List<Work> order) {
    while (!queue.isEmpty()) {
      int next = queue.removeFirst();
      order.add(work.get(next));
      for (int dependent : dependents.get(next)) {
        if (--missing[dependent] == 0) {
          ready(dependent);
        }
      }
    }
  }

  private void ready(int i) {
    switch (work.get(i)) {
      case Work.OnHost _ -> readyOnHost.add(i);
      case Work.OnAccelerator _ -> readyOnAccelerator.add(i);
    }
  }

  private int index(Work one) {
    Integer index = indices.get(one);
    if (index == null) {
      throw new IllegalStateException("work that nobody does");
    }
    return index;
  }
}
