/* Runs @NAME@ once on an embedded input and checks what comes out, to the bit. */
#include "@NAME@.h"
#include "platform.h"

#include <stddef.h>
#include <string.h>

/* sample.S */
@SAMPLE_NAMES@
@RESULTS@
static void print_number(uint64_t value)
{
    char text[21];
    char *at = text + sizeof text - 1;
    *at = '\0';
    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    platform_print(at);
}

/* FNV-1a, 64 bits, of little-endian words; floats that are not numbers count as one and the same. */
static uint64_t hash(const void *from, size_t words, size_t bytes, int floats)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < words; i++) {
        uint64_t word = 0;
        memcpy(&word, (const unsigned char *)from + i * bytes, bytes);
        if (floats && (word & 0x7fffffff) > 0x7f800000) {
            word = 0x7fc00000;
        }
        for (size_t b = 0; b < bytes; b++) {
            sum = (sum ^ (word >> 8 * b & 0xff)) * UINT64_C(0x100000001b3);
        }
    }
    return sum;
}

/* `elsewhere` is what @OTHER_SEMANTICS_OF@ makes of the same commands. */
static int check(const char *name, uint64_t found, uint64_t expected, uint64_t elsewhere)
{
    platform_print(found == expected ? "as expected: " : "WRONG: ");
    platform_print(name);
    platform_print("\n");
    if (found == expected) {
        return 0;
    }
    platform_print("compiled for @SEMANTICS@, @SEMANTICS_OF@, with @SIZES@\n");
    if (found == elsewhere) {
        platform_print("this is what @OTHER_SEMANTICS@ gives, @OTHER_SEMANTICS_OF@:"
                       " compile with --semantics @OTHER_SEMANTICS@ for it\n");
    }
    return 1;
}

int main(void)
{
    platform_start();
    @NAME@_init();
    const @NAME@_inputs in = {@IN@};
    const @NAME@_outputs out = {@OUT@};
    uint64_t start = platform_cycles();
    const char *wrong = @NAME@_run(&in, &out);
    uint64_t cycles = platform_cycles() - start;
    if (wrong != NULL) {
        platform_print(wrong);
        platform_print("\n");
        return 1;
    }
    platform_print("cycles ");
    print_number(cycles);
    platform_print("\n");
    int failed = 0;
@CHECKS@    return failed;
}
