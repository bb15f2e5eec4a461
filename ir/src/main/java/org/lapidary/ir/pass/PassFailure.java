package org.lapidary.ir.pass;

/// A bug of ours, found while a pass ran or when its result was verified; exit code 70.
public final class PassFailure extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String pass;
  private final String reproducer;

  PassFailure(String pass, String reproducer, RuntimeException cause) {
    super(
        "internal error in "
            + pass
            + ": "
            + cause.getMessage()
            + (reproducer.isEmpty() ? "" : "; reproducer: " + reproducer),
        cause);
    this.pass = pass;
    this.reproducer = reproducer;
  }

  /// Text form of the pass.
  public String pass() {
    return pass;
  }

  /// Where the graph it failed on was written, or empty.
  public String reproducer() {
    return reproducer;
  }
}
