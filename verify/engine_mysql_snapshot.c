/*
 * The moment that a side's sessions read. Input: its connections. Output: a consistent snapshot on
 * each, and whether the server's log proves that all are of one moment. Knows nothing of tables.
 */
#include "engine_mysql.h"

#include "../diff/base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define SNAPSHOT_TRIES 5   /* at least, and */
#define SNAPSHOT_SECONDS 2 /* so long: between the commits of a busy server the gaps are short */

static bool same_text(const char *one, const char *other)
{
    return one && other && strcmp(one, other) == 0;
}

static bool same_place(const struct engine_mysql_place *one, const struct engine_mysql_place *other)
{
    return same_text(one->file, other->file) && same_text(one->position, other->position) &&
           same_text(one->gtids, other->gtids);
}

static bool keep_snapshot_place(void *context, const char *const *cells, struct err *err)
{
    struct engine_mysql_place *place = context;

    (void)err;
    if (strcasecmp(cells[0], "Binlog_snapshot_file") == 0 && !place->file && *cells[1])
        place->file = mem_copy_string(cells[1]);
    else if (strcasecmp(cells[0], "Binlog_snapshot_position") == 0 && !place->position)
        place->position = mem_copy_string(cells[1]);
    return true;
}

/* MariaDB: where the binary log stood when this transaction took its snapshot. */
static bool snapshot_place(struct connection *connection, struct engine_mysql_place *place,
                           struct err *err)
{
    *place = (struct engine_mysql_place){.gtids = mem_copy_string("")};
    return engine_mysql_rows(connection, "SHOW STATUS LIKE 'binlog_snapshot_%'",
                             keep_snapshot_place, place, err);
}

static bool start_all(struct connection *const *connections, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (!engine_mysql_query_run(connections[i],
                                    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", err))
            return false;
    return true;
}

/* One try on MariaDB. *proof: the server can tell; *same: and says that all saw one moment. */
static bool try_mariadb(struct connection *const *connections, size_t count, bool *proof,
                        bool *same, struct err *err)
{
    struct engine_mysql_place first, other;

    *proof = *same = false;
    if (!start_all(connections, count, err))
        return false;
    bool fine = snapshot_place(connections[0], &first, err);
    *proof = *same = fine && first.file && first.position;
    for (size_t i = 1; fine && *same && i < count; i++) {
        fine = snapshot_place(connections[i], &other, err);
        *same = fine && same_place(&first, &other);
        engine_mysql_place_free(&other);
    }
    engine_mysql_place_free(&first);
    return fine;
}

/*
 * One try on MySQL: the log must not have moved from before the first snapshot until after the
 * last. A transaction stands in the log before it becomes visible, and among the executed ones
 * shortly after; so the last look comes a little later, and must find no transaction that was on
 * its way.
 */
static bool try_mysql(struct connection *const *connections, size_t count, bool *proof, bool *same,
                      struct err *err)
{
    struct engine_mysql_place before, after = {0};
    const struct timespec moment = {.tv_nsec = 20000000};

    *proof = *same = false;
    if (!engine_mysql_log_place(connections[0], &before, err)) {
        /* Without the privilege there is no proof, but there are snapshots. */
        return err->code != ERR_LOST && start_all(connections, count, err);
    }
    bool fine = start_all(connections, count, err);
    nanosleep(&moment, NULL);
    if (fine)
        fine = engine_mysql_log_place(connections[0], &after, err);
    *proof = fine && before.file;
    *same = *proof && same_place(&before, &after);
    engine_mysql_place_free(&before);
    engine_mysql_place_free(&after);
    return fine;
}

/*
 * Never FLUSH TABLES WITH READ LOCK, which would surely make one moment of all snapshots, and would
 * make the application wait for the longest of its queries. The log is a proof only where every
 * write reaches it.
 */
bool engine_mysql_begin(struct connection *const *connections, size_t count,
                        enum snapshot_state *state, struct buffer *note, struct err *err)
{
    bool proof = false, same = false;
    const char *why = NULL;
    int tries = 0;

    *state = SNAPSHOT_SHARED;
    if (count <= 1)
        return start_all(connections, count, err);
    if (!engine_mysql_log_is_whole(connections[0], false, &why, err))
        return false;
    for (double end = clock_now() + SNAPSHOT_SECONDS;
         !why && !same && (tries == 0 || (proof && (tries < SNAPSHOT_TRIES || clock_now() < end)));
         tries++) {
        bool fine = engine_mysql_session_of(connections[0])->is_mariadb
                        ? try_mariadb(connections, count, &proof, &same, err)
                        : try_mysql(connections, count, &proof, &same, err);
        if (!fine)
            return false;
    }
    if (same)
        return true;
    *state = SNAPSHOT_SEPARATE;
    if (why && !start_all(connections, count, err))
        return false;
    if (proof)
        buffer_printf(note, "the server was written to at every try to open %zu snapshots together",
                      count);
    else
        buffer_printf(note, "nothing shows that %zu snapshots are of one moment: %s", count,
                      why ? why : "the server does not tell where its binary log stood");
    return true;
}
