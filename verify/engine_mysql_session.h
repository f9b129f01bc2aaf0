/*
 * A session as the files of the MySQL and MariaDB engine see it that know the client library, and
 * what they do for each other; nobody else includes this, and tests/lint names them. Both libraries
 * will do, MariaDB's and Oracle's: what differs between them is decided by what stands here.
 */
#ifndef TALLY_VERIFY_ENGINE_MYSQL_SESSION_H
#define TALLY_VERIFY_ENGINE_MYSQL_SESSION_H

#include "engine_mysql.h"
#include "engine_mysql_uri.h"

#include <mysql.h>

#if defined(MARIADB_BASE_VERSION) || defined(LIBMARIADB)
#define CLIENT_IS_MARIADB 1
#else
#define CLIENT_IS_MARIADB 0
#endif

#if CLIENT_IS_MARIADB || MYSQL_VERSION_ID < 80001
#define client_bool my_bool
#else
#define client_bool bool
#endif

/* Codes of servers and clients, from MySQL's "Error Message Reference" and MariaDB's "Error Codes".
 * Not from mysqld_error.h and errmsg.h, because no client library has all of them. */
enum {
    ER_DENIED_DATABASE = 1044,
    ER_DENIED = 1045,
    ER_NO_SUCH_DATABASE = 1049,
    ER_DENIED_TABLE = 1142,
    ER_DENIED_COLUMN = 1143,
    ER_NO_SUCH_TABLE_HERE = 1146,
    ER_UNKNOWN_TABLE = 1109, /* in information_schema */
    ER_UNKNOWN_VARIABLE = 1193,
    ER_CONVERTED_INVALID = 1300,
    ER_OVER_PACKET = 1301,
    ER_NEEDS_PRIVILEGE = 1227,
    ER_INTERRUPTED = 1317,
    ER_BROKEN_VIEW = 1356,
    ER_DENIED_ROUTINE = 1370,
    ER_CACHE_IS_OFF = 1651,
    ER_DENIED_SOCKET = 1698,
    CLIENT_SOCKET = 2002,
    CLIENT_TCP = 2003,
    CLIENT_UNKNOWN_HOST = 2005,
    CLIENT_TLS = 2026
};

/* connection.identity */
#define ENGINE_MYSQL_IDENTITY_SQL "CONCAT_WS('|', @@hostname, @@port, @@server_id, @@datadir)"

struct connection {
    MYSQL *mysql;
    char *uri;      /* for the second connection that cancels this one */
    char *place;    /* "db.example.org:3306", for messages */
    char *identity; /* which server answered: an id to kill is worth nothing on another one */
    char *id;       /* CONNECTION_ID() */
    struct engine_mysql_attempt attempt; /* what worked, for the same */
    int socket; /* a duplicate, so that cancel() never shuts a number that was given away */
    bool lost;
    unsigned code; /* of the last error */
    struct engine_mysql_session session;
    struct engine_mysql_seen *seen;     /* engine_mysql_hidden.c: what it has found out */
    struct engine_mysql_reader *reader; /* engine_mysql_scan.c; NULL: no scan */
};

/* ---- engine_mysql_client.c */

/* Every thread calls it before it calls the library: Oracle's keeps state per thread. */
void engine_mysql_client_enter(void);
/* Opens a client as the target says, whose attempt is then the one that worked. *place is set when
 * it could be found out; *mysql and *place are the caller's to close and free after errors, too. */
bool engine_mysql_client_open(struct engine_mysql_target *target, MYSQL **mysql, char **place,
                              struct err *err) MUST_CHECK;

/* ---- engine_mysql_session.c */

/* Ends the connection at once: closing a statement in mid-result would read all that is still to
 * come. */
void engine_mysql_session_shut(struct connection *connection);

/* ---- engine_mysql_cancel.c */

/* KILL QUERY through another connection; touches only what never changes after connect(). Waits no
 * longer than engine.h promises. */
void engine_mysql_cancel_query(const struct connection *connection);

/* ---- engine_mysql_query.c */

/* Prepares one statement; NULL: an error. The caller closes it. */
MYSQL_STMT *engine_mysql_query_prepare(struct connection *connection, const struct buffer *sql,
                                       const char *what, struct err *err);

/* Set the error of a statement, and return false. what: a table's label, or what was asked. */
bool engine_mysql_query_failed(struct connection *connection, const char *what, struct err *err);
bool engine_mysql_query_statement_failed(struct connection *connection, MYSQL_STMT *statement,
                                         const char *what, struct err *err);

/* The connection is gone, or cannot be used any more. */
bool engine_mysql_query_is_lost(unsigned code);
/* The user may not, or it is not there: no fault of what was asked. */
bool engine_mysql_query_is_denial(unsigned code);
/* The server's words without line breaks. */
const char *engine_mysql_query_line(const char *text, char line[400]);

/* ---- engine_mysql_hidden.c */

void engine_mysql_hidden_forget(struct connection *connection);

/* ---- engine_mysql_cell.c */

/* What a type of the wire is called where nothing says it better. */
struct engine_mysql_wire {
    enum type_class class;
    const char *base;
    uint32_t bytes; /* of a cell; 0: they vary */
};

/* NULL: Tally does not read it. */
const struct engine_mysql_wire *engine_mysql_cell_wire(enum enum_field_types type);

/* Gets ready for the rows of a prepared statement that has not run yet: the scan's columns, in its
 * types. NULL: the statement's columns are others. Borrows all three. */
struct engine_mysql_cells *engine_mysql_cell_open(struct connection *connection,
                                                  MYSQL_STMT *statement, const struct scan *scan,
                                                  struct err *err);
/* Before the next row is fetched: gives back large values, so that memory is that of the largest
 * row. */
void engine_mysql_cell_forget(struct engine_mysql_cells *cells);
/* The row that was fetched. *bytes: how many it took on the wire. ERR_TABLE: not whole. */
bool engine_mysql_cell_row(struct engine_mysql_cells *cells, struct cell *row, uint64_t *bytes,
                           struct err *err) MUST_CHECK;
void engine_mysql_cell_free(struct engine_mysql_cells *cells); /* NULL is fine */

#endif
