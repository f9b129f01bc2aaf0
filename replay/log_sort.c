#include "log_sort.h"
#include "../diff/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define MOST_RUNS 1024
#define RUN_BUFFER (64U << 10)
#define WRITE_BUFFER (1U << 20)

/* What stands before the bytes of a record in a run; the file never leaves this process. */
struct header {
    int64_t arrival;
    uint64_t line;
    uint32_t file, state;
    uint64_t length;
};

struct item {
    struct header header;
    size_t at; /* of its bytes, in data */
};

struct run {
    uint64_t begin;       /* in the file */
    uint64_t at, end;     /* of what has not been read into the buffer, in the file */
    struct header header; /* of its first record */
    size_t next, filled;  /* of the buffer: the first record's bytes, and the buffer's end */
    struct buffer buffer;
};

struct log_sort {
    size_t memory;
    uint64_t disk_limit, disk_bytes;
    struct log_watch *watch;
    /* What is in memory. */
    struct buffer data;
    struct item *items;
    size_t item_count, item_room, item_next;
    /* What is in the file. */
    int file;
    uint64_t file_end;
    size_t run_count;
    struct run runs[MOST_RUNS];
    size_t heap_count;
    size_t heap[MOST_RUNS]; /* runs, the one with the first record on top */
    struct buffer out;      /* what will be written */
    struct buffer current;  /* the bytes that log_sort_next() gave */
};

struct log_sort *log_sort_new(size_t memory, uint64_t disk_limit, struct log_watch *watch)
{
    struct log_sort *sort = mem_zero(1, sizeof *sort);
    sort->memory = memory;
    sort->disk_limit = disk_limit;
    sort->watch = watch;
    sort->file = -1;
    buffer_init(&sort->data, BUFFER_NO_LIMIT);
    buffer_init(&sort->out, BUFFER_NO_LIMIT);
    buffer_init(&sort->current, BUFFER_NO_LIMIT);
    return sort;
}

static void free_runs(struct log_sort *sort)
{
    for (size_t i = 0; i < sort->run_count; i++)
        buffer_free(&sort->runs[i].buffer);
    sort->run_count = sort->heap_count = 0;
}

void log_sort_free(struct log_sort *sort)
{
    if (!sort)
        return;
    free_runs(sort);
    if (sort->file >= 0)
        close(sort->file);
    buffer_free(&sort->data);
    buffer_free(&sort->out);
    buffer_free(&sort->current);
    free(sort->items);
    free(sort);
}

uint64_t log_sort_disk_bytes(const struct log_sort *sort)
{
    return sort->disk_bytes;
}

static int compare(const struct header *a, const struct header *b)
{
    if (a->arrival != b->arrival)
        return a->arrival < b->arrival ? -1 : 1;
    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    return a->line < b->line ? -1 : a->line > b->line;
}

static int compare_items(const void *a, const void *b)
{
    return compare(&((const struct item *)a)->header, &((const struct item *)b)->header);
}

/* --- the file
 * ------------------------------------------------------------------------------------------ */

static MUST_CHECK bool open_file(int *file, struct err *err)
{
    *file = file_temporary("tally-replay");
    if (*file >= 0)
        return true;
    return err_set(err, ERR_INTERNAL,
                   "cannot create a temporary file in %s: %s (set TMPDIR to a folder with room).",
                   file_temporary_folder(), strerror(errno));
}

static MUST_CHECK bool flush(struct log_sort *sort, int file, struct err *err)
{
    if (sort->file_end + sort->out.length > sort->disk_limit)
        return err_set(err, ERR_INTERNAL,
                       "sorting these logs takes more temporary disk space than --temp-limit "
                       "allows (%llu GB): raise it, or give fewer logs at a time.",
                       (unsigned long long)(sort->disk_limit >> 30));
    if (!file_write_all(file, sort->out.data, sort->out.length))
        return err_set(err, ERR_INTERNAL,
                       "cannot write a temporary file in %s: %s (set TMPDIR to a folder with "
                       "room).",
                       file_temporary_folder(), strerror(errno));
    sort->file_end += sort->out.length;
    sort->disk_bytes += sort->out.length;
    buffer_clear(&sort->out);
    return log_watch_look(sort->watch, err);
}

