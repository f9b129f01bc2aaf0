/*
 * Ends what a session's server runs, from whatever thread. Input: an open connection. Output: a
 * request to the server, on a connection of libpq's own. Knows nothing of what is running.
 *
 * PQcancel() may hang as long as the network likes. So it runs on a thread of its own, and is not
 * waited for longer than we promise.
 */
#include "engine_pg_session.h"

#include "../diff/base/thread.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>

#define CANCEL_MILLISECONDS 400 /* engine.h: within half a second */

struct engine_pg_canceller {
    PGcancel *handle;
    pthread_mutex_t lock;
    int users; /* the connection, and the threads that are at it */
    bool sent; /* the last one was successful */
};

struct engine_pg_canceller *engine_pg_cancel_new(PGconn *pg)
{
    struct engine_pg_canceller *canceller = mem_zero(1, sizeof *canceller);
    canceller->handle = PQgetCancel(pg);
    canceller->users = 1;
    pthread_mutex_init(&canceller->lock, NULL);
    return canceller;
}

void engine_pg_cancel_release(struct engine_pg_canceller *canceller)
{
    pthread_mutex_lock(&canceller->lock);
    bool last = --canceller->users == 0;
    pthread_mutex_unlock(&canceller->lock);
    if (!last)
        return;
    PQfreeCancel(canceller->handle);
    pthread_mutex_destroy(&canceller->lock);
    free(canceller);
}

static void *canceller_run(void *argument)
{
    struct engine_pg_canceller *canceller = argument;
    char message[256];
    bool sent = PQcancel(canceller->handle, message, sizeof message) == 1;
    pthread_mutex_lock(&canceller->lock);
    canceller->sent = sent;
    pthread_mutex_unlock(&canceller->lock);
    engine_pg_cancel_release(canceller);
    return NULL;
}

/* The new thread must not be the one that gets the program's signals. */
static bool start(pthread_t *thread, void *(*run)(void *), void *argument)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    bool started = pthread_create(thread, NULL, run, argument) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

bool engine_pg_cancel_send(struct engine_pg_canceller *canceller)
{
    pthread_t thread;
    pthread_mutex_lock(&canceller->lock);
    canceller->sent = false;
    canceller->users++;
    pthread_mutex_unlock(&canceller->lock);
    if (!start(&thread, canceller_run, canceller)) {
        engine_pg_cancel_release(canceller);
        return false;
    }
    if (!thread_wait(thread, CANCEL_MILLISECONDS))
        return false;
    pthread_mutex_lock(&canceller->lock);
    bool sent = canceller->sent;
    pthread_mutex_unlock(&canceller->lock);
    return sent;
}

/* Our own side stops waiting in any case: a network that has gone silent holds back the server's
 * answer to the request too. */
void engine_pg_cancel(struct connection *connection)
{
    (void)engine_pg_cancel_send(connection->canceller);
    shutdown(connection->socket, SHUT_RDWR);
}
