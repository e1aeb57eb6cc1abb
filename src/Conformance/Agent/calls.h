/* The system calls of a process, and what the oldest headers that the agent is built with lack of them. */
#ifndef CALLS_H
#define CALLS_H

#include <stddef.h>
#include <stdint.h>

#define WORDS 16
#define CLONE_PARENT_FLAG 0x8000
#define CLONE_INTO_CGROUP_FLAG 0x200000000ULL

/* struct clone_args of linux/sched.h, v5.7 */
struct clone_into {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

void make_call(char **word, const long *number, char *text, size_t size);

#endif
