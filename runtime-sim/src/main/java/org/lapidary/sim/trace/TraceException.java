package org.lapidary.sim.trace;

/// A file of a replay that cannot be read or makes no sense. The message names file and line.
public final class TraceException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public TraceException(String message) {
    super(message);
  }

  public TraceException(String message, Throwable cause) {
    super(message, cause);
  }
}
