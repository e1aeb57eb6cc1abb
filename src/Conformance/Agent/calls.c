/* The calls that a process makes on its own memory, one operation after the other. */
#include "calls.h"

#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOVE_PAGES_MAX 512
#define MAPS_MAX 8192

/* struct uffdio_move of linux/userfaultfd.h, v6.8 */
struct move {
    uint64_t dst, src, len, mode;
    int64_t moved;
};
#define MOVE_IOCTL _IOWR(0xAA, 0x05, struct move)

static const struct {
    const char *name;
    int value;
} advices[] = {
    {"dontneed", 4}, {"free", 8}, {"remove", 9}, {"dontfork", 10}, {"dofork", 11}, {"mergeable", 12},
    {"unmergeable", 13}, {"hugepage", 14}, {"nohugepage", 15}, {"willneed", 3}, {"cold", 20}, {"pageout", 21},
    {"populateread", 22}, {"populatewrite", 23}, {"collapse", 25}, {"hwpoison", 100}, {"softoffline", 101},
    {"guard", 102}, {"unguard", 103}};

static char *address(long page)
{
    return (char *)REGION + page * (long)PAGE;
}

static long failed(long result)
{
    return result < 0 ? -errno : 0;
}

static long advise(long page, long count, const char *name)
{
    for (unsigned i = 0; i < sizeof advices / sizeof advices[0]; i++)
        if (!strcmp(advices[i].name, name))
            return failed(madvise(address(page), (size_t)count * PAGE, advices[i].value));
    return -ENOSYS;
}

static long protect(long page, long count, const char *name)
{
    int bits = !strcmp(name, "rw") ? PROT_READ | PROT_WRITE : !strcmp(name, "ro") ? PROT_READ : PROT_NONE;
    return failed(mprotect(address(page), (size_t)count * PAGE, bits));
}

static long map(long page, long count, int flags, int fd, long offset)
{
    void *at = mmap(address(page), (size_t)count * PAGE, PROT_READ | PROT_WRITE, flags, fd, offset * (off_t)PAGE);
    if (at != MAP_FAILED && at != address(page)) {
        munmap(at, (size_t)count * PAGE);   /* a kernel that does not know MAP_FIXED_NOREPLACE */
        return -EEXIST;
    }
    return at == MAP_FAILED ? -errno : 0;
}

static long remap(long page, long to, long count)
{
    void *at = mremap(address(page), (size_t)count * PAGE, (size_t)count * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
                      address(to));
    return at == MAP_FAILED ? -errno : 0;
}

/* move_pages of each page to the node where it is not; what cannot be asked for its node is tried with node 1. */
static void migrate(long page, long count, int all, char *text, size_t size)
{
    void *pages[MOVE_PAGES_MAX];
    int nodes[MOVE_PAGES_MAX], statuses[MOVE_PAGES_MAX];
    count = count > MOVE_PAGES_MAX ? MOVE_PAGES_MAX : count;
    for (long i = 0; i < count; i++)
        pages[i] = address(page + i);
    syscall(SYS_move_pages, 0, count, pages, NULL, statuses, 0);
    for (long i = 0; i < count; i++) {
        nodes[i] = statuses[i] == 1 ? 0 : 1;
        statuses[i] = -ENODATA;
    }
    long result = syscall(SYS_move_pages, 0, count, pages, nodes, statuses, all ? 4 : 2);
    size_t used = (size_t)(result < 0 ? snprintf(text, size, "= -%s", name_of(-errno))
                                      : snprintf(text, size, "= %ld", result));
    for (long i = 0; i < count && used < size - 24; i++)
        used += (size_t)(statuses[i] < 0 ? snprintf(text + used, size - used, " -%s", name_of(statuses[i]))
                                         : snprintf(text + used, size - used, " %d", statuses[i]));
}

/* The mappings that [start, end) is in, from the first one's beginning to the last one's end. */
static void grow_to_mappings(unsigned long *start, unsigned long *end)
{
    static char maps[MAPS_MAX];
    unsigned long first = *start, last = *end, from, to;
    read_file("/proc/self/maps", maps, sizeof maps);
    for (char *rest = maps, *line; (line = strsep(&rest, "\n")) != NULL;)
        if (sscanf(line, "%lx-%lx", &from, &to) == 2 && from < last && to > first) {
            *start = from < *start ? from : *start;
            *end = to > *end ? to : *end;
        }
}

/* A userfaultfd on a range, which the next move in this process takes. */
static int ready = -1;

