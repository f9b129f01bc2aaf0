/* See book_lanes.h. */
#include "book_lanes.h"

#include "../diff/base/memory.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#define PURPOSE "lanes"
#define LANE_MOST (64U << 20) /* bytes of a record that is read: more than any has */

struct book_lanes {
    pthread_mutex_t mutex; /* of the ledger, and `changed` */
    struct ledger *ledger;
    char *path;
    unsigned char key[SIPHASH_KEY_SIZE];
    int64_t shared_first, shared_next; /* ids of the pieces that are there: [first, next) */
    bool changed;
};

static struct book_lanes *lanes_new(const char *ledger_path)
{
    struct book_lanes *lanes = mem_zero(1, sizeof *lanes);
    lanes->path = mem_format("%s.lanes", ledger_path);
    pthread_mutex_init(&lanes->mutex, NULL);
    return lanes;
}

void book_lanes_close(struct book_lanes *lanes)
{
    if (!lanes)
        return;
    ledger_close(lanes->ledger);
    pthread_mutex_destroy(&lanes->mutex);
    explicit_bzero(lanes->key, sizeof lanes->key);
    free(lanes->path);
    free(lanes);
}

void book_lanes_remove(struct book_lanes *lanes)
{
    if (!lanes)
        return;
    char *log = mem_format("%s-wal", lanes->path);
    ledger_close(lanes->ledger);
    lanes->ledger = NULL;
    unlink(log);
    unlink(lanes->path);
    free(log);
    book_lanes_close(lanes);
}

bool book_lanes_create(const char *ledger_path, const unsigned char run[BOOK_RUN_SIZE],
                       struct book_lanes **place, struct err *err)
{
    struct book_lanes *lanes = lanes_new(ledger_path);
    *place = NULL;
    bool ok = ledger_create(lanes->path, PURPOSE, &lanes->ledger, err);
    if (ok && getrandom(lanes->key, sizeof lanes->key, 0) != (ssize_t)sizeof lanes->key)
        ok = err_set(err, ERR_INTERNAL, "no random bytes for a key: %s", strerror(errno));
    ok = ok && ledger_put(lanes->ledger, "of", 0, 0, run, BOOK_RUN_SIZE, err) &&
         ledger_put(lanes->ledger, "key", 0, 0, lanes->key, sizeof lanes->key, err);
    if (ok) {
        lanes->changed = true;
        *place = lanes;
    } else if (lanes->ledger) {
        book_lanes_remove(lanes);
    } else {
        book_lanes_close(lanes);
    }
    return ok;
}

static bool count_shared(void *context, int64_t id, int64_t part, const unsigned char *bytes,
                         size_t length, struct err *err)
{
    struct book_lanes *lanes = context;
    (void)part, (void)bytes, (void)length;
    if (id < 0 || id == INT64_MAX)
        return err_set(err, ERR_USAGE, "%s is damaged", lanes->path);
    if (lanes->shared_first == lanes->shared_next)
        lanes->shared_first = id;
    lanes->shared_next = id + 1;
    return true;
}

/* *found false: its run was killed before it was saved once. */
static bool read_fixed(const struct book_lanes *lanes, const char *kind, unsigned char *bytes,
                       size_t length, bool *found, struct err *err)
{
    struct buffer own = BUFFER_INIT(LANE_MOST);
    bool ok = ledger_get(lanes->ledger, kind, 0, 0, &own, found, err);
    if (ok && *found && own.length != length)
        ok = err_set(err, ERR_USAGE, "%s is damaged", lanes->path);
    if (ok && *found)
        memcpy(bytes, own.data, length);
    buffer_free(&own);
    return ok;
}

