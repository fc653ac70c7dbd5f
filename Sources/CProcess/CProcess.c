// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

// The same on every architecture; an old C library may not name them.
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

struct failure {
    int step;
    int error;
};

// The descriptors that a spawn makes: ours, and the child's until it has copies.
struct ends {
    int terminal, slave;
    int ours[3], theirs[3];
    int report[2];
};

static void close_one(int *descriptor) {
    if (*descriptor >= 0) close(*descriptor);
    *descriptor = -1;
}

static void close_all(struct ends *ends) {
    int error = errno;
    close_one(&ends->terminal);
    close_one(&ends->slave);
    for (int i = 0; i < 3; i++) {
        close_one(&ends->ours[i]);
        close_one(&ends->theirs[i]);
    }
    close_one(&ends->report[0]);
    close_one(&ends->report[1]);
    errno = error;
}

static int set_nonblocking(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL);
    return flags < 0 ? -1 : fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
}

static int open_terminal(const struct lk_spawn_request *request, struct ends *ends) {
    char name[64];
    // O_CLOEXEC is Linux's; posix_openpt hands it on to open.
    ends->terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (ends->terminal < 0 || grantpt(ends->terminal) < 0 || unlockpt(ends->terminal) < 0) return -1;
    int error = ptsname_r(ends->terminal, name, sizeof name);
    if (error != 0) {
        errno = error;
        return -1;
    }
    ends->slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (ends->slave < 0 || set_nonblocking(ends->terminal) < 0) return -1;
    struct termios settings;
    if (tcgetattr(ends->slave, &settings) < 0) return -1;
    // So that erasing in the terminal's own line editing takes whole characters.
    settings.c_iflag |= IUTF8;
    if (tcsetattr(ends->slave, TCSANOW, &settings) < 0) return -1;
    return lk_terminal_resize(ends->terminal, request->columns, request->rows);
}

static int give_terminal(const struct lk_spawn_request *request, const struct ends *ends) {
    if (geteuid() != 0) return 0;
    struct group entry, *found = NULL;
    char text[4096];
    // The group tty lets write(1) and wall(1) reach a terminal, and no other user.
    gid_t group = request->group;
    mode_t mode = 0600;
    if (getgrnam_r("tty", &entry, text, sizeof text, &found) == 0 && found != NULL) {
        group = entry.gr_gid;
        mode = 0620;
    }
    uid_t user = request->changes_user ? request->user : geteuid();
    if (fchown(ends->slave, user, group) < 0) return -1;
    return fchmod(ends->slave, mode);
}

static int open_pipes(struct ends *ends) {
    for (int i = 0; i < 3; i++) {
        int pair[2];
        if (pipe2(pair, O_CLOEXEC) < 0) return -1;
        // Fewer turns between a program that prints much and its reader. The system may not allow so much; it
        // works without.
        if (i < 2) fcntl(pair[0], F_SETPIPE_SZ, 256 * 1024);
        // The child reads its input and writes its outputs.
        ends->ours[i] = pair[i == 0];
        ends->theirs[i] = pair[i != 0];
        if (set_nonblocking(ends->ours[i]) < 0) return -1;
    }
    return 0;
}

// --- In the child: async-signal-safe functions only ---

_Noreturn static void fail(int report, int step) {
    struct failure failure = {step, errno};
    // Fewer bytes than PIPE_BUF into an empty pipe: all or nothing.
    ssize_t count = write(report, &failure, sizeof failure);
    (void)count;
    _exit(127);
}

static void close_from(unsigned first, unsigned limit) {
    if (syscall(SYS_close_range, first, ~0U, 0U) == 0) return;
    for (unsigned descriptor = first; descriptor < limit; descriptor++) close((int)descriptor);
}

_Noreturn static void run_child(const struct lk_spawn_request *request, const struct ends *ends, unsigned limit) {
    // Out of the way of 0 to 3 first: a parent that was started with some of them closed has its pipes there.
    int report = fcntl(ends->report[1], F_DUPFD_CLOEXEC, 10);
    if (report < 0) fail(ends->report[1], LK_SPAWN_DESCRIPTORS);
    int standard[3];
    for (int i = 0; i < 3; i++) {
        standard[i] = fcntl(request->has_terminal ? ends->slave : ends->theirs[i], F_DUPFD_CLOEXEC, 10);
        if (standard[i] < 0) fail(report, LK_SPAWN_DESCRIPTORS);
    }
    if (setsid() < 0) fail(report, LK_SPAWN_SESSION);
    if (request->has_terminal && ioctl(standard[0], TIOCSCTTY, 0) < 0) fail(report, LK_SPAWN_CONTROLLING_TERMINAL);
    for (int i = 0; i < 3; i++) {
        if (dup2(standard[i], i) < 0) fail(report, LK_SPAWN_DESCRIPTORS);
    }
    if (dup3(report, 3, O_CLOEXEC) < 0) fail(report, LK_SPAWN_DESCRIPTORS);
    report = 3;
    close_from(4, limit);

    if (request->changes_user) {
        if (setgroups(request->group_count, request->groups) < 0) fail(report, LK_SPAWN_GROUPS);
        if (setresgid(request->group, request->group, request->group) < 0) fail(report, LK_SPAWN_GROUP);
        if (setresuid(request->user, request->user, request->user) < 0) fail(report, LK_SPAWN_USER);
    }
    umask(022);
    // As the user, since a home may be shut to root (NFS).
    if (request->directory == NULL || chdir(request->directory) < 0) {
        if (chdir("/") < 0) fail(report, LK_SPAWN_DIRECTORY);
    }

    struct sigaction action = {.sa_handler = SIG_DFL};
    sigemptyset(&action.sa_mask);
    // The few that cannot be set answer with an error, which is no loss.
    for (int number = 1; number < NSIG; number++) (void)sigaction(number, &action, NULL);
    // The request to end comes only now: all signals were blocked since before the fork.
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    execve(request->path, request->arguments, request->environment);
    fail(report, LK_SPAWN_EXECUTE);
}

