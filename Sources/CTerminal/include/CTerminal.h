// SPDX-License-Identifier: Apache-2.0
//
// The few things about a terminal that must be C: what runs inside a signal handler or before a program that is started,
// and what Swift does not see.

#ifndef CTERMINAL_H
#define CTERMINAL_H

#include <stdint.h>
#include <sys/types.h>
#include <termios.h>

/// Remembers how `descriptor` was set and sets it so again when the process exits, or dies by a signal that
/// can be caught. One terminal at a time; not thread-safe.
void lk_terminal_guard(int descriptor, const struct termios *original);

/// Sets the guarded terminal back at once and forgets it. Returns 0, or -1 with errno.
int lk_terminal_restore(void);

/// Blocks the `count` signals in this thread and returns a descriptor that becomes readable when one arrives
/// (non-blocking, close-on-exec), or -1 with errno. Threads made afterwards inherit the blocking.
int lk_signals_open(const int *signals, int count);

/// The next signal that arrived at `descriptor`, or 0 if there is none.
int lk_signals_next(int descriptor);

/// Lets the program that is started with these actions (a posix_spawn_file_actions_t), in a process group of its own, have its
/// group made the terminal's foreground group before it runs. Returns 0, or an error's number.
int lk_terminal_give_to_child(void *actions, int terminal);

/// Lets the program that is started with these actions (a posix_spawn_file_actions_t) have no descriptors from this one on.
/// Returns 0, or an error's number.
int lk_spawn_close_from(void *actions, int first);

/// How many columns of a terminal a scalar of Unicode takes (wcwidth(3)), whatever this process's locale is; -1 for one that is
/// not to be shown, or that the C library does not know.
int lk_terminal_width(uint32_t scalar);

/// Unblocks the signals, ends this process by `signal` with its default action; does not return.
_Noreturn void lk_die_by_signal(int signal);

#endif
