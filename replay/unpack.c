/* See unpack.h. */
#include "unpack.h"

#include "../diff/base/memory.h"

#include <limits.h>
#include <stdlib.h>

#define ZLIB_CONST /* it reads what it is given, and does not write there */
#include <zlib.h>

struct unpack {
    z_stream stream;
};

/* What cannot be had ends the program, as everywhere: so zlib never says Z_MEM_ERROR. */
static void *take_memory(void *unused, unsigned count, unsigned size)
{
    (void)unused;
    return mem_resize(NULL, count, size);
}

static void give_memory(void *unused, void *block)
{
    (void)unused;
    free(block);
}

struct unpack *unpack_new(enum unpack_format format)
{
    /* 15 bits of window, the most that there are; 16 more expect a gzip header, less than 0 none.
     */
    static const int bits[] = {[UNPACK_GZIP] = 15 + 16, [UNPACK_ZLIB] = 15, [UNPACK_RAW] = -15};
    struct unpack *unpack = mem_zero(1, sizeof *unpack);
    unpack->stream.zalloc = take_memory;
    unpack->stream.zfree = give_memory;
    if (inflateInit2(&unpack->stream, bits[format]) != Z_OK)
        abort(); /* another version's library than its header: the program cannot have started */
    return unpack;
}

void unpack_again(struct unpack *unpack)
{
    inflateReset(&unpack->stream);
}

enum unpack_state unpack_step(struct unpack *unpack, struct slice *in, unsigned char *place,
                              size_t room, size_t *got)
{
    z_stream *stream = &unpack->stream;
    unsigned given = in->length < UINT_MAX ? (unsigned)in->length : UINT_MAX;
    unsigned most = room < UINT_MAX ? (unsigned)room : UINT_MAX;
    stream->next_in = in->at;
    stream->avail_in = given;
    stream->next_out = place;
    stream->avail_out = most;
    int status = inflate(stream, Z_NO_FLUSH);
    in->at += given - stream->avail_in;
    in->length -= given - stream->avail_in;
    *got = most - stream->avail_out;
    if (status == Z_STREAM_END)
        return UNPACK_END;
    /* Z_BUF_ERROR: nothing could be done without more bytes. */
    return status == Z_OK || status == Z_BUF_ERROR ? UNPACK_MORE : UNPACK_DAMAGED;
}

void unpack_free(struct unpack *unpack)
{
    if (!unpack)
        return;
    inflateEnd(&unpack->stream);
    free(unpack);
}
