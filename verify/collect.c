/* See collect.h. */
#include "collect.h"

#include "../diff/base/file.h"
#include "../diff/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define PARTITION_BUFFER (32u << 10) /* bytes gathered before a write */
#define READ_BUFFER (256u << 10)

struct partition {
    int file; /* -1: none yet */
    uint64_t bytes;
    struct buffer pending;
};

struct collector {
    pthread_mutex_t lock;
    size_t memory_limit;
    struct buffer memory; /* records, while nothing has spilled */
    bool spilled;
    struct bucket sum; /* of all rows added */
    struct partition partitions[COLLECT_PARTITIONS];
};

struct collector *collector_new(size_t memory_limit)
{
    struct collector *collector = mem_zero(1, sizeof *collector);
    pthread_mutex_init(&collector->lock, NULL);
    collector->memory_limit = memory_limit;
    buffer_init(&collector->memory, BUFFER_NO_LIMIT);
    for (size_t i = 0; i < COLLECT_PARTITIONS; i++) {
        collector->partitions[i].file = -1;
        buffer_init(&collector->partitions[i].pending, BUFFER_NO_LIMIT);
    }
    return collector;
}

void collector_clear(struct collector *collector)
{
    for (size_t i = 0; i < COLLECT_PARTITIONS; i++) {
        struct partition *partition = &collector->partitions[i];
        if (partition->file >= 0)
            close(partition->file);
        partition->file = -1;
        partition->bytes = 0;
        buffer_free(&partition->pending);
    }
    collector->spilled = false;
    collector->sum = (struct bucket){0};
    if (collector->memory.capacity > 2 * collector->memory_limit)
        buffer_free(&collector->memory);
    buffer_clear(&collector->memory);
}

void collector_free(struct collector *collector)
{
    if (!collector)
        return;
    collector_clear(collector);
    buffer_free(&collector->memory);
    pthread_mutex_destroy(&collector->lock);
    free(collector);
}

static bool open_partition(struct partition *partition, struct err *err)
{
    partition->file = file_temporary("tally-verify");
    if (partition->file < 0)
        return err_set(
            err, ERR_INTERNAL,
            "cannot create a temporary file in %s: %s (set TMPDIR to a folder with room)",
            file_temporary_folder(), strerror(errno));
    return true;
}

static bool write_all(int file, const unsigned char *bytes, size_t length, struct err *err)
{
    return file_write_all(file, bytes, length) ||
           err_set(err, ERR_INTERNAL,
                   "cannot write a temporary file in %s: %s (set TMPDIR to a folder with room)",
                   file_temporary_folder(), strerror(errno));
}

static bool flush_partition(struct partition *partition, struct err *err)
{
    if (!partition->pending.length)
        return true;
    if (partition->file < 0 && !open_partition(partition, err))
        return false;
    if (!write_all(partition->file, partition->pending.data, partition->pending.length, err))
        return false;
    if (partition->pending.capacity > 4 * PARTITION_BUFFER)
        buffer_free(&partition->pending);
    else
        buffer_clear(&partition->pending);
    return true;
}

static bool spill_record(struct collector *collector, const struct record *record,
                         const unsigned char *bytes, struct err *err)
{
    /* Not the low bits: those have already chosen the bucket. */
    struct partition *partition =
        &collector->partitions[(record->key_hash >> 32) % COLLECT_PARTITIONS];
    buffer_add(&partition->pending, record, sizeof *record);
    buffer_add(&partition->pending, bytes, record_length(record));
    partition->bytes += sizeof *record + record_length(record);
    return partition->pending.length < PARTITION_BUFFER || flush_partition(partition, err);
}

static bool spill_memory(struct collector *collector, struct err *err)
{
    if (collector->spilled)
        return true;
    collector->spilled = true;
    const unsigned char *place = collector->memory.data;
    const unsigned char *end = place + collector->memory.length;
    while (place < end) {
        struct record record;
        memcpy(&record, place, sizeof record);
        place += sizeof record;
        if (!spill_record(collector, &record, place, err))
            return false;
        place += record_length(&record);
    }
    buffer_free(&collector->memory);
    return true;
}

static bool add_record(struct collector *collector, const struct record *record,
                       const unsigned char *bytes, struct err *err)
{
    size_t size = sizeof *record + record_length(record);
    if (!collector->spilled && collector->memory.length &&
        collector->memory.length + size > collector->memory_limit && !spill_memory(collector, err))
        return false;
    if (collector->spilled)
        return spill_record(collector, record, bytes, err);
    buffer_add(&collector->memory, record, sizeof *record);
    buffer_add(&collector->memory, bytes, record_length(record));
    return true;
}

