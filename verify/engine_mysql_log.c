/*
 * What a server's log of changes, and its tables' times, prove: that nothing was written between
 * two looks. Input: a connection. Output: places in the log, whether the log tells all, stamps of
 * tables. In doubt nothing is proved. Knows nothing of the client library.
 */
#include "engine_mysql.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* ---- Small questions ------------------------------------------------------------------------- */

/* Was this only a refusal? Then the answer is not known; a lost connection is another matter. */
static bool is_refusal(const struct err *err)
{
    return err->code == ERR_TABLE;
}

struct answer {
    const char *name;
    char *value;
};

struct answers {
    size_t count;
    struct answer *items;
};

static bool keep_answer(void *context, const char *const *cells, struct err *err)
{
    struct answers *answers = context;

    (void)err;
    for (size_t i = 0; i < answers->count; i++)
        if (strcasecmp(answers->items[i].name, cells[0]) == 0 && !answers->items[i].value)
            answers->items[i].value = mem_copy_string(cells[1] ? cells[1] : "");
    return true;
}

/* Fills the values of variables or counters that the server has. */
static bool ask_named(struct connection *connection, const char *show, struct answer *items,
                      size_t count, struct err *err)
{
    struct answers answers = {count, items};
    struct buffer sql = BUFFER_INIT(1 << 12);

    buffer_printf(&sql, "SHOW GLOBAL %s WHERE Variable_name IN (", show);
    for (size_t i = 0; i < count; i++) {
        buffer_add_text(&sql, i ? ", " : "");
        engine_mysql_quote_text(&sql, items[i].name);
    }
    buffer_add_text(&sql, ")");
    bool fine = engine_mysql_rows(connection, (const char *)sql.data, keep_answer, &answers, err);
    buffer_free(&sql);
    return fine;
}

static void free_answers(struct answer *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(items[i].value);
}

static bool is_on(const struct answer *answer)
{
    return answer->value &&
           (strcasecmp(answer->value, "ON") == 0 || strcmp(answer->value, "1") == 0);
}

static bool count_row(void *context, const char *const *cells, struct err *err)
{
    size_t *count = context;

    (void)cells, (void)err;
    ++*count;
    return true;
}

/* ---- Places in the log ----------------------------------------------------------------------- */

void engine_mysql_place_free(struct engine_mysql_place *place)
{
    free(place->file);
    free(place->position);
    free(place->gtids);
    *place = (struct engine_mysql_place){0};
}

struct look {
    const struct engine_mysql_session *session;
    struct engine_mysql_place *place;
};

/* File, Position, Binlog_Do_DB, Binlog_Ignore_DB; and Executed_Gtid_Set, which only MySQL has. */
static bool keep_log_place(void *context, const char *const *cells, struct err *err)
{
    struct look *look = context;
    struct engine_mysql_place *place = look->place;

    (void)err;
    place->file = mem_copy_string(cells[0]);
    place->position = mem_copy_string(cells[1]);
    place->filtered = (cells[2] && *cells[2]) || (cells[3] && *cells[3]);
    place->gtids = mem_copy_string(!look->session->is_mariadb && cells[4] ? cells[4] : "");
    return true;
}

bool engine_mysql_log_place(struct connection *connection, struct engine_mysql_place *place,
                            struct err *err)
{
    const struct engine_mysql_session *session = engine_mysql_session_of(connection);
    struct look look = {session, place};
    bool newer = !session->is_mariadb && session->version >= 80200;

    *place = (struct engine_mysql_place){0};
    return engine_mysql_rows(connection, newer ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS",
                             keep_log_place, &look, err);
}

/* MariaDB's statement knows all of several sources, MySQL's anyway. */
const char *engine_mysql_replica_question(const struct engine_mysql_session *session)
{
    if (session->is_mariadb)
        return "SHOW ALL SLAVES STATUS";
    return session->version >= 80022 ? "SHOW REPLICA STATUS" : "SHOW SLAVE STATUS";
}

