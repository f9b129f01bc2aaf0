/* See repair_spool.h. */
#include "repair_spool.h"

#include "../diff/base/file.h"
#include "../diff/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK (256u << 10)

bool repair_spool_open(struct repair_spool *spool, const char *beside)
{
    char *path = mem_format("%s.XXXXXX", beside);
    *spool = (struct repair_spool){.file = mkostemp(path, O_CLOEXEC)};
    buffer_init(&spool->pending, BUFFER_NO_LIMIT);
    if (spool->file >= 0)
        unlink(path);
    free(path);
    return spool->file >= 0;
}

void repair_spool_close(struct repair_spool *spool)
{
    if (spool->file >= 0)
        close(spool->file);
    spool->file = -1;
    free(spool->pieces);
    spool->pieces = NULL;
    spool->piece_count = spool->piece_capacity = 0;
    buffer_free(&spool->pending);
}

static void flush(struct repair_spool *spool)
{
    if (!spool->error && (lseek(spool->file, 0, SEEK_END) < 0 ||
                          !file_write_all(spool->file, spool->pending.data, spool->pending.length)))
        spool->error = errno;
    if (spool->pending.capacity > 4 * BLOCK)
        buffer_free(&spool->pending);
    else
        buffer_clear(&spool->pending);
}

static struct repair_spool_piece *piece_of(struct repair_spool *spool, uint32_t table)
{
    struct repair_spool_piece *last =
        spool->piece_count ? &spool->pieces[spool->piece_count - 1] : NULL;
    if (last && last->table == table)
        return last;
    if (spool->piece_count == spool->piece_capacity) {
        spool->piece_capacity = spool->piece_capacity ? 2 * spool->piece_capacity : 16;
        spool->pieces = mem_resize(spool->pieces, spool->piece_capacity, sizeof *spool->pieces);
    }
    last = &spool->pieces[spool->piece_count++];
    *last = (struct repair_spool_piece){.table = table, .start = spool->bytes};
    return last;
}

void repair_spool_add(struct repair_spool *spool, struct repair_spooled head,
                      const struct buffer *text)
{
    struct repair_spool_piece *piece = piece_of(spool, head.table);
    head.length = text->length;
    piece->end = spool->bytes += sizeof head + text->length;
    buffer_add(&spool->pending, &head, sizeof head);
    buffer_add(&spool->pending, text->data, text->length);
    if (text->length > spool->longest)
        spool->longest = text->length;
    if (spool->pending.length >= BLOCK)
        flush(spool);
}

/* Reads one piece; *on: the reader wants more. */
static bool read_piece(FILE *stream, const struct repair_spool_piece *piece,
                       const struct repair_spool_reader *reader, struct buffer *text, bool *on)
{
    struct repair_spooled head;
    bool ok = fseeko(stream, (off_t)piece->start, SEEK_SET) == 0;
    for (uint64_t at = piece->start; ok && *on && at < piece->end;
         at += sizeof head + head.length) {
        ok = fread(&head, sizeof head, 1, stream) == 1;
        if (!ok)
            break;
        if (!reader->wants(reader->context, &head)) {
            ok = fseeko(stream, (off_t)head.length, SEEK_CUR) == 0;
            continue;
        }
        buffer_clear(text);
        unsigned char *place = buffer_reserve(text, head.length);
        ok = fread(place, 1, head.length, stream) == head.length;
        text->length = ok ? head.length : 0;
        buffer_terminate(text);
        *on = ok && reader->take(reader->context, &head, text);
    }
    return ok;
}

static int compare_pieces(const void *one, const void *other)
{
    const struct repair_spool_piece *a = one, *b = other;
    if (a->table != b->table)
        return a->table < b->table ? -1 : 1;
    return (a->start > b->start) - (a->start < b->start);
}

bool repair_spool_read(struct repair_spool *spool, const struct repair_spool_reader *reader)
{
    flush(spool);
    errno = spool->error;
    int file = spool->error ? -1 : dup(spool->file);
    FILE *stream = file < 0 ? NULL : fdopen(file, "r");
    if (!stream) {
        if (file >= 0)
            close(file);
        return false;
    }
    struct repair_spool_piece *pieces = mem_alloc((spool->piece_count + 1) * sizeof *pieces);
    if (spool->piece_count) {
        memcpy(pieces, spool->pieces, spool->piece_count * sizeof *pieces);
        qsort(pieces, spool->piece_count, sizeof *pieces, compare_pieces);
    }
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool ok = true, on = true;
    for (size_t i = 0; i < spool->piece_count && ok && on; i++)
        ok = read_piece(stream, &pieces[i], reader, &text, &on);
    ok = ok && !ferror(stream);
    buffer_free(&text);
    free(pieces);
    fclose(stream);
    return ok;
}
