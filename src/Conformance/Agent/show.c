/* What the kernel shows of the processes' memory. */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#define PRESENT (1UL << 63)
#define SWAPPED (1UL << 62)
#define FRAME ((1UL << 55) - 1)
#define SEEN_MAX PAGES_MAX
#define DRAIN_MS 2000
#define WORKER_MS 3

static const char *const counter_names[5] = {"VmLck:", "RssAnon:", "RssFile:", "RssShmem:", "VmSwap:"};

static char vmstat[1 << 14];

/* The end of a write puts the page into a batch (folio_rotate_reclaimable), so that is waited for first. */
static void await_writeback(void)
{
    for (int waited = 0; waited < DRAIN_MS; waited++) {
        write_file("/proc/sys/vm/stat_refresh", "1");
        read_file("/proc/vmstat", vmstat, sizeof vmstat);
        char *line = strstr(vmstat, "\nnr_writeback ");
        if (line == NULL || strtol(line + 14, NULL, 10) == 0)
            break;
        poll(NULL, 0, 1);
    }
}

/* Slots of the swap device: 0 when it is off. */
static long slots_of_device(long *used)
{
    static char text[512];
    static int fd = -1;
    long size;
    if (fd < 0)
        fd = open("/proc/swaps", O_RDONLY | O_CLOEXEC);
    ssize_t count = pread(fd, text, sizeof text - 1, 0);
    text[count < 0 ? 0 : count] = 0;
    char *line = strchr(text, '\n');
    if (line == NULL || sscanf(line + 1, "%*s %*s %ld %ld", &size, used) != 2)
        return 0;
    *used /= 4;
    return size / 4;
}

/* move_pages() begins with lru_cache_disable(), which empties the batches of all cpus. Who takes the last slot wakes a
 * worker that empties the swap cache. */
void drain(void)
{
    static char own[PAGE] __attribute__((aligned(PAGE)));
    static int was_full;
    void *page = own;
    int node = 0, status = 0;
    own[0] = 1;
    if (world.async)
        await_writeback();
    syscall(SYS_move_pages, 0, 1UL, &page, &node, &status, 2);
    long used = 0, slots = slots_of_device(&used);
    int is_full = slots > 0 && used == slots;
    if (is_full && !was_full)
        poll(NULL, 0, WORKER_MS);
    was_full = is_full;
}

/* Frames are met again and again: the answers for one dump are kept. */
static struct seen {
    unsigned long frame, dump;
    uint64_t count, flags;
} seen[SEEN_MAX];
static unsigned long dumps;

static struct seen *seen_of(unsigned long frame)
{
    return &seen[frame % SEEN_MAX];
}

/* What there is to see of frames that follow each other; what is not known of one is asked of all at once. */
static void look_up(unsigned long frame, int number)
{
    static int counts = -1, flags = -1;
    static uint64_t count[PAGES_MAX], flag[PAGES_MAX];
    int known = 0;
    if (counts < 0) {
        counts = open("/proc/kpagecount", O_RDONLY | O_CLOEXEC);
        flags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
    }
    while (known < number && seen_of(frame + known)->dump == dumps && seen_of(frame + known)->frame == frame + known)
        known++;
    if (known == number)
        return;
    size_t size = (size_t)number * sizeof(uint64_t);
    off_t offset = (off_t)(frame * sizeof(uint64_t));
    if (pread(counts, count, size, offset) != (ssize_t)size)
        memset(count, -1, size);
    if (pread(flags, flag, size, offset) != (ssize_t)size)
        memset(flag, 0, size);
    for (int i = 0; i < number; i++)
        *seen_of(frame + i) = (struct seen){frame + i, dumps, count[i], flag[i]};
}

/* How many pages from the first on have entries that follow each other. */
static int run_length(const uint64_t *entries, int first)
{
    int last = first + 1;
    uint64_t entry = entries[first], step = entry & PRESENT ? 1 : 32;
    while (last < world.pages && entries[last] == entry + (uint64_t)(last - first) * step)
        last++;
    return last - first;
}

/* How many of those frames are alike. */
static int alike(unsigned long frame, int number)
{
    int same = 1;
    while (same < number && seen_of(frame + same)->count == seen_of(frame)->count
           && seen_of(frame + same)->flags == seen_of(frame)->flags)
        same++;
    return same;
}

static void dump_pages(int mm)
{
    static uint64_t entries[PAGES_MAX];
    size_t size = (size_t)world.pages * sizeof entries[0];
    if (pread(processes[mm].pagemap, entries, size, (off_t)(REGION / PAGE * sizeof entries[0])) != (ssize_t)size)
        return;   /* it is exiting */
    for (int page = 0; page < world.pages;) {
        uint64_t entry = entries[page];
        unsigned bits = (unsigned)(entry >> 55);
        if (!(entry & (PRESENT | SWAPPED))) {
            page++;
            continue;
        }
        int count = run_length(entries, page);
        if (entry & PRESENT) {
            look_up(entry & FRAME, count);
            count = alike(entry & FRAME, count);
        }
        say("P%d %d", mm, page);
        if (count > 1)
            say("+%d", count);
        if (entry & PRESENT) {
            const struct seen *frame = seen_of(entry & FRAME);
            say(" present pfn=%lx map=%ld flags=%lx bits=%x\n", entry & FRAME, (long)frame->count, frame->flags,
                bits);
        } else {
            say(" swap type=%lu off=%lu bits=%x\n", entry & 31, entry >> 5 & ((1UL << 50) - 1), bits);
        }
        page += count;
    }
}

