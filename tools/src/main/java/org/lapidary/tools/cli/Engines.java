package org.lapidary.tools.cli;

import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.tools.explore.PointEngine;

/// The engines on the class path that evaluate points in other processes.
final class Engines {
  private Engines() {}

  /// The engine for an address.
  ///
  /// @throws DiagnosticException if there is none
  static PointEngine of(String address) {
    return PointEngine.of(address)
        .orElseThrow(() ->
            new DiagnosticException(
                Diagnostic.error(
                    Diagnostic.Code.INVALID_INPUT,
                    "--engine",
                    "",
                    "nothing on the class path understands " + address,
                    "hazelcast:HOST:PORT is understood by tools/cluster/bin/lapidary, which has the"
                        + " same commands")));
  }
}
