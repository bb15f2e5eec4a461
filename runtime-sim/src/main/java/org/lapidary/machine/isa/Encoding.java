package org.lapidary.machine.isa;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Names a command and says which `funct7` code selects it.
///
/// Source: gemmini.md §2, §3.
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface Encoding {
  /// The command's name in assembly text.
  String mnemonic();

  /// The seven-bit function code, bits 31..25 of the RISC-V word.
  int funct();

  /// The value of `rs1[1:0]` that tells apart the commands sharing `funct`, or -1 where none do.
  int selector() default -1;

  /// Whether the command returns a value in `rd` (funct3 = 7 instead of 3).
  boolean returnsValue() default false;

  /// What the command does, in one sentence, for the generated page.
  String job();
}
