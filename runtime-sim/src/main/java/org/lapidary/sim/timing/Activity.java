package org.lapidary.sim.timing;

import java.util.Locale;

/// What a unit does with a cycle: it works, or it waits for something.
public enum Activity {
  WORK("working"),
  CONFIGURE("taking a configuration"),
  FLUSH("flushing an output-stationary array"),
  WAIT_COMMAND("for its next command"),
  WAIT_LOAD("for an mvin"),
  WAIT_EXECUTE("for the array"),
  WAIT_STORE("for an mvout"),
  WAIT_BANK("for a scratchpad bank"),
  WAIT_PORT("for the accumulator, which the array adds into"),
  WAIT_NORMALISER("for the normaliser"),
  WAIT_WRITER("for memory to take the rows before"),
  WAIT_FENCE("at a fence, for everything under way");

  private final String meaning;

  Activity(String meaning) {
    this.meaning = meaning;
  }

  /// What it works on or waits for, in a few words.
  public String meaning() {
    return meaning;
  }

  /// Whether the unit stands still.
  public boolean waits() {
    return name().startsWith("WAIT_");
  }

  /// As JSON has it.
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }
}
