package org.lapidary.machine.isa;

import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The instruction set as a table, derived from the records of [Instr]: encoding and decoding.
public final class Isa {
  private static final int FUNCTS = 128;
  private static final int SELECTORS = 4;

  private static final List<Format> FORMATS = readFormats();
  private static final @Nullable Format[] BY_CODE = byCode();
  private static final Map<Class<?>, Format> BY_TYPE = new HashMap<>();
  private static final Map<String, Format> BY_MNEMONIC = new HashMap<>();

  static {
    for (Format format : FORMATS) {
      BY_TYPE.put(format.type, format);
      if (BY_MNEMONIC.put(format.encoding.mnemonic(), format) != null) {
        throw new IllegalStateException("two commands are called " + format.encoding.mnemonic());
      }
    }
  }

  private Isa() {}

  /// The operand values that express a command.
  ///
  /// @throws IsaException when a field's value does not fit
  public static RoccCommand encode(Instr instr) {
    return formatOf(instr).encode(instr);
  }

  /// The command that a function code and operands mean. Bits that belong to no field are ignored,
  /// as by the hardware.
  ///
  /// @throws IsaException when no command has this code, or an enumerated field has no such value
  public static Instr decode(int funct, long rs1, long rs2) {
    Format format = formatOf(funct, rs1);
    if (format == null) {
      throw new IsaException("no command has function code " + funct);
    }
    return format.decode(rs1, rs2);
  }

  /// The command that the operands mean.
  public static Instr decode(RoccCommand command) {
    return decode(command.funct(), command.rs1(), command.rs2());
  }

  /// The command's name in assembly text.
  public static String mnemonic(Instr instr) {
    return formatOf(instr).encoding.mnemonic();
  }

  /// The function code of a command.
  public static int funct(Class<? extends Instr> command) {
    Format format = BY_TYPE.get(command);
    if (format == null) {
      throw new IllegalStateException("undeclared command " + command);
    }
    return format.encoding.funct();
  }

  /// The operands in which a command holds an address of main memory.
  public static Set<Reg> addressOperands(int funct, long rs1) {
    Format format = formatOf(funct, rs1);
    return format == null ? Set.of() : format.addressOperands;
  }

  static boolean returnsValue(int funct) {
    Format format = formatOf(funct, 0);
    return format != null && format.encoding.returnsValue();
  }

  static List<Format> formats() {
    return FORMATS;
  }

  static @Nullable Format formatOf(int funct, long rs1) {
    return funct < 0 || funct >= FUNCTS
        ? null
        : BY_CODE[funct * SELECTORS + (int) (rs1 & Format.SELECTOR_MASK)];
  }

  static @Nullable Format formatOf(String mnemonic) {
    return BY_MNEMONIC.get(mnemonic);
  }

  private static Format formatOf(Instr instr) {
    Format format = BY_TYPE.get(instr.getClass());
    if (format == null) {
      throw new IllegalStateException("undeclared command " + instr);
    }
    return format;
  }

  private static List<Format> readFormats() {
    MethodHandles.Lookup lookup = MethodHandles.lookup();
    List<Format> formats = new ArrayList<>();
    for (Class<?> type : Instr.class.getPermittedSubclasses()) {
      formats.add(new Format(type, lookup));
    }
    formats.sort(
        Comparator.comparingInt((Format f) -> f.encoding.funct())
            .thenComparingInt(f -> f.encoding.selector()));
    return List.copyOf(formats);
  }

  private static @Nullable Format[] byCode() {
    @Nullable Format[] table = new Format[FUNCTS * SELECTORS];
    for (Format format : FORMATS) {
      for (int selector = 0; selector < SELECTORS; selector++) {
        if (format.encoding.selector() == selector || !format.hasSelector()) {
          int code = format.encoding.funct() * SELECTORS + selector;
          if (table[code] != null) {
            throw new IllegalStateException(format.type + " shares its code with another command");
          }
          table[code] = format;
        }
      }
    }
    return table;
  }
}
