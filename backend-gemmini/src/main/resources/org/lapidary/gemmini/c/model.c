/* Written by lapidary: @TITLE@. */
#include "@NAME@.h"

#include "gemmini.h"
#include "lapidary.h"

static const uint64_t weights_bytes = @WEIGHTS_BYTES@;
static const uint64_t operands = @OPERANDS@;
static const uint64_t page_bytes = 4096;

/* @NAME@_data.S */
extern const unsigned char @NAME@_weights[];
extern const unsigned char @NAME@_constants[];
extern const unsigned char @NAME@_phrases[];
extern const unsigned char @NAME@_relocations[];
extern uint64_t @NAME@_operands[];

#define constants @NAME@_constants

/* What the accelerator writes, and the values of the host. */
static unsigned char activations[@ACTIVATION_BYTES@] __attribute__((aligned(64)));
static unsigned char host[@HOST_BYTES@] __attribute__((aligned(64)));
@ERF@
/* An address of the program, given as a distance from its base. */
static uint64_t located(uint64_t offset)
{
    return offset < weights_bytes ? (uint64_t)(uintptr_t)(@NAME@_weights + offset)
                                  : (uint64_t)(uintptr_t)(activations + (offset - weights_bytes));
}

void @NAME@_init(void)
{
    static int done;
    if (done) {
        return;
    }
    done = 1;
    for (uint64_t i = 0; i < operands; i++) {
        if ((@NAME@_relocations[i / 8] >> i % 8 & 1) != 0) {
            @NAME@_operands[i] = located(@NAME@_operands[i]);
        }
    }
    /* The accelerator finds every page in place. */
    for (uint64_t i = 0; i < weights_bytes; i += page_bytes) {
        (void)*(const volatile unsigned char *)(@NAME@_weights + i);
    }
    memset(activations, 0, sizeof activations);
    memset(host, 0, sizeof host);
@PREPARE@    GEMMINI_MEMORY(@NAME@_weights, weights_bytes, 0);
    GEMMINI_MEMORY(activations, sizeof activations, 1);
}

/* Issues phrases: each is a sequence of commands whose operands follow each other from o on. */
static void issue(const unsigned char *phrase, const unsigned char *end, const uint64_t *o)
{
    (void)o;
    while (phrase != end) {
        switch (*phrase++) {
@CASES@        default:
            return;
        }
    }
}

@FUNCTIONS@const char *@NAME@_run(const @NAME@_inputs *in, const @NAME@_outputs *out)
{
    const char *wrong = NULL;
    @NAME@_init();
@CALLS@    return wrong;
}
