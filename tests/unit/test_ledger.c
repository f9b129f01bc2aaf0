/*
 * The ledger: what is cut, flipped, killed, full, foreign or in use is opened as one of its saves,
 * or refused with a sentence; it is never believed otherwise. SQLite is used here only to do harm.
 */
#include "../../diff/base/buffer.h"
#include "../../diff/base/memory.h"
#include "../../diff/ledger_place.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <sqlite3.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static char folder[256]; /* of the running test; new for each */
static char path[300];   /* its ledger */
static char log_path[320];

/* --- states: generation g of a ledger, in which every record tells g --- */

#define RECORDS 6
#define REFUSED (-1)
#define LARGEST 1300 /* bytes: more than a page takes of one record */

/* The content of record i in generation g. */
static size_t fill(unsigned char *bytes, int64_t g, int64_t i)
{
    static const size_t lengths[RECORDS] = {8, 0, 300, LARGEST, 50, 40};
    for (size_t k = 0; k < lengths[i]; k++)
        bytes[k] = (unsigned char)((uint64_t)g * 31 + (uint64_t)i * 7 + k * (uint64_t)(g + 1));
    return lengths[i];
}

/* Record 4 is there in even generations only. */
static bool exists(int64_t g, int64_t i)
{
    return i != 4 || g % 2 == 0;
}

static bool put_generation(struct ledger *ledger, int64_t g, struct err *err)
{
    unsigned char bytes[LARGEST];
    for (int64_t i = 0; i < RECORDS; i++) {
        size_t length = fill(bytes, g, i);
        if (exists(g, i) ? !ledger_put(ledger, "state", i, -i, bytes, length, err)
                         : !ledger_remove(ledger, "state", i, -i, err))
            return false;
    }
    return ledger_put(ledger, "generation", 0, 0, &g, sizeof g, err);
}

static bool count_one(void *context, int64_t id, int64_t part, const unsigned char *bytes,
                      size_t length, struct err *err)
{
    (void)bytes, (void)length, (void)err;
    assert_int_equal(part, -id);
    ++*(int *)context;
    return true;
}

/* Which generation an open ledger holds; fails the test when it is a mixture, or not as it was put.
 * 0 is the empty ledger. */
static int64_t generation_of(struct ledger *ledger)
{
    struct err err = {0};
    struct buffer bytes = BUFFER_INIT(1 << 20);
    int64_t g = 0;
    bool found;
    int seen = 0, expected = 0;
    assert_true(ledger_get(ledger, "generation", 0, 0, &bytes, &found, &err));
    if (found) {
        assert_int_equal(bytes.length, sizeof g);
        memcpy(&g, bytes.data, sizeof g);
        assert_true(g > 0);
    }
    for (int64_t i = 0; i < RECORDS; i++) {
        unsigned char content[LARGEST];
        size_t length = fill(content, g, i);
        assert_true(ledger_get(ledger, "state", i, -i, &bytes, &found, &err));
        assert_int_equal(found, g > 0 && exists(g, i));
        if (found) {
            expected++;
            assert_int_equal(bytes.length, length);
            assert_memory_equal(bytes.data, content, length);
        }
    }
    assert_true(ledger_each(ledger, "state", count_one, &seen, &err));
    assert_int_equal(seen, expected);
    buffer_free(&bytes);
    return g;
}

/* Opens, looks and closes. A refusal must be a sentence of ERR_USAGE that names the file. */
static int64_t look(bool writable)
{
    struct err err = {0};
    struct ledger *ledger = NULL;
    if (!ledger_open(path, "verify", writable, &ledger, &err)) {
        assert_null(ledger);
        if (err.code != ERR_USAGE || !strstr(err.text, path))
            fail_msg("a refusal: %d: %s", err.code, err.text);
        return REFUSED;
    }
    int64_t g = generation_of(ledger);
    ledger_close(ledger);
    return g;
}

static void make_ledger(int64_t generations)
{
    struct err err = {0};
    struct ledger *ledger;
    assert_true(ledger_create(path, "verify", &ledger, &err));
    for (int64_t g = 1; g <= generations; g++) {
        assert_true(put_generation(ledger, g, &err));
        assert_true(ledger_save(ledger, &err));
    }
    ledger_close(ledger);
}

/* Opens for writing, saves the next generation, and sees it again. */
static void continue_from(int64_t g)
{
    struct err err = {0};
    struct ledger *ledger;
    assert_true(ledger_open(path, "verify", true, &ledger, &err));
    assert_int_equal(generation_of(ledger), g);
    assert_true(put_generation(ledger, g + 1, &err));
    assert_true(ledger_save(ledger, &err));
    ledger_close(ledger);
    assert_int_equal(look(false), g + 1);
}

/* --- files --- */

struct image {
    size_t length;
    unsigned char *bytes;
};

static struct image read_image(const char *file)
{
    int in = open(file, O_RDONLY);
    assert_true(in >= 0);
    off_t length = lseek(in, 0, SEEK_END);
    struct image image = {(size_t)length, mem_alloc((size_t)length + 1)};
    assert_int_equal(pread(in, image.bytes, image.length, 0), length);
    close(in);
    return image;
}

static void write_image(const char *file, const void *bytes, size_t length)
{
    int out = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(out >= 0);
    assert_int_equal(write(out, bytes, length), (ssize_t)length);
    close(out);
}

static void poke(const char *file, size_t at, unsigned char byte)
{
    int out = open(file, O_WRONLY);
    assert_true(out >= 0);
    assert_int_equal(pwrite(out, &byte, 1, (off_t)at), 1);
    close(out);
}

/* One bit of a byte is another, or all of them. */
static unsigned char flipped(unsigned char byte, size_t at)
{
    return (unsigned char)(byte ^ (at % 3 ? 1u << at % 8 : 0xff));
}

