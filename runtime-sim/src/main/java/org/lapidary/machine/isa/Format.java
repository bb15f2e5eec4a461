package org.lapidary.machine.isa;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// The layout of one command, read once from its record: the only place where reflection meets the
/// declarations.
final class Format {
  /// Bits of `rs1` that tell apart commands sharing a function code.
  static final long SELECTOR_MASK = 3;

  final Class<?> type;
  final Encoding encoding;
  final List<Field> fields;
  final Set<Reg> addressOperands;
  private final MethodHandle constructor;
  private final long usedRs1;
  private final long usedRs2;

  Format(Class<?> type, MethodHandles.Lookup lookup) {
    this.type = type;
    this.encoding = type.getAnnotation(Encoding.class);
    if (encoding == null) {
      throw new IllegalStateException(type + " carries no @Encoding");
    }
    RecordComponent[] components = type.getRecordComponents();
    List<Field> found = new ArrayList<>();
    Class<?>[] parameters = new Class<?>[components.length];
    for (int i = 0; i < components.length; i++) {
      found.add(new Field(components[i], lookup));
      parameters[i] = components[i].getType();
    }
    this.fields = List.copyOf(found);
    try {
      this.constructor =
          lookup
              .unreflectConstructor(type.getDeclaredConstructor(parameters))
              .asSpreader(Object[].class, parameters.length);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot construct " + type, e);
    }
    this.addressOperands =
        fields.stream()
            .filter(field -> field.type == DramAddr.class)
            .map(field -> field.bits.reg())
            .collect(Collectors.toUnmodifiableSet());
    this.usedRs1 = used(Reg.RS1) | (hasSelector() ? SELECTOR_MASK : 0);
    this.usedRs2 = used(Reg.RS2);
  }

  /// All declared bits of a register; two fields on one bit are a mistake in the declaration.
  private long used(Reg reg) {
    long used = reg == Reg.RS1 && hasSelector() ? SELECTOR_MASK : 0;
    for (Field field : fields) {
      if (field.bits.reg() == reg) {
        if ((used & field.mask()) != 0) {
          throw new IllegalStateException(type + ": field " + field.name + " overlaps another");
        }
        used |= field.mask();
      }
    }
    return used;
  }

  boolean hasSelector() {
    return encoding.selector() >= 0;
  }

  RoccCommand encode(Instr instr) {
    long rs1 = hasSelector() ? encoding.selector() : 0;
    long rs2 = 0;
    try {
      for (Field field : fields) {
        long placed = field.encodeFrom(instr);
        if (field.bits.reg() == Reg.RS1) {
          rs1 |= placed;
        } else {
          rs2 |= placed;
        }
      }
    } catch (IsaException e) {
      throw new IsaException(encoding.mnemonic() + ": " + e.getMessage(), e);
    }
    return new RoccCommand(encoding.funct(), rs1, rs2);
  }

  Instr decode(long rs1, long rs2) {
    Object[] values = new Object[fields.size()];
    for (int i = 0; i < values.length; i++) {
      Field field = fields.get(i);
      values[i] = field.decode(field.rawOf(field.bits.reg() == Reg.RS1 ? rs1 : rs2));
    }
    try {
      return (Instr) constructor.invoke(values);
    } catch (Throwable e) {
      throw new IllegalStateException("cannot construct " + type, e);
    }
  }

  /// Whether every set bit belongs to a field and every field's value means something.
  boolean represents(long rs1, long rs2) {
    return (rs1 & ~usedRs1) == 0
        && (rs2 & ~usedRs2) == 0
        && fields.stream().allMatch(f -> f.isDefined(f.rawOf(f.bits.reg() == Reg.RS1 ? rs1 : rs2)));
  }
}
