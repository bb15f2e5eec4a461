package org.lapidary.machine;

/// A machine configuration that cannot be used. The message names the file, the key and the reason.
public final class ParamsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ParamsException(String message) {
    super(message);
  }

  public ParamsException(String message, Throwable cause) {
    super(message, cause);
  }
}
