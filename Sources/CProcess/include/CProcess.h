// SPDX-License-Identifier: Apache-2.0
//
// Starting a program in a session of its own. It is C because between fork and execve only async-signal-safe functions
// may be called (POSIX.1-2017, fork), and Swift gives no such promise.

#ifndef CPROCESS_H
#define CPROCESS_H

#include <stddef.h>
#include <sys/types.h>

/// What lk_spawn was doing when it failed.
enum lk_spawn_step {
    LK_SPAWN_DONE = 0,
    LK_SPAWN_TERMINAL,
    LK_SPAWN_TERMINAL_OWNER,
    LK_SPAWN_PIPE,
    LK_SPAWN_FORK,
    LK_SPAWN_SESSION,
    LK_SPAWN_CONTROLLING_TERMINAL,
    LK_SPAWN_DESCRIPTORS,
    LK_SPAWN_GROUPS,
    LK_SPAWN_GROUP,
    LK_SPAWN_USER,
    LK_SPAWN_DIRECTORY,
    LK_SPAWN_EXECUTE,
};

struct lk_spawn_request {
    /// The program's absolute path; nothing is looked for in PATH.
    const char *path;
    /// Both end with NULL.
    char *const *arguments;
    char *const *environment;
    /// Where it starts; "/" if that cannot be entered, or is NULL.
    const char *directory;
    /// A pseudo-terminal of this size instead of three pipes.
    int has_terminal;
    unsigned short columns, rows;
    /// Whether to become the user below; only root may.
    int changes_user;
    uid_t user;
    gid_t group;
    const gid_t *groups;
    size_t group_count;
};

/// What the caller owns afterwards. All descriptors are non-blocking and close-on-exec.
struct lk_spawned {
    pid_t process;
    /// Readable when the process has ended; -1 if the kernel has no such descriptors (before Linux 5.3).
    int process_descriptor;
    /// The master of the pseudo-terminal, or -1.
    int terminal;
    /// Our ends of the three pipes, or -1.
    int input, output, error;
    /// An lk_spawn_step: what failed.
    int step;
};

/// Starts a program as the leader of a new session, with no descriptors but 0, 1 and 2, no signal blocked or ignored, and
/// umask 022.
///
/// Returns 0 when the program runs; -1 with errno, and the step in `spawned`, when it does not: nothing is left then.
int lk_spawn(const struct lk_spawn_request *request, struct lk_spawned *spawned);

/// Asks without waiting how a child ended, and forgets the child when it did.
///
/// Returns 1 and sets one of `status` (else -1) and `signal` (else 0) if it has ended; 0 if it runs; -1 with errno.
int lk_reap(pid_t process, int *status, int *signal);

/// Sets a terminal's size; its foreground processes are told by SIGWINCH. Returns 0, or -1 with errno.
int lk_terminal_resize(int terminal, unsigned short columns, unsigned short rows);

/// A descriptor that becomes readable again and again, every so many milliseconds (non-blocking,
/// close-on-exec), or -1 with errno.
int lk_timer_open(int milliseconds);

#endif
