/*
 * PostgreSQL behind engine.h: which function does what, and where it stands. Input: nothing.
 * Output: the engine. Knows none of what the functions do.
 *
 * - engine_pg_session.c has a session from connect() to disconnect(): engine_pg_uri.c reads its
 *   URI, engine_pg_cancel.c ends what it runs
 * - engine_pg_query.c runs a statement and knows what its failure means, engine_pg_result.c has its
 *   rows; engine_pg_quote.c writes names and texts for it
 * - engine_pg_catalog.c reads the schema, engine_pg_definition.c what tables promise beyond rows,
 *   engine_pg_describe.c what the user's expressions are
 * - engine_pg_snapshot.c lets all sessions see one moment, engine_pg_split.c cuts a table,
 *   engine_pg_scan.c reads a piece of it: engine_pgtype.c knows how a type is asked for,
 *   engine_pgcopy.c what its bytes mean; engine_pg_stamp.c tells whether a table has changed
 * - engine_pg_load.c says how the server fares
 * - engine_pg_mend.c and engine_pg_sql.c write statements that Tally does not run
 *
 * What they share is in engine_pg.h for those who ask and write, and in engine_pg_session.h for
 * those who work on the session.
 */
#include "engine_pg.h"
#include "engine_pgtype.h"
#include "engine_sql.h"

static const char *const schemes[] = {"postgresql", "postgres", NULL};

const struct engine engine_postgres = {
    .name = "postgresql",
    .schemes = schemes,
    .connect = engine_pg_connect,
    .disconnect = engine_pg_disconnect,
    .read_schema = engine_pg_read_schema,
    .probe = engine_pg_probe,
    .hides_columns = engine_pg_hides_columns,
    .describe = engine_pg_describe,
    .definitions = engine_pg_definitions,
    .collisions = engine_pg_collisions,
    .mend = engine_pg_mend,
    .begin = engine_pg_begin,
    .key_bounds = engine_pg_key_bounds,
    .key_gap = engine_pg_key_gap,
    .splits = engine_pg_splits,
    .stamp = engine_pg_stamp,
    .unchanged = engine_pg_unchanged,
    .scan_start = engine_pg_scan_start,
    .scan_next = engine_pg_scan_next,
    .scan_end = engine_pg_scan_end,
    .cancel = engine_pg_cancel,
    .load = engine_pg_load,
    .lag = engine_pg_lag,
    .quote_name = engine_pg_quote_name,
    .quote_text = engine_pg_quote_text,
    .parse_type = pgtype_parse,
    .sql = &engine_pg_sql,
};