/*
 * Might the server replay another one's writes? Who may not ask that on MariaDB may still see how
 * many threads replay at this moment, which is enough for a moment.
 */
static bool may_replay(struct connection *connection, bool for_long, bool *may, struct err *err)
{
    const struct engine_mysql_session *session = engine_mysql_session_of(connection);
    struct answer running = {.name = "Slaves_running"};
    size_t count = 0;

    *may = true;
    if (engine_mysql_rows(connection, engine_mysql_replica_question(session), count_row, &count,
                          err)) {
        *may = count > 0;
        return true;
    }
    if (!is_refusal(err))
        return false;
    if (for_long || !session->is_mariadb)
        return true;
    if (!ask_named(connection, "STATUS", &running, 1, err))
        return is_refusal(err);
    *may = !running.value || strcmp(running.value, "0") != 0;
    free(running.value);
    return true;
}

bool engine_mysql_log_is_whole(struct connection *connection, bool for_long, const char **why,
                               struct err *err)
{
    enum { LOG, OWN_NAME, OLD_NAME, CLUSTER, COUNT };
    struct answer variables[COUNT] = {{.name = "log_bin"},
                                      {.name = "log_replica_updates"},
                                      {.name = "log_slave_updates"},
                                      {.name = "wsrep_on"}};
    struct engine_mysql_place place = {0};
    bool fine = ask_named(connection, "VARIABLES", variables, COUNT, err);
    bool log = is_on(&variables[LOG]), cluster = is_on(&variables[CLUSTER]);
    bool replayed = is_on(&variables[OWN_NAME]) || is_on(&variables[OLD_NAME]);

    *why = NULL;
    free_answers(variables, COUNT);
    if (!fine)
        return false;
    if (!log) {
        *why = "the server writes no binary log";
        return true;
    }
    fine = engine_mysql_log_place(connection, &place, err);
    if (!fine && !is_refusal(err))
        return false;
    if (!fine || !place.file)
        *why = "the server hides its binary log's position and filters from this user";
    else if (place.filtered)
        *why = "the server's filters keep writes out of its binary log";
    engine_mysql_place_free(&place);
    if (*why || replayed)
        return true;
    bool may = true;
    if (!cluster && !may_replay(connection, for_long, &may, err))
        return false;
    if (may)
        *why = "the server replays writes of others, or may, and does not log them "
               "(log_slave_updates is off)";
    return true;
}

/* ---- Stamps ---------------------------------------------------------------------------------- */

#define SETTLED_SECONDS 2 /* what was written in the second of the look may come after it */
#define START_SLACK 2     /* seconds; both times that make it up are cut to whole ones */
#define MOMENT_TRIES 5
#define UNKNOWN "-"
#define STAMP_LINES 5

/* A stamp is these lines of text. */
enum stamp_line { STAMP_FORM, STAMP_SERVER, STAMP_START, STAMP_PLACE, STAMP_TIMES };
static const char stamp_form[] = "mysql 2";

struct stamp {
    char *lines[STAMP_LINES];
};

static void stamp_free(struct stamp *stamp)
{
    for (size_t i = 0; i < STAMP_LINES; i++)
        free(stamp->lines[i]);
}

/* A line of its own, whatever is in it: sets of GTIDs hold line breaks. */
static void set_line(struct stamp *stamp, enum stamp_line line, char *text)
{
    for (char *c = text; *c; c++)
        if (*c == '\n')
            *c = ' ';
    free(stamp->lines[line]);
    stamp->lines[line] = text;
}

static bool keep_server(void *context, const char *const *cells, struct err *err)
{
    char **kept = context;

    (void)err;
    for (size_t i = 0; i < 2; i++) {
        free(kept[i]);
        kept[i] = mem_copy_string(cells[i] ? cells[i] : "");
    }
    return true;
}

