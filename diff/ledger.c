/*
 * The one file that knows SQLite: records under a kind and two numbers, in a file that is never
 * believed wrongly. Input and output: the ledger's file and, while it is being written, a log
 * beside it ("FILE-wal"). Must not know what a record means.
 *
 * Why a write-ahead log: a save appends the changed pages once and waits for the disk once. A
 * rollback journal writes old and new pages and waits three times or four: half as fast for 1.5 MB,
 * slower still for 100 bytes. What is cut, torn or uncommitted at the log's end is ignored by the
 * next open, which thereby sees an earlier save. And it sees that without writing: a rollback
 * journal would have to be played back first, so a killed run's ledger could neither be read nor
 * refused without changing it. A close moves the log into the file and removes it: one file at
 * rest.
 *
 * Why synchronous=FULL: every commit waits for the log. NORMAL is faster, and loses saves with the
 * power.
 *
 * Why two locks: locking_mode=EXCLUSIVE keeps other programs' SQLite out, and the log's index in
 * memory instead of in a third file. flock() keeps other runs out, at once, from before SQLite sees
 * the file until after it is closed.
 *
 * Sources: https://sqlite.org/wal.html, https://sqlite.org/pragma.html,
 * https://sqlite.org/uri.html, https://sqlite.org/fileformat2.html (the header).
 */
#include "ledger.h"

#include "base/memory.h"
#include "ledger_sum.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sqlite3.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Places in an SQLite file's header. */
#define HEADER_SIZE 100
#define HEADER_WRITE_VERSION 18 /* 2: write-ahead log */
#define HEADER_READ_VERSION 19
#define HEADER_USER_VERSION 60    /* big-endian, our LEDGER_VERSION */
#define HEADER_APPLICATION_ID 68  /* big-endian */
#define APPLICATION_ID 0x54414c59 /* "TALY" */

/* When the log is this many pages (of 4 KB) long, a save also moves it into the file. A digest that
 * is rewritten in every save is then moved once for some ten saves. */
#define LOG_PAGES "4096"

/* What every ledger's schema is, to the letter: a damaged or foreign schema is seen by comparing.
 * WITHOUT ROWID: one tree, so that a small save writes three pages. */
#define SCHEMA_LEDGER "CREATE TABLE ledger(purpose, file, records, sum, checksum)"
#define SCHEMA_RECORD                                                                              \
    "CREATE TABLE record(kind, id, part, checksum, bytes, PRIMARY KEY(kind, id, part)) "           \
    "WITHOUT ROWID"

enum statement {
    BEGIN,
    COMMIT,
    ROLLBACK,
    HEAD,
    SAVE,
    FIND,
    PUT,
    REMOVE,
    GET,
    EACH,
    ALL,
    STATEMENTS
};

static const char *const statement_texts[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [HEAD] = "SELECT purpose, file, records, sum, checksum FROM ledger",
    [SAVE] = "UPDATE ledger SET records = ?1, sum = ?2, checksum = ?3",
    [FIND] = "SELECT checksum FROM record WHERE kind = ?1 AND id = ?2 AND part = ?3",
    [PUT] = "INSERT INTO record VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE"
            " SET checksum = excluded.checksum, bytes = excluded.bytes",
    [REMOVE] = "DELETE FROM record WHERE kind = ?1 AND id = ?2 AND part = ?3",
    [GET] = "SELECT kind, id, part, checksum, bytes FROM record"
            " WHERE kind = ?1 AND id = ?2 AND part = ?3",
    [EACH] = "SELECT kind, id, part, checksum, bytes FROM record WHERE kind = ?1"
             " ORDER BY kind, id, part",
    [ALL] = "SELECT kind, id, part, checksum, bytes FROM record ORDER BY kind, id, part",
};

struct ledger {
    char *path; /* as the caller named it, for sentences */
    char *file; /* absolute, without symbolic links, for SQLite */
    int lock;   /* open and locked as long as the ledger is; -1: not yet */
    bool writable;
    bool changed; /* a transaction is open */
    sqlite3 *database;
    sqlite3_stmt *statements[STATEMENTS];
    struct ledger_head head;
    struct err broken; /* code ERR_NONE: works */
};

/* --- sentences --- */

static bool refuse_damaged(const struct ledger *ledger, const char *what, struct err *err)
{
    return err_set(err, ERR_USAGE,
                   "the ledger \"%s\" is cut or damaged (%s) and is not believed: start anew with "
                   "another file.",
                   ledger->path, what);
}