/* On whole mappings, so that it splits none: before 6.16 not all that are split merge again. */
static long make_ready(long to, long count)
{
    unsigned long start = (uintptr_t)address(to), end = (uintptr_t)address(to + count);
    grow_to_mappings(&start, &end);
    struct uffdio_api api = {.api = UFFD_API};
    struct uffdio_register range = {
        .range = {start, end - start}, .mode = UFFDIO_REGISTER_MODE_MISSING};
    ready = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
    if (ready < 0)
        return -errno;
    long result = failed(ioctl(ready, UFFDIO_API, &api));
    if (result == 0)
        result = failed(ioctl(ready, UFFDIO_REGISTER, &range));
    if (result < 0) {
        close(ready);
        ready = -1;
    }
    return result;
}

/* Closing the userfaultfd takes it off its range. */
static long move_by_userfault(long page, long to, long count)
{
    struct move move = {
        .dst = (uintptr_t)address(to), .src = (uintptr_t)address(page), .len = (uint64_t)count * PAGE};
    long result = ready >= 0 ? 0 : make_ready(to, count);
    if (result == 0) {
        result = failed(ioctl(ready, MOVE_IOCTL, &move));
        if (move.moved > 0)
            result = move.moved / (long)PAGE;
        close(ready);
        ready = -1;
    }
    return result;
}

/* The read end of a pipe that has a reference to the page. */
static long page_in_pipe(long page)
{
    struct iovec piece = {address(page), PAGE};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        return -errno;
    long result = vmsplice(ends[1], &piece, 1, 0) < 0 ? -errno : ends[0];
    close(ends[1]);
    if (result < 0)
        close(ends[0]);
    return result;
}

/* An io_uring with the page as its only registered buffer. */
static long page_in_ring(long page)
{
    struct io_uring_params parameters = {0};
    struct iovec piece = {address(page), PAGE};
    int ring = (int)syscall(SYS_io_uring_setup, 1, &parameters);
    if (ring < 0)
        return -errno;
    if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &piece, 1) < 0) {
        long result = -errno;
        close(ring);
        return result;
    }
    return ring;
}

static int make_access(char **word, const long *number, char *text, size_t size)
{
    volatile uint64_t *cell = (volatile uint64_t *)address(number[1]);
    if (!strcmp(word[0], "read")) {
        snprintf(text, size, "= %lu", *cell);
    } else if (!strcmp(word[0], "write")) {
        *cell = (uint64_t)number[2];
        snprintf(text, size, "= 0");
    } else if (!strcmp(word[0], "writezero")) {
        *cell = 0;
        snprintf(text, size, "= 0");
    } else {
        return 0;
    }
    return 1;
}

/* 1: no such call, and no call returns it but with another meaning that uffdmove has alone. */
static int make_range_call(char **word, const long *number, long *result)
{
    const char *name = word[0];
    long page = number[1], count = number[2];
    if (!strcmp(name, "map"))
        *result = map(page, count, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    else if (!strcmp(name, "mapshared") || !strcmp(name, "mapprivate"))
        *result = number[2] < 0 || number[2] >= world.files
            ? -EBADF
            : map(page, number[4], (name[3] == 's' ? MAP_SHARED : MAP_PRIVATE) | MAP_FIXED, files[number[2]], number[3]);
    else if (!strcmp(name, "munmap"))
        *result = failed(munmap(address(page), (size_t)count * PAGE));
    else if (!strcmp(name, "mlock"))
        *result = failed(mlock(address(page), (size_t)count * PAGE));
    else if (!strcmp(name, "munlock"))
        *result = failed(munlock(address(page), (size_t)count * PAGE));
    else if (!strcmp(name, "mprotect") && word[3])
        *result = protect(page, count, word[3]);
    else if (!strcmp(name, "madvise") && word[3])
        *result = advise(page, count, word[3]);
    else if (!strcmp(name, "mremap"))
        *result = remap(page, number[2], number[3]);
    else if (!strcmp(name, "uffdready"))
        *result = make_ready(page, count);
    else if (!strcmp(name, "uffdmove"))
        *result = move_by_userfault(page, number[2], number[3]);
    else
        return 0;
    return 1;
}

void make_call(char **word, const long *number, char *text, size_t size)
{
    long result;
    if (make_access(word, number, text, size))
        return;
    if (!strcmp(word[0], "migrate")) {
        migrate(number[1], number[2], word[3] != NULL, text, size);
        return;
    }
    if (!strcmp(word[0], "getpage") || !strcmp(word[0], "pin")) {
        result = word[0][0] == 'p' ? page_in_ring(number[1]) : page_in_pipe(number[1]);
        if (result >= 0) {
            snprintf(text, size, "fd %ld", result);
            return;
        }
    } else if (!strcmp(word[0], "close")) {
        result = failed(close((int)number[1]));
    } else if (!make_range_call(word, number, &result)) {
        snprintf(text, size, "= bad %s", word[0]);
        return;
    }
    if (result < 0)
        snprintf(text, size, "= -%s", name_of(result));
    else
        snprintf(text, size, "= %ld", result);
}
