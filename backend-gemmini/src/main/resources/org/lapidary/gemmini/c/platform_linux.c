/* Linux, and proxy kernels that know its system calls. */
#define _DEFAULT_SOURCE
#include "platform.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>

#ifdef GEMMINI_STUB
#define MESSAGES stderr /* standard output belongs to the simulator */
#else
#define MESSAGES stdout
#endif

/*
 * The accelerator translates addresses by the page tables of this process. A page that is not
 * there makes it raise a fault amid a command, so all are made to stay. The init function has
 * touched none yet; where locking is refused (ulimit -l), it still touches every page. A proxy
 * kernel moves no pages, and ends programs whose system calls it does not know.
 */
void platform_start(void)
{
    static struct utsname kernel;
    if (uname(&kernel) == 0 && strcmp(kernel.sysname, "Linux") == 0
        && mlockall(MCL_CURRENT | MCL_FUTURE) != 0) {
        platform_print("note: pages are not locked in memory, see ulimit -l\n");
    }
}

void platform_print(const char *text)
{
    fputs(text, MESSAGES);
    fflush(MESSAGES);
}