static bool refuse_in_use(const char *path, struct err *err)
{
    return err_set(err, ERR_USAGE,
                   "the ledger \"%s\" is in use by another run: wait for its end, or name another "
                   "file.",
                   path);
}

static const char not_as_put[] = "a record is not what was put: the file was damaged meanwhile";

/* SQLite's reason, and the system's where there is one. */
static void add_reason(const struct ledger *ledger, struct buffer *reason)
{
    int number = sqlite3_system_errno(ledger->database);
    int code = sqlite3_errcode(ledger->database) & 0xff;
    bool none = code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE;
    buffer_add_text(reason, none ? not_as_put : sqlite3_errmsg(ledger->database));
    if (number && (code == SQLITE_IOERR || code == SQLITE_CANTOPEN))
        buffer_printf(reason, ": %s", strerror(number));
}

/* A call to SQLite failed while opening: is it the disk, somebody else, or the file? */
static bool refuse_open(const struct ledger *ledger, struct err *err)
{
    int code = sqlite3_errcode(ledger->database) & 0xff;
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
        return refuse_in_use(ledger->path, err);
    if (sqlite3_extended_errcode(ledger->database) == SQLITE_IOERR_SHORT_READ)
        return refuse_damaged(ledger, "it ends too early", err);
    struct buffer reason = BUFFER_INIT(sizeof err->text);
    add_reason(ledger, &reason);
    if (code == SQLITE_IOERR || code == SQLITE_CANTOPEN || code == SQLITE_FULL ||
        code == SQLITE_NOMEM || code == SQLITE_READONLY)
        err_set(err, ERR_INTERNAL, "the ledger \"%s\" cannot be opened: %s.", ledger->path,
                (const char *)reason.data);
    else
        refuse_damaged(ledger, (const char *)reason.data, err);
    buffer_free(&reason);
    return false;
}

static void reset(struct ledger *ledger, enum statement which)
{
    sqlite3_stmt *statement = ledger->statements[which];
    (void)sqlite3_reset(statement); /* repeats the error of the step before */
    (void)sqlite3_clear_bindings(statement);
}

static void roll_back(struct ledger *ledger)
{
    for (enum statement i = 0; i < STATEMENTS; i++)
        if (ledger->statements[i])
            reset(ledger, i);
    /* SQLite has rolled back by itself after some errors. */
    if (ledger->database && !sqlite3_get_autocommit(ledger->database)) {
        (void)sqlite3_step(ledger->statements[ROLLBACK]);
        reset(ledger, ROLLBACK);
    }
    ledger->changed = false;
}

/* An open ledger's disk failed: from now on it takes nothing more. */
static bool fail(struct ledger *ledger, const char *doing, const char *why, struct err *err)
{
    struct buffer reason = BUFFER_INIT(sizeof err->text);
    if (why)
        buffer_add_text(&reason, why);
    else
        add_reason(ledger, &reason);
    err_set(&ledger->broken, ERR_INTERNAL,
            "the ledger \"%s\" cannot be %s: %s; free space or choose another --ledger; what was "
            "saved before can be resumed.",
            ledger->path, doing, (const char *)reason.data);
    buffer_free(&reason);
    roll_back(ledger);
    *err = ledger->broken;
    return false;
}

static MUST_CHECK bool works(const struct ledger *ledger, struct err *err)
{
    if (ledger->broken.code == ERR_NONE)
        return true;
    *err = ledger->broken;
    return false;
}

/* --- statements --- */

