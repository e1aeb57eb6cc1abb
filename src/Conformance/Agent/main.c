/* Process 1: sets the guest up, reads lines from the channel, and has each operation done. */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CHANNEL "/dev/vport0p1"
#define CHANNEL_MS 5000
#define SAID_MAX 8192
#define MODULES_MAX 100
#define WORDS_MAX 16

static int channel;
static struct {
    char text[1 << 14];
    size_t used;
} outputs[THREADS];                  /* of the controller's threads; the first one's goes to the channel */
static __thread int own_output;

static void write_all(int fd, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(fd, bytes, count);
        if (written > 0) {
            bytes += written;
            count -= (size_t)written;
        } else if (errno != EINTR && errno != EAGAIN) {
            return;
        }
    }
}

static void flush(void)
{
    write_all(channel, outputs[0].text, outputs[0].used);
    outputs[0].used = 0;
}

void say(const char *format, ...)
{
    va_list arguments;
    size_t *used = &outputs[own_output].used;
    if (own_output == 0 && *used > sizeof outputs[0].text - SAID_MAX)
        flush();
    va_start(arguments, format);
    *used += (size_t)vsnprintf(outputs[own_output].text + *used, SAID_MAX, format, arguments);
    va_end(arguments);
}

void say_result(long result)
{
    if (result < 0)
        say("= -%s\n", name_of(result));
    else
        say("= %ld\n", result);
}

/* To the kernel's log, and so to the console: for what is wrong with the guest itself. */
void note(const char *format, ...)
{
    char text[512];
    va_list arguments;
    int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
    va_start(arguments, format);
    int count = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    write_all(fd, text, (size_t)count);
    close(fd);
}

int read_file(const char *path, char *buffer, size_t size)
{
    size_t used = 0;
    ssize_t count = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    while (used < size - 1 && (count = read(fd, buffer + used, size - 1 - used)) > 0)
        used += (size_t)count;
    int result = count < 0 ? -errno : (int)used;
    close(fd);
    buffer[used] = 0;
    return result;
}

int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t count = write(fd, text, strlen(text));
    int result = count < 0 ? -errno : 0;
    close(fd);
    return result;
}

static long write_number(const char *path, long number)
{
    char text[32];
    snprintf(text, sizeof text, "%ld", number);
    return write_file(path, text);
}

static long split(int mm, long page, long count, const char *order)
{
    char text[128];
    unsigned long start = REGION + (unsigned long)page * PAGE;
    if (processes[mm].pid == 0)
        return -ESRCH;
    snprintf(text, sizeof text, "%d,0x%lx,0x%lx%s%s", processes[mm].pid, start, start + (unsigned long)count * PAGE,
             order ? "," : "", order ? order : "");
    return write_file("/sys/kernel/debug/split_huge_pages", text);
}

static long move_to_group(int mm, long group)
{
    char path[64];
    if (processes[mm].pid == 0)
        return -ESRCH;
    snprintf(path, sizeof path, "/cg/w/g%ld/cgroup.procs", group);
    return write_number(path, processes[mm].pid);
}

static long remove_group(long group)
{
    char path[64];
    snprintf(path, sizeof path, "/cg/w/g%ld", group);
    return rmdir(path) ? -errno : 0;
}

/* As direct I/O does: the page is read and written past the page cache, unchanged. */
static long invalidate(int file, long first, long count)
{
    static char page[PAGE] __attribute__((aligned(PAGE)));
    char path[64];
    long result = 0;
    snprintf(path, sizeof path, "/proc/self/fd/%d", files[file]);
    int fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    for (long i = first; i < first + count && result == 0; i++) {
        off_t offset = i * (off_t)PAGE;
        if (pread(fd, page, PAGE, offset) < 0 || pwrite(fd, page, PAGE, offset) < 0)
            result = -errno;
    }
    close(fd);
    return result;
}

/* M, or M/T, or -/T: which thread of which process. */
static int find_thread(const char *word, int *mm, int *number)
{
    *mm = word[0] == '-' ? SELF : word[0] - '0';
    *number = word[1] == '/' ? word[2] - '0' : 0;
    return *mm >= 0 && *mm <= SELF && *number >= 0 && *number < THREADS && word[word[1] == '/' ? 3 : 1] == 0;
}

static long pin_to_cpu(const char *word, int cpu)
{
    cpu_set_t set;
    int mm, number;
    if (!find_thread(word, &mm, &number) || !processes[mm].pid || !has_thread(mm, number))
        return -ESRCH;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    return sched_setaffinity(processes[mm].thread[number].tid, sizeof set, &set) ? -errno : 0;
}

static long call(long result)
{
    return result < 0 ? -errno : 0;
}

