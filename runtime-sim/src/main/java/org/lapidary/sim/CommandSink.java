package org.lapidary.sim;

/// Takes the plain commands that a loop command stands for.
@FunctionalInterface
public interface CommandSink {
  /// One plain command.
  void accept(int funct, long rs1, long rs2);
}
