/*
 * MySQL and MariaDB behind engine.h: which function does what, and where it stands. Input: nothing.
 * Output: the engine. Knows none of what the functions do.
 *
 * - engine_mysql_session.c has a session from connect() to disconnect(): engine_mysql_uri.c reads
 *   its URI, engine_mysql_client.c makes the client library open it, engine_mysql_cancel.c ends
 * what it runs
 * - engine_mysql_query.c runs or prepares a statement and knows what its failure means;
 *   engine_mysql_quote.c writes names and texts for it
 * - engine_mysql_catalog.c reads the schema, engine_mysql_definition.c what tables promise beyond
 *   rows, engine_mysql_hidden.c finds out what both hide, engine_mysql_describe.c what the user's
 *   expressions are
 * - engine_mysql_snapshot.c lets all sessions see one moment, by what engine_mysql_log.c proves,
 *   which also tells whether a table has changed; engine_mysql_split.c cuts a table,
 *   engine_mysql_scan.c reads a piece of it: engine_mysql_cell.c knows what its bytes mean
 * - engine_mysql_load.c says how the server fares
 * - engine_mysql_mend.c and engine_mysql_sql.c write statements that Tally does not run,
 *   engine_mysql_charset.c says what their texts may hold
 *
 * What they share is in engine_mysql.h for those who ask and write, and in engine_mysql_session.h
 * for those who know the client library.
 */
#include "engine_mysql.h"
#include "engine_sql.h"

static const char *const schemes[] = {"mysql", "mariadb", NULL};

const struct engine engine_mysql = {
    .name = "mysql",
    .schemes = schemes,
    .connect = engine_mysql_connect,
    .disconnect = engine_mysql_disconnect,
    .read_schema = engine_mysql_read_schema,
    .probe = engine_mysql_probe,
    .hides_columns = engine_mysql_hides_columns,
    .describe = engine_mysql_describe,
    .definitions = engine_mysql_definitions,
    .collisions = engine_mysql_collisions,
    .mend = engine_mysql_mend,
    .begin = engine_mysql_begin,
    .key_bounds = engine_mysql_key_bounds,
    .key_gap = engine_mysql_key_gap,
    .splits = engine_mysql_splits,
    .stamp = engine_mysql_stamp,
    .unchanged = engine_mysql_unchanged,
    .scan_start = engine_mysql_scan_start,
    .scan_next = engine_mysql_scan_next,
    .scan_end = engine_mysql_scan_end,
    .cancel = engine_mysql_cancel,
    .load = engine_mysql_load,
    .lag = engine_mysql_lag,
    .quote_name = engine_mysql_quote_name,
    .quote_text = engine_mysql_quote_text,
    .parse_type = engine_mysql_parse_type,
    .sql = &engine_mysql_sql,
};
