/* From reset to main, in machine mode, on the first processor; the others sleep. */
#define MSTATUS_FS_AND_XS 0x1e000 /* floating point and the accelerator are switched on */

    .section .text.start, "ax", %progbits
    .globl _start
_start:
    csrr t0, mhartid
    bnez t0, park
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    la sp, stack_top
    la tp, thread_storage
    la t0, trapped
    csrw mtvec, t0
    li t0, MSTATUS_FS_AND_XS
    csrs mstatus, t0
    csrw fcsr, zero
    la t0, bss_start
    la t1, bss_end
1:  bgeu t0, t1, 2f
    sd zero, 0(t0)
    addi t0, t0, 8
    j 1b
2:  call main
    tail platform_exit

    .balign 4
trapped:
    csrr a0, mcause
    csrr a1, mepc
    csrr a2, mtval
    la sp, stack_top
    tail platform_trap

park:
    wfi
    j park

    .section .note.GNU-stack, "", %progbits
