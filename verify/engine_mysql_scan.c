/*
 * Reading rows. Input: a scan: columns, conditions, a piece of a table. Output: cells, row by row,
 * and ROW_END only when the server has sent all and no warning says that a value is not what the
 * table holds. Knows nothing of what the rows are for; what a cell's bytes mean is
 * engine_mysql_cell.c's.
 */
#include "engine_mysql_session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#define ABANDON_SECONDS 1  /* for what a killed query has sent already */
#define SENT_AT_ONCE 16384 /* the server's net_buffer_length, where nobody has changed it */
#define NAP_NANOSECONDS 150000

/* ---- The statement --------------------------------------------------------------------------- */

static void add_range(struct buffer *sql, const char *column, const struct key_range *range)
{
    if (range->has_low)
        buffer_printf(sql, "%s >= %" PRId64, column, range->low);
    if (range->has_low && range->has_high)
        buffer_add_text(sql, " AND ");
    if (range->has_high)
        buffer_printf(sql, "%s < %" PRId64, column, range->high);
    if (!range->has_low && !range->has_high)
        buffer_add_text(sql, "TRUE");
}

/* The user's condition ends with a line break, so that a comment in it cannot swallow the bracket.
 */
static void add_where(struct buffer *sql, const struct scan *scan)
{
    const char *glue = " WHERE ";
    const struct split *split = scan->split;
    const struct table *table = scan->table;

    if (scan->where) {
        buffer_printf(sql, "%s(%s\n)", glue, scan->where);
        glue = " AND ";
    }
    if (split && (split->range.has_low || split->range.has_high)) {
        struct buffer name = BUFFER_INIT(1 << 12);
        engine_mysql_quote_name(&name, table->columns[table->keys[0].columns[0]].name);
        buffer_add_text(sql, glue);
        add_range(sql, (const char *)name.data, &split->range);
        buffer_free(&name);
        glue = " AND ";
    }
    for (size_t i = 0; i < scan->range_count; i++) {
        buffer_add_text(sql, i ? " OR (" : glue);
        buffer_add_text(sql, i ? "" : "((");
        add_range(sql, scan->range_column, &scan->ranges[i]);
        buffer_add_text(sql, ")");
    }
    if (scan->range_count)
        buffer_add_text(sql, ")");
}

static void add_scan(struct buffer *sql, const struct scan *scan)
{
    buffer_add_text(sql, "SELECT ");
    for (size_t i = 0; i < scan->column_count; i++)
        buffer_printf(sql, "%s%s\n", i ? ", " : "", scan->selects[i]);
    if (!scan->column_count)
        buffer_add_text(sql, "1");
    buffer_printf(sql, " FROM %s", scan->table->parts[0].from);
    add_where(sql, scan);
}

/* ---- Its start ------------------------------------------------------------------------------- */

struct engine_mysql_reader {
    MYSQL_STMT *statement;
    struct engine_mysql_cells *cells;
    const char *label;
    bool running;      /* the server may still be sending */
    uint64_t unrested; /* bytes of rows since the last look at the socket */
};

bool engine_mysql_scan_start(struct connection *connection, const struct scan *scan,
                             struct err *err)
{
    struct buffer sql = BUFFER_INIT(BUFFER_NO_LIMIT);

    engine_mysql_scan_end(connection);
    add_scan(&sql, scan);
    MYSQL_STMT *statement = engine_mysql_query_prepare(connection, &sql, scan->table->label, err);
    buffer_free(&sql);
    if (!statement)
        return false;
    struct engine_mysql_reader *reader = mem_zero(1, sizeof *reader);
    connection->reader = reader;
    reader->statement = statement;
    reader->label = scan->table->label;
    reader->cells = engine_mysql_cell_open(connection, statement, scan, err);
    bool fine = reader->cells != NULL;
    if (fine && mysql_stmt_execute(statement))
        fine = engine_mysql_query_statement_failed(connection, statement, reader->label, err);
    reader->running = fine;
    if (!fine)
        engine_mysql_scan_end(connection);
    return fine;
}

/* ---- Its end --------------------------------------------------------------------------------- */

struct warning_row {
    unsigned code;
    const char *words;
};

/* Warnings that mean: a value is not what the table holds. */
static const struct warning_row warning_rows[] = {
    {1260, "a GROUP_CONCAT was cut"},
    {ER_CONVERTED_INVALID, "text could not be converted to UTF-8"},
    {ER_OVER_PACKET, "a value is larger than the server's max_allowed_packet and came as NULL"},
    {1366, "a value could not be converted"},
    {3854, "text could not be converted to UTF-8"},
};

struct warnings {
    const char *words; /* of the first bad one */
    uint64_t count;
    char text[200];
};

