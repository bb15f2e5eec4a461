package org.lapidary.sim.timing;

/// One of the state machines of a loop unroller: which loop it works on, and from when.
final class Stage {
  int loop;
  boolean idle = true;
  long readyAt;

  /// Takes up a loop at `t`; its first command can come a cycle later.
  void begin(int index, long t) {
    loop = index;
    idle = false;
    readyAt = Math.max(t, readyAt) + 1;
  }

  /// Has given its last command at `t`.
  void end(long t) {
    idle = true;
    readyAt = t + 1;
  }

  boolean live(long t) {
    return !idle && readyAt <= t;
  }

  /// Whether nothing more of loop `index` is to come from this stage.
  boolean past(int index) {
    return loop != index || idle;
  }
}
