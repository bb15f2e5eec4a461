/* The input of the one inference that main.c runs. */
    .section .rodata.sample, "a", %progbits
@SAMPLE_DATA@
    .section .note.GNU-stack, "", %progbits
