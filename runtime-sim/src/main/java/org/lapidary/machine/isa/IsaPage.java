package org.lapidary.machine.isa;

/// The instruction set as a Markdown page, generated from the declarations.
public final class IsaPage {
  private IsaPage() {}

  /// The whole page.
  public static String markdown() {
    StringBuilder page = new StringBuilder();
    page.append("# The instruction set\n\n")
        .append("Generated from `org.lapidary.machine.isa.Instr`; do not edit. ")
        .append("A test fails when this page is stale and\n`-Dgolden.update=true` rewrites it.\n\n")
        .append("| funct | rs1[1:0] | mnemonic | what it does |\n| --- | --- | --- | --- |\n");
    for (Format format : Isa.formats()) {
      Encoding encoding = format.encoding;
      page.append(
          "| %d | %s | `%s` | %s |\n"
              .formatted(
                  encoding.funct(),
                  format.hasSelector() ? Integer.toString(encoding.selector()) : "",
                  encoding.mnemonic(),
                  encoding.job()));
    }
    for (Format format : Isa.formats()) {
      appendFields(page, format);
    }
    return page.toString();
  }

  private static void appendFields(StringBuilder page, Format format) {
    page.append("\n## %s\n\n".formatted(format.encoding.mnemonic()));
    if (format.fields.isEmpty()) {
      page.append("No fields.\n");
      return;
    }
    page.append("| field | bits | type | remark |\n| --- | --- | --- | --- |\n");
    for (Field field : format.fields) {
      page.append(
          "| %s | %s[%d:%d] | %s | %s |\n"
              .formatted(
                  field.name,
                  field.bits.reg() == Reg.RS1 ? "rs1" : "rs2",
                  field.bits.hi(),
                  field.bits.lo(),
                  field.type.getSimpleName(),
                  field.bits.note()));
    }
  }
}
