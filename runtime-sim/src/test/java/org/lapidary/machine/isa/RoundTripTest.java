package org.lapidary.machine.isa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every declared command survives encoding, text and back, with random and with extreme fields.
class RoundTripTest {
  private static final long SEED = 20261121;

  static List<Format> formats() {
    return Isa.formats();
  }

  @ParameterizedTest
  @MethodSource("formats")
  void everyCommandSurvivesBitsAndText(Format format) {
    Random random = new Random(SEED);
    for (int round = 0; round < 500; round++) {
      long rs1 = format.hasSelector() ? format.encoding.selector() : 0;
      long rs2 = 0;
      for (Field field : format.fields) {
        long raw = rawValue(field, round, random);
        if (field.bits.reg() == Reg.RS1) {
          rs1 |= raw << field.bits.lo();
        } else {
          rs2 |= raw << field.bits.lo();
        }
      }
      RoccCommand command = new RoccCommand(format.encoding.funct(), rs1, rs2);
      Instr instr = Isa.decode(command);
      assertThat(instr).isInstanceOf(format.type);
      assertThat(Isa.encode(instr)).isEqualTo(command);
      String text = Assembly.disassemble(command);
      assertThat(text).startsWith(format.encoding.mnemonic());
      assertThat(Assembly.assemble(text)).isEqualTo(command);
    }
  }

  /// All zeros, all ones, then random bits; enumerated fields stay within their constants.
  private static long rawValue(Field field, int round, Random random) {
    long ones = field.mask() >>> field.bits.lo();
    long raw = round == 0 ? 0 : round == 1 ? ones : random.nextLong() & ones;
    return field.isDefined(raw) ? raw : Math.floorMod(raw, field.type.getEnumConstants().length);
  }

  @Test
  void arbitraryBitsSurviveText() {
    Random random = new Random(SEED);
    for (int round = 0; round < 20_000; round++) {
      RoccCommand command =
          new RoccCommand(random.nextInt(128), random.nextLong(), random.nextLong());
      assertThat(Assembly.assemble(Assembly.disassemble(command))).isEqualTo(command);
    }
  }

  @Test
  void textReadsAsExpected() {
    assertThat(
            Assembly.disassemble(
                new Instr.Mvin(new DramAddr(0x80000040L), LocalAddr.accAdd(7), 64, 16)))
        .isEqualTo("mvin from=0x80000040, to=acc[7].add, cols=64, rows=16");
    assertThat(Assembly.disassemble(new RoccCommand(0x5a, 1, 2))).isEqualTo(".rocc 0x5a, 0x1, 0x2");
    assertThat(Assembly.assemble("  mvout to=16, from=acc[3].full.sum, cols=1  # one"))
        .isEqualTo(new RoccCommand(3, 16, 0x0000_0001_A400_0003L));
  }

  @Test
  void wordsMatchTheDocumentedEncoding() {
    assertThat(new RoccCommand(2, 0, 0).riscvWord(5, 11, 12))
        .isEqualTo(0x7B | 3 << 12 | 11 << 15 | 12 << 20 | 2 << 25);
    assertThat(new RoccCommand(126, 0, 0).riscvWord(5, 11, 12))
        .isEqualTo(0x7B | 5 << 7 | 7 << 12 | 11 << 15 | 12 << 20 | 126 << 25);
  }

  @Test
  void valuesOutOfRangeAreNamed() {
    assertThatThrownBy(
            () -> Isa.encode(new Instr.Mvin(DramAddr.NONE, LocalAddr.spad(0), 70_000, 1)))
        .isInstanceOf(IsaException.class)
        .hasMessage("mvin: cols = 70000 does not fit its 16-bit field, which holds 0 to 65535");
    assertThatThrownBy(() -> Assembly.assemble("config_st activation=softmax"))
        .isInstanceOf(IsaException.class)
        .hasMessageContaining("activation = SOFTMAX does not fit its 2-bit field");
    assertThatThrownBy(() -> Assembly.assemble("mvin speed=9"))
        .hasMessage("mvin has no field 'speed'");
    assertThatThrownBy(() -> Assembly.assemble("mvim")).hasMessage("no command is called 'mvim'");
  }

  @Test
  void thePageIsFresh() throws Exception {
    Path page = Path.of(System.getProperty("lapidary.root"), "runtime-sim", "ISA.md");
    if (Boolean.getBoolean("golden.update")) {
      Files.writeString(page, IsaPage.markdown());
    }
    assertThat(Files.readString(page)).isEqualTo(IsaPage.markdown());
  }
}
