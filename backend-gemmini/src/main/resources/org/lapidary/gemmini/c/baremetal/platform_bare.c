/* No operating system: text and exit code go to the host by the words that Spike, FireSim and
 * Verilator test benches watch (HTIF). */
#include "../gemmini.h"
#include "../platform.h"

volatile uint64_t tohost __attribute__((section(".tohost"), aligned(64)));
volatile uint64_t fromhost __attribute__((section(".tohost"), aligned(64)));

#define CONSOLE_WRITE (UINT64_C(0x0101) << 48)

static void tell_host(uint64_t message)
{
    while (tohost != 0) {
        fromhost = 0;
    }
    tohost = message;
}

#define ILLEGAL_INSTRUCTION 2
#define SPIKE 5 /* in the list of open-source architectures that the specification refers to */

/* Spike's Gemmini begins without a statistics slot, yet every store looks at one; hardware without a
 * normalisation unit has neither slot nor this command. */
void platform_start(void)
{
    uint64_t architecture;
    __asm__ volatile("csrr %0, marchid" : "=r"(architecture));
    if (architecture == SPIKE) {
        @SLOT_COMMAND@
    }
}

void platform_print(const char *text)
{
    for (; *text != '\0'; text++) {
        tell_host(CONSOLE_WRITE | (unsigned char)*text);
    }
}

void platform_exit(int code);

void platform_exit(int code)
{
    tell_host(((uint64_t)(unsigned)code << 1) | 1);
    for (;;) {
        fromhost = 0;
    }
}

static void print_hex(const char *name, uint64_t value)
{
    platform_print(name);
    for (int shift = 60; shift >= 0; shift -= 4) {
        const char digit[2] = {"0123456789abcdef"[(value >> shift) & 15], '\0'};
        platform_print(digit);
    }
}

void platform_trap(uint64_t cause, uint64_t pc, uint64_t value);

void platform_trap(uint64_t cause, uint64_t pc, uint64_t value)
{
    print_hex("trap: cause ", cause);
    print_hex(" at ", pc);
    print_hex(" value ", value);
    platform_print("\n");
    if (cause == ILLEGAL_INSTRUCTION && (value & 0x7f) == @OPCODE@) {
        platform_print("no accelerator takes this command; Spike has one with --extension=gemmini\n");
    }
    platform_exit(2);
}
