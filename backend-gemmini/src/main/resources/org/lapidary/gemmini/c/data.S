/* The data of @NAME@: weights, constants of the host, commands. */
    .section .rodata.@NAME@, "a", %progbits

    .balign 64
    .globl @NAME@_weights
@NAME@_weights:
    .incbin "@NAME@_weights.bin"
    .zero @OVERREAD@

    .balign 64
    .globl @NAME@_constants
@NAME@_constants:
    .incbin "@NAME@_constants.bin"

    .globl @NAME@_phrases
@NAME@_phrases:
    .incbin "@NAME@_phrases.bin"

    .globl @NAME@_relocations
@NAME@_relocations:
    .incbin "@NAME@_relocations.bin"

    .section .data.@NAME@, "aw", %progbits

    .balign 64
    .globl @NAME@_operands
@NAME@_operands:
    .incbin "@NAME@_operands.bin"

    .section .note.GNU-stack, "", %progbits
