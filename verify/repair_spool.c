/* See repair_spool.h. */
#include "repair_spool.h"

#include "../diff/base/file.h"
#include "../diff/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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

void repair_spool_add(struct repair_spool *spool, struct repair_spooled head,
                      const struct buffer *text)
{
    head.length = text->length;
    buffer_add(&spool->pending, &head, sizeof head);
    buffer_add(&spool->pending, text->data, text->length);
    if (text->length > spool->longest)
        spool->longest = text->length;
    if (spool->pending.length >= BLOCK)
        flush(spool);
}

static bool read_texts(FILE *stream, const struct repair_spool_reader *reader)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct repair_spooled head;
    bool ok = true, on = true;
    while (ok && on && fread(&head, sizeof head, 1, stream) == 1) {
        if (!reader->wants(reader->context, &head)) {
            ok = fseeko(stream, (off_t)head.length, SEEK_CUR) == 0;
            continue;
        }
        buffer_clear(&text);
        unsigned char *place = buffer_reserve(&text, head.length);
        ok = fread(place, 1, head.length, stream) == head.length;
        text.length = ok ? head.length : 0;
        buffer_terminate(&text);
        on = ok && reader->take(reader->context, &head, &text);
    }
    buffer_free(&text);
    return ok && !ferror(stream);
}

bool repair_spool_read(struct repair_spool *spool, const struct repair_spool_reader *reader)
{
    flush(spool);
    errno = spool->error;
    int file = spool->error ? -1 : dup(spool->file);
    FILE *stream = file < 0 || lseek(file, 0, SEEK_SET) < 0 ? NULL : fdopen(file, "r");
    if (!stream) {
        if (file >= 0)
            close(file);
        return false;
    }
    bool ok = read_texts(stream, reader);
    fclose(stream);
    return ok;
}
