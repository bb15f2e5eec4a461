/* How commands reach the accelerator. */
#ifndef GEMMINI_H
#define GEMMINI_H

#include <stddef.h>
#include <stdint.h>

#if defined(GEMMINI_STUB)

/* No accelerator: commands go to a simulator at the other end of a pipe, see gemmini_stub.c. */
void gemmini_stub_memory(const void *from, size_t bytes, int writable);
void gemmini_stub_command(unsigned funct, uint64_t rs1, uint64_t rs2);
void gemmini_stub_fence(void);
#define GEMMINI_MEMORY(from, bytes, writable) gemmini_stub_memory(from, bytes, writable)
#define GEMMINI_COMMAND(funct, rs1, rs2) gemmini_stub_command(funct, rs1, rs2)
#define GEMMINI_FENCE() gemmini_stub_fence()

#elif defined(__riscv) && __riscv_xlen == 64

#define GEMMINI_MEMORY(from, bytes, writable) ((void)0)

/* custom-3, both operands, no result: `funct` is a literal number. */
#define GEMMINI_COMMAND(funct, rs1, rs2)                                 \
    __asm__ volatile(".insn r @OPCODE@, @FUNCT3@, " #funct ", x0, %0, %1" \
                     :                                                   \
                     : "r"((uint64_t)(rs1)), "r"((uint64_t)(rs2))        \
                     : "memory")

/* Waits until the accelerator is idle, and orders its accesses with the processor's. */
#define GEMMINI_FENCE() __asm__ volatile("fence" : : : "memory")

#else
#error "needs a 64-bit RISC-V processor with Gemmini; build with -DGEMMINI_STUB for any other"
#endif

#endif
