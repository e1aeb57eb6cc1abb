/* References and pins that outlive the process that made them: the controller takes their files over. */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct held held[HELD_MAX];

static struct held *oldest(int mm, int name, int ring)
{
    for (int i = 0; i < HELD_MAX; i++)
        if (held[i].fd && held[i].mm == mm && held[i].name == name && held[i].ring == ring)
            return &held[i];
    return NULL;
}

/* Later ones move up, so that the first that fits is the oldest. */
static void forget(struct held *one)
{
    size_t after = (size_t)(held + HELD_MAX - (one + 1));
    memmove(one, one + 1, after * sizeof *one);
    memset(&held[HELD_MAX - 1], 0, sizeof *one);
}

/* Unregistering is waited for; closing an io_uring is not. */
static void drop(struct held *one)
{
    if (one->ring)
        syscall(SYS_io_uring_register, one->fd, IORING_UNREGISTER_BUFFERS, NULL, 0);
    close(one->fd);
    forget(one);
}

/* What has a name of its own takes the place of what was called so. */
void hold(int mm, int page, int name, int ring)
{
    char operation[32];
    struct held *free = held, *before;
    while (name >= 0 && (before = oldest(mm, name, ring)) != NULL)
        drop(before);
    while (free < held + HELD_MAX && free->fd)
        free++;
    if (free == held + HELD_MAX) {
        say("= bad more than %d references\n", HELD_MAX);
        return;
    }
    snprintf(operation, sizeof operation, "%s %d", ring ? "pin" : "getpage", page);
    const char *text = ask(mm, operation);
    if (strncmp(text, "fd ", 3) != 0) {
        say("%s\n", text);
        return;
    }
    int theirs = atoi(text + 3);
    long fd = syscall(SYS_pidfd_getfd, processes[mm].pidfd, theirs, 0);
    long result = fd < 0 ? -errno : 0;
    if (fd >= 0)
        *free = (struct held){mm, name < 0 ? page : name, (int)fd, ring, page};
    snprintf(operation, sizeof operation, "close %d", theirs);
    ask(mm, operation);
    say_result(result);
}

void give_back(int mm, int name, int ring)
{
    static uint64_t content[PAGE / sizeof(uint64_t)];
    struct held *one = oldest(mm, name, ring);
    if (one == NULL) {
        say("= -ENOENT\n");
        return;
    }
    if (!ring && read(one->fd, content, PAGE) != (ssize_t)PAGE) {
        say_result(-errno);
        return;
    }
    drop(one);
    say("= %lu\n", ring ? 0 : content[0]);
}

void release_all(void)
{
    while (held[0].fd)
        drop(&held[0]);
}

/* One fixed read or write between a file of the controller's and the buffer. All rings are alike, so the layout of a
 * fresh one is that of any. */
static long submit(int ring, int file, unsigned long address, int store)
{
    struct io_uring_params layout = {0};
    int like = (int)syscall(SYS_io_uring_setup, 1, &layout);
    if (like < 0)
        return -errno;
    close(like);
    size_t size = layout.cq_off.cqes + layout.cq_entries * sizeof(struct io_uring_cqe);
    char *queues = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
    struct io_uring_sqe *entry = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
    if (queues == MAP_FAILED || entry == MAP_FAILED)
        return -errno;
    unsigned *tail = (unsigned *)(queues + layout.sq_off.tail), *array = (unsigned *)(queues + layout.sq_off.array);
    unsigned *head = (unsigned *)(queues + layout.cq_off.head);
    unsigned mask = *(unsigned *)(queues + layout.cq_off.ring_mask);
    memset(entry, 0, sizeof *entry);
    entry->opcode = store ? IORING_OP_READ_FIXED : IORING_OP_WRITE_FIXED;
    entry->fd = file;
    entry->addr = address;
    entry->len = sizeof(uint64_t);
    array[0] = 0;
    __atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
    long result = syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0);
    if (result < 0) {
        result = -errno;
    } else {
        struct io_uring_cqe *done = (struct io_uring_cqe *)(queues + layout.cq_off.cqes) + (*head & mask);
        result = done->res;
        __atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
    }
    munmap(queues, size);
    munmap(entry, PAGE);
    return result;
}

void transfer(int mm, int name, long value, int store)
{
    struct held *one = oldest(mm, name, 1);
    uint64_t word = (uint64_t)value;
    if (one == NULL) {
        say("= -ENOENT\n");
        return;
    }
    int file = (int)syscall(SYS_memfd_create, "device", MFD_CLOEXEC);
    long result = pwrite(file, &word, sizeof word, 0) < 0 ? -errno : 0;
    if (result == 0)
        result = submit(one->fd, file, REGION + (unsigned long)one->page * PAGE, store);
    if (result >= 0 && pread(file, &word, sizeof word, 0) < 0)
        result = -errno;
    close(file);
    if (result < 0)
        say_result(result);
    else
        say("= %lu\n", store ? 0 : word);
}
