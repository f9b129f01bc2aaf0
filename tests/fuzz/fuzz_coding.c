/*
 * Coded bodies: a list of codings to the first newline, then what was sent. However it is cut into
 * pieces, the body and the judgement are those of one piece; no more comes out than the limit; and
 * what zlib itself takes for a whole gzip or zlib stream is taken for whole, and for no other body.
 */
#include "../../replay/coding.h"

#include <stdlib.h>
#include <zlib.h>

enum { LIMIT = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

struct read {
    struct buffer body;
    bool coded, fits, bad;
    char why[200];
};

/* seed 0: in one piece; else in pieces of sizes that it chooses. */
static void read_all(struct read *read, const struct fields *fields, struct slice sent,
                     unsigned seed)
{
    struct coding *coding = coding_new(fields, LIMIT);
    *read = (struct read){.body = BUFFER_INIT(BUFFER_NO_LIMIT), .coded = coding, .fits = true};
    while (coding && sent.length && read->fits) {
        size_t length = sent.length;
        if (seed) {
            seed = seed * 1103515245 + 12345;
            length = 1 + (seed >> 16 & (seed >> 30 ? 7 : 1023));
        }
        length = length > sent.length ? sent.length : length;
        read->fits = coding_take(coding, sent.at, length, &read->body);
        sent.at += length;
        sent.length -= length;
    }
    if (coding)
        read->bad = coding_why(coding, "GET", 200, read->why, sizeof read->why);
    require(read->body.length <= LIMIT && read->bad == (read->why[0] != '\0'));
    require(read->fits || read->bad);
    coding_free(coding);
}

/* One stream, by zlib alone: is it whole, and nothing behind it? */
static bool is_whole(struct slice sent, int bits, unsigned char *place, size_t *length)
{
    z_stream stream = {.next_in = (unsigned char *)(uintptr_t)sent.at,
                       .avail_in = (unsigned)sent.length,
                       .next_out = place,
                       .avail_out = LIMIT};
    require(inflateInit2(&stream, bits) == Z_OK);
    int status = inflate(&stream, Z_FINISH);
    *length = LIMIT - stream.avail_out;
    inflateEnd(&stream);
    return status == Z_STREAM_END && !stream.avail_in;
}

static void hold_against_zlib(const struct read *read, struct slice name, struct slice sent)
{
    bool gzip = slice_is(name, "gzip");
    unsigned char *place = mem_alloc(LIMIT);
    size_t length;
    if (!gzip && !slice_is(name, "deflate")) {
        free(place);
        return;
    }
    bool whole = is_whole(sent, gzip ? 15 + 16 : 15, place, &length);
    require(!whole || !read->bad);
    /* Raw data, and several members, are whole in another way. */
    require(!whole || (length == read->body.length &&
                       (!length || memcmp(place, read->body.data, length) == 0)));
    free(place);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
    if (!end || memchr(data, '\0', (size_t)(end - data)))
        return 0;
    struct slice name = {data, (size_t)(end - data)}, sent = {end + 1, size - name.length - 1};
    struct arena arena = ARENA_INIT;
    struct fields fields = {0};
    fields_add(&fields, &arena, "Content-Encoding", (const char *)data, name.length);
    struct read whole, pieces;
    read_all(&whole, &fields, sent, 0);
    for (unsigned seed = 1; seed < 4; seed++) {
        read_all(&pieces, &fields, sent, seed * 77 + (unsigned)size);
        require(pieces.coded == whole.coded && pieces.bad == whole.bad);
        require(strcmp(pieces.why, whole.why) == 0 && pieces.body.length == whole.body.length);
        require(!whole.body.length ||
                memcmp(pieces.body.data, whole.body.data, whole.body.length) == 0);
        buffer_free(&pieces.body);
    }
    if (whole.coded)
        hold_against_zlib(&whole, name, sent);
    buffer_free(&whole.body);
    fields_free(&fields);
    arena_free(&arena);
    return 0;
}
