/* A process mm0..mm3: makes the calls that concern its memory. And how the controller starts, asks and ends it. */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calls.h"

#define ANSWER_MS 4000
#define READY_MS 15000               /* of a child that somebody watches step by step */
#define ANSWER_MAX 512
#define OWN_RANGES_MAX 16
#define STACK_SIZE 32768

struct process processes[MMS + 1];

static struct {
    unsigned long start, end;
} own_ranges[OWN_RANGES_MAX];
static int own_range_count;

static __thread sigjmp_buf before_access;
static __thread volatile sig_atomic_t accessing, raised;
static __thread int self, self_thread;

/* ------------------------------------------------------------------------------------------------ in the process */

static void answer(const char *format, ...)
{
    char text[ANSWER_MAX];
    va_list arguments;
    va_start(arguments, format);
    int count = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    send(processes[self].thread[self_thread].socket[1], text, (size_t)count + 1, MSG_NOSIGNAL);
}

/* A poisoned page may raise SIGBUS when nothing is accessed: that is no answer to anything. */
static void on_signal(int number)
{
    if (accessing) {
        raised = number;
        siglongjmp(before_access, 1);
    }
}

/* What a process uses itself must neither go to swap nor come and go in its counters. */
static void lock_own_memory(void)
{
    for (int i = 0; i < own_range_count; i++)
        mlock((void *)own_ranges[i].start, own_ranges[i].end - own_ranges[i].start);
}

static void enter(int mm)
{
    self = mm;
    self_thread = 0;
    lock_own_memory();
    answer("ready");
}

/* The child goes on where its parent is, as another process. */
static void make_child(int child)
{
    long pid = syscall(SYS_clone, CLONE_PARENT_FLAG | SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0)
        enter(child);
    else
        answer("%ld", pid < 0 ? -errno : pid);
}

static int serve_as_thread(void *number);

/* The number of the thread that makes a call, for what each of them needs one of. */
int thread_number(void)
{
    return self_thread;
}

static void serve(void)
{
    char line[LINE_MAX], text[ANSWER_MAX];
    ssize_t count;
    while ((count = recv(processes[self].thread[self_thread].socket[1], line, sizeof line - 1, 0)) > 0) {
        char *word[WORDS] = {NULL}, *rest = line;
        long number[WORDS] = {0};
        line[count] = 0;
        if (self == SELF) {
            answer("%s", do_apart(line));
            continue;
        }
        for (int i = 0; i < WORDS && (word[i] = strtok_r(NULL, " ", &rest)) != NULL; i++)
            number[i] = strtol(word[i], NULL, 0);
        if (word[0] == NULL) {
            answer("= bad start");
        } else if (!strcmp(word[0], "exit")) {
            _exit(0);
        } else if (!strcmp(word[0], "fork")) {
            make_child((int)number[1]);
        } else if (!strcmp(word[0], "thread")) {
            answer("%ld", start_thread((int)number[1], serve_as_thread, (void *)number[1]));
        } else if (sigsetjmp(before_access, 1)) {
            accessing = 0;
            answer("= sig%d", raised);
        } else {
            accessing = 1;
            make_call(word, number, text, sizeof text);
            accessing = 0;
            answer("%s", text);
        }
    }
    _exit(0);
}

static int serve_as_thread(void *number)
{
    self_thread = (int)(long)number;
    answer("ready");
    serve();
    return 0;
}

void become_worker(int mm)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_NODEFER};
    sigaction(SIGBUS, &action, NULL);
    sigaction(SIGSEGV, &action, NULL);
    enter(mm);
    serve();
}

/* ----------------------------------------------------------------------------------------------- in the controller */

const char *name_of(long negative)
{
    static char text[24];
    const char *name = strerrorname_np((int)-negative);
    if (name == NULL) {
        snprintf(text, sizeof text, "%ld", -negative);
        name = text;
    }
    return name;
}

/* A private mapping of a file is copied by fork only when one of its pages was copied on write. With that, children
 * have the text mapped from the start, and what they use of it does not show in their counters. */
static void keep_in_children(unsigned long start, unsigned long end, int protection)
{
    mprotect((void *)start, end - start, PROT_READ | PROT_WRITE | PROT_EXEC);
    for (volatile char *page = (volatile char *)start; page < (volatile char *)end; page += PAGE)
        (void)*page;
    *(volatile char *)start = *(volatile char *)start;
    mprotect((void *)start, end - start, protection);
}

/* The ranges are the same in all processes, as these are copies of the controller. */
void remember_own_memory(void)
{
    static char maps[4096];
    volatile char stack[STACK_SIZE];
    for (unsigned long i = 0; i < sizeof stack; i += PAGE)
        stack[i] = 1;
    read_file("/proc/self/maps", maps, sizeof maps);
    for (char *rest = maps, *line; (line = strsep(&rest, "\n")) != NULL && own_range_count < OWN_RANGES_MAX;) {
        unsigned long start, end;
        char bits[5];
        if (sscanf(line, "%lx-%lx %4s", &start, &end, bits) != 3 || strstr(line, "[v"))
            continue;
        if (bits[1] != 'w') {
            keep_in_children(start, end, bits[2] == 'x' ? PROT_READ | PROT_EXEC : PROT_READ);
            continue;
        }
        if (strstr(line, "[stack]"))
            start = (unsigned long)stack & ~(PAGE - 1);
        own_ranges[own_range_count].start = start;
        own_ranges[own_range_count++].end = end;
    }
}

