package org.lapidary.machine.isa;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.RecordComponent;
import java.util.Locale;

/// One field of a command: a record component and the operand bits that hold it.
final class Field {
  final String name;
  final Class<?> type;
  final Bits bits;
  private final MethodHandle getter;
  private final Object[] constants;

  Field(RecordComponent component, MethodHandles.Lookup lookup) {
    this.name = component.getName();
    this.type = component.getType();
    this.bits = component.getAnnotation(Bits.class);
    if (bits == null) {
      throw new IllegalStateException(component + " carries no @Bits");
    }
    this.constants = type.isEnum() ? type.getEnumConstants() : new Object[0];
    try {
      this.getter = lookup.unreflect(component.getAccessor());
    } catch (IllegalAccessException e) {
      throw new IllegalStateException("cannot read " + component, e);
    }
  }

  /// Whether the field names a place, where 0 is as good as any other.
  boolean isAddress() {
    return type == DramAddr.class || type == LocalAddr.class;
  }

  int width() {
    return bits.hi() - bits.lo() + 1;
  }

  /// The field's bits in place, all others 0.
  long mask() {
    return lowMask() << bits.lo();
  }

  private long lowMask() {
    return width() == Long.SIZE ? -1L : (1L << width()) - 1;
  }

  /// The field's raw value in an operand register, shifted down.
  long rawOf(long register) {
    return register >>> bits.lo() & lowMask();
  }

  /// Whether a raw value means something.
  boolean isDefined(long raw) {
    return constants.length == 0 || raw < constants.length;
  }

  /// The component's value for a raw field.
  Object decode(long raw) {
    if (!isDefined(raw)) {
      throw new IsaException(
          "field '%s' holds %d, which is no %s".formatted(name, raw, type.getSimpleName()));
    }
    if (type == boolean.class) {
      return raw != 0;
    } else if (type == int.class) {
      return (int) raw;
    } else if (type == long.class) {
      return raw;
    } else if (type == float.class) {
      return Float.intBitsToFloat((int) raw);
    } else if (type == DramAddr.class) {
      return new DramAddr(raw);
    } else if (type == LocalAddr.class) {
      return new LocalAddr((int) raw);
    } else if (type.isEnum()) {
      return constants[(int) raw];
    }
    throw new IllegalStateException("no encoding for components of " + type);
  }

  /// The raw field for a component's value, or an error that names the field and its range.
  @SuppressWarnings("EnumOrdinal") // enums of this package list their constants by code
  private long encode(Object value) {
    long raw =
        switch (value) {
          case Boolean flag -> flag ? 1 : 0;
          case Integer number -> width() == Integer.SIZE ? number & 0xFFFFFFFFL : number;
          case Long number -> number;
          case Float number -> Float.floatToRawIntBits(number) & 0xFFFFFFFFL;
          case DramAddr address -> address.bytes();
          case LocalAddr address -> address.bits() & 0xFFFFFFFFL;
          case Enum<?> constant -> constant.ordinal();
          default -> throw new IllegalStateException("no encoding for " + value.getClass());
        };
    if ((raw & ~lowMask()) != 0) {
      throw new IsaException(
          "%s = %s does not fit its %d-bit field, which holds 0 to %d"
              .formatted(name, value, width(), largest()));
    }
    return raw;
  }

  private long largest() {
    return type.isEnum() ? Math.min(constants.length - 1, lowMask()) : lowMask();
  }

  /// The bits of this field of a command, in place.
  long encodeFrom(Instr instr) {
    Object value;
    try {
      value = getter.invoke(instr);
    } catch (Throwable e) {
      throw new IllegalStateException("cannot read " + name + " of " + instr, e);
    }
    return encode(value) << bits.lo();
  }

  /// The assembly text of a raw field.
  String print(long raw) {
    Object value = decode(raw);
    return switch (value) {
      case Float number -> number.isNaN() ? "nan(0x%x)".formatted(raw) : number.toString();
      case DramAddr address -> "0x%x".formatted(address.bytes());
      case LocalAddr address -> LocalAddrText.print(address);
      case Enum<?> constant -> constant.name().toLowerCase(Locale.ROOT);
      default -> value.toString();
    };
  }

  /// The raw field for its assembly text, the inverse of [#print].
  long parse(String text) {
    try {
      return encode(parseValue(text)) & lowMask();
    } catch (IllegalArgumentException e) {
      throw new IsaException("'%s' is no value for %s".formatted(text, name), e);
    }
  }

  private Object parseValue(String text) {
    if (type == boolean.class) {
      if (!text.equals("true") && !text.equals("false")) {
        throw new IllegalArgumentException(text);
      }
      return text.equals("true");
    } else if (type == int.class) {
      return Integer.decode(text);
    } else if (type == long.class) {
      return Long.decode(text);
    } else if (type == float.class) {
      return text.startsWith("nan(0x")
          ? Float.intBitsToFloat(Integer.parseUnsignedInt(text.substring(6, text.length() - 1), 16))
          : Float.parseFloat(text);
    } else if (type == DramAddr.class) {
      return new DramAddr(
          text.startsWith("0x")
              ? Long.parseUnsignedLong(text.substring(2), 16)
              : Long.parseLong(text));
    } else if (type == LocalAddr.class) {
      return LocalAddrText.parse(text);
    }
    for (Object constant : constants) {
      if (((Enum<?>) constant).name().equalsIgnoreCase(text)) {
        return constant;
      }
    }
    throw new IllegalArgumentException(text);
  }
}