/* The region comes first, so reading stops behind it. The kernel fills a read as far as it can: small ones cost less. */
static void dump_vmas(int mm)
{
    static char text[1 << 12];
    size_t used = 0;
    ssize_t count;
    unsigned long end = REGION + (unsigned long)world.pages * PAGE, from, to;
    char permissions[8];
    lseek(processes[mm].smaps, 0, SEEK_SET);
    while ((count = read(processes[mm].smaps, text + used, 800)) > 0) {
        char *line = text, *newline;
        used += (size_t)count;
        text[used] = 0;
        while ((newline = strchr(line, '\n')) != NULL) {
            *newline = 0;
            if (!strncmp(line, "VmFlags: ", 9)) {
                size_t length = strlen(line);
                while (length > 0 && line[length - 1] == ' ')
                    line[--length] = 0;
                say(" %s\n", line + 9);
            } else if ((*line < 'A' || *line > 'Z') && sscanf(line, "%lx-%lx %7s", &from, &to, permissions) == 3) {
                if (from >= end)
                    return;
                say("V%d %lu %lu %s", mm, (from - REGION) / PAGE, (to - from) / PAGE, permissions);
            }
            line = newline + 1;
        }
        used = (size_t)(text + used - line);
        memmove(text, line, used);
    }
}

void read_counters(int mm, long counters[5])
{
    static char text[4096];
    ssize_t count = pread(processes[mm].status, text, sizeof text - 1, 0);
    text[count < 0 ? 0 : count] = 0;
    for (int i = 0; i < 5; i++) {
        char *at = strstr(text, counter_names[i]);
        counters[i] = at ? strtol(at + strlen(counter_names[i]), NULL, 10) / 4 : 0;
    }
}

/* Before 6.17 the kernel shows sums that lack what is still in the cpus' own counters. */
static int has_exact_sums(void)
{
    static int exact = -1, major, minor;
    struct utsname name;
    if (exact < 0) {
        uname(&name);
        sscanf(name.release, "%d.%d", &major, &minor);
        exact = major > 6 || (major == 6 && minor >= 17);
    }
    return exact;
}

static void dump_process(int mm)
{
    static const char *const names[5] = {"locked", "rss_anon", "rss_file", "rss_shmem", "swap"};
    long counters[5];
    int shown = has_exact_sums() ? 5 : 1;
    read_counters(mm, counters);
    say("M%d", mm);
    for (int i = 0; i < shown; i++)
        say(" %s=%ld", names[i], counters[i] - processes[mm].own[i]);
    say("\n");
}

static void dump_swap(void)
{
    long used, slots = slots_of_device(&used);
    if (slots > 0)
        say("W size=%ld used=%ld\n", slots, used);
    else
        say("W none\n");
}

/* New messages of the kernel itself, up to that level; of a level below 0 none, which passes over all there are. */
void show_messages(int level)
{
    static int fd = -1;
    static char text[8192];
    ssize_t count;
    if (fd < 0)
        fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    while ((count = read(fd, text, sizeof text - 1)) > 0 || (count < 0 && errno == EPIPE)) {
        text[count < 0 ? 0 : count] = 0;
        char *message = strchr(text, ';');
        long priority = strtol(text, NULL, 10);
        if (message == NULL || priority > level)
            continue;
        *strchrnul(message, '\n') = 0;
        say("K%ld %s\n", priority, message + 1);
    }
}

void dump(void)
{
    dumps++;
    for (int mm = 0; mm < MMS; mm++)
        if (processes[mm].pid)
            dump_pages(mm);
    for (int mm = 0; mm < MMS; mm++)
        if (processes[mm].pid)
            dump_vmas(mm);
    for (int mm = 0; mm < MMS; mm++)
        if (processes[mm].pid)
            dump_process(mm);
    dump_swap();
    show_messages(WARNINGS);
}

void show_counters(char **names, int count)
{
    write_file("/proc/sys/vm/stat_refresh", "1");
    read_file("/proc/vmstat", vmstat, sizeof vmstat);
    for (char *rest = vmstat, *line; (line = strsep(&rest, "\n")) != NULL;) {
        char *space = strchr(line, ' ');
        for (int i = 0; space && i < count; i++)
            if (strlen(names[i]) == (size_t)(space - line) && !strncmp(names[i], line, strlen(names[i])))
                say("%s\n", line);
    }
}

/* Lines of /proc/kallsyms: ffffffff81000000 T name */
void show_symbols(char **names, int count)
{
    FILE *symbols = fopen("/proc/kallsyms", "re");
    char line[512];
    while (symbols && fgets(line, sizeof line, symbols)) {
        char *name = line + strcspn(line, " ") + 3;
        size_t length = strcspn(name, "\t\n");
        for (int i = 0; i < count; i++)
            if (strlen(names[i]) == length && !strncmp(names[i], name, length))
                say("%.*s %.*s\n", (int)length, name, (int)strcspn(line, " "), line);
    }
    if (symbols)
        fclose(symbols);
}