static bool look_at_warning(void *context, const char *const *cells, struct err *err)
{
    struct warnings *warnings = context;
    unsigned code = (unsigned)strtoul(cells[1], NULL, 10);
    char line[400];

    (void)err;
    warnings->count++;
    for (size_t i = 0; !warnings->words && i < sizeof warning_rows / sizeof *warning_rows; i++)
        if (warning_rows[i].code == code) {
            warnings->words = warning_rows[i].words;
            snprintf(warnings->text, sizeof warnings->text, "%.199s",
                     engine_mysql_query_line(cells[2], line));
        }
    return true;
}

/*
 * The server has sent everything; did it send everything right? (MariaDB's library does not keep
 * the number of warnings that ends an unbuffered result, so the server is asked.) Beyond
 * max_error_count the server only counts, and nobody can know what it did not keep.
 */
static bool finish_scan(struct connection *connection, struct err *err)
{
    struct warnings warnings = {0};
    struct engine_mysql_first row;
    const char *label = connection->reader->label;

    connection->reader->running = false;
    if (!engine_mysql_query_first(connection, "SHOW COUNT(*) WARNINGS", 1, &row, err)) {
        engine_mysql_query_free(&row);
        return err_prefix(err, "%s", label);
    }
    uint64_t count = row.any && row.cells[0] ? strtoull(row.cells[0], NULL, 10) : 0;
    engine_mysql_query_free(&row);
    if (!count)
        return true;
    if (!engine_mysql_rows(connection, "SHOW WARNINGS", look_at_warning, &warnings, err))
        return err_prefix(err, "%s", label);
    if (warnings.words)
        return err_set(err, ERR_TABLE, "%s: %s (%s)", label, warnings.words, warnings.text);
    if (warnings.count < count)
        return err_set(
            err, ERR_TABLE,
            "%s: reading it raised %llu warnings, more than the server keeps: an expression "
            "or a condition compares unlike types",
            label, (unsigned long long)count);
    return true;
}

/* ---- Its rows -------------------------------------------------------------------------------- */

static enum row_status scan_failed(struct connection *connection, struct err *err)
{
    struct engine_mysql_reader *reader = connection->reader;

    (void)engine_mysql_query_statement_failed(connection, reader->statement, reader->label, err);
    reader->running = false; /* an error packet ends a result too */
    return ROW_FAILED;
}

/* A client that waits for every 16 kB that the server sends wakes up, and is woken up, for each:
 * when less than that is there, it rather sleeps for a moment, while the socket fills. */
static void rest(struct engine_mysql_reader *reader, int socket, uint64_t bytes)
{
    int waiting = 0;

    reader->unrested += bytes;
    if (reader->unrested < SENT_AT_ONCE)
        return;
    reader->unrested = 0;
    if (ioctl(socket, FIONREAD, &waiting) == 0 && waiting < SENT_AT_ONCE)
        nanosleep(&(struct timespec){.tv_nsec = NAP_NANOSECONDS}, NULL);
}

enum row_status engine_mysql_scan_next(struct connection *connection, struct cell *cells,
                                       uint64_t *wire_bytes, struct err *err)
{
    struct engine_mysql_reader *reader = connection->reader;
    uint64_t bytes;

    engine_mysql_client_enter();
    if (!reader || !reader->running) {
        (void)err_set(err, ERR_LOST, "no scan is running on the connection to %s",
                      connection->place);
        return ROW_FAILED;
    }
    engine_mysql_cell_forget(reader->cells);
    int status = mysql_stmt_fetch(reader->statement);
    if (status == MYSQL_NO_DATA)
        return finish_scan(connection, err) ? ROW_END : ROW_FAILED;
    if (status && status != MYSQL_DATA_TRUNCATED)
        return scan_failed(connection, err);
    if (!engine_mysql_cell_row(reader->cells, cells, &bytes, err))
        return ROW_FAILED;
    *wire_bytes += bytes;
    rest(reader, connection->socket, bytes);
    return ROW_READ;
}

/* A scan that nobody wants any more: the server is told, and what is on its way is read, so that
 * the connection keeps its snapshot. What does not end soon costs the connection. */
static void abandon(struct connection *connection, MYSQL_STMT *statement)
{
    struct timespec start, now;

    if (connection->lost) {
        engine_mysql_session_shut(connection);
        return;
    }
    engine_mysql_cancel_query(connection);
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (;;) {
        int status = mysql_stmt_fetch(statement);
        if (status == 1 && engine_mysql_query_is_lost(mysql_stmt_errno(statement)))
            engine_mysql_session_shut(connection);
        if (status != 0 && status != MYSQL_DATA_TRUNCATED)
            return;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec - start.tv_sec > ABANDON_SECONDS) {
            engine_mysql_session_shut(connection);
            return;
        }
    }
}

void engine_mysql_scan_end(struct connection *connection)
{
    struct engine_mysql_reader *reader = connection->reader;

    if (!reader)
        return;
    engine_mysql_client_enter();
    if (reader->running)
        abandon(connection, reader->statement);
    mysql_stmt_close(reader->statement);
    engine_mysql_cell_free(reader->cells);
    free(reader);
    connection->reader = NULL;
}
