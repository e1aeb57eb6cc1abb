/* The world that a program begins in: one process, files, a swap device, memory cgroups. */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <unistd.h>

#define THP "/sys/kernel/mm/transparent_hugepage/"
#define KSM "/sys/kernel/mm/ksm/"
#define END_MS 4000
#define SWAPOFF_TRIES 10
#define CLUSTER 512                  /* slots that a THP takes, side by side (SWAPFILE_CLUSTER) */
#define SLOTS_MAX 16384
#define FILE_PAGES 4                 /* most pages of a file of the engine (Inode.PagesMax) */

struct world world;
int files[FILES] = {-1, -1};
const char *swap_device;

static struct {
    int on, slots, async;
} swap;
static char thp[64];

/* khugepaged goes once over all processes when it is given the first one, and then sleeps for ever: it gets that over
 * with now, and does not collapse what a program has. */
static void tire_khugepaged(void)
{
    size_t length = 2UL << 21;
    char text[32] = "0";
    char *some = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (some == MAP_FAILED || madvise(some, length, MADV_HUGEPAGE))
        return;
    some[0] = some[length / 2] = 1;   /* the first fault of a range that may be huge tells khugepaged of it */
    for (int waited = 0; waited < END_MS && !strtol(text, NULL, 10); waited++) {
        poll(NULL, 0, 1);
        if (read_file(THP "khugepaged/full_scans", text, sizeof text) < 0)
            break;
    }
    munmap(some, length);
}

/* What the kernel does by itself, and would not do the same twice, is off. */
void make_world_ready(const char *command_line)
{
    static const char *const settings[][2] = {
        {"/proc/sys/vm/page-cluster", "0"},
        {"/proc/sys/vm/compaction_proactiveness", "0"},
        {"/proc/sys/vm/watermark_boost_factor", "0"},
        {"/proc/sys/vm/swappiness", "100"},
        {"/proc/sys/vm/dirty_writeback_centisecs", "0"},
        {"/sys/block/ram0/queue/read_ahead_kb", "0"},
        {"/proc/sys/kernel/numa_balancing", "0"},
        {"/proc/sys/kernel/kptr_restrict", "0"},
        {"/sys/kernel/mm/lru_gen/enabled", "0"},
        {THP "enabled", "madvise"},
        {THP "shmem_enabled", "never"},
        {THP "khugepaged/defrag", "0"},
        {THP "khugepaged/scan_sleep_millisecs", "4000000000"},
        {THP "use_zero_page", "0"},
        {THP "split_underused_thp", "0"},
        {KSM "pages_to_scan", "100000"},
        {KSM "sleep_millisecs", "1"},
        {KSM "smart_scan", "0"},
        {"/sys/block/zram0/disksize", "64M"},
        {"/cg/cgroup.subtree_control", "+memory"}};
    for (unsigned i = 0; i < sizeof settings / sizeof settings[0]; i++)
        write_file(settings[i][0], settings[i][1]);   /* older kernels lack some of them */
    tire_khugepaged();
    if (strstr(command_line, "agent.lru=gen"))
        write_file("/sys/kernel/mm/lru_gen/enabled", "7");
    mkdir("/cg/w", 0755);
    write_file("/cg/w/cgroup.subtree_control", "+memory");
    char image[PAGE];
    int from = open("/disk.img", O_RDONLY | O_CLOEXEC), to = open("/dev/ram0", O_WRONLY | O_CLOEXEC);
    ssize_t count;
    while (from >= 0 && to >= 0 && (count = read(from, image, sizeof image)) > 0)
        if (write(to, image, (size_t)count) != count)
            note("agent: /dev/ram0: %s\n", name_of(-errno));
    close(from);
    close(to);
    unlink("/disk.img");
    mkdir("/disk", 0755);
    mount("/dev/ram0", "/disk", "ext2", 0, NULL);   /* without it, files of that type cannot be had */
}

/* The agent has no signals, but kernels now and then say that one is pending. */
int swap_off(void)
{
    int result = -1;
    for (int tries = 0; result < 0 && tries < SWAPOFF_TRIES; tries++) {
        result = swapoff(swap_device);
        if (result < 0 && errno != EINTR)
            return -errno;
    }
    if (result < 0)
        return -EINTR;
    swap.on = 0;
    return 0;
}

/* A fresh swap area of just the wanted number of slots, whatever the size of the device. The header takes one of the
 * first cluster; where a cluster's worth of slots is wanted, all of that are bad, so that each THP has room that is in
 * the rest. An area that is in use cannot be written to, so that the call is not even reached. */
