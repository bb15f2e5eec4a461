package org.lapidary.tools.explore;

import java.io.Serializable;
import java.util.TreeMap;

/// What came out of a job.
public sealed interface Outcome extends Serializable {
  /// How well the integer program does.
  ///
  /// @param samples it was measured on
  /// @param metrics every metric of the task, by name
  /// @param agreement with fp32
  record Accuracy(int samples, TreeMap<String, Double> metrics, double agreement)
      implements Outcome {}

  /// What one inference takes.
  ///
  /// @param cycles estimated by the cycle model
  /// @param boundCycles that no schedule can beat
  /// @param instructions of the accelerator
  /// @param macs of the model
  /// @param spadBytes capacity of the scratchpad
  /// @param accBytes capacity of the accumulator
  /// @param traffic what moved, for the estimate of energy
  record Cost(
      long cycles,
      long boundCycles,
      long instructions,
      long macs,
      long spadBytes,
      long accBytes,
      Traffic traffic)
      implements Outcome {
    /// On-chip SRAM: capacity of scratchpad and accumulator, in bytes.
    public long sramBytes() {
      return spadBytes + accBytes;
    }
  }

  /// It cannot be done: the machine is too small, for example.
  record Refused(String reason) implements Outcome {}
}
