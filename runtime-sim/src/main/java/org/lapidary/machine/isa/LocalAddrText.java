package org.lapidary.machine.isa;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The text of local addresses: `spad[12]`, `acc[5].add`, `acc[5].full`, `acc[0].inv_stddev`,
/// `garbage`.
final class LocalAddrText {
  private static final Pattern FORM =
      Pattern.compile("(spad|acc)\\[(\\d+)\\](\\.add)?(\\.full)?(?:\\.([a-z_]+))?");

  private LocalAddrText() {}

  static String print(LocalAddr address) {
    if (address.isGarbage()) {
      return "garbage";
    }
    return (address.isAccumulator() ? "acc[" : "spad[")
        + address.row()
        + "]"
        + (address.accumulates() ? ".add" : "")
        + (address.fullWidth() ? ".full" : "")
        + (address.norm() == NormCommand.RESET
            ? ""
            : "." + address.norm().name().toLowerCase(Locale.ROOT));
  }

  static LocalAddr parse(String text) {
    if (text.equals("garbage")) {
      return LocalAddr.GARBAGE;
    }
    Matcher form = FORM.matcher(text);
    if (!form.matches()) {
      throw new IllegalArgumentException(text);
    }
    int flags =
        (form.group(1).equals("acc") ? 1 << 31 : 0)
            | (form.group(3) != null ? 1 << 30 : 0)
            | (form.group(4) != null ? 1 << 29 : 0);
    int row = LocalAddr.spad(Integer.parseInt(form.group(2))).row();
    NormCommand norm =
        form.group(5) == null
            ? NormCommand.RESET
            : NormCommand.valueOf(form.group(5).toUpperCase(Locale.ROOT));
    return new LocalAddr(flags | row).with(norm);
  }
}
