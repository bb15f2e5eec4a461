package org.lapidary.sim;

/// A command that the machine cannot carry out. The message says which and why.
public final class MachineTrap extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public MachineTrap(String message) {
    super(message);
  }

  public MachineTrap(String message, Throwable cause) {
    super(message, cause);
  }
}
