/*
 * The reference of the benchmark: reads every row of a table from MariaDB and from PostgreSQL at
 * the same time, by the best of their protocols, and does not look at a byte. No comparison that
 * reads all rows can be much faster.
 *
 *     drain JOBS MYSQL-SOCKET MYSQL-DATABASE PG-CONNINFO TABLE KEY
 *
 * MariaDB: an unbuffered prepared statement (binary protocol) into bound buffers, as the user root,
 * split by ranges of the integer KEY. PostgreSQL: binary COPY, split by ctid. JOBS connections and
 * threads for each side, which pull the pieces; with 1, each table is one piece. Prints
 * "SOURCE-ROWS TARGET-ROWS SOURCE-SECONDS TARGET-SECONDS". Knows no types, no snapshots, no
 * retries.
 */
#include <libpq-fe.h>
#include <mysql.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PIECES_PER_JOB 8 /* as tally-verify's work.c has it */
#define MOST_COLUMNS 64
#define CELL_BYTES 4096 /* for a cell without a fixed size; a longer one is an error */

static const char *socket_path, *database, *conninfo, *table, *key;
static int jobs;

struct side {
    void *(*worker)(void *side);
    long long low, high; /* of the key; of the table's pages */
    long long pieces;
    atomic_llong next, rows;
    double seconds;
    pthread_t *threads;
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void die(const char *what, const char *why)
{
    fprintf(stderr, "drain: %s: %s\n", what, why);
    exit(1);
}

/* Where piece number i begins. */
static long long border(const struct side *side, long long i)
{
    return side->low + (side->high - side->low) / side->pieces * i;
}

/* ---- MariaDB ----------------------------------------------------------------------------------
 */

static MYSQL *mysql_open(void)
{
    MYSQL *mysql = mysql_init(NULL);
    if (!mysql)
        die("MariaDB", "no memory");
    mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    if (!mysql_real_connect(mysql, NULL, "root", NULL, database, 0, socket_path, 0))
        die("MariaDB", mysql_error(mysql));
    return mysql;
}

/* Fixed sizes in their own form, so that the library copies and never converts. */
static void bind_column(const MYSQL_FIELD *field, void *buffer, MYSQL_BIND *bind)
{
    static const enum enum_field_types fixed[] = {
        MYSQL_TYPE_TINY,     MYSQL_TYPE_SHORT,    MYSQL_TYPE_INT24,    MYSQL_TYPE_LONG,
        MYSQL_TYPE_LONGLONG, MYSQL_TYPE_FLOAT,    MYSQL_TYPE_DOUBLE,   MYSQL_TYPE_DATE,
        MYSQL_TYPE_TIME,     MYSQL_TYPE_DATETIME, MYSQL_TYPE_TIMESTAMP};
    memset(bind, 0, sizeof *bind);
    bind->buffer_type = MYSQL_TYPE_STRING;
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (field->type == fixed[i])
            bind->buffer_type = field->type;
    bind->is_unsigned = (field->flags & UNSIGNED_FLAG) != 0;
    bind->buffer = buffer;
    bind->buffer_length = CELL_BYTES;
}

static long long mysql_drain(MYSQL *mysql, const char *sql, char cells[][CELL_BYTES])
{
    MYSQL_STMT *statement = mysql_stmt_init(mysql);
    MYSQL_BIND binds[MOST_COLUMNS];
    if (!statement || mysql_stmt_prepare(statement, sql, strlen(sql)))
        die(sql, mysql_error(mysql));
    MYSQL_RES *columns = mysql_stmt_result_metadata(statement);
    unsigned count = columns ? mysql_num_fields(columns) : 0;
    if (!count || count > MOST_COLUMNS)
        die(sql, "too many columns");
    for (unsigned i = 0; i < count; i++)
        bind_column(mysql_fetch_field_direct(columns, i), cells[i], &binds[i]);
    mysql_free_result(columns);
    if (mysql_stmt_execute(statement) || mysql_stmt_bind_result(statement, binds))
        die(sql, mysql_stmt_error(statement));
    long long rows = 0;
    int status;
    while ((status = mysql_stmt_fetch(statement)) == 0)
        rows++;
    if (status != MYSQL_NO_DATA)
        die(sql, status == MYSQL_DATA_TRUNCATED ? "a value was cut" : mysql_stmt_error(statement));
    mysql_stmt_close(statement);
    return rows;
}

static void *mysql_worker(void *argument)
{
    struct side *side = argument;
    MYSQL *mysql = mysql_open();
    char(*cells)[CELL_BYTES] = malloc((size_t)MOST_COLUMNS * CELL_BYTES);
    if (!cells)
        die("MariaDB", "no memory");
    for (long long i; (i = atomic_fetch_add(&side->next, 1)) < side->pieces;) {
        char sql[1000], low[200] = "TRUE", high[200] = "TRUE";
        if (i > 0)
            snprintf(low, sizeof low, "`%s` >= %lld", key, border(side, i));
        if (i + 1 < side->pieces)
            snprintf(high, sizeof high, "`%s` < %lld", key, border(side, i + 1));
        snprintf(sql, sizeof sql, "SELECT * FROM `%s` WHERE %s AND %s", table, low, high);
        atomic_fetch_add(&side->rows, mysql_drain(mysql, sql, cells));
    }
    free(cells);
    mysql_close(mysql);
    mysql_thread_end();
    return NULL;
}

static void mysql_bounds(struct side *side)
{
    MYSQL *mysql = mysql_open();
    char sql[1000];
    snprintf(sql, sizeof sql, "SELECT MIN(`%s`), MAX(`%s`) + 1 FROM `%s`", key, key, table);
    MYSQL_RES *result = mysql_query(mysql, sql) ? NULL : mysql_store_result(mysql);
    MYSQL_ROW row = result ? mysql_fetch_row(result) : NULL;
    if (!row || !row[0] || !row[1])
        die(sql, "no bounds");
    side->low = strtoll(row[0], NULL, 10);
    side->high = strtoll(row[1], NULL, 10);
    mysql_free_result(result);
    mysql_close(mysql);
}

/* ---- PostgreSQL -------------------------------------------------------------------------------
 */

static PGconn *pg_open(void)
{
    PGconn *pg = PQconnectdb(conninfo);
    if (PQstatus(pg) != CONNECTION_OK)
        die("PostgreSQL", PQerrorMessage(pg));
    return pg;
}

static long long pg_drain(PGconn *pg, const char *sql)
{
    PGresult *result = PQexec(pg, sql);
    if (PQresultStatus(result) != PGRES_COPY_OUT)
        die(sql, PQerrorMessage(pg));
    PQclear(result);
    long long rows = 0;
    char *message;
    int length, last = 0;
    while ((length = PQgetCopyData(pg, &message, 0)) > 0) {
        rows++;
        last = length;
        PQfreemem(message);
    }
    result = PQgetResult(pg);
    if (length != -1 || PQresultStatus(result) != PGRES_COMMAND_OK)
        die(sql, PQerrorMessage(pg));
    PQclear(result);
    while ((result = PQgetResult(pg)))
        PQclear(result);
    /* The trailer, 2 bytes, is a message of its own; the header travels with the first row. */
    return rows - (last == 2);
}

static void *pg_worker(void *argument)
{
    struct side *side = argument;
    PGconn *pg = pg_open();
    for (long long i; (i = atomic_fetch_add(&side->next, 1)) < side->pieces;) {
        char sql[1000], low[100] = "TRUE", high[100] = "TRUE";
        if (i > 0)
            snprintf(low, sizeof low, "ctid >= '(%lld,0)'", border(side, i));
        if (i + 1 < side->pieces)
            snprintf(high, sizeof high, "ctid < '(%lld,0)'", border(side, i + 1));
        if (side->pieces == 1)
            snprintf(sql, sizeof sql, "COPY \"%s\" TO STDOUT (FORMAT binary)", table);
        else
            snprintf(sql, sizeof sql,
                     "COPY (SELECT * FROM \"%s\" WHERE %s AND %s) TO STDOUT (FORMAT binary)", table,
                     low, high);
        atomic_fetch_add(&side->rows, pg_drain(pg, sql));
    }
    PQfinish(pg);
    return NULL;
}

static void pg_bounds(struct side *side)
{
    PGconn *pg = pg_open();
    const char *const values[] = {table};
    PGresult *result = PQexecParams(pg,
                                    "SELECT pg_relation_size(quote_ident($1)::regclass) / "
                                    "current_setting('block_size')::int",
                                    1, NULL, values, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        die("PostgreSQL", PQerrorMessage(pg));
    side->low = 0;
    side->high = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    PQfinish(pg);
}

/* ---- Both -------------------------------------------------------------------------------------
 */

/* Joins a side's threads while the other side's go on. */
static void *side_main(void *argument)
{
    struct side *side = argument;
    double start = now();
    for (int i = 0; i < jobs; i++)
        if (pthread_create(&side->threads[i], NULL, side->worker, side))
            die("threads", "cannot start one");
    for (int i = 0; i < jobs; i++)
        pthread_join(side->threads[i], NULL);
    side->seconds = now() - start;
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 7 || (jobs = (int)strtol(argv[1], NULL, 10)) < 1 || jobs > 64) {
        fprintf(stderr, "usage: drain JOBS MYSQL-SOCKET MYSQL-DATABASE PG-CONNINFO TABLE KEY\n");
        return 64;
    }
    socket_path = argv[2];
    database = argv[3];
    conninfo = argv[4];
    table = argv[5];
    key = argv[6];
    mysql_library_init(0, NULL, NULL);

    struct side sides[2] = {{.worker = mysql_worker}, {.worker = pg_worker}};
    pthread_t threads[2];
    if (jobs > 1) {
        mysql_bounds(&sides[0]);
        pg_bounds(&sides[1]);
    }
    for (int i = 0; i < 2; i++) {
        sides[i].pieces = jobs > 1 ? (long long)jobs * PIECES_PER_JOB : 1;
        sides[i].threads = calloc((size_t)jobs, sizeof *sides[i].threads);
        if (!sides[i].threads || pthread_create(&threads[i], NULL, side_main, &sides[i]))
            die("threads", "cannot start one");
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        free(sides[i].threads);
    }
    printf("%lld %lld %.3f %.3f\n", atomic_load(&sides[0].rows), atomic_load(&sides[1].rows),
           sides[0].seconds, sides[1].seconds);
    return 0;
}
