package org.lapidary.machine.isa;

/// A command, or its text, that the instruction set cannot express. The message says what and why.
public final class IsaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public IsaException(String message) {
    super(message);
  }

  public IsaException(String message, Throwable cause) {
    super(message, cause);
  }
}