/* The operations of the files; a file that the world does not have is the host's mistake. */
static int do_file_operation(char **word, const long *number)
{
    static const char *const names[] = {"truncate", "punch", "invalidate", "writeback"};
    unsigned which = 0;
    while (which < 4 && strcmp(word[0], names[which]) != 0)
        which++;
    if (which == 4)
        return 0;
    if (number[1] < 0 || number[1] >= world.files) {
        say("= bad file\n");
        return 1;
    }
    int fd = files[number[1]];
    switch (which) {
    case 0:
        say_result(call(ftruncate(fd, number[2] * (off_t)PAGE)));
        break;
    case 1:
        say_result(call(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, number[2] * (off_t)PAGE,
                                  number[3] * (off_t)PAGE)));
        break;
    case 2:
        say_result(invalidate((int)number[1], number[2], number[3]));
        break;
    default:
        say_result(call(fsync(fd)));
        break;
    }
    return 1;
}

/* The operations of the whole system. */
static int do_system_operation(char **word, int count, const long *number)
{
    const char *name = word[0];
    if (!strcmp(name, "reset")) {
        reset(word + 1, count - 1);
    } else if (!strcmp(name, "swapoff")) {
        say_result(swap_off());
    } else if (!strcmp(name, "swapon")) {
        say_result(swap_on());
    } else if (!strcmp(name, "offline")) {
        say_result(remove_group(number[1]));
    } else if (!strcmp(name, "reclaim")) {
        say_result(write_number("/cg/w/memory.reclaim", number[1] * (long)PAGE));
    } else if (!strcmp(name, "dropcaches")) {
        say_result(write_number("/proc/sys/vm/drop_caches", number[1]));
    } else if (!strcmp(name, "compact")) {
        say_result(write_file("/proc/sys/vm/compact_memory", "1"));
    } else if (!strcmp(name, "ksm")) {
        say_result(run_ksm(count > 1 ? (int)number[1] : 3));
    } else if (!strcmp(name, "cpu") && count == 3) {
        say_result(pin_to_cpu(word[1], (int)number[2]));
    } else if (!strcmp(name, "drain")) {
        drain();
        say("= 0\n");
    } else {
        return 0;
    }
    return 1;
}

static void show_file(const char *path)
{
    char text[PAGE], last = '\n';
    ssize_t count;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    say_result(fd < 0 ? -errno : 0);
    while (fd >= 0 && (count = read(fd, text, sizeof text)) > 0) {
        flush();
        write_all(channel, text, (size_t)count);
        last = text[count - 1];
    }
    if (last != '\n')
        say("\n");
    close(fd);
}

/* What only shows something. */
static int do_question(char **word, int count)
{
    const char *name = word[0];
    if (!strcmp(name, "dump")) {
        say("= 0\n");
        dump();
    } else if (!strcmp(name, "ping")) {
        say("= 0\n");
    } else if (!strcmp(name, "vmstat")) {
        say("= 0\n");
        show_counters(word + 1, count - 1);
    } else if (!strcmp(name, "symbols")) {
        say("= 0\n");
        show_symbols(word + 1, count - 1);
    } else if (!strcmp(name, "pids")) {
        say("= 0\n");
        for (int mm = 0; mm < MMS; mm++)
            if (processes[mm].pid)
                say("%d %d\n", mm, processes[mm].pid);
    } else if (!strcmp(name, "cat") && count == 2) {
        show_file(word[1]);
    } else if (!strcmp(name, "put") && count == 3) {
        say_result(write_file(word[1], word[2]));
    } else if (!strcmp(name, "off")) {
        say("= 0\n.\n");
        flush();
        reboot(RB_POWER_OFF);
    } else {
        return 0;
    }
    return 1;
}

/* An operation of process M that the controller does, or has the process do. */
static void do_process_operation(char **word, int count, const long *number)
{
    char text[LINE_MAX] = "";
    int mm, thread, start = !strcmp(word[0], "start"), collect = !strcmp(word[0], "collect");
    if (count < 2 || !find_thread(word[1], &mm, &thread) || (!start && !collect && (thread || mm == SELF))
        || (mm == SELF && !thread)) {
        say("= bad %s\n", word[0]);
    } else if (processes[mm].pid == 0) {
        say("= none\n");
    } else if (collect) {
        say("%s\n", await(mm, thread, (int)number[2]));
    } else if (start ? processes[mm].thread[thread].pending || !has_thread(mm, thread) : is_busy(mm)) {
        say("= busy\n");
    } else if (start && count > 3 && !strcmp(word[2], "fork")
               && (number[3] < 0 || number[3] >= MMS || processes[number[3]].pid)) {
        say("= bad child\n");
    } else if (!strcmp(word[0], "fork")) {
        say("%s\n", fork_worker(mm, (int)number[2]));
    } else if (!strcmp(word[0], "exit")) {
        say("%s\n", ask(mm, "exit"));
    } else if (!strcmp(word[0], "split")) {
        say_result(split(mm, number[2], number[3], count > 4 ? word[4] : NULL));
    } else if (!strcmp(word[0], "attach")) {
        say_result(move_to_group(mm, number[2]));
    } else if (!strcmp(word[0], "getpage") || !strcmp(word[0], "pin")) {
        hold(mm, (int)number[2], count > 3 ? (int)number[3] : -1, word[0][0] == 'p');
    } else {
        for (int i = start ? 2 : 0; i < count; i++) {
            if (i == 1)
                continue;
            strcat(text, word[i]);
            strcat(text, " ");
        }
        if (start)
            begin(mm, thread, text);
        say("%s\n", start ? "= 0" : ask(mm, text));
    }
}

