/*
 * Ends what a session's server runs, from whatever thread. Input: an open session. Output: a KILL
 * QUERY, through a second connection that is opened for it. Knows nothing of what is running.
 */
#include "engine_mysql_session.h"

#include "../diff/base/thread.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define CANCEL_MILLISECONDS 400 /* engine.h: within half a second */

/* What the thread that kills needs; it may outlive the call, and the connection. */
struct killing {
    char *uri, *id, *identity;
    struct engine_mysql_attempt attempt;
    atomic_int owners;
};

static void killing_release(struct killing *killing)
{
    if (atomic_fetch_sub(&killing->owners, 1) > 1)
        return;
    explicit_bzero(killing->uri, strlen(killing->uri));
    free(killing->uri);
    free(killing->id);
    free(killing->identity);
    free(killing);
}

/* Behind a balancer, another server may answer, where the id is somebody else's. */
static void kill_query(const struct killing *killing)
{
    struct connection second = {.socket = -1};
    struct engine_mysql_target target;
    struct err err;
    struct engine_mysql_first row = {0};

    if (engine_mysql_uri_read(killing->uri, &target, &err)) {
        target.timeout = 1;
        target.known = true;
        target.attempt = killing->attempt;
        if (engine_mysql_client_open(&target, &second.mysql, &second.place, &err) &&
            engine_mysql_query_first(&second, "SELECT " ENGINE_MYSQL_IDENTITY_SQL, 1, &row, &err) &&
            row.any && row.cells[0] && strcmp(row.cells[0], killing->identity) == 0) {
            char *sql = mem_format("KILL QUERY %s", killing->id);
            if (!engine_mysql_query_run(&second, sql, &err))
                second.lost = true; /* the query may be over: nothing to do */
            free(sql);
        }
    }
    engine_mysql_query_free(&row);
    if (second.mysql)
        mysql_close(second.mysql);
    free(second.place);
    uri_free(&target.uri);
}

static void *kill_in_thread(void *argument)
{
    struct killing *killing = argument;

    kill_query(killing);
    killing_release(killing);
    return NULL;
}

void engine_mysql_cancel_query(const struct connection *connection)
{
    struct killing *killing = mem_zero(1, sizeof *killing);
    pthread_t thread;

    killing->attempt = connection->attempt;
    killing->uri = mem_copy_string(connection->uri);
    killing->id = mem_copy_string(connection->id);
    killing->identity = mem_copy_string(connection->identity);
    atomic_init(&killing->owners, 2);
    if (pthread_create(&thread, NULL, kill_in_thread, killing) == 0)
        (void)thread_wait(thread, CANCEL_MILLISECONDS);
    else
        killing_release(killing);
    killing_release(killing);
}

/* Called from another thread than the scan's. */
void engine_mysql_cancel(struct connection *connection)
{
    engine_mysql_cancel_query(connection);
    if (connection->socket >= 0)
        shutdown(connection->socket, SHUT_RDWR);
}