static void bind_key(sqlite3_stmt *statement, const char *kind, int64_t id, int64_t part)
{
    /* A failed binding leaves NULL, which finds nothing and is refused by a WITHOUT ROWID table's
     * key. */
    (void)sqlite3_bind_text(statement, 1, kind, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(statement, 2, id);
    (void)sqlite3_bind_int64(statement, 3, part);
}

static MUST_CHECK bool bind_sum(sqlite3_stmt *statement, int place, struct hash128 sum)
{
    unsigned char bytes[LEDGER_SUM_SIZE];
    ledger_sum_write(sum, bytes);
    return sqlite3_bind_blob(statement, place, bytes, LEDGER_SUM_SIZE, SQLITE_TRANSIENT) ==
           SQLITE_OK;
}

/* A column that holds so many bytes and is a blob; false: it is not. */
static MUST_CHECK bool column_blob(sqlite3_stmt *statement, int column, int size,
                                   const unsigned char **bytes)
{
    if (sqlite3_column_type(statement, column) != SQLITE_BLOB)
        return false;
    *bytes = sqlite3_column_blob(statement, column);
    return *bytes && sqlite3_column_bytes(statement, column) == size;
}

static MUST_CHECK bool column_sum(sqlite3_stmt *statement, int column, struct hash128 *sum)
{
    const unsigned char *bytes;
    if (!column_blob(statement, column, LEDGER_SUM_SIZE, &bytes))
        return false;
    *sum = ledger_sum_read(bytes);
    return true;
}

/* The row at which the statement stands; false: its checksum says that it is not what was put. */
static MUST_CHECK bool read_record(const struct ledger *ledger, sqlite3_stmt *statement,
                                   struct ledger_record *record)
{
    if (sqlite3_column_type(statement, 0) != SQLITE_TEXT ||
        sqlite3_column_type(statement, 1) != SQLITE_INTEGER ||
        sqlite3_column_type(statement, 2) != SQLITE_INTEGER ||
        !column_sum(statement, 3, &record->checksum) ||
        sqlite3_column_type(statement, 4) != SQLITE_BLOB)
        return false;
    record->kind = (const char *)sqlite3_column_text(statement, 0);
    record->kind_length = (size_t)sqlite3_column_bytes(statement, 0);
    record->id = sqlite3_column_int64(statement, 1);
    record->part = sqlite3_column_int64(statement, 2);
    record->bytes = sqlite3_column_blob(statement, 4); /* NULL when empty */
    record->length = (size_t)sqlite3_column_bytes(statement, 4);
    if (!record->kind || (record->length && !record->bytes))
        return false; /* no memory */
    if (!record->bytes)
        record->bytes = "";
    return ledger_sum_equal(record->checksum, ledger_sum_of_record(&ledger->head, record));
}

/* The checksum that a place's record has now. */
static MUST_CHECK bool find(struct ledger *ledger, const char *kind, int64_t id, int64_t part,
                            struct hash128 *checksum, bool *found)
{
    sqlite3_stmt *statement = ledger->statements[FIND];
    bind_key(statement, kind, id, part);
    int code = sqlite3_step(statement);
    *found = code == SQLITE_ROW;
    bool good = code == SQLITE_DONE || (*found && column_sum(statement, 0, checksum));
    reset(ledger, FIND);
    return good;
}

/* --- opening --- */

/* FILE's neighbour: "FILE-wal". Freed by the caller. */
static char *beside(const struct ledger *ledger, const char *suffix)
{
    return mem_format("%s%s", ledger->file, suffix);
}

/* "FILE-wal" holds something: a run was killed. */
static bool has_log(const struct ledger *ledger)
{
    struct stat status;
    char *path = beside(ledger, "-wal");
    bool has = stat(path, &status) == 0 && status.st_size > 0;
    free(path);
    return has;
}

/* Journals that no ledger of ours left there would be played into the file. */
static MUST_CHECK bool nothing_beside(const struct ledger *ledger, const char *const *suffixes,
                                      size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        struct stat status;
        char *path = beside(ledger, suffixes[i]);
        bool there = lstat(path, &status) == 0;
        if (there)
            err_set(err, ERR_USAGE,
                    "\"%s\" is a journal that does not belong to the ledger \"%s\": remove it, or "
                    "name another file.",
                    path, ledger->path);
        free(path);
        if (there)
            return false;
    }
    return true;
}

