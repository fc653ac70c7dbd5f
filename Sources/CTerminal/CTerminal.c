// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "CTerminal.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <wchar.h>

static volatile sig_atomic_t guarded = -1;
static struct termios saved;

// Errors of the program, and all else that ends it; where a Bridge runs, it has blocked the requests to end and reads
// them itself.
static const int fatal[] = {SIGSEGV, SIGBUS,  SIGILL,  SIGTRAP, SIGFPE,  SIGABRT, SIGSYS,    SIGTERM, SIGHUP,
                            SIGINT,  SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU, SIGVTALRM, SIGPROF};

int lk_terminal_restore(void) {
    int descriptor = guarded;
    if (descriptor < 0) return 0;
    guarded = -1;
    // TCSADRAIN could wait for ever for a terminal whose output is stopped (Ctrl-S).
    int result, tries = 0;
    do {
        result = tcsetattr(descriptor, TCSANOW, &saved);
    } while (result < 0 && errno == EINTR && ++tries < 8);
    return result;
}

static void on_fatal(int number) {
    // tcsetattr is async-signal-safe (POSIX.1-2017, XSH 2.4.3). SA_RESETHAND has put the default action back.
    (void)lk_terminal_restore();
    raise(number);
}

static void on_exit_restore(void) { (void)lk_terminal_restore(); }

void lk_terminal_guard(int descriptor, const struct termios *original) {
    static int installed = 0;
    saved = *original;
    guarded = descriptor;
    if (installed) return;
    installed = 1;
    atexit(on_exit_restore);
    struct sigaction action = {.sa_handler = on_fatal, .sa_flags = SA_RESETHAND | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) {
        struct sigaction old;
        // What is ignored (nohup) stays ignored; anything else gives way.
        if (sigaction(fatal[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN) sigaction(fatal[i], &action, NULL);
    }
}

int lk_signals_open(const int *signals, int count) {
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
    int error = pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (error != 0) {
        errno = error;
        return -1;
    }
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

int lk_signals_next(int descriptor) {
    struct signalfd_siginfo info;
    ssize_t count = read(descriptor, &info, sizeof info);
    return count == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

int lk_terminal_give_to_child(void *actions, int terminal) {
    return posix_spawn_file_actions_addtcsetpgrp_np(actions, terminal);
}

int lk_spawn_close_from(void *actions, int first) {
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

static locale_t utf8;

// Not every system has the first, nor any of them; the user's own is the last.
static void open_locale(void) {
    static const char *const names[] = {"C.UTF-8", "en_US.UTF-8", ""};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        utf8 = newlocale(LC_CTYPE_MASK, names[i], (locale_t)0);
        if (utf8 == (locale_t)0) continue;
        if (strcmp(nl_langinfo_l(CODESET, utf8), "UTF-8") == 0) return;
        freelocale(utf8);
        utf8 = (locale_t)0;
    }
}

int lk_terminal_width(uint32_t scalar) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, open_locale);
    if (utf8 == (locale_t)0) return -1;
    locale_t before = uselocale(utf8);
    int width = wcwidth((wchar_t)scalar);
    uselocale(before);
    return width;
}

_Noreturn void lk_die_by_signal(int number) {
    (void)lk_terminal_restore();
    signal(number, SIG_DFL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    raise(number);
    // Only a signal that is ignored by default comes here.
    _exit(128 + number);
}