static void assert_is_image(const char *file, const struct image *image)
{
    struct image now = read_image(file);
    assert_int_equal(now.length, image->length);
    assert_memory_equal(now.bytes, image->bytes, now.length);
    free(now.bytes);
}

static bool is_there(const char *file)
{
    struct stat status;
    return lstat(file, &status) == 0;
}

/* Nothing lies beside the ledger (nor, when it shall not, the ledger itself). */
static void assert_alone(void)
{
    static const char *const suffixes[] = {"-wal", "-shm", "-journal"};
    for (size_t i = 0; i < COUNT(suffixes); i++) {
        char *beside = mem_format("%s%s", path, suffixes[i]);
        assert_false(is_there(beside));
        free(beside);
    }
}

static int remove_one(const char *file, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(file);
}

static int set_up(void **state)
{
    (void)state;
    const char *temporary = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/tally-ledger.XXXXXX", temporary ? temporary : "/tmp");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/run.ledger", folder);
    snprintf(log_path, sizeof log_path, "%s-wal", path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 10, FTW_DEPTH | FTW_PHYS);
}

/* A ledger as kill -9 leaves it after so many generations: a file and a log. */
static void make_killed_ledger(int64_t generations)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct err err = {0};
        struct ledger *ledger;
        bool good = ledger_create(path, "verify", &ledger, &err);
        for (int64_t g = 1; good && g <= generations; g++)
            good = put_generation(ledger, g, &err) && ledger_save(ledger, &err);
        if (good && put_generation(ledger, generations + 1, &err)) /* not saved */
            raise(SIGKILL);
        _exit(1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_true(is_there(log_path));
}

/* --- cut and flipped --- */

static void a_ledger_cut_at_any_byte_is_refused_or_an_earlier_save(void **state)
{
    (void)state;
    make_ledger(3);
    struct image image = read_image(path);
    assert_int_equal(look(false), 3);
    for (size_t length = image.length; length-- > 0;) {
        assert_int_equal(truncate(path, (off_t)length), 0);
        int64_t g = look(false);
        assert_true(g == REFUSED || (g >= 0 && g <= 3));
        if (length % 1021 == 0)
            assert_int_equal(look(true), g);
        if (g != REFUSED) { /* an earlier save; opened for writing, it was made whole again */
            write_image(path, image.bytes, length);
            continue;
        }
        struct stat status; /* a refused file is left as it was */
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_size, length);
    }
    assert_alone();
    free(image.bytes);
}

static void any_flipped_byte_is_refused_or_harmless(void **state)
{
    (void)state;
    make_ledger(3);
    struct image image = read_image(path);
    size_t harmless = 0;
    for (size_t at = 0; at < image.length; at++) {
        poke(path, at, flipped(image.bytes[at], at));
        int64_t g = look(false);
        assert_true(g == REFUSED || g == 3);
        harmless += g == 3;
        if (at % 101 == 0 || (at < 128 && at % 3 == 0)) {
            assert_int_equal(look(true), g);
            if (g == 3)
                continue_from(3);
            write_image(path, image.bytes, image.length);
        } else {
            poke(path, at, image.bytes[at]);
        }
    }
    assert_is_image(path, &image);
    assert_alone();
    /* The rest is unused space; the records and the schema take more than 2,000 bytes. */
    assert_true(harmless < image.length - 2000);
    free(image.bytes);
}

static void a_large_ledger_cut_or_flipped_anywhere_is_refused_or_right(void **state)
{
    (void)state;
    struct err err = {0};
    struct ledger *ledger;
    make_ledger(2);
    assert_true(ledger_open(path, "verify", true, &ledger, &err));
    for (int64_t i = 0; i < 3000; i++) { /* several levels of pages */
        char text[64];
        int length = snprintf(text, sizeof text, "record %d, and something to fill it", (int)i);
        assert_true(ledger_put(ledger, "many", i * 7 % 3000, i, text, (size_t)length, &err));
    }
    assert_true(ledger_save(ledger, &err));
    for (int64_t i = 0; i < 3000; i++) /* frees pages */
        if (i * 7 % 3000 < 2000)
            assert_true(ledger_remove(ledger, "many", i * 7 % 3000, i, &err));
    assert_true(ledger_save(ledger, &err));
    ledger_close(ledger);
    struct image image = read_image(path);
    assert_true(image.bytes[39] > 10);    /* the header's count of free pages */
    for (size_t at = 32; at < 40; at++) { /* of no harm now, but to what is written next */
        poke(path, at, flipped(image.bytes[at], at));
        assert_int_equal(look(true), REFUSED);
        poke(path, at, image.bytes[at]);
    }
    assert_is_image(path, &image);
    for (size_t at = 0; at < image.length; at += 997) {
        poke(path, at, flipped(image.bytes[at], at));
        int64_t g = look(false);
        assert_true(g == REFUSED || g == 2);
        poke(path, at, image.bytes[at]);
    }
    assert_int_equal(look(false), 2);
    for (size_t length = image.length; length > 4999; length -= 4999) {
        assert_int_equal(truncate(path, (off_t)length - 1), 0);
        assert_int_equal(look(false), REFUSED);
    }
    free(image.bytes);
}

/* A log is a header of 32 bytes and frames of 24 + 4096. In a frame's head and near its ends every
 * byte is tried, elsewhere some: a frame is checked as a whole. */
static bool at_frame(size_t at)
{
    return at < 60 || (at - 32 + 8) % 4120 < 40;
}