bool book_lanes_open(const char *ledger_path, const unsigned char run[BOOK_RUN_SIZE],
                     struct book_lanes **place, struct err *err)
{
    struct book_lanes *lanes = lanes_new(ledger_path);
    unsigned char of[BOOK_RUN_SIZE];
    *place = NULL;
    if (access(lanes->path, F_OK) != 0 && errno == ENOENT) {
        book_lanes_close(lanes);
        return true;
    }
    bool named = false, keyed = false;
    bool ok = ledger_open(lanes->path, PURPOSE, true, &lanes->ledger, err) &&
              read_fixed(lanes, "of", of, sizeof of, &named, err) &&
              read_fixed(lanes, "key", lanes->key, sizeof lanes->key, &keyed, err) &&
              ledger_each(lanes->ledger, "shared", count_shared, lanes, err);
    if (ok && !(named && keyed)) {
        book_lanes_remove(lanes);
        return true;
    }
    if (ok && memcmp(of, run, sizeof of) != 0)
        ok = err_set(err, ERR_USAGE, "%s belongs to the ledger of another run", lanes->path);
    if (ok) {
        *place = lanes;
        return true;
    }
    if (err->code == ERR_USAGE)
        err_prefix(err, "the cookies of the sessions cannot be taken up (without that file they "
                        "are left out)");
    book_lanes_close(lanes);
    return false;
}

const unsigned char *book_lanes_key(const struct book_lanes *lanes)
{
    return lanes->key;
}

static bool get(struct book_lanes *lanes, const char *kind, int64_t id, struct buffer *bytes,
                bool *found, struct err *err)
{
    pthread_mutex_lock(&lanes->mutex);
    bool ok = ledger_get(lanes->ledger, kind, id, 0, bytes, found, err);
    pthread_mutex_unlock(&lanes->mutex);
    return ok;
}

static bool put(struct book_lanes *lanes, const char *kind, int64_t id, const void *bytes,
                size_t length, struct err *err)
{
    pthread_mutex_lock(&lanes->mutex);
    bool ok = length ? ledger_put(lanes->ledger, kind, id, 0, bytes, length, err)
                     : ledger_remove(lanes->ledger, kind, id, 0, err);
    lanes->changed = true;
    pthread_mutex_unlock(&lanes->mutex);
    return ok;
}

bool book_lanes_get(struct book_lanes *lanes, uint64_t session, struct buffer *bytes, bool *found,
                    struct err *err)
{
    return get(lanes, "lane", (int64_t)session, bytes, found, err);
}

bool book_lanes_put(struct book_lanes *lanes, uint64_t session, const void *bytes, size_t length,
                    struct err *err)
{
    return put(lanes, "lane", (int64_t)session, bytes, length, err);
}

bool book_lanes_each_shared(struct book_lanes *lanes,
                            bool (*take)(void *context, const unsigned char *bytes, size_t length,
                                         struct err *err),
                            void *context, struct err *err)
{
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool ok = true;
    for (int64_t id = lanes->shared_first; id < lanes->shared_next && ok; id++) {
        bool found;
        ok = get(lanes, "shared", id, &bytes, &found, err) &&
             (!found || take(context, bytes.data, bytes.length, err));
    }
    buffer_free(&bytes);
    return ok;
}

bool book_lanes_put_shared(struct book_lanes *lanes, const void *bytes, size_t length, bool whole,
                           struct err *err)
{
    bool ok = true;
    while (whole && ok && lanes->shared_first < lanes->shared_next)
        ok = put(lanes, "shared", lanes->shared_first++, NULL, 0, err);
    return ok && put(lanes, "shared", lanes->shared_next++, bytes, length, err);
}

bool book_lanes_get_setting(struct book_lanes *lanes, size_t which, struct buffer *bytes,
                            bool *found, struct err *err)
{
    return get(lanes, "setting", (int64_t)which, bytes, found, err);
}

bool book_lanes_put_setting(struct book_lanes *lanes, size_t which, const struct buffer *bytes,
                            struct err *err)
{
    return put(lanes, "setting", (int64_t)which, bytes->data, bytes->length, err);
}

bool book_lanes_save(struct book_lanes *lanes, struct err *err)
{
    bool ok = true;
    pthread_mutex_lock(&lanes->mutex);
    if (lanes->changed)
        ok = ledger_save(lanes->ledger, err);
    lanes->changed = false;
    pthread_mutex_unlock(&lanes->mutex);
    return ok;
}