static void do_operation(char *text)
{
    char *word[WORDS_MAX + 1] = {NULL}, *rest = text;
    long number[WORDS_MAX + 1] = {0};
    int count = 0;
    while (count < WORDS_MAX && (word[count] = strtok_r(NULL, " \r", &rest)) != NULL) {
        number[count] = strtol(word[count], NULL, 0);
        count++;
    }
    if (count == 0)
        return;
    if (do_file_operation(word, number) || do_system_operation(word, count, number) || do_question(word, count))
        return;
    if (!strcmp(word[0], "putpage") || !strcmp(word[0], "unpin"))
        give_back((int)number[1], (int)number[2], word[0][0] == 'u');
    else if (!strcmp(word[0], "dmawrite") || !strcmp(word[0], "dmaread"))
        transfer((int)number[1], (int)number[2], number[3], word[0][3] == 'w');
    else
        do_process_operation(word, count, number);
}

/* What an operation says that a thread of the controller does, beside what else goes on; one line of it. */
const char *do_apart(char *text)
{
    own_output = thread_number();
    outputs[own_output].used = 0;
    do_operation(text);
    outputs[own_output].text[strcspn(outputs[own_output].text, "\n")] = 0;
    return outputs[own_output].text;
}

static int read_line(char *line, size_t size)
{
    static char input[PAGE];
    static size_t length, position;
    size_t used = 0;
    for (;;) {
        if (position == length) {
            ssize_t count = read(channel, input, sizeof input);
            if (count <= 0)
                reboot(RB_POWER_OFF);   /* the host is gone */
            length = (size_t)count;
            position = 0;
        }
        char next = input[position++];
        if (next == '\n') {
            line[used] = 0;
            return position == length;
        }
        if (used < size - 1)
            line[used++] = next;
    }
}

/* Their names begin with numbers, in the order of their dependencies. */
static void load_modules(void)
{
    for (int number = 0; number < MODULES_MAX; number++) {
        char pattern[32], *path;
        glob_t found;
        snprintf(pattern, sizeof pattern, "/modules/%02d-*", number);
        if (glob(pattern, 0, NULL, &found))
            return;
        path = found.gl_pathv[0];
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (syscall(SYS_finit_module, fd, strstr(path, "brd") ? "rd_nr=1 rd_size=1024" : "", 0))
            note("agent: %s: %s\n", path, name_of(-errno));
        close(fd);
        unlink(path);
        globfree(&found);
    }
}

int main(void)
{
    static char command_line[2048];
    char line[LINE_MAX * 4];
    static const char *const mounts[][2] = {
        {"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}, {"debugfs", "/sys/kernel/debug"},
        {"ramfs", "/ram"}, {"cgroup2", "/cg"}};
    for (unsigned i = 0; i < sizeof mounts / sizeof mounts[0]; i++) {
        mkdir(mounts[i][1], 0755);
        if (mount(mounts[i][0], mounts[i][1], mounts[i][0], 0, NULL))
            note("agent: %s: %s\n", mounts[i][1], name_of(-errno));
    }
    signal(SIGPIPE, SIG_IGN);
    load_modules();
    read_file("/proc/cmdline", command_line, sizeof command_line);
    make_world_ready(command_line);
    for (int waited = 0; (channel = open(CHANNEL, O_RDWR | O_CLOEXEC)) < 0 && waited < CHANNEL_MS; waited++)
        poll(NULL, 0, 1);
    if (channel < 0)
        note("agent: %s: %s\n", CHANNEL, name_of(-errno));
    open_sockets();
    remember_own_memory();
    show_messages(-1);
    say("READY\n.\n");
    flush();
    for (;;) {
        int last = read_line(line, sizeof line);
        char *rest = line, *operation;
        while ((operation = strsep(&rest, ";")) != NULL)
            do_operation(operation);
        say(".\n");
        if (last)
            flush();
    }
}
