package org.lapidary.sim.timing;

/// Hears how the units of the machine spend their cycles. The same slices make up
/// [CycleStatistics#time], so that their sums agree.
@FunctionalInterface
public interface Timeline {
  /// No command: what passes between the last command and the end of a fence.
  int NO_COMMAND = -1;

  /// A unit did one thing for one command. Slices of a unit come in order and do not overlap; those
  /// of LOAD, EXECUTE and STORE leave no gaps between cycle 0 and the last fence.
  ///
  /// @param range of commands, as counted by [CycleModel#mark]
  /// @param funct of the command that the unit works on or could not start yet, one that a loop
  ///   expanded to included, or [#NO_COMMAND]
  /// @param from first cycle
  /// @param to cycle after the last one
  void slice(
      Unit unit, Activity activity, int range, int funct, long rs1, long rs2, long from, long to);
}