// --- In the parent again ---

static int wait_for_report(int descriptor, struct failure *failure) {
    ssize_t count;
    do {
        count = read(descriptor, failure, sizeof *failure);
    } while (count < 0 && errno == EINTR);
    // The end of file: execve closed the pipe, so the program runs.
    if (count == 0) return 0;
    if (count != (ssize_t)sizeof *failure) *failure = (struct failure){LK_SPAWN_FORK, EIO};
    return -1;
}

int lk_spawn(const struct lk_spawn_request *request, struct lk_spawned *spawned) {
    struct ends ends = {-1, -1, {-1, -1, -1}, {-1, -1, -1}, {-1, -1}};
    *spawned = (struct lk_spawned){-1, -1, -1, -1, -1, -1, LK_SPAWN_DONE};

    if (request->has_terminal) {
        if (open_terminal(request, &ends) < 0) spawned->step = LK_SPAWN_TERMINAL;
        else if (give_terminal(request, &ends) < 0) spawned->step = LK_SPAWN_TERMINAL_OWNER;
    } else if (open_pipes(&ends) < 0) {
        spawned->step = LK_SPAWN_PIPE;
    }
    if (spawned->step == LK_SPAWN_DONE && pipe2(ends.report, O_CLOEXEC) < 0) spawned->step = LK_SPAWN_PIPE;
    if (spawned->step != LK_SPAWN_DONE) {
        close_all(&ends);
        return -1;
    }
    struct rlimit descriptors;
    unsigned limit = 65536;
    if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0 && descriptors.rlim_cur < limit) {
        limit = (unsigned)descriptors.rlim_cur;
    }

    // A handler of ours must not run in the child, where it would act on shared descriptors.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t process = fork();
    if (process == 0) run_child(request, &ends, limit);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (process < 0) {
        errno = error;
        spawned->step = LK_SPAWN_FORK;
        close_all(&ends);
        return -1;
    }

    close_one(&ends.slave);
    for (int i = 0; i < 3; i++) close_one(&ends.theirs[i]);
    close_one(&ends.report[1]);
    struct failure failure;
    if (wait_for_report(ends.report[0], &failure) < 0) {
        while (waitpid(process, NULL, 0) < 0 && errno == EINTR) {}
        close_all(&ends);
        spawned->step = failure.step;
        errno = failure.error;
        return -1;
    }
    close_one(&ends.report[0]);
    // The child's number cannot be reused yet, since only this process can reap it. PIDFD_NONBLOCK is not needed:
    // nothing reads from it. It is always close-on-exec.
    spawned->process_descriptor = (int)syscall(SYS_pidfd_open, process, 0U);
    spawned->process = process;
    spawned->terminal = ends.terminal;
    spawned->input = ends.ours[0];
    spawned->output = ends.ours[1];
    spawned->error = ends.ours[2];
    return 0;
}

int lk_reap(pid_t process, int *status, int *signal) {
    int result;
    pid_t found;
    do {
        found = waitpid(process, &result, WNOHANG);
    } while (found < 0 && errno == EINTR);
    if (found <= 0) return (int)found;
    *status = WIFEXITED(result) ? WEXITSTATUS(result) : -1;
    *signal = WIFSIGNALED(result) ? WTERMSIG(result) : 0;
    return 1;
}

int lk_terminal_resize(int terminal, unsigned short columns, unsigned short rows) {
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    return ioctl(terminal, TIOCSWINSZ, &size);
}

int lk_timer_open(int milliseconds) {
    int descriptor = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (descriptor < 0) return -1;
    struct timespec interval = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    struct itimerspec time = {interval, interval};
    if (timerfd_settime(descriptor, 0, &time, NULL) < 0) close_one(&descriptor);
    return descriptor;
}
