/*
 * How the server fares beside us: what else runs on it, and how far a standby is behind. Input: a
 * connection without begin(). Output: two numbers, for those who slow down by them (pace.h).
 */
#include "engine_pg_session.h"
#include "own_sessions.h"

#include <stdlib.h>

bool engine_pg_load(struct connection *connection, unsigned *running, struct err *err)
{
    struct pg_result *result;
    struct buffer sql = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_add_text(&sql, "SELECT pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE'),"
                          " pg_catalog.count(*) FROM pg_catalog.pg_stat_activity"
                          " WHERE backend_type = 'client backend'"
                          " AND state IN ('active', 'fastpath function call')"
                          " AND wait_event_type IS DISTINCT FROM 'Lock' AND pid NOT IN (");
    own_sessions_list(ENGINE_PG_SERVER, &sql);
    buffer_add_text(&sql, ")");
    bool ok = engine_pg_query(connection, (char *)sql.data, 0, NULL, &result, ERR_TABLE,
                              "the sessions that run", err);
    buffer_free(&sql);
    if (!ok)
        return false;
    bool permitted = engine_pg_result_true(result, 0, 0);
    *running = (unsigned)engine_pg_result_count(result, 0, 1);
    engine_pg_result_free(result);
    return permitted || err_set(err, ERR_USAGE,
                                "%s: this role may not see whether other sessions run; a superuser "
                                "can GRANT pg_read_all_stats TO it",
                                connection->place);
}

/*
 * An idle primary's last transaction may be old: while the receiver runs and all that came is
 * replayed, a standby is behind nobody. Of a receiver, everybody may see that it is there.
 */
bool engine_pg_lag(struct connection *connection, enum replica_state *state, double *seconds,
                   struct err *err)
{
    struct pg_result *result;
    if (!engine_pg_query(
            connection,
            "SELECT pg_catalog.pg_is_in_recovery(), CASE"
            " WHEN pg_catalog.pg_last_wal_receive_lsn() = pg_catalog.pg_last_wal_replay_lsn()"
            "  AND EXISTS (SELECT FROM pg_catalog.pg_stat_wal_receiver) THEN 0"
            " ELSE EXTRACT(epoch FROM pg_catalog.clock_timestamp()"
            "  - pg_catalog.pg_last_xact_replay_timestamp()) END",
            0, NULL, &result, ERR_TABLE, "how far the standby has come", err))
        return false;
    bool known = !engine_pg_result_null(result, 0, 1);
    *state = !engine_pg_result_true(result, 0, 0) ? REPLICA_NONE
             : known                              ? REPLICA_FOLLOWS
                                                  : REPLICA_STOPPED;
    *seconds = engine_pg_result_double(result, 0, 1);
    *seconds = *seconds > 0 ? *seconds : 0; /* clocks differ */
    engine_pg_result_free(result);
    return true;
}