static void a_killed_runs_log_cut_at_any_byte_gives_an_earlier_save(void **state)
{
    (void)state;
    make_killed_ledger(3);
    struct image file = read_image(path), log = read_image(log_path);
    int64_t last = 3;
    assert_int_equal(look(false), last);
    for (size_t length = log.length; length-- > 0;) {
        if (length && !at_frame(length) && length % 61 != 0)
            continue;
        assert_int_equal(truncate(log_path, (off_t)length), 0);
        int64_t g = look(false);
        assert_true(g >= 0 && g <= last); /* less of the log is never a later save, nor none */
        last = g;
        if (length % (61 * 67) == 0) { /* a resume of what is left goes on from there */
            continue_from(g);
            assert_alone();
            write_image(path, file.bytes, file.length);
            write_image(log_path, log.bytes, length);
        }
    }
    assert_int_equal(last, 0);
    assert_is_image(path, &file);
    free(file.bytes);
    free(log.bytes);
}

static void any_flipped_byte_of_a_killed_runs_log_gives_a_save(void **state)
{
    (void)state;
    make_killed_ledger(2);
    struct image file = read_image(path), log = read_image(log_path);
    for (size_t at = 0; at < log.length; at++) {
        if (!at_frame(at) && at % 41 != 0)
            continue;
        poke(log_path, at, flipped(log.bytes[at], at));
        int64_t g = look(false);
        assert_true(g == REFUSED || (g >= 0 && g <= 2));
        poke(log_path, at, log.bytes[at]);
    }
    /* Looking, even at damage, wrote nothing. */
    assert_is_image(path, &file);
    assert_is_image(log_path, &log);
    for (size_t at = 0; at < file.length; at += at < 100 ? 1 : 23) {
        poke(path, at, flipped(file.bytes[at], at));
        int64_t g = look(false);
        assert_true(g == REFUSED || (g >= 0 && g <= 2));
        if (g == REFUSED && at % 7 == 0) {
            assert_int_equal(look(true), REFUSED);
            assert_is_image(log_path, &log);
        }
        poke(path, at, file.bytes[at]);
    }
    for (size_t length = file.length; length > 0;) {
        length -= length > 37 ? 37 : 1;
        assert_int_equal(truncate(path, (off_t)length), 0);
        int64_t g = look(false);
        assert_true(g == REFUSED || (g >= 0 && g <= 2));
    }
    free(file.bytes);
    free(log.bytes);
}

static void a_killed_runs_file_without_its_log_is_an_earlier_save(void **state)
{
    (void)state;
    make_killed_ledger(3);
    assert_int_equal(unlink(log_path), 0);
    assert_int_equal(look(false), 0);
    continue_from(0);
}

/* --- killed --- */

/* The child of the next test: saves generation after generation and tells each when it is saved. */
static void save_for_ever(int64_t g, int told)
{
    struct err err = {0};
    struct ledger *ledger;
    if (!ledger_open(path, "verify", true, &ledger, &err))
        _exit(1);
    static unsigned char large[400000];
    for (;;) {
        g++;
        memset(large, (int)g, sizeof large);
        if (!put_generation(ledger, g, &err) ||
            !ledger_put(ledger, "large", 0, 0, large, sizeof large, &err) ||
            !ledger_save(ledger, &err) || write(told, &g, sizeof g) != sizeof g)
            _exit(1);
    }
}

static void
what_is_killed_in_mid_save_is_exactly_one_save_and_none_that_was_told_is_lost(void **state)
{
    (void)state;
    make_ledger(1);
    int64_t saved = 1;
    for (int round = 0; round < 40; round++) {
        int told[2];
        assert_int_equal(pipe2(told, O_CLOEXEC), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            save_for_ever(saved, told[1]);
        close(told[1]);
        int64_t last = saved, told_g;
        if (read(told[0], &told_g, sizeof told_g) == sizeof told_g) /* it has opened and saves */
            last = told_g;
        struct timespec moment = {0, rand() % 20 * 1000000L + rand() % 1000000};
        nanosleep(&moment, NULL);
        kill(child, SIGKILL);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status)); /* it did not end by itself, having failed */
        while (read(told[0], &told_g, sizeof told_g) == sizeof told_g)
            last = told_g;
        close(told[0]);
        int64_t g = look(round % 2);
        assert_true(g == last || g == last + 1); /* saved, and killed before it could tell */
        saved = g;
    }
    assert_true(saved > 40);
    continue_from(saved);
    assert_alone();
}

static void what_was_not_saved_is_dropped_by_a_close(void **state)
{
    (void)state;
    struct err err = {0};
    struct ledger *ledger;
    make_ledger(2);
    assert_true(ledger_open(path, "verify", true, &ledger, &err));
    assert_true(put_generation(ledger, 3, &err));
    assert_int_equal(generation_of(ledger), 3); /* the run itself sees it */
    ledger_close(ledger);
    assert_int_equal(look(false), 2);
    ledger_close(NULL);
}

/* --- foreign hands --- */

