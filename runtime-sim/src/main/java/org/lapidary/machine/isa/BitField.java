package org.lapidary.machine.isa;

/// Where one field of a command lies, for code that decodes millions of commands a second.
///
/// Held in a `static final` it is a constant to the just-in-time compiler, so that reading a field
/// costs a shift and a mask.
///
/// @param shift the field's least significant bit
/// @param mask the field's bits, shifted down
public record BitField(Reg reg, int shift, long mask) {
  /// The place of a declared field.
  public static BitField of(Class<? extends Instr> command, String field) {
    for (Format format : Isa.formats()) {
      if (format.type == command) {
        for (Field candidate : format.fields) {
          if (candidate.name.equals(field)) {
            Bits bits = candidate.bits;
            return new BitField(bits.reg(), bits.lo(), candidate.mask() >>> bits.lo());
          }
        }
      }
    }
    throw new IllegalStateException(command.getSimpleName() + " has no field " + field);
  }

  /// The raw field of an operand register.
  public int intIn(long register) {
    return (int) (register >>> shift & mask);
  }

  /// A raw value, put in place.
  public long put(long raw) {
    return (raw & mask) << shift;
  }
}
