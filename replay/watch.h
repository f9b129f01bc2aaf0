/*
 * Waits for sockets, thousands at once, by epoll, and can be woken by another thread. Input: which
 * sockets, and for what. Output: those that are ready. Knows nothing of HTTP and of libcurl.
 *
 * A kept socket, one whose end watch_closes() tells, stays with the kernel when it is no longer
 * waited for: the next request on that connection asks for it again, and two system calls are
 * saved each time.
 */
#ifndef TALLY_REPLAY_WATCH_H
#define TALLY_REPLAY_WATCH_H

#include <stdbool.h>
#include <stddef.h>

struct watch;

struct watch_event {
    int socket;
    bool readable, writable, broken;
};

struct watch *watch_new(void); /* NULL: no more files */
void watch_free(struct watch *watch);

/* A socket was made that will be kept; it is about to be closed. silent: while nobody waits for it,
 * nothing may come. What comes all the same (or its end) makes it unusable, so that it cannot be
 * taken for what somebody will wait for later. */
void watch_opened(struct watch *watch, int socket, bool silent);
void watch_closes(struct watch *watch, int socket);

/* Waits for the socket to be readable, writable or either; for neither: not any longer. False: it
 * cannot be waited for. */
bool watch_for(struct watch *watch, int socket, bool readable, bool writable);

/* Waits for at most so many milliseconds; returns how many events there are, -1 with errno when
 * that failed. *woken becomes true when watch_wake() was called. */
int watch_wait(struct watch *watch, int milliseconds, struct watch_event *events, int most,
               bool *woken);

/* From any thread: ends watch_wait(), or the next one when none waits. */
void watch_wake(struct watch *watch);

#endif