static void harm(const char *sql)
{
    sqlite3 *database;
    char *message = NULL;
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    if (sqlite3_exec(database, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

static void records_of_another_ledger_or_place_or_save_are_refused(void **state)
{
    (void)state;
    static const char *const harms[] = {
        "DELETE FROM record WHERE kind = 'state' AND id = 1",
        "DELETE FROM record WHERE kind = 'state' AND id = 1; UPDATE ledger SET records = records - "
        "1",
        "DELETE FROM record",
        "DELETE FROM record; UPDATE ledger SET records = 0, sum = zeroblob(16)",
        "UPDATE record SET bytes = x'00' WHERE id = 2",
        "UPDATE record SET bytes = CAST(bytes AS TEXT) WHERE id = 2",
        "UPDATE record SET bytes = 7 WHERE id = 2",
        "UPDATE record SET checksum = zeroblob(16) WHERE id = 2",
        "UPDATE record SET checksum = 'text' WHERE id = 2",
        "UPDATE record SET id = 77 WHERE id = 2",
        "UPDATE record SET part = 77 WHERE id = 2",
        "UPDATE record SET kind = 'State' WHERE id = 2",
        "UPDATE record SET id = 2.5 WHERE id = 2",
        "UPDATE record SET id = id + 1 - 2 * (id = 3) WHERE id IN (2, 3) AND 0 OR id = 99;"
        "INSERT INTO record SELECT kind, 99, part, checksum, bytes FROM record WHERE id = 2",
        "ATTACH 'other.ledger' AS other;"
        "UPDATE record SET (checksum, bytes) = (SELECT o.checksum, o.bytes FROM other.record o"
        " WHERE o.kind = record.kind AND o.id = record.id) WHERE id = 2",
        "ATTACH 'other.ledger' AS other; DELETE FROM record; INSERT INTO record SELECT * FROM "
        "other.record",
        "ATTACH 'other.ledger' AS other; DELETE FROM ledger; INSERT INTO ledger SELECT * FROM "
        "other.ledger",
        "UPDATE ledger SET purpose = 'plan'",
        "UPDATE ledger SET purpose = 5",
        "UPDATE ledger SET file = randomblob(16)",
        "UPDATE ledger SET file = randomblob(1000)",
        "UPDATE ledger SET records = records + 1",
        "UPDATE ledger SET records = 'many'",
        "UPDATE ledger SET sum = randomblob(16)",
        "UPDATE ledger SET sum = NULL",
        "UPDATE ledger SET checksum = randomblob(16)",
        "DELETE FROM ledger",
        "INSERT INTO ledger SELECT * FROM ledger",
        "DROP TABLE ledger",
        "DROP TABLE record",
        "CREATE TABLE more(x)",
        "CREATE VIEW more AS SELECT 1",
        "CREATE TRIGGER more AFTER UPDATE ON ledger BEGIN DELETE FROM record; END",
        "ALTER TABLE record ADD COLUMN more",
        "PRAGMA user_version = 2",
        "PRAGMA user_version = 0",
        "PRAGMA application_id = 0",
        "PRAGMA journal_mode = DELETE",
    };
    make_ledger(2);
    struct image other = read_image(path);
    assert_int_equal(unlink(path), 0);
    make_ledger(2);
    struct image image = read_image(path);
    assert_int_equal(chdir(folder), 0);
    write_image("other.ledger", other.bytes, other.length);
    for (size_t i = 0; i < COUNT(harms); i++) {
        harm(harms[i]);
        struct image harmed = read_image(path);
        for (int writable = 0; writable < 2; writable++)
            if (look(writable) != REFUSED)
                fail_msg("believed after: %s", harms[i]);
        assert_is_image(path, &harmed);
        assert_alone();
        free(harmed.bytes);
        write_image(path, image.bytes, image.length);
        assert_int_equal(look(false), 2);
    }
    harm("VACUUM"); /* the same records in other places are the same records */
    assert_int_equal(look(false), 2);
    continue_from(2);
    assert_int_equal(chdir("/"), 0);
    free(image.bytes);
    free(other.bytes);
}

static void damage_under_an_open_ledger_is_an_error_and_stays_one(void **state)
{
    (void)state;
    struct err err = {0}, again = {0};
    struct ledger *ledger;
    assert_true(ledger_create(path, "verify", &ledger, &err));
    size_t length = 8 << 20; /* more than SQLite's cache */
    unsigned char *bytes = mem_zero(length, 1);
    memset(bytes, 'x', length);
    assert_true(ledger_put(ledger, "large", 1, 0, bytes, length, &err));
    assert_true(ledger_save(ledger, &err));
    ledger_close(ledger);
    for (int each = 0; each < 2; each++) {
        struct buffer got = BUFFER_INIT(BUFFER_NO_LIMIT);
        bool found;
        int seen = 0;
        assert_true(ledger_open(path, "verify", false, &ledger, &err));
        poke(path, (1 << 20) + 100, 'y');
        assert_false(each ? ledger_each(ledger, "large", count_one, &seen, &err)
                          : ledger_get(ledger, "large", 1, 0, &got, &found, &err));
        assert_int_equal(err.code, ERR_INTERNAL);
        assert_non_null(strstr(err.text, path));
        assert_int_equal(seen, 0);
        poke(path, (1 << 20) + 100, 'x');
        assert_false(ledger_get(ledger, "none", 0, 0, &got, &found, &again));
        assert_string_equal(again.text, err.text);
        assert_false(ledger_save(ledger, &again));
        assert_string_equal(again.text, err.text);
        ledger_close(ledger);
        buffer_free(&got);
    }
    free(bytes);
}

/* --- full disks --- */

/* Saves until the disk is full. Returns what is wrong, or NULL, and the last generation saved. */
static const char *save_until_full(int64_t *saved)
{
    struct err err = {0}, again = {0};
    struct ledger *ledger;
    if (!ledger_open(path, "verify", true, &ledger, &err))
        return "cannot open";
    *saved = generation_of(ledger);
    unsigned char large[20000] = {0};
    for (int64_t g = *saved + 1;; g++) {
        if (!put_generation(ledger, g, &err) ||
            !ledger_put(ledger, "more", g, 0, large, sizeof large, &err) ||
            !ledger_save(ledger, &err))
            break;
        *saved = g;
        if (g > 2000)
            return "the disk is never full";
    }
    const char *wrong = NULL;
    bool found;
    struct buffer bytes = BUFFER_INIT(100);
    if (err.code != ERR_INTERNAL || !strstr(err.text, path) || !strstr(err.text, "free space"))
        wrong = "the sentence";
    for (int i = 0; i < 5 && !wrong; i++) {
        bool good = i == 0   ? ledger_put(ledger, "x", 1, 1, "", 0, &again)
                    : i == 1 ? ledger_remove(ledger, "state", 2, -2, &again)
                    : i == 2 ? ledger_save(ledger, &again)
                    : i == 3 ? ledger_get(ledger, "generation", 0, 0, &bytes, &found, &again)
                             : ledger_each(ledger, "none", count_one, NULL, &again);
        if (good || strcmp(again.text, err.text) != 0)
            wrong = "the ledger goes on after an error, or says another sentence";
    }
    if (wrong)
        fprintf(stderr, "%s / %s\n", err.text, again.text);
    ledger_close(ledger);
    return wrong;
}

/* Runs in a child, with its limits or mounts; the last save must be there, before and after there
 * is space again. */
static const char *fill_disk(bool mounted)
{
    int64_t saved = 0;
    struct rlimit limit = {400000, RLIM_INFINITY};
    if (!mounted) {
        signal(SIGXFSZ, SIG_IGN);
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
            return "setrlimit";
    }
    const char *wrong = save_until_full(&saved);
    if (wrong)
        return wrong;
    if (saved < 3)
        return "the disk was full at once";
    if (look(false) != saved)
        return "not the last save";
    limit.rlim_cur = RLIM_INFINITY;
    if (mounted ? mount(NULL, folder, NULL, MS_REMOUNT, "size=8m") != 0
                : setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return "no more space";
    continue_from(saved);
    assert_alone();
    return NULL;
}

static void on_a_full_disk(bool mounted)
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (mounted &&
            (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
             mount("tally", folder, "tmpfs", 0, "size=512k") != 0))
            _exit(77);
        make_ledger(1);
        const char *wrong = fill_disk(mounted);
        if (wrong)
            fprintf(stderr, "%s\n", wrong);
        _exit(wrong ? 1 : 0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_full_disk_leaves_the_last_save(void **state)
{
    (void)state;
    on_a_full_disk(true);
}

static void a_file_that_may_not_grow_leaves_the_last_save(void **state)
{
    (void)state;
    on_a_full_disk(false);
}

/* --- one writer --- */

static void one_run_at_a_time_writes_and_readers_share(void **state)
{
    (void)state;
    struct err err = {0};
    struct ledger *first, *second, *third;
    make_ledger(1);
    struct image image = read_image(path);
    assert_true(ledger_open(path, "verify", false, &first, &err));
    assert_true(ledger_open(path, "verify", false, &second, &err));
    assert_false(ledger_open(path, "verify", true, &third, &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_non_null(strstr(err.text, "in use"));
    assert_alone();
    ledger_close(first);
    assert_int_equal(generation_of(second), 1);
    ledger_close(second);
    assert_is_image(path, &image); /* readers wrote nothing */
    free(image.bytes);

    assert_true(ledger_open(path, "verify", true, &first, &err));
    assert_true(put_generation(first, 2, &err));
    for (int writable = 0; writable < 2; writable++) {
        assert_int_equal(look(writable), REFUSED);
        fflush(NULL);
        pid_t child = fork(); /* another process is refused as well */
        if (child == 0)
            _exit(look(writable) == REFUSED ? 0 : 1);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
    sqlite3 *stranger; /* and so is any program with SQLite */
    pid_t child = fork();
    if (child == 0) {
        sqlite3_open(path, &stranger);
        int code = sqlite3_exec(stranger, "DELETE FROM record", NULL, NULL, NULL);
        _exit(code == SQLITE_BUSY ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(ledger_save(first, &err));
    ledger_close(first);
    assert_int_equal(look(true), 2);
}

static void a_reader_cannot_write(void **state)
{
    (void)state;
    struct err err = {0};
    struct ledger *ledger;
    make_ledger(1);
    assert_true(ledger_open(path, NULL, false, &ledger, &err));
    assert_false(ledger_put(ledger, "state", 1, 1, "x", 1, &err));
    assert_int_equal(err.code, ERR_INTERNAL);
    assert_false(ledger_remove(ledger, "state", 1, -1, &err));
    assert_true(ledger_save(ledger, &err)); /* there is nothing to save */
    ledger_close(ledger);
    assert_int_equal(look(false), 1);
}

/* --- what is no ledger --- */

static void make_nothing(void)
{
}
static void make_empty(void)
{
    write_image(path, "", 0);
}
static void make_text(void)
{
    write_image(path, "tables:\n  - orders\n", 19);
}
static void make_long_text(void)
{
    char text[5000];
    memset(text, 'a', sizeof text);
    write_image(path, text, sizeof text);
}
static void make_folder(void)
{
    assert_int_equal(mkdir(path, 0700), 0);
}
static void make_pipe(void)
{
    assert_int_equal(mkfifo(path, 0600), 0);
}
static void make_loop(void)
{
    assert_int_equal(symlink(path, path), 0);
}
static void make_database(void)
{
    harm("CREATE TABLE accounts(id)");
}
static void make_plan(void)
{
    struct err err = {0};
    struct ledger *ledger;
    assert_true(ledger_create(path, "plan", &ledger, &err));
    ledger_close(ledger);
}
static void make_next_version(void)
{
    make_ledger(1);
    harm("PRAGMA user_version = 2");
}
static void make_journal(void)
{
    make_ledger(1);
    char *journal = mem_format("%s-journal", path);
    write_image(journal, "", 0);
    free(journal);
}

static void what_is_no_ledger_is_refused_with_what_it_is(void **state)
{
    (void)state;
    static const struct {
        void (*make)(void);
        const char *says;
    } cases[] = {
        {make_nothing, "No such file"},
        {make_empty, "is empty"},
        {make_text, "is not a ledger"},
        {make_long_text, "is not a ledger"},
        {make_folder, ""},
        {make_pipe, "is not a file"},
        {make_loop, "symbolic links"},
        {make_database, "is an SQLite database, but not a ledger"},
        {make_plan, "is a ledger for \"plan\", not for \"verify\""},
        {make_next_version, "has format 2, and this version of Tally reads format 1"},
        {make_journal, "-journal\" is a journal that does not belong to"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        cases[i].make();
        for (int writable = 0; writable < 2; writable++) {
            struct err err = {0};
            struct ledger *ledger;
            assert_false(ledger_open(path, "verify", writable, &ledger, &err));
            assert_null(ledger);
            assert_int_equal(err.code, ERR_USAGE);
            assert_non_null(strstr(err.text, path));
            if (!strstr(err.text, cases[i].says))
                fail_msg("\"%s\" does not say \"%s\"", err.text, cases[i].says);
        }
        if (i > 0) { /* and nothing is written over it */
            struct err err = {0};
            struct ledger *ledger;
            assert_false(ledger_create(path, "verify", &ledger, &err));
            assert_int_equal(err.code, ERR_USAGE);
            assert_non_null(strstr(err.text, "exists already"));
            assert_null(ledger);
        }
        assert_int_equal(tear_down(NULL), 0);
        assert_int_equal(mkdir(folder, 0700), 0);
    }
}

static void a_ledger_that_cannot_be_made_names_its_folder_and_leaves_nothing(void **state)
{
    (void)state;
    struct err err = {0};
    struct ledger *ledger;
    char *inside = mem_format("%s/none/x", folder);
    assert_false(ledger_create(inside, "verify", &ledger, &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_non_null(strstr(err.text, "/none\""));
    assert_non_null(strstr(err.text, inside));
    free(inside);
    /* A dead ledger's log would be played into the new one. */
    write_image(log_path, "x", 1);
    assert_false(ledger_create(path, "verify", &ledger, &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_non_null(strstr(err.text, log_path));
    assert_false(is_there(path));
    assert_true(is_there(log_path));
    assert_int_equal(unlink(log_path), 0);
    make_ledger(1);
    assert_int_equal(look(true), 1);
}

static void any_purpose_will_do_when_none_is_named(void **state)
{
    (void)state;
    struct err err = {0};
    struct ledger *ledger;
    make_plan();
    assert_true(ledger_open(path, NULL, true, &ledger, &err));
    assert_string_equal(ledger_purpose(ledger), "plan");
    assert_string_equal(ledger_path(ledger), path);
    ledger_close(ledger);
}

static void unusual_names_are_names(void **state)
{
    (void)state;
    static const char *const names[] = {"file:x",   "a?mode=memory", "b#c",   "100%41",
                                        ":memory:", "it's \"it\"",   "ä\xff", " "};
    assert_int_equal(chdir(folder), 0);
    for (size_t i = 0; i < COUNT(names); i++) {
        struct err err = {0};
        struct ledger *ledger;
        snprintf(path, sizeof path, "%s", names[i]); /* relative */
        make_ledger(1);
        assert_true(is_there(path));
        for (int writable = 0; writable < 2; writable++) {
            assert_true(ledger_open(path, "verify", writable, &ledger, &err));
            assert_int_equal(generation_of(ledger), 1);
            ledger_close(ledger);
        }
        assert_alone();
    }
    assert_int_equal(chdir("/"), 0);
}

/* --- permissions and places --- */

static void only_its_owner_may_read_it_whatever_the_umask(void **state)
{
    (void)state;
    static const mode_t masks[] = {0, 0022, 0777};
    for (size_t i = 0; i < COUNT(masks); i++) {
        struct err err = {0};
        struct ledger *ledger;
        struct stat status;
        mode_t before = umask(masks[i]);
        assert_true(ledger_create(path, "verify", &ledger, &err));
        assert_true(put_generation(ledger, 1, &err));
        assert_true(ledger_save(ledger, &err));
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
        assert_int_equal(stat(log_path, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
        ledger_close(ledger);
        umask(before);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
        assert_int_equal(unlink(path), 0);
    }
}

static void ledgers_live_in_the_users_state_folder(void **state)
{
    (void)state;
    static const struct {
        const char *xdg, *home; /* below the test's folder when they begin with '/' */
        const char *in_the_way; /* a file that is made before */
        const char *expected;   /* NULL: refused */
        const char *says;
    } cases[] = {
        {"/state", "/home", NULL, "/state/tally", NULL},
        {"/state/", "/home", NULL, "/state//tally", NULL},
        {NULL, "/home", NULL, "/home/.local/state/tally", NULL},
        {"", "/home", NULL, "/home/.local/state/tally", NULL},
        {"relative", "/home", NULL, "/home/.local/state/tally", NULL},
        {NULL, NULL, NULL, NULL, "neither XDG_STATE_HOME nor HOME"},
        {"", "", NULL, NULL, "neither XDG_STATE_HOME nor HOME"},
        {NULL, "relative", NULL, NULL, "neither XDG_STATE_HOME nor HOME"},
        {"/a", NULL, "/a", NULL, "/a\" for ledgers cannot be made: a file of that name"},
        {"/b", NULL, "/b/tally", NULL, "/b/tally\" for ledgers cannot be made: a file of that"},
    };
    const char *names[2] = {"XDG_STATE_HOME", "HOME"};
    char *before[2];
    for (int v = 0; v < 2; v++)
        before[v] = getenv(names[v]) ? mem_copy_string(getenv(names[v])) : NULL;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct err err = {0};
        struct buffer got = BUFFER_INIT(4096);
        for (int v = 0; v < 2; v++) {
            const char *value = v == 0 ? cases[i].xdg : cases[i].home;
            char *text = value ? mem_format("%s%s", *value == '/' ? folder : "", value) : NULL;
            assert_int_equal(text ? setenv(names[v], text, 1) : unsetenv(names[v]), 0);
            free(text);
        }
        if (cases[i].in_the_way) {
            char *above = mem_format("%s/b", folder);
            (void)mkdir(above, 0700);
            free(above);
            char *file = mem_format("%s%s", folder, cases[i].in_the_way);
            write_image(file, "", 0);
            free(file);
        }
        for (int twice = 0; twice < 2; twice++) { /* made, then found */
            bool good = ledger_place_folder(&got, &err);
            assert_int_equal(good, cases[i].expected != NULL);
            if (!good) {
                assert_int_equal(err.code, ERR_USAGE);
                assert_non_null(strstr(err.text, cases[i].says));
                continue;
            }
            struct stat status;
            char *expected = mem_format("%s%s", folder, cases[i].expected);
            assert_string_equal((const char *)got.data, expected);
            assert_int_equal(stat(expected, &status), 0);
            assert_int_equal(status.st_mode & 07777, 0700);
            free(expected);
        }
        buffer_free(&got);
    }
    for (int v = 0; v < 2; v++) {
        if (before[v])
            setenv(names[v], before[v], 1);
        else
            unsetenv(names[v]);
        free(before[v]);
    }
}

/* Time stamps as if the ledgers had been made in that order. */
static char *place_old(const char *purpose, int number)
{
    return mem_format("%s/tally/%s-202601%02dT000000Z-1.ledger", folder, purpose, number);
}

static void of_old_ledgers_the_newest_stay_and_others_go_with_what_stands_beside_them(void **state)
{
    (void)state;
    static const char *const beside[] = {"", "-wal", ".lanes", ".lanes-wal",
                                         ".after-seeblick.verify"};
    struct err err = {0};
    struct buffer got = BUFFER_INIT(4096);
    struct text_list all = {0};
    struct ledger *ledger;
    char *before = getenv("XDG_STATE_HOME") ? mem_copy_string(getenv("XDG_STATE_HOME")) : NULL;
    assert_int_equal(setenv("XDG_STATE_HOME", folder, 1), 0);
    assert_false(ledger_place_newest("replay", NULL, &got, &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_non_null(strstr(err.text, "there is no ledger"));
    for (int i = 1; i <= 25; i++) {
        char *old = place_old("replay", i);
        for (size_t k = 0; k < COUNT(beside); k++) {
            char *name = mem_format("%s%s", old, beside[k]);
            if (i != 2 || k)
                write_image(name, "x", 1);
            free(name);
        }
        free(old);
    }
    char *other = place_old("verify", 1), *used = place_old("replay", 2);
    write_image(other, "x", 1);
    char *log = mem_format("%s-wal", used);
    assert_int_equal(unlink(log), 0);
    free(log);
    assert_true(ledger_create(used, "replay", &ledger, &err)); /* a run has it open */
    assert_true(ledger_place_newest("replay", NULL, &got, &err));
    char *newest = place_old("replay", 25);
    assert_string_equal((char *)got.data, newest);
    assert_true(ledger_place_new("replay", NULL, &got, &err));
    assert_true(strncmp((char *)got.data, newest, strlen(folder) + strlen("/tally/replay-2")) == 0);
    assert_true(ledger_place_list("replay", &all, &err));
    assert_int_equal(all.count, LEDGER_PLACE_KEPT - 1 + 1); /* and the one in use */
    assert_string_equal(all.items[0], newest);
    assert_string_equal(all.items[all.count - 1], used);
    for (int i = 1; i <= 25; i++) {
        char *old = place_old("replay", i);
        for (size_t k = 0; k < COUNT(beside) && i != 2; k++) {
            char *name = mem_format("%s%s", old, beside[k]);
            assert_int_equal(is_there(name), i > 25 - (LEDGER_PLACE_KEPT - 1));
            free(name);
        }
        free(old);
    }
    assert_true(is_there(other));
    assert_true(ledger_place_new("replay", "here", &got, &err));
    assert_string_equal((char *)got.data, "here");
    ledger_close(ledger);
    if (before)
        setenv("XDG_STATE_HOME", before, 1);
    else
        unsetenv("XDG_STATE_HOME");
    free(before);
    free(other);
    free(used);
    free(newest);
    text_list_free(&all);
    buffer_free(&got);
}

/* --- records --- */

struct visit {
    int64_t id, part;
    const char *bytes;
};
struct visits {
    const struct visit *expected;
    size_t seen, stop;
};

static bool visit(void *context, int64_t id, int64_t part, const unsigned char *bytes,
                  size_t length, struct err *err)
{
    struct visits *visits = context;
    if (visits->seen == visits->stop)
        return err_set(err, ERR_TABLE, "enough");
    const struct visit *expected = &visits->expected[visits->seen++];
    assert_int_equal(id, expected->id);
    assert_int_equal(part, expected->part);
    assert_int_equal(length, strlen(expected->bytes));
    assert_memory_equal(bytes, expected->bytes, length);
    return true;
}

static void records_are_visited_by_id_then_part_and_the_visitor_may_stop(void **state)
{
    (void)state;
    static const struct visit sorted[] = {
        {INT64_MIN, 0, "lowest"}, {-1, 5, "minus one"}, {0, -1, ""},
        {0, INT64_MAX, "zero"},   {7, 0, "replaced"},   {INT64_MAX, INT64_MIN, "highest"},
    };
    struct err err = {0};
    struct ledger *ledger;
    assert_true(ledger_create(path, "verify", &ledger, &err));
    assert_true(ledger_put(ledger, "k", 7, 0, "first", 5, &err));
    assert_true(ledger_put(ledger, "k", 8, 0, "removed", 7, &err));
    for (size_t i = COUNT(sorted); i-- > 0;) {
        const char *bytes = *sorted[i].bytes ? sorted[i].bytes : NULL;
        assert_true(ledger_put(ledger, "k", sorted[i].id, sorted[i].part, bytes,
                               strlen(sorted[i].bytes), &err));
    }
    assert_true(ledger_put(ledger, "kk", 1, 1, "other", 5, &err));
    assert_true(ledger_put(ledger, "K", 1, 1, "other", 5, &err));
    assert_true(ledger_remove(ledger, "k", 8, 0, &err));
    assert_true(ledger_remove(ledger, "k", 8, 0, &err));
    assert_true(ledger_remove(ledger, "none", 8, 0, &err));
    for (int saved = 0; saved < 2; saved++) {
        struct visits all = {sorted, 0, SIZE_MAX}, some = {sorted, 0, 3}, none = {sorted, 0, 0};
        assert_true(ledger_each(ledger, "k", visit, &all, &err));
        assert_int_equal(all.seen, COUNT(sorted));
        assert_false(ledger_each(ledger, "k", visit, &some, &err));
        assert_int_equal(some.seen, 3);
        assert_string_equal(err.text, "enough");
        assert_int_equal(err.code, ERR_TABLE);
        assert_true(ledger_each(ledger, "none", visit, &none, &err));
        assert_true(ledger_save(ledger, &err)); /* the visitor's error is not the ledger's */
        ledger_close(ledger);
        assert_true(ledger_open(path, "verify", true, &ledger, &err));
    }
    ledger_close(ledger);
}

static void a_record_longer_than_the_buffer_is_an_error_of_that_call_alone(void **state)
{
    (void)state;
    struct err err = {0};
    struct ledger *ledger;
    struct buffer small = BUFFER_INIT(3);
    bool found;
    assert_true(ledger_create(path, "verify", &ledger, &err));
    assert_true(ledger_put(ledger, "k", 1, 1, "long", 4, &err));
    assert_true(ledger_put(ledger, "k", 2, 1, "not", 3, &err));
    assert_false(ledger_get(ledger, "k", 1, 1, &small, &found, &err));
    assert_int_equal(err.code, ERR_INTERNAL);
    assert_true(ledger_get(ledger, "k", 2, 1, &small, &found, &err));
    assert_true(found);
    assert_string_equal((const char *)small.data, "not");
    assert_true(ledger_get(ledger, "k", 3, 1, &small, &found, &err));
    assert_false(found);
    assert_int_equal(small.length, 0);
    assert_true(ledger_save(ledger, &err));
    ledger_close(ledger);
    buffer_free(&small);
}

static void digests_rewritten_in_every_save_do_not_grow_the_file_or_the_log_for_ever(void **state)
{
    (void)state;
    struct err err = {0};
    struct ledger *ledger;
    size_t length = 1500000;
    unsigned char *bytes = mem_alloc(length);
    struct buffer got = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool found;
    struct stat status;
    assert_true(ledger_create(path, "verify", &ledger, &err));
    for (int g = 0; g < 40; g++) {
        memset(bytes, g, length);
        assert_true(ledger_put(ledger, "digest", 1, 0, bytes, length, &err));
        assert_true(ledger_save(ledger, &err));
        assert_int_equal(stat(log_path, &status), 0);
        assert_true(status.st_size < 24 << 20);
    }
    ledger_close(ledger);
    assert_alone();
    assert_int_equal(stat(path, &status), 0);
    assert_true(status.st_size < 4 << 20);
    assert_true(ledger_open(path, "verify", false, &ledger, &err));
    assert_true(ledger_get(ledger, "digest", 1, 0, &got, &found, &err));
    assert_true(found);
    assert_int_equal(got.length, length);
    assert_memory_equal(got.data, bytes, length);
    ledger_close(ledger);
    buffer_free(&got);
    free(bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const char *seed = getenv("SEED"); /* tries other bytes and moments */
    srand(seed ? (unsigned)strtoul(seed, NULL, 10) : 1);
    const struct CMUnitTest tests[] = {
        TEST(a_ledger_cut_at_any_byte_is_refused_or_an_earlier_save),
        TEST(any_flipped_byte_is_refused_or_harmless),
        TEST(a_large_ledger_cut_or_flipped_anywhere_is_refused_or_right),
        TEST(a_killed_runs_log_cut_at_any_byte_gives_an_earlier_save),
        TEST(any_flipped_byte_of_a_killed_runs_log_gives_a_save),
        TEST(a_killed_runs_file_without_its_log_is_an_earlier_save),
        TEST(what_is_killed_in_mid_save_is_exactly_one_save_and_none_that_was_told_is_lost),
        TEST(what_was_not_saved_is_dropped_by_a_close),
        TEST(records_of_another_ledger_or_place_or_save_are_refused),
        TEST(damage_under_an_open_ledger_is_an_error_and_stays_one),
        TEST(a_full_disk_leaves_the_last_save),
        TEST(a_file_that_may_not_grow_leaves_the_last_save),
        TEST(one_run_at_a_time_writes_and_readers_share),
        TEST(a_reader_cannot_write),
        TEST(what_is_no_ledger_is_refused_with_what_it_is),
        TEST(a_ledger_that_cannot_be_made_names_its_folder_and_leaves_nothing),
        TEST(any_purpose_will_do_when_none_is_named),
        TEST(unusual_names_are_names),
        TEST(only_its_owner_may_read_it_whatever_the_umask),
        TEST(ledgers_live_in_the_users_state_folder),
        TEST(of_old_ledgers_the_newest_stay_and_others_go_with_what_stands_beside_them),
        TEST(records_are_visited_by_id_then_part_and_the_visitor_may_stop),
        TEST(a_record_longer_than_the_buffer_is_an_error_of_that_call_alone),
        TEST(digests_rewritten_in_every_save_do_not_grow_the_file_or_the_log_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
