/* Threads without a library: they share all but their stacks, and what is thread-local. */
#include "agent.h"

#include <elf.h>
#include <sched.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <asm/prctl.h>
#include <unistd.h>

#define THREAD_STACK 24576
#define TLS_MAX 2048                 /* what lies below a thread pointer: the thread-local variables */
#define HEAD_SIZE 1024               /* what the C library's calls use of what lies above it */

/* The first one is for a thread whose own one is the stack that a child goes on with. */
static char stacks[THREADS][THREAD_STACK] __attribute__((aligned(16)));
static char tls[THREADS][TLS_MAX + HEAD_SIZE] __attribute__((aligned(64)));

static unsigned long size_of_tls(void)
{
    const Elf64_Phdr *header = (const Elf64_Phdr *)getauxval(AT_PHDR);
    for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++)
        if (header[i].p_type == PT_TLS)
            return (header[i].p_memsz + header[i].p_align - 1) & ~(header[i].p_align - 1);
    return 0;
}

/* Ours, with the pointers to itself put right (tcbhead_t of the x86-64 ABI: tcb and self). */
static void *copy_tls(char *memory)
{
    unsigned long own = 0, size = size_of_tls();
    char *pointer = memory + TLS_MAX;
    if (size > TLS_MAX || syscall(SYS_arch_prctl, ARCH_GET_FS, &own))
        return NULL;
    memcpy(pointer - size, (char *)own - size, size + HEAD_SIZE);
    memcpy(pointer, &pointer, sizeof pointer);
    memcpy(pointer + 2 * sizeof pointer, &pointer, sizeof pointer);
    return pointer;
}

/* Whether a function runs on that stack; 0 is that of nobody at first, so all is well there until a child lives on
 * another one. */
static int is_own_stack(int number)
{
    const char *here = __builtin_frame_address(0);
    return here >= stacks[number] && here < stacks[number] + THREAD_STACK;
}

/* The new thread's id, or -1. */
long start_thread(int number, int (*body)(void *), void *argument)
{
    int place = is_own_stack(number) ? 0 : number;
    void *local = copy_tls(tls[place]);
    return local == NULL ? -1
                         : clone(body, stacks[place] + THREAD_STACK,
                                 CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
                                     CLONE_SETTLS,
                                 argument, NULL, local, NULL);
}