static MUST_CHECK bool write_record(struct log_sort *sort, int file, const struct header *header,
                                    const unsigned char *bytes, struct err *err)
{
    buffer_add(&sort->out, header, sizeof *header);
    buffer_add(&sort->out, bytes, header->length);
    return sort->out.length < WRITE_BUFFER || flush(sort, file, err);
}

/* --- runs that are read
 * -------------------------------------------------------------------------------- */

/* At least `size` bytes from run->next on, which the caller knows to be there. */
static MUST_CHECK bool fill_run(struct log_sort *sort, struct run *run, size_t size,
                                struct err *err)
{
    size_t left = run->filled - run->next;
    if (left >= size)
        return true;
    if (left)
        memmove(run->buffer.data, run->buffer.data + run->next, left);
    run->next = 0;
    run->filled = left;
    run->buffer.length = 0;
    size_t room = size > RUN_BUFFER ? size : RUN_BUFFER;
    if (!buffer_reserve(&run->buffer, room))
        return err_set(err, ERR_INTERNAL, "a record is too long to be sorted.");
    while (run->filled < size) {
        uint64_t rest = run->end - run->at;
        size_t wanted = room - run->filled;
        if (wanted > rest)
            wanted = (size_t)rest;
        ssize_t got = pread(sort->file, run->buffer.data + run->filled, wanted, (off_t)run->at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return err_set(err, ERR_INTERNAL, "cannot read a temporary file back: %s.",
                           got < 0 ? strerror(errno) : "it is shorter than was written");
        run->at += (uint64_t)got;
        run->filled += (size_t)got;
    }
    return true;
}

/* Puts the run's next record first. *more: false at its end. */
static MUST_CHECK bool advance(struct log_sort *sort, struct run *run, bool *more, struct err *err)
{
    *more = run->at < run->end || run->next < run->filled;
    if (!*more)
        return true;
    if (!fill_run(sort, run, sizeof run->header, err))
        return false;
    memcpy(&run->header, run->buffer.data + run->next, sizeof run->header);
    run->next += sizeof run->header;
    return fill_run(sort, run, run->header.length, err);
}

static bool before(const struct log_sort *sort, size_t a, size_t b)
{
    return compare(&sort->runs[a].header, &sort->runs[b].header) < 0;
}

static void sift_down(struct log_sort *sort, size_t at)
{
    for (;;) {
        size_t child = at * 2 + 1, best = at;
        for (size_t i = child; i < child + 2 && i < sort->heap_count; i++)
            if (before(sort, sort->heap[i], sort->heap[best]))
                best = i;
        if (best == at)
            return;
        size_t swapped = sort->heap[at];
        sort->heap[at] = sort->heap[best];
        sort->heap[best] = swapped;
        at = best;
    }
}

static MUST_CHECK bool start_merge(struct log_sort *sort, struct err *err)
{
    sort->heap_count = 0;
    for (size_t i = 0; i < sort->run_count; i++) {
        bool more;
        if (!advance(sort, &sort->runs[i], &more, err))
            return false;
        if (more)
            sort->heap[sort->heap_count++] = i;
    }
    for (size_t i = sort->heap_count; i-- > 0;)
        sift_down(sort, i);
    return true;
}

/* Steps over the record on top of the heap. */
static MUST_CHECK bool pop(struct log_sort *sort, struct err *err)
{
    struct run *run = &sort->runs[sort->heap[0]];
    bool more;
    run->next += run->header.length;
    if (!advance(sort, run, &more, err))
        return false;
    if (!more) {
        buffer_free(&run->buffer);
        sort->heap[0] = sort->heap[--sort->heap_count];
    }
    sift_down(sort, 0);
    return true;
}

/* Too many runs to merge at once: makes one of them, in a new file. */
static MUST_CHECK bool merge_runs(struct log_sort *sort, struct err *err)
{
    int file;
    if (!start_merge(sort, err) || !open_file(&file, err))
        return false;
    uint64_t before_end = sort->file_end;
    bool done = true;
    while (done && sort->heap_count) {
        const struct run *run = &sort->runs[sort->heap[0]];
        done = write_record(sort, file, &run->header, run->buffer.data + run->next, err) &&
               pop(sort, err);
    }
    done = done && flush(sort, file, err);
    free_runs(sort);
    close(sort->file);
    sort->file = file;
    sort->file_end -= before_end;
    sort->runs[0] = (struct run){.end = sort->file_end};
    buffer_init(&sort->runs[0].buffer, BUFFER_NO_LIMIT);
    sort->run_count = 1;
    return done;
}

/* --- in memory
 * ----------------------------------------------------------------------------------------- */

static MUST_CHECK bool write_run(struct log_sort *sort, struct err *err)
{
    if (sort->run_count == MOST_RUNS && !merge_runs(sort, err))
        return false;
    if (sort->file < 0 && !open_file(&sort->file, err))
        return false;
    qsort(sort->items, sort->item_count, sizeof *sort->items, compare_items);
    struct run run = {.begin = sort->file_end, .at = sort->file_end};
    for (size_t i = 0; i < sort->item_count; i++)
        if (!write_record(sort, sort->file, &sort->items[i].header,
                          sort->data.data + sort->items[i].at, err))
            return false;
    if (!flush(sort, sort->file, err))
        return false;
    run.end = sort->file_end;
    buffer_init(&run.buffer, BUFFER_NO_LIMIT);
    sort->runs[sort->run_count++] = run;
    sort->item_count = 0;
    buffer_clear(&sort->data);
    return true;
}

bool log_sort_add(struct log_sort *sort, const struct log_entry *entry, struct err *err)
{
    size_t used = sort->data.length + sort->item_count * sizeof *sort->items;
    if (sort->item_count && used + entry->bytes.length + sizeof *sort->items > sort->memory &&
        !write_run(sort, err))
        return false;
    if (sort->item_count == sort->item_room) {
        sort->item_room = sort->item_room ? sort->item_room * 2 : 1024;
        sort->items = mem_resize(sort->items, sort->item_room, sizeof *sort->items);
    }
    sort->items[sort->item_count++] = (struct item){
        .header = {entry->arrival, entry->line, entry->file, entry->state, entry->bytes.length},
        .at = sort->data.length,
    };
    buffer_add(&sort->data, entry->bytes.at, entry->bytes.length);
    return true;
}

bool log_sort_finish(struct log_sort *sort, struct err *err)
{
    if (!sort->run_count) {
        for (size_t i = 1; i < sort->item_count; i++) {
            if (compare_items(&sort->items[i - 1], &sort->items[i]) < 0)
                continue;
            qsort(sort->items, sort->item_count, sizeof *sort->items, compare_items);
            break;
        }
        return true;
    }
    if (sort->item_count && !write_run(sort, err))
        return false;
    free(sort->items);
    sort->items = NULL;
    sort->item_room = 0;
    buffer_free(&sort->data);
    buffer_free(&sort->out);
    return start_merge(sort, err);
}

static void fill_entry(struct log_entry *entry, const struct header *header,
                       const unsigned char *bytes)
{
    *entry = (struct log_entry){.arrival = header->arrival,
                                .file = header->file,
                                .state = header->state,
                                .line = header->line,
                                .bytes = {bytes, header->length}};
}

bool log_sort_next(struct log_sort *sort, struct log_entry *entry, bool *more, struct err *err)
{
    if (!sort->run_count) {
        *more = sort->item_next < sort->item_count;
        if (*more) {
            const struct item *item = &sort->items[sort->item_next++];
            fill_entry(entry, &item->header, sort->data.data + item->at);
        }
        return true;
    }
    *more = sort->heap_count > 0;
    if (!*more)
        return true;
    const struct run *run = &sort->runs[sort->heap[0]];
    buffer_clear(&sort->current);
    buffer_add(&sort->current, run->buffer.data + run->next, run->header.length);
    fill_entry(entry, &run->header, sort->current.data);
    return pop(sort, err);
}

bool log_sort_rewind(struct log_sort *sort, struct err *err)
{
    sort->item_next = 0;
    for (size_t i = 0; i < sort->run_count; i++) {
        struct run *run = &sort->runs[i];
        run->at = run->begin;
        run->next = run->filled = 0;
    }
    return !sort->run_count || start_merge(sort, err);
}

bool log_sort_peek(const struct log_sort *sort, int64_t *arrival)
{
    if (!sort->run_count) {
        if (sort->item_next >= sort->item_count)
            return false;
        *arrival = sort->items[sort->item_next].header.arrival;
        return true;
    }
    if (!sort->heap_count)
        return false;
    *arrival = sort->runs[sort->heap[0]].header.arrival;
    return true;
}
