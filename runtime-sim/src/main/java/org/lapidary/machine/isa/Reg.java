package org.lapidary.machine.isa;

/// The two 64-bit operand registers a command carries.
public enum Reg {
  RS1,
  RS2
}