static bool ask_uptime(struct connection *connection, long long *seconds, struct err *err)
{
    struct answer uptime = {.name = "Uptime"};
    bool fine = ask_named(connection, "STATUS", &uptime, 1, err);

    *seconds = uptime.value ? strtoll(uptime.value, NULL, 10) : 0;
    free(uptime.value);
    return fine;
}

/* kept: the time, and which server; *up: how long it runs, at that time. They are two answers, and
 * where seconds lie between them, they are not of one moment. */
static bool ask_moment(struct connection *connection, char **kept, long long *up, struct err *err)
{
    long long after = 0;

    for (int i = 0; i < MOMENT_TRIES; i++) {
        if (!ask_uptime(connection, up, err) ||
            !engine_mysql_rows(connection,
                               "SELECT UNIX_TIMESTAMP(), "
                               "CONCAT_WS('|', @@hostname, @@port, @@server_id, @@datadir)",
                               keep_server, kept, err) ||
            !ask_uptime(connection, &after, err))
            return false;
        if (after - *up <= 1)
            return true;
    }
    *up = 0;
    return true;
}

/* Which server, and since when it runs. */
static bool stamp_server(struct connection *connection, struct stamp *stamp, struct err *err)
{
    struct answer ids[] = {{.name = "server_uuid"}, {.name = "server_uid"}};
    char *kept[2] = {NULL, NULL};
    long long up = 0;
    bool fine =
        ask_named(connection, "VARIABLES", ids, 2, err) && ask_moment(connection, kept, &up, err);

    if (fine && kept[0]) {
        const char *id = ids[0].value ? ids[0].value : ids[1].value ? ids[1].value : "";
        set_line(stamp, STAMP_SERVER, mem_format("%s|%s", kept[1], id));
        /* A server that has just started might be stopped and started within the slack. */
        if (up > 2 * START_SLACK)
            set_line(stamp, STAMP_START, mem_format("%lld", strtoll(kept[0], NULL, 10) - up));
    }
    free(kept[0]);
    free(kept[1]);
    free_answers(ids, 2);
    return fine;
}

static bool stamp_place(struct connection *connection, struct stamp *stamp, struct err *err)
{
    struct engine_mysql_place place = {0};
    const char *why;

    if (!engine_mysql_log_is_whole(connection, true, &why, err))
        return false;
    if (why)
        return true;
    bool fine = engine_mysql_log_place(connection, &place, err);
    if (fine && place.file && place.position)
        set_line(stamp, STAMP_PLACE,
                 mem_format("%s:%s:%s", place.file, place.position, place.gtids));
    engine_mysql_place_free(&place);
    return fine;
}

struct times {
    const char *table;
    char *text;   /* when it was made and when it was last written to */
    bool settled; /* a later write will have another time */
};

static bool keep_times(void *context, const char *const *cells, struct err *err)
{
    struct times *times = context;

    (void)err;
    /* The catalogs compare names without regard to case. */
    if (strcmp(cells[0], times->table) != 0 || !cells[1] || !cells[2] || times->text)
        return true;
    times->text = mem_format("%s %s", cells[1], cells[2]);
    times->settled = strtoll(cells[3], NULL, 10) - strtoll(cells[2], NULL, 10) > SETTLED_SECONDS;
    return true;
}

/*
 * InnoDB keeps in memory when a table was last written to, in whole seconds; NULL after a restart
 * or when the table was dropped from its cache. MySQL 8 would answer with what it has stored a day
 * ago.
 */
static bool stamp_times(struct connection *connection, const struct table *table, bool settled,
                        struct stamp *stamp, struct err *err)
{
    const struct engine_mysql_session *session = engine_mysql_session_of(connection);
    struct times times = {.table = table->name};

