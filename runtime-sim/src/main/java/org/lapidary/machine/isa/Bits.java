package org.lapidary.machine.isa;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Places a record component into bits `hi..lo` (both included) of an operand register.
///
/// A field narrower than its Java type is unsigned, one exactly as wide is two's complement. Enums
/// are stored by ordinal, floats by their IEEE 754 bits.
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Bits {
  /// The operand register holding the field.
  Reg reg();

  /// The most significant bit.
  int hi();

  /// The least significant bit.
  int lo();

  /// Remark for the generated page.
  String note() default "";
}