static MUST_CHECK bool lock(struct ledger *ledger, bool alone, struct err *err)
{
    if (flock(ledger->lock, (alone ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0)
        return true;
    if (errno == EWOULDBLOCK)
        return refuse_in_use(ledger->path, err);
    return err_set(err, ERR_USAGE, "the ledger \"%s\" cannot be locked: %s; choose another place.",
                   ledger->path, strerror(errno));
}

static MUST_CHECK bool resolve(struct ledger *ledger, struct err *err)
{
    /* An absolute path also keeps a name such as "file:x" from being read as a URI. */
    ledger->file = realpath(ledger->path, NULL);
    if (ledger->file)
        return true;
    return err_set(err, ERR_USAGE, "the ledger \"%s\" cannot be opened: %s.", ledger->path,
                   strerror(errno));
}

static MUST_CHECK bool execute(struct ledger *ledger, const char *sql, struct err *err)
{
    if (sqlite3_exec(ledger->database, sql, NULL, NULL, NULL) == SQLITE_OK)
        return true;
    return refuse_open(ledger, err);
}

/* A question with one answer; false: it is not the expected one. */
static MUST_CHECK bool answers(struct ledger *ledger, const char *sql, const char *expected,
                               struct err *err)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(ledger->database, sql, -1, &statement, NULL) != SQLITE_OK)
        return refuse_open(ledger, err);
    bool good = false;
    if (sqlite3_step(statement) == SQLITE_ROW) {
        const char *answer = (const char *)sqlite3_column_text(statement, 0);
        good = answer && strcmp(answer, expected) == 0;
        if (!good)
            refuse_damaged(ledger, answer ? answer : "no answer", err);
    } else {
        refuse_open(ledger, err);
    }
    sqlite3_finalize(statement);
    return good;
}

enum access {
    ACCESS_CHECK, /* changes no byte, neither of the file nor of what lies beside it */
    ACCESS_WRITE,
};

/* A file at rest needs no journal, and gets none where SQLite believes that nobody can change it.
 * Where a killed run left its log, SQLite wants to write, but does not when it may not move the log
 * at the close. */
static MUST_CHECK bool open_database(struct ledger *ledger, enum access access, struct err *err)
{
    struct buffer name = BUFFER_INIT(BUFFER_NO_LIMIT);
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE;
    if (access == ACCESS_CHECK && !has_log(ledger)) {
        flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
        buffer_add_text(&name, "file:");
        for (const unsigned char *at = (const unsigned char *)ledger->file; *at; at++)
            if (*at == '%' || *at == '?' || *at == '#')
                buffer_printf(&name, "%%%02X", *at);
            else
                buffer_add_byte(&name, *at);
        buffer_add_text(&name, "?immutable=1");
    } else {
        buffer_add_text(&name, ledger->file);
    }
    int code = sqlite3_open_v2((const char *)name.data, &ledger->database, flags, NULL);
    buffer_free(&name);
    if (code != SQLITE_OK)
        return refuse_open(ledger, err);
    (void)sqlite3_extended_result_codes(ledger->database, 1);
    (void)sqlite3_db_config(ledger->database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE,
                            access == ACCESS_CHECK, NULL);
    return execute(ledger,
                   "PRAGMA locking_mode = EXCLUSIVE;" /* first: before the file is read */
                   "PRAGMA trusted_schema = OFF;"
                   "PRAGMA cell_size_check = ON;"
                   "PRAGMA temp_store = MEMORY;" /* no record goes to a temporary file */
                   "PRAGMA synchronous = FULL;"
                   "PRAGMA wal_autocheckpoint = " LOG_PAGES,
                   err);
}

static MUST_CHECK bool prepare(struct ledger *ledger, struct err *err)
{
    for (enum statement i = 0; i < STATEMENTS; i++)
        if (sqlite3_prepare_v3(ledger->database, statement_texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &ledger->statements[i], NULL) != SQLITE_OK)
            return refuse_open(ledger, err);
    return true;
}

static void close_database(struct ledger *ledger)
{
    roll_back(ledger);
    for (enum statement i = 0; i < STATEMENTS; i++) {
        sqlite3_finalize(ledger->statements[i]);
        ledger->statements[i] = NULL;
    }
    sqlite3_close(ledger->database);
    ledger->database = NULL;
}