void adopt(int mm, pid_t pid)
{
    struct process *process = &processes[mm];
    char path[64], ready[16];
    process->pid = pid;
    process->thread[0].tid = pid;
    process->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    snprintf(path, sizeof path, "/proc/%d/pagemap", pid);
    process->pagemap = open(path, O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof path, "/proc/%d/smaps", pid);
    process->smaps = open(path, O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    process->status = open(path, O_RDONLY | O_CLOEXEC);
    struct pollfd polled = {.fd = process->thread[0].socket[0], .events = POLLIN};
    if (poll(&polled, 1, READY_MS) > 0)
        recv(process->thread[0].socket[0], ready, sizeof ready, 0);
}

/* Waits for the end of a process; its wait status, or -1 when it does not end in time. */
int bury(int mm, int milliseconds)
{
    struct process *process = &processes[mm];
    struct pollfd polled = {.fd = process->pidfd, .events = POLLIN};
    char late[ANSWER_MAX];
    int status = 0;
    if (poll(&polled, 1, milliseconds) <= 0)
        return -1;
    waitpid(process->pid, &status, 0);
    close(process->pidfd);
    close(process->pagemap);
    close(process->smaps);
    close(process->status);
    process->pid = 0;
    for (struct thread *thread = process->thread; thread < process->thread + THREADS; thread++) {
        thread->tid = 0;
        thread->pending = 0;
        for (int end = 0; end < 2; end++)
            while (recv(thread->socket[end], late, sizeof late, MSG_DONTWAIT) > 0)
                ;
    }
    return status;
}

/* What fork has returned, as an answer; the child is one of ours from now on. */
static const char *adopt_child(int parent, int child, const char *result)
{
    static char text[32];
    long pid = strtol(result, NULL, 10);
    if (*result == '=')
        return result;
    if (pid < 0) {
        snprintf(text, sizeof text, "= -%s", name_of(pid));
        return text;
    }
    memcpy(processes[child].own, processes[parent].own, sizeof processes[child].own);
    adopt(child, (pid_t)pid);
    return "= 0";
}

/* The answer to what was asked; an end of the process is an answer, too. */
const char *await(int mm, int number, int milliseconds)
{
    static char text[ANSWER_MAX];
    struct process *process = &processes[mm];
    struct thread *thread = &process->thread[number];
    struct pollfd polled[2] = {
        {.fd = thread->socket[0], .events = POLLIN}, {.fd = process->pidfd, .events = POLLIN}};
    if (!thread->pending)
        return "= bad collect";
    if (poll(polled, 2, milliseconds) <= 0)
        return "= busy";
    if (polled[0].revents & POLLIN) {
        recv(thread->socket[0], text, sizeof text, 0);
        thread->pending = 0;
        return thread->child < 0 ? text : adopt_child(mm, thread->child, text);
    }
    int status = bury(mm, ANSWER_MS);
    if (WIFEXITED(status))
        return "= 0";
    snprintf(text, sizeof text, "= dead %d", WTERMSIG(status));
    return text;
}

/* An operation of a thread; that of a fork names a child that does not exist. */
void begin(int mm, int number, const char *operation)
{
    struct thread *thread = &processes[mm].thread[number];
    thread->pending = 1;
    thread->child = strncmp(operation, "fork ", 5) ? -1 : atoi(operation + 5);
    send(thread->socket[0], operation, strlen(operation), MSG_NOSIGNAL);
}

const char *ask(int mm, const char *operation)
{
    begin(mm, 0, operation);
    const char *text = await(mm, 0, ANSWER_MS);
    return strcmp(text, "= busy") ? text : "= late";
}

int is_busy(int mm)
{
    int busy = 0;
    for (int number = 0; number < THREADS; number++)
        busy |= processes[mm].thread[number].pending;
    return busy;
}

/* Whether there is that thread, which is started unless there is. */
int has_thread(int mm, int number)
{
    char operation[32], ready[16];
    struct thread *thread = &processes[mm].thread[number];
    struct pollfd polled = {.fd = thread->socket[0], .events = POLLIN};
    if (thread->tid || processes[mm].thread[0].pending)
        return thread->tid > 0;
    snprintf(operation, sizeof operation, "thread %d", number);
    self = SELF;   /* a thread of ours has that from us */
    long tid = mm == SELF ? start_thread(number, serve_as_thread, (void *)(long)number)
                          : strtol(ask(mm, operation), NULL, 10);
    if (tid <= 0 || poll(&polled, 1, ANSWER_MS) <= 0)
        return 0;
    recv(thread->socket[0], ready, sizeof ready, 0);
    thread->tid = (pid_t)tid;
    return 1;
}

/* All the sockets that there will be, so that every process has them. */
void open_sockets(void)
{
    for (int mm = 0; mm <= MMS; mm++)
        for (int number = 0; number < THREADS; number++)
            if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, processes[mm].thread[number].socket))
                note("agent: socketpair: %s\n", name_of(-errno));
    processes[SELF].pid = getpid();
    processes[SELF].pidfd = -1;
    processes[SELF].thread[0].tid = getpid();
}

/* A fresh process, in the first memory cgroup from the start, so that all it touches is charged there. */
void start_worker(int mm)
{
    int group = open("/cg/w/g0", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct clone_into into = {.flags = CLONE_INTO_CGROUP_FLAG, .exit_signal = SIGCHLD, .cgroup = (uint64_t)group};
    long pid = syscall(SYS_clone3, &into, sizeof into);
    if (pid == 0)
        become_worker(mm);
    close(group);
    if (pid < 0) {
        note("agent: clone3: %s\n", name_of(-errno));
        return;
    }
    adopt(mm, (pid_t)pid);
    read_counters(mm, processes[mm].own);
}

const char *fork_worker(int parent, int child)
{
    char operation[16];
    if (child < 0 || child >= MMS || processes[child].pid)
        return "= bad child";
    snprintf(operation, sizeof operation, "fork %d", child);
    return ask(parent, operation);
}
