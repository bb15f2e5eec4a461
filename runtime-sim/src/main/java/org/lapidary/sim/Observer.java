package org.lapidary.sim;

import java.util.List;

/// Watches the commands a simulator executes. Without an observer it costs a null check.
public interface Observer {
  /// A command of the program is about to execute; loop commands come once, not expanded.
  ///
  /// @param index position in the program since the simulator was made
  default void command(long index, int funct, long rs1, long rs2) {}

  /// A plain command is about to execute: one of the program, or one that a loop expanded to.
  default void plainCommand(int funct, long rs1, long rs2) {}

  /// Several observers as one, told in their order; an [AccessObserver] if one of them is.
  static Observer all(List<Observer> observers) {
    return ObserverChain.of(observers);
  }
}
