/* Process 1 of a guest (the controller) and the processes mm0..mm3 (the workers) that own the memory under test.
 * The protocol is in ../README.md. */
#ifndef AGENT_H
#define AGENT_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* The agent's own text lies above (see the link line in AgentBuild.cs), so the region comes first in smaps. */
#define REGION 0x10000000UL
#define PAGE 4096UL
#define PAGES_MAX 4096
#define MMS 4
#define SELF MMS                     /* the controller, where it has calls made that belong to no process */
#define THREADS 3                    /* of a process, the first one included */
#define FILES 2
#define GROUPS 3
#define HELD_MAX 64
#define LINE_MAX 1024
#define WARNINGS 4                   /* KERN_WARNING: the least level of messages that are shown */

struct thread {
    pid_t tid;                       /* 0: there is no such thread */
    int socket[2];                   /* the controller's end, the worker's end */
    int pending;                     /* a worker's answer is still to come */
    int child;                       /* and that is the process id of this process, or -1 */
};

struct process {
    pid_t pid;                       /* 0: there is no such process */
    int pidfd, pagemap, smaps, status;
    struct thread thread[THREADS];
    long own[5];                     /* the counters of what the agent itself uses, in the order of M lines */
};

/* What holds a page in place of a process: the read end of a pipe, or an io_uring with one buffer. */
struct held {
    int mm, name, fd, ring, page;
};

struct world {
    int pages, files, filepages, slots, memcgs, async, mapped;
    char filetype[8], thp[64];
};

extern struct process processes[MMS + 1];
extern struct held held[HELD_MAX];
extern struct world world;
extern int files[FILES];
extern const char *swap_device;

/* main.c: the channel */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_result(long result);
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
int read_file(const char *path, char *buffer, size_t size);
int write_file(const char *path, const char *text);
const char *do_apart(char *text);

/* thread.c */
long start_thread(int number, int (*body)(void *), void *argument);

/* worker.c */
void become_worker(int mm);
int thread_number(void);
void start_worker(int mm);
const char *fork_worker(int parent, int child);
int has_thread(int mm, int number);
void begin(int mm, int number, const char *operation);
const char *ask(int mm, const char *operation);
const char *await(int mm, int number, int milliseconds);
int is_busy(int mm);
void open_sockets(void);
const char *name_of(long negative);
void adopt(int mm, pid_t pid);
int bury(int mm, int milliseconds);
void remember_own_memory(void);

/* world.c */
void reset(char **words, int count);
int swap_on(void);
int swap_off(void);
void release_all(void);
void make_world_ready(const char *command_line);
long run_ksm(int scans);

/* hold.c: pages held by pipes and by devices */
void hold(int mm, int page, int name, int ring);
void give_back(int mm, int name, int ring);
void transfer(int mm, int name, long value, int store);

/* show.c */
void drain(void);
void dump(void);
void show_counters(char **names, int count);
void show_symbols(char **names, int count);
void read_counters(int mm, long counters[5]);
void show_messages(int level);

#endif
