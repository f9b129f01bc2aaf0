/* See own_sessions.h: a list under a lock, for there are never many. */
#include "own_sessions.h"

#include "../diff/base/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct session {
    struct session *next;
    char *server, *id;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct session *sessions;

void own_sessions_add(const char *server, const char *id)
{
    struct session *session = mem_zero(1, sizeof *session);
    session->server = mem_copy_string(server);
    session->id = mem_copy_string(id);
    pthread_mutex_lock(&lock);
    session->next = sessions;
    sessions = session;
    pthread_mutex_unlock(&lock);
}

static bool is_session(const struct session *session, const char *server, const char *id)
{
    return strcmp(session->server, server) == 0 && strcmp(session->id, id) == 0;
}

void own_sessions_remove(const char *server, const char *id)
{
    pthread_mutex_lock(&lock);
    struct session **place = &sessions;
    while (*place && !is_session(*place, server, id))
        place = &(*place)->next;
    struct session *found = *place;
    if (found)
        *place = found->next;
    pthread_mutex_unlock(&lock);
    if (!found)
        return;
    free(found->server);
    free(found->id);
    free(found);
}

void own_sessions_list(const char *server, struct buffer *out)
{
    size_t before = out->length;
    pthread_mutex_lock(&lock);
    for (const struct session *session = sessions; session; session = session->next)
        if (strcmp(session->server, server) == 0)
            buffer_printf(out, "%s%s", out->length > before ? ", " : "", session->id);
    pthread_mutex_unlock(&lock);
    if (out->length == before)
        buffer_add_text(out, "0");
}
