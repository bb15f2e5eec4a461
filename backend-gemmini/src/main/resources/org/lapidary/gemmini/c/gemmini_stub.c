/*
 * Stands in for the accelerator where there is none (-DGEMMINI_STUB): hands memory and commands to
 * a simulator on standard output, takes memory back from standard input. Messages are 64-bit
 * little-endian words; pointers are those of this process.
 *
 *   1 address bytes writable        an area the accelerator may access
 *   2 address bytes, the bytes      what the processor has written there
 *   3 funct rs1 rs2                 a command
 *   4                               a fence; the bytes of all writable areas come back, in order
 */
#include "gemmini.h"

#include <stdio.h>
#include <stdlib.h>

enum { AREAS = 8, AREA = 1, CONTENT = 2, COMMAND = 3, FENCE = 4 };

static struct {
    void *from;
    size_t bytes;
    int writable;
} areas[AREAS];

static int known;
static int busy;

static void fail(const char *why)
{
    fputs(why, stderr);
    exit(3);
}

static void send(const void *from, size_t bytes)
{
    if (fwrite(from, 1, bytes, stdout) != bytes) {
        fail("gemmini_stub: nobody listens on standard output\n");
    }
}

static void word(uint64_t value)
{
    send(&value, sizeof value);
}

static void content(int area)
{
    word(CONTENT);
    word((uint64_t)(uintptr_t)areas[area].from);
    word(areas[area].bytes);
    send(areas[area].from, areas[area].bytes);
}

void gemmini_stub_memory(const void *from, size_t bytes, int writable)
{
    if (known == AREAS) {
        fail("gemmini_stub: too many areas\n");
    }
    areas[known].from = (void *)(uintptr_t)from;
    areas[known].bytes = bytes;
    areas[known].writable = writable;
    word(AREA);
    word((uint64_t)(uintptr_t)from);
    word(bytes);
    word((uint64_t)writable);
    if (!writable) {
        content(known);
    }
    known++;
}

void gemmini_stub_command(unsigned funct, uint64_t rs1, uint64_t rs2)
{
    if (!busy) {
        busy = 1;
        for (int i = 0; i < known; i++) {
            if (areas[i].writable) {
                content(i);
            }
        }
    }
    word(COMMAND);
    word(funct);
    word(rs1);
    word(rs2);
}

void gemmini_stub_fence(void)
{
    if (!busy) {
        return;
    }
    busy = 0;
    word(FENCE);
    fflush(stdout);
    for (int i = 0; i < known; i++) {
        if (areas[i].writable && fread(areas[i].from, 1, areas[i].bytes, stdin) != areas[i].bytes) {
            fail("gemmini_stub: the simulator is gone\n");
        }
    }
}