bool collector_add(struct collector *collector, const struct scan_row *row, struct err *err)
{
    if (row->key_length > UINT32_MAX)
        return err_set(err, ERR_TABLE, "a key of %zu bytes is too long to compare",
                       row->key_length);
    struct record record = {.key_hash = row->key_hash,
                            .hash = row->hash,
                            .key_length = (uint32_t)row->key_length,
                            .length_high = (uint32_t)((uint64_t)row->length >> 32),
                            .length_low = (uint32_t)row->length};
    pthread_mutex_lock(&collector->lock);
    bucket_add_row(&collector->sum, row->hash);
    bool ok = add_record(collector, &record, row->bytes, err);
    pthread_mutex_unlock(&collector->lock);
    return ok;
}

bool collector_spill(struct collector *collector, struct err *err)
{
    pthread_mutex_lock(&collector->lock);
    bool ok = spill_memory(collector, err);
    pthread_mutex_unlock(&collector->lock);
    return ok;
}

const struct bucket *collector_sum(const struct collector *collector)
{
    return &collector->sum;
}

bool collector_spilled(const struct collector *collector)
{
    return collector->spilled;
}

uint64_t collector_bytes(const struct collector *collector, size_t partition)
{
    if (collector->spilled)
        return collector->partitions[partition].bytes;
    return partition == 0 ? collector->memory.length : 0;
}

/* Records in memory: walks them. */
static bool read_memory(const struct buffer *memory,
                        bool (*take)(void *, const struct record *, const unsigned char *,
                                     struct err *),
                        void *context, struct err *err)
{
    const unsigned char *place = memory->data;
    const unsigned char *end = place + memory->length;
    while (place < end) {
        struct record record;
        memcpy(&record, place, sizeof record);
        place += sizeof record;
        if (!take(context, &record, place, err))
            return false;
        place += record_length(&record);
    }
    return true;
}

/* A sequential reader of a partition file; buffer holds [start, length) unread bytes. */
struct reader {
    int file;
    struct buffer buffer;
    size_t start;
};

/* Makes `need` unread bytes available; *end when the file has none left. */
static bool reader_fill(struct reader *reader, size_t need, bool *end, struct err *err)
{
    struct buffer *buffer = &reader->buffer;
    while (buffer->length - reader->start < need) {
        if (reader->start) {
            memmove(buffer->data, buffer->data + reader->start, buffer->length - reader->start);
            buffer->length -= reader->start;
            reader->start = 0;
        }
        size_t room = need > READ_BUFFER ? need : READ_BUFFER;
        unsigned char *place = buffer_reserve(buffer, room);
        ssize_t got = place ? read(reader->file, place, room) : -1;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set(err, ERR_INTERNAL, "cannot read a temporary file back: %s",
                           strerror(errno));
        if (got == 0) {
            *end = buffer->length == reader->start;
            if (!*end)
                return err_set(err, ERR_INTERNAL, "a temporary file is shorter than was written");
            return true;
        }
        buffer->length += (size_t)got;
    }
    *end = false;
    return true;
}

static bool read_file(int file,
                      bool (*take)(void *, const struct record *, const unsigned char *,
                                   struct err *),
                      void *context, struct err *err)
{
    if (lseek(file, 0, SEEK_SET) < 0)
        return err_set(err, ERR_INTERNAL, "cannot read a temporary file back: %s", strerror(errno));
    struct reader reader = {.file = file, .buffer = BUFFER_INIT(BUFFER_NO_LIMIT)};
    bool ok, end = false;
    while ((ok = reader_fill(&reader, sizeof(struct record), &end, err)) && !end) {
        struct record record;
        memcpy(&record, reader.buffer.data + reader.start, sizeof record);
        reader.start += sizeof record;
        size_t length = record_length(&record);
        ok = reader_fill(&reader, length, &end, err) &&
             take(context, &record, reader.buffer.data + reader.start, err);
        if (!ok)
            break;
        reader.start += length;
    }
    buffer_free(&reader.buffer);
    return ok;
}

bool collector_read(struct collector *collector, size_t partition,
                    bool (*take)(void *context, const struct record *record,
                                 const unsigned char *bytes, struct err *err),
                    void *context, struct err *err)
{
    if (!collector->spilled)
        return partition != 0 || read_memory(&collector->memory, take, context, err);
    struct partition *place = &collector->partitions[partition];
    if (!flush_partition(place, err))
        return false;
    return place->file < 0 || read_file(place->file, take, context, err);
}
