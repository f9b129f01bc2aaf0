/*
 * The rows of a result, for the files that do not know libpq. Input: what engine_pg_query() gave.
 * Output: cells, each as the text or the number that the question makes it. What is no such number
 * is 0: the SQL casts it, so it is one.
 */
#include "engine_pg_session.h"

#include <libpq-fe.h>
#include <stdlib.h>

int engine_pg_result_rows(const struct pg_result *result)
{
    return PQntuples(result);
}

void engine_pg_result_free(struct pg_result *result)
{
    PQclear(result);
}

bool engine_pg_result_null(const struct pg_result *result, int row, int column)
{
    return PQgetisnull(result, row, column);
}

const char *engine_pg_result_text(const struct pg_result *result, int row, int column)
{
    return PQgetvalue(result, row, column);
}

bool engine_pg_result_true(const struct pg_result *result, int row, int column)
{
    return *PQgetvalue(result, row, column) == 't';
}

uint32_t engine_pg_result_oid(const struct pg_result *result, int row, int column)
{
    return (uint32_t)strtoul(PQgetvalue(result, row, column), NULL, 10);
}

uint64_t engine_pg_result_count(const struct pg_result *result, int row, int column)
{
    return strtoull(PQgetvalue(result, row, column), NULL, 10);
}

int64_t engine_pg_result_int(const struct pg_result *result, int row, int column)
{
    return strtoll(PQgetvalue(result, row, column), NULL, 10);
}

double engine_pg_result_double(const struct pg_result *result, int row, int column)
{
    return strtod(PQgetvalue(result, row, column), NULL);
}

int engine_pg_result_columns(const struct pg_result *result)
{
    return PQnfields(result);
}

uint32_t engine_pg_result_type(const struct pg_result *result, int column)
{
    return PQftype(result, column);
}

int engine_pg_result_modifier(const struct pg_result *result, int column)
{
    return PQfmod(result, column);
}