static MUST_CHECK bool read_head(struct ledger *ledger, struct err *err)
{
    struct ledger_head *head = &ledger->head;
    sqlite3_stmt *statement = ledger->statements[HEAD];
    int code = sqlite3_step(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return refuse_open(ledger, err);
    const unsigned char *file;
    struct hash128 checksum;
    bool good = code == SQLITE_ROW && sqlite3_column_type(statement, 0) == SQLITE_TEXT &&
                column_blob(statement, 1, LEDGER_FILE_ID_SIZE, &file) &&
                sqlite3_column_type(statement, 2) == SQLITE_INTEGER &&
                column_sum(statement, 3, &head->sum) && column_sum(statement, 4, &checksum);
    if (good) {
        const unsigned char *purpose = sqlite3_column_text(statement, 0);
        free(head->purpose);
        head->purpose = mem_copy_string(purpose ? (const char *)purpose : "");
        memcpy(head->file, file, LEDGER_FILE_ID_SIZE);
        head->records = sqlite3_column_int64(statement, 2);
        good = ledger_sum_equal(checksum, ledger_sum_of_head(head)) &&
               sqlite3_step(statement) == SQLITE_DONE;
    }
    reset(ledger, HEAD);
    return good || refuse_damaged(ledger, "its head is not what was saved", err);
}

/* Reads every record: each must be what was put, be found by its place, and all together be what
 * the last commit counted. */
static MUST_CHECK bool read_all(struct ledger *ledger, struct err *err)
{
    int64_t records = 0;
    struct hash128 sum = {0, 0};
    sqlite3_stmt *statement = ledger->statements[ALL];
    int code;
    bool good = true;
    while (good && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        struct ledger_record record;
        struct hash128 checksum;
        bool found = false;
        good = read_record(ledger, statement, &record) &&
               find(ledger, record.kind, record.id, record.part, &checksum, &found) && found &&
               ledger_sum_equal(checksum, record.checksum);
        if (!good) {
            refuse_damaged(ledger, "a record is not what was saved", err);
        } else {
            records++;
            sum = ledger_sum_add(sum, record.checksum);
        }
    }
    if (good && code != SQLITE_DONE)
        good = refuse_open(ledger, err);
    reset(ledger, ALL);
    if (!good)
        return false;
    if (records != ledger->head.records || !ledger_sum_equal(sum, ledger->head.sum))
        return refuse_damaged(ledger, "records are missing or of another save", err);
    return true;
}

static uint32_t big_endian(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Before SQLite sees the file: what it is, in words that SQLite does not have. */
static MUST_CHECK bool check_header(const struct ledger *ledger, struct err *err)
{
    unsigned char header[HEADER_SIZE];
    ssize_t got = pread(ledger->lock, header, sizeof header, 0);
    if (got < 0)
        return err_set(err, ERR_USAGE, "the ledger \"%s\" cannot be read: %s.", ledger->path,
                       strerror(errno));
    if (got == 0)
        return err_set(err, ERR_USAGE,
                       "\"%s\" is empty and not a ledger (or one whose making was interrupted: "
                       "then remove it).",
                       ledger->path);
    if (got < HEADER_SIZE || memcmp(header, "SQLite format 3", 16) != 0)
        return err_set(err, ERR_USAGE, "\"%s\" is not a ledger, or is cut or damaged.",
                       ledger->path);
    if (big_endian(header + HEADER_APPLICATION_ID) != APPLICATION_ID)
        return err_set(err, ERR_USAGE,
                       "\"%s\" is an SQLite database, but not a ledger (or is damaged).",
                       ledger->path);
    uint32_t version = big_endian(header + HEADER_USER_VERSION);
    if (version != LEDGER_VERSION)
        return err_set(
            err, ERR_USAGE,
            "the ledger \"%s\" has format %u, and this version of Tally reads format %d: "
            "use the version that wrote it, or start anew with another file.",
            ledger->path, version, LEDGER_VERSION);
    if (header[HEADER_WRITE_VERSION] != 2 || header[HEADER_READ_VERSION] != 2)
        return refuse_damaged(ledger, "it is no longer in SQLite's WAL mode", err);
    return true;
}

static MUST_CHECK bool check(struct ledger *ledger, const char *purpose, struct err *err)
{
    if (has_log(ledger) && access(ledger->file, R_OK | W_OK) != 0)
        return err_set(
            err, ERR_USAGE,
            "the ledger \"%s\" is of a run that was interrupted, and can be read only by "
            "who may write it: %s.",
            ledger->path, strerror(errno));
    /* The integrity check also reads what only later writes would stumble over: the list of free
     * pages. */
    if (!open_database(ledger, ACCESS_CHECK, err) ||
        !answers(ledger,
                 "SELECT group_concat(type || ' ' || name || ' ' || tbl_name || ' ' || sql, ';')"
                 " FROM (SELECT * FROM sqlite_schema ORDER BY name)",
                 "table ledger ledger " SCHEMA_LEDGER ";table record record " SCHEMA_RECORD, err) ||
        !answers(ledger, "PRAGMA integrity_check(1)", "ok", err) || !prepare(ledger, err) ||
        !read_head(ledger, err))
        return false;
    if (purpose && strcmp(purpose, ledger->head.purpose) != 0)
        return err_set(err, ERR_USAGE, "\"%s\" is a ledger for \"%s\", not for \"%s\".",
                       ledger->path, ledger->head.purpose, purpose);
    return read_all(ledger, err);
}

/* After check(), by the same lock, so the file is still what was checked. */
static MUST_CHECK bool reopen_for_writing(struct ledger *ledger, struct err *err)
{
    struct ledger_head checked = ledger->head;
    close_database(ledger);
    ledger->head.purpose = NULL;
    bool good = open_database(ledger, ACCESS_WRITE, err) &&
                answers(ledger, "PRAGMA journal_mode", "wal", err) && prepare(ledger, err) &&
                read_head(ledger, err);
    if (good && !ledger_sum_equal(ledger_sum_of_head(&checked), ledger_sum_of_head(&ledger->head)))
        good = refuse_in_use(ledger->path, err);
    free(checked.purpose);
    return good;
}

static struct ledger *new_ledger(const char *path)
{
    struct ledger *ledger = mem_zero(1, sizeof *ledger);
    ledger->path = mem_copy_string(path);
    ledger->lock = -1;
    return ledger;
}

static MUST_CHECK bool open_file(struct ledger *ledger, const char *purpose, bool writable,
                                 struct err *err)
{
    static const char *const foreign[] = {"-journal"};
    /* O_NONBLOCK: a named pipe must be refused, not waited for. */
    ledger->lock =
        open(ledger->path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (ledger->lock < 0)
        return err_set(err, ERR_USAGE, "the ledger \"%s\" cannot be opened: %s.", ledger->path,
                       strerror(errno));
    struct stat status;
    if (fstat(ledger->lock, &status) != 0 || !S_ISREG(status.st_mode))
        return err_set(err, ERR_USAGE, "\"%s\" is not a file, and so not a ledger.", ledger->path);
    if (!lock(ledger, writable, err) || !resolve(ledger, err) || !check_header(ledger, err) ||
        !nothing_beside(ledger, foreign, COUNT(foreign), err) || !check(ledger, purpose, err))
        return false;
    ledger->writable = writable;
    return !writable || reopen_for_writing(ledger, err);
}

bool ledger_open(const char *path, const char *purpose, bool writable, struct ledger **ledger,
                 struct err *err)
{
    *ledger = new_ledger(path);
    if (open_file(*ledger, purpose, writable, err))
        return true;
    ledger_close(*ledger);
    *ledger = NULL;
    return false;
}

/* --- making --- */

/* The folder that holds a path, for sentences and for fsync(). Freed by the caller. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return mem_copy_string(".");
    return mem_copy_bytes(path, slash == path ? 1 : (size_t)(slash - path));
}

static MUST_CHECK bool make_file(struct ledger *ledger, struct err *err)
{
    /* SQLite gives its journals the file's own mode, so they too are their owner's alone. */
    ledger->lock = open(ledger->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (ledger->lock >= 0) {
        (void)fchmod(ledger->lock, 0600); /* an umask may have taken even these */
        return true;
    }
    if (errno == EEXIST)
        return err_set(
            err, ERR_USAGE,
            "\"%s\" exists already, and a new ledger is written over nothing: resume it, "
            "remove it, or name another file.",
            ledger->path);
    enum err_code code =
        errno == ENOSPC || errno == EDQUOT || errno == EMFILE || errno == ENFILE || errno == EIO
            ? ERR_INTERNAL
            : ERR_USAGE;
    char *folder = folder_of(ledger->path);
    err_set(err, code, "the ledger \"%s\" cannot be made in the folder \"%s\": %s.", ledger->path,
            folder, strerror(errno));
    free(folder);
    return false;
}

/* The file's name must survive a power loss as its content does. */
static MUST_CHECK bool sync_folder(const struct ledger *ledger, struct err *err)
{
    char *path = folder_of(ledger->file);
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(path);
    /* Some file systems cannot sync a folder and say EINVAL; a folder may be writable and not
     * readable. */
    bool good = folder < 0 || fsync(folder) == 0 || errno == EINVAL;
    if (!good)
        err_set(err, ERR_INTERNAL, "the ledger \"%s\" cannot be made: %s.", ledger->path,
                strerror(errno));
    if (folder >= 0)
        close(folder);
    return good;
}

/* The first commit goes from the log into the file at once: a ledger that loses its log is then an
 * empty ledger, not an empty file. */
static MUST_CHECK bool fill_file(struct ledger *ledger, struct err *err)
{
    char version[100];
    snprintf(version, sizeof version, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
             APPLICATION_ID, LEDGER_VERSION);
    if (!open_database(ledger, ACCESS_WRITE, err) ||
        /* An empty file has nothing to lose, so entering WAL mode needs no journal. */
        !execute(ledger, "PRAGMA page_size = 4096; PRAGMA journal_mode = MEMORY", err) ||
        !answers(ledger, "PRAGMA journal_mode = WAL", "wal", err) ||
        !execute(ledger, "BEGIN IMMEDIATE", err) || !execute(ledger, version, err) ||
        !execute(ledger, SCHEMA_LEDGER ";" SCHEMA_RECORD, err))
        return false;
    sqlite3_stmt *insert = NULL;
    bool good =
        sqlite3_prepare_v2(ledger->database, "INSERT INTO ledger VALUES(?1, ?2, 0, ?3, ?4)", -1,
                           &insert, NULL) == SQLITE_OK &&
        sqlite3_bind_text(insert, 1, ledger->head.purpose, -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_bind_blob(insert, 2, ledger->head.file, LEDGER_FILE_ID_SIZE, SQLITE_STATIC) ==
            SQLITE_OK &&
        bind_sum(insert, 3, ledger->head.sum) &&
        bind_sum(insert, 4, ledger_sum_of_head(&ledger->head)) &&
        sqlite3_step(insert) == SQLITE_DONE;
    if (!good)
        refuse_open(ledger, err);
    sqlite3_finalize(insert);
    return good && execute(ledger, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)", err) &&
           prepare(ledger, err);
}

bool ledger_create(const char *path, const char *purpose, struct ledger **result, struct err *err)
{
    static const char *const foreign[] = {"-journal", "-wal"};
    *result = NULL;
    struct ledger *ledger = new_ledger(path);
    if (!make_file(ledger, err)) {
        ledger_close(ledger);
        return false;
    }
    ledger->writable = true;
    ledger->head.purpose = mem_copy_string(purpose);
    bool good = lock(ledger, true, err) && resolve(ledger, err) &&
                nothing_beside(ledger, foreign, COUNT(foreign), err);
    if (good && getrandom(ledger->head.file, LEDGER_FILE_ID_SIZE, 0) != LEDGER_FILE_ID_SIZE)
        good = err_set(err, ERR_INTERNAL, "the ledger \"%s\" cannot be made: no random bytes: %s.",
                       path, strerror(errno));
    if (good && fill_file(ledger, err) && sync_folder(ledger, err)) {
        *result = ledger;
        return true;
    }
    bool logged = ledger->database != NULL;
    close_database(ledger);
    if (logged) {
        char *log = beside(ledger, "-wal");
        unlink(log);
        free(log);
    }
    unlink(path); /* made above; locked, so nobody else's yet */
    ledger_close(ledger);
    return false;
}

/* --- an open ledger --- */

const char *ledger_purpose(const struct ledger *ledger)
{
    return ledger->head.purpose;
}

const char *ledger_path(const struct ledger *ledger)
{
    return ledger->path;
}

void ledger_close(struct ledger *ledger)
{
    if (!ledger)
        return;
    close_database(ledger);
    if (ledger->lock >= 0)
        close(ledger->lock);
    free(ledger->head.purpose);
    free(ledger->file);
    free(ledger->path);
    free(ledger);
}

/* Before a change; *old is the checksum of what the place holds, if *found. */
static MUST_CHECK bool begin_change(struct ledger *ledger, const char *kind, int64_t id,
                                    int64_t part, struct hash128 *old, bool *found, struct err *err)
{
    if (!works(ledger, err))
        return false;
    if (!ledger->writable)
        return err_set(err, ERR_INTERNAL, "the ledger \"%s\" was opened for reading only.",
                       ledger->path);
    if (!ledger->changed) {
        if (sqlite3_step(ledger->statements[BEGIN]) != SQLITE_DONE)
            return fail(ledger, "written", NULL, err);
        reset(ledger, BEGIN);
        ledger->changed = true;
    }
    return find(ledger, kind, id, part, old, found) || fail(ledger, "read", NULL, err);
}

bool ledger_put(struct ledger *ledger, const char *kind, int64_t id, int64_t part,
                const void *bytes, size_t length, struct err *err)
{
    struct hash128 old;
    bool found;
    if (!begin_change(ledger, kind, id, part, &old, &found, err))
        return false;
    struct ledger_record record = {.kind = kind,
                                   .kind_length = strlen(kind),
                                   .id = id,
                                   .part = part,
                                   .bytes =
                                       length ? bytes : "", /* SQLite reads NULL as its own NULL */
                                   .length = length};
    record.checksum = ledger_sum_of_record(&ledger->head, &record);
    sqlite3_stmt *statement = ledger->statements[PUT];
    bind_key(statement, kind, id, part);
    bool good =
        bind_sum(statement, 4, record.checksum) &&
        sqlite3_bind_blob64(statement, 5, record.bytes, length, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_DONE;
    if (!good)
        return fail(ledger, "written", NULL, err);
    reset(ledger, PUT);
    struct ledger_head *head = &ledger->head;
    if (found)
        head->sum = ledger_sum_subtract(head->sum, old);
    else
        head->records++;
    head->sum = ledger_sum_add(head->sum, record.checksum);
    return true;
}

bool ledger_remove(struct ledger *ledger, const char *kind, int64_t id, int64_t part,
                   struct err *err)
{
    struct hash128 old;
    bool found;
    if (!begin_change(ledger, kind, id, part, &old, &found, err))
        return false;
    if (!found)
        return true;
    bind_key(ledger->statements[REMOVE], kind, id, part);
    if (sqlite3_step(ledger->statements[REMOVE]) != SQLITE_DONE)
        return fail(ledger, "written", NULL, err);
    reset(ledger, REMOVE);
    ledger->head.records--;
    ledger->head.sum = ledger_sum_subtract(ledger->head.sum, old);
    return true;
}

bool ledger_save(struct ledger *ledger, struct err *err)
{
    if (!works(ledger, err))
        return false;
    if (!ledger->changed)
        return true;
    sqlite3_stmt *statement = ledger->statements[SAVE];
    bool good = sqlite3_bind_int64(statement, 1, ledger->head.records) == SQLITE_OK &&
                bind_sum(statement, 2, ledger->head.sum) &&
                bind_sum(statement, 3, ledger_sum_of_head(&ledger->head)) &&
                sqlite3_step(statement) == SQLITE_DONE;
    if (!good)
        return fail(ledger, "written", NULL, err);
    reset(ledger, SAVE);
    if (sqlite3_step(ledger->statements[COMMIT]) != SQLITE_DONE)
        return fail(ledger, "written", NULL, err);
    reset(ledger, COMMIT);
    ledger->changed = false;
    return true;
}

bool ledger_get(struct ledger *ledger, const char *kind, int64_t id, int64_t part,
                struct buffer *bytes, bool *found, struct err *err)
{
    *found = false;
    buffer_clear(bytes);
    if (!works(ledger, err))
        return false;
    sqlite3_stmt *statement = ledger->statements[GET];
    bind_key(statement, kind, id, part);
    int code = sqlite3_step(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return fail(ledger, "read", NULL, err);
    if (code == SQLITE_ROW) {
        struct ledger_record record;
        if (!read_record(ledger, statement, &record) || record.id != id || record.part != part ||
            strcmp(record.kind, kind) != 0)
            return fail(ledger, "read", not_as_put, err);
        buffer_add(bytes, record.bytes, record.length);
        *found = true;
    }
    reset(ledger, GET);
    if (buffer_overflowed(bytes))
        return err_set(err, ERR_INTERNAL, "a record \"%s\" of the ledger \"%s\" is too long.", kind,
                       ledger->path);
    return true;
}

bool ledger_each(struct ledger *ledger, const char *kind,
                 bool (*take)(void *context, int64_t id, int64_t part, const unsigned char *bytes,
                              size_t length, struct err *err),
                 void *context, struct err *err)
{
    if (!works(ledger, err))
        return false;
    sqlite3_stmt *statement = ledger->statements[EACH];
    (void)sqlite3_bind_text(statement, 1, kind, -1, SQLITE_STATIC);
    int code;
    bool taken = true;
    while (taken && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        struct ledger_record record;
        if (!read_record(ledger, statement, &record))
            return fail(ledger, "read", not_as_put, err);
        taken = take(context, record.id, record.part, record.bytes, record.length, err);
    }
    if (taken && code != SQLITE_DONE)
        return fail(ledger, "read", NULL, err);
    reset(ledger, EACH);
    return taken;
}