    if (!session->is_mariadb && session->version >= 80000 &&
        !engine_mysql_rows(connection, "SET SESSION information_schema_stats_expiry = 0", NULL,
                           NULL, err))
        return is_refusal(err);
    struct buffer sql = BUFFER_INIT(1 << 14);
    buffer_add_text(&sql, "SELECT TABLE_NAME, UNIX_TIMESTAMP(CREATE_TIME), "
                          "UNIX_TIMESTAMP(UPDATE_TIME), UNIX_TIMESTAMP() FROM "
                          "information_schema.TABLES WHERE TABLE_SCHEMA = ");
    engine_mysql_quote_text(&sql, table->schema);
    buffer_add_text(&sql, " AND TABLE_NAME = ");
    engine_mysql_quote_text(&sql, table->name);
    bool fine = engine_mysql_rows(connection, (const char *)sql.data, keep_times, &times, err);
    buffer_free(&sql);
    if (fine && times.text && (times.settled || !settled))
        set_line(stamp, STAMP_TIMES, mem_copy_string(times.text));
    free(times.text);
    return fine || is_refusal(err);
}

/* settled: leave out times that a later write might share. */
static bool make_stamp(struct connection *connection, const struct table *table, bool settled,
                       struct stamp *stamp, struct err *err)
{
    for (size_t i = 0; i < STAMP_LINES; i++)
        stamp->lines[i] = mem_copy_string(i == STAMP_FORM ? stamp_form : UNKNOWN);
    return stamp_server(connection, stamp, err) && stamp_place(connection, stamp, err) &&
           stamp_times(connection, table, settled, stamp, err);
}

/* Splits are ranges of the primary key, which a row leaves only when its key itself is changed; so
 * it takes a proof that nothing was. A table that is not split has no partly read splits. */
bool engine_mysql_stamp(struct connection *connection, const struct table *table,
                        struct buffer *text, struct err *err)
{
    if (!engine_mysql_split_can(table))
        return true;
    struct stamp stamp = {0};
    const struct timespec moment = {.tv_nsec = 20000000};
    bool fine = make_stamp(connection, table, true, &stamp, err);

    for (size_t i = 0; fine && i < STAMP_LINES; i++)
        buffer_printf(text, "%s%s", i ? "\n" : "", stamp.lines[i]);
    stamp_free(&stamp);
    /* A transaction stands in the log shortly before a snapshot sees it. */
    nanosleep(&moment, NULL);
    return fine;
}

static bool read_stamp(const char *text, struct stamp *stamp)
{
    for (size_t i = 0; i < STAMP_LINES; i++) {
        size_t length = strcspn(text, "\n");
        stamp->lines[i] = mem_copy_bytes(text, length);
        text += length;
        if (*text != (i + 1 < STAMP_LINES ? '\n' : '\0'))
            return false;
        text += *text == '\n';
    }
    return strcmp(stamp->lines[STAMP_FORM], stamp_form) == 0;
}

static bool same_line(const struct stamp *one, const struct stamp *other, enum stamp_line line)
{
    return strcmp(one->lines[line], UNKNOWN) != 0 &&
           strcmp(one->lines[line], other->lines[line]) == 0;
}

static bool same_start(const struct stamp *one, const struct stamp *other)
{
    if (strcmp(one->lines[STAMP_START], UNKNOWN) == 0 ||
        strcmp(other->lines[STAMP_START], UNKNOWN) == 0)
        return false;
    long long between =
        strtoll(one->lines[STAMP_START], NULL, 10) - strtoll(other->lines[STAMP_START], NULL, 10);
    return between >= -START_SLACK && between <= START_SLACK;
}

bool engine_mysql_unchanged(struct connection *connection, const struct table *table,
                            const char *text, bool *same, struct err *err)
{
    struct stamp then = {0}, now = {0};

    *same = false;
    bool fine = true;
    if (read_stamp(text, &then)) {
        fine = make_stamp(connection, table, false, &now, err);
        *same = fine && same_line(&then, &now, STAMP_SERVER) && same_start(&then, &now) &&
                (same_line(&then, &now, STAMP_PLACE) || same_line(&then, &now, STAMP_TIMES));
    }
    stamp_free(&then);
    stamp_free(&now);
    return fine;
}