int swap_on(void)
{
    if (swap.on)
        return -EBUSY;
    static char header[PAGE];
    uint32_t version = 1, bad = swap.slots < CLUSTER ? 0 : CLUSTER - 1, last = (uint32_t)swap.slots + bad;
    int fd = open(swap_device, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    memcpy(header + 1024, &version, sizeof version);
    memcpy(header + 1028, &last, sizeof last);
    memcpy(header + 1032, &bad, sizeof bad);
    for (uint32_t i = 1; i <= bad; i++)
        memcpy(header + 1532 + 4 * i, &i, sizeof i);
    memcpy(header + PAGE - 10, "SWAPSPACE2", 10);
    int result = pwrite(fd, header, PAGE, 0) < 0 || fsync(fd) ? -errno : 0;
    close(fd);
    if (result == 0 && swapon(swap_device, 0))
        result = -errno;
    swap.on = result == 0;
    return result;
}

static int renew_swap(void)
{
    if (swap.on && swap.slots == world.slots && swap.async == world.async)
        return 0;
    int result = swap.on ? swap_off() : 0;
    swap.slots = world.slots;
    swap.async = world.async;
    swap_device = world.async ? "/dev/vda" : "/dev/zram0";
    return result == 0 && swap.slots > 0 ? swap_on() : result;
}

/* Files of a disk have their blocks, and other content in each, as those of the engine. */
static int renew_files(void)
{
    static int64_t content[PAGE / sizeof(int64_t)];
    for (int i = 0; i < FILES; i++) {
        char path[32];
        if (files[i] >= 0)
            close(files[i]);
        files[i] = -1;
        if (i >= world.files)
            continue;
        int shmem = !strcmp(world.filetype, "shmem");
        snprintf(path, sizeof path, "/%s/f%d", world.filetype, i);
        files[i] = shmem ? memfd_create("f", MFD_CLOEXEC)
                         : open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (files[i] < 0 || ftruncate(files[i], world.filepages * (off_t)PAGE))
            return -errno;
        if (shmem)
            continue;
        unlink(path);
        if (strcmp(world.filetype, "disk") != 0)
            continue;
        for (int page = 0; page < world.filepages; page++) {
            content[0] = -1 - page - i * FILE_PAGES;
            if (pwrite(files[i], content, PAGE, page * (off_t)PAGE) < 0)
                return -errno;
        }
        fsync(files[i]);
        posix_fadvise(files[i], 0, 0, POSIX_FADV_DONTNEED);
    }
    return 0;
}

static int renew_groups(void)
{
    for (int i = 0; i < GROUPS; i++) {
        char path[32];
        snprintf(path, sizeof path, "/cg/w/g%d", i);
        if (i >= world.memcgs)
            rmdir(path);
        else if (mkdir(path, 0755) && errno != EEXIST)
            return -errno;
    }
    return 0;
}

/* The sizes in kB, separated by commas, in which faults of anonymous memory allocate large folios. */
static void renew_thp(void)
{
    char path[128], size[8], wanted[80];
    if (!strcmp(thp, world.thp))
        return;
    snprintf(thp, sizeof thp, "%s", world.thp);
    snprintf(wanted, sizeof wanted, ",%s,", world.thp);
    for (int kilobytes = 16; kilobytes <= 2048; kilobytes *= 2) {
        snprintf(size, sizeof size, ",%d,", kilobytes);
        int on = strstr(wanted, size) != NULL;
        snprintf(path, sizeof path, THP "hugepages-%dkB/enabled", kilobytes);
        if (write_file(path, on ? "always" : kilobytes == 2048 ? "inherit" : "never") && kilobytes == 2048)
            write_file(THP "enabled", on ? "always" : "madvise");   /* kernels before 6.8 */
    }
}

static int end_all(void)
{
    int result = 0;
    for (int mm = 0; mm < MMS; mm++)
        if (processes[mm].pid)
            kill(processes[mm].pid, SIGKILL);
    for (int mm = 0; mm < MMS; mm++)
        if (processes[mm].pid && bury(mm, END_MS) < 0)
            result = -1;
    for (int number = 1; number < THREADS; number++)
        if (processes[SELF].thread[number].pending && !strcmp(await(SELF, number, END_MS), "= busy"))
            result = -1;
    release_all();
    return result;
}

static void read_settings(char **words, int count)
{
    struct {
        const char *key;
        int *value, most;
    } keys[] = {{"pages=", &world.pages, PAGES_MAX}, {"files=", &world.files, FILES},
                {"filepages=", &world.filepages, PAGES_MAX}, {"slots=", &world.slots, SLOTS_MAX},
                {"memcgs=", &world.memcgs, GROUPS}, {"async=", &world.async, 1}, {"map=", &world.mapped, 1}};
    world = (struct world){16, 1, 4, 16, 1, 0, 1, "shmem", "never"};
    for (int i = 0; i < count; i++) {
        sscanf(words[i], "filetype=%7s", world.filetype);
        sscanf(words[i], "thp=%63s", world.thp);
        for (unsigned key = 0; key < sizeof keys / sizeof keys[0]; key++) {
            size_t length = strlen(keys[key].key);
            if (strncmp(words[i], keys[key].key, length))
                continue;
            long value = strtol(words[i] + length, NULL, 10);
            *keys[key].value = value < 0 ? 0 : value > keys[key].most ? keys[key].most : (int)value;
        }
    }
}

void reset(char **words, int count)
{
    char operation[32];
    read_settings(words, count);
    if (end_all()) {
        say("= late\n");
        return;
    }
    int result = renew_swap();
    if (result == 0)
        result = renew_groups();
    if (result == 0)
        result = renew_files();
    if (result < 0) {
        say_result(result);
        return;
    }
    start_worker(0);
    renew_thp();
    snprintf(operation, sizeof operation, "map 0 %d", world.pages);
    say("%s\n", processes[0].pid == 0 ? "= -EAGAIN" : world.mapped ? ask(0, operation) : "= 0");
    show_messages(WARNINGS);   /* what the end of the last world has led to is not the next one's */
}

long run_ksm(int scans)
{
    char text[32];
    long first = -1, done = 0;
    long result = write_file(KSM "run", "1");
    for (int waited = 0; result == 0 && waited < END_MS && done - first < scans; waited++) {
        result = read_file(KSM "full_scans", text, sizeof text) < 0 ? -EIO : 0;
        done = strtol(text, NULL, 10);
        first = first < 0 ? done : first;
        poll(NULL, 0, 1);
    }
    write_file(KSM "run", "0");
    return result < 0 ? result : done - first < scans ? -ETIMEDOUT : 0;
}
