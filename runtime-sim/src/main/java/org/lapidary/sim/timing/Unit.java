package org.lapidary.sim.timing;

/// The units of the machine whose time the cycle model accounts for.
public enum Unit {
  LOAD("load"),
  EXECUTE("execute"),
  STORE("store"),
  NORMALISER("normaliser"),
  READ("DMA read"),
  WRITE("DMA write");

  private final String title;

  Unit(String title) {
    this.title = title;
  }

  /// For people.
  public String title() {
    return title;
  }

  /// Whether it takes commands: all of its time is accounted for, waiting included. Of the others,
  /// what is not work is idleness.
  public boolean takesCommands() {
    return this == LOAD || this == EXECUTE || this == STORE;
  }
}
