/* See coding.h. */
#include "coding.h"

#include "framing.h"
#include "http_field.h"
#include "unpack.h"

#include <stdio.h>
#include <stdlib.h>

#define PIECE 16384 /* bytes that are unpacked at once: as many as libcurl hands over */
#define NAME_MOST 40

enum format { FORMAT_GZIP, FORMAT_DEFLATE, FORMAT_NONE };

/* Names of codings (RFC 9110, 18.6); and words that are found there without being any. */
static const struct {
    const char *name;
    enum format format;
} names[] = {{"gzip", FORMAT_GZIP},     {"x-gzip", FORMAT_GZIP}, {"deflate", FORMAT_DEFLATE},
             {"identity", FORMAT_NONE}, {"none", FORMAT_NONE},   {"utf-8", FORMAT_NONE},
             {"utf8", FORMAT_NONE},     {"binary", FORMAT_NONE}, {"7bit", FORMAT_NONE},
             {"8bit", FORMAT_NONE}};

enum fault { FAULT_NONE, FAULT_UNKNOWN, FAULT_DEPTH, FAULT_DAMAGED, FAULT_BEHIND, FAULT_LIMIT };

struct stage {
    enum format format;
    struct unpack *unpack; /* NULL: nothing came yet */
    unsigned char head[2]; /* of deflate: which of both sorts it is */
    size_t head_length;
    size_t given; /* bytes that came out */
    bool ended;
};

struct coding {
    size_t limit, most; /* of the body; of what a stage gives to the next */
    size_t count;
    struct stage stages[CODING_MOST]; /* in the order of decoding */
    bool none;                        /* Content-Length: 0 */
    bool came;                        /* a byte of it */
    enum fault fault;
    const struct stage *at; /* where the data is damaged, or bytes follow */
    char unknown[NAME_MOST + 1];
};

/* ---- what the fields say ---- */

static int find_name(struct slice name)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (slice_equal_fold(name, slice_of(names[i].name)))
            return (int)i;
    return -1;
}

bool coding_is_known(const char *name, size_t length)
{
    int row = find_name((struct slice){(const unsigned char *)name, length});
    return row >= 0 && names[row].format != FORMAT_NONE;
}

/* The next member of a list; false: there is none. */
static bool next_name(const char **at, struct slice *name)
{
    *at += strspn(*at, ", \t");
    size_t length = strcspn(*at, ","), end = length;
    while (end && ((*at)[end - 1] == ' ' || (*at)[end - 1] == '\t'))
        end--;
    *name = (struct slice){(const unsigned char *)*at, end};
    *at += length;
    return end > 0;
}

static void set_unknown(struct coding *coding, struct slice name)
{
    size_t length = 0;
    coding->fault = FAULT_UNKNOWN;
    /* Another's word, for people to read: what is no letter of a token is not shown. */
    for (; length < name.length && length < NAME_MOST; length++) {
        const char c = (char)name.at[length];
        coding->unknown[length] = http_field_is_token(&c, 1) ? c : '?';
    }
    coding->unknown[length] = '\0';
}

static void add_name(struct coding *coding, struct slice name)
{
    int row = find_name(name);
    if (coding->fault || (row >= 0 && names[row].format == FORMAT_NONE))
        return;
    if (row < 0)
        set_unknown(coding, name);
    else if (coding->count == CODING_MOST)
        coding->fault = FAULT_DEPTH;
    else
        coding->stages[coding->count++].format = names[row].format;
}

static void add_field(struct coding *coding, const struct field *field)
{
    struct slice name;
    const char *at = field->value;
    if (field_is(field, "Content-Length"))
        coding->none = *at && !at[strspn(at, "0")];
    else if (field_is(field, "Content-Encoding"))
        while (next_name(&at, &name))
            add_name(coding, name);
    else if (field_is(field, "Transfer-Encoding"))
        while (next_name(&at, &name))
            if (!slice_equal_fold(name, slice_of("chunked")) &&
                !slice_equal_fold(name, slice_of("identity")) && !coding->fault)
                set_unknown(coding, name);
}

struct coding *coding_new(const struct fields *headers, size_t limit)
{
    bool named = false;
    for (size_t i = 0; i < headers->count && !named; i++)
        named = field_is(&headers->items[i], "Content-Encoding") ||
                field_is(&headers->items[i], "Transfer-Encoding");
    if (!named)
        return NULL;
    struct coding coding = {.limit = limit};
    for (size_t i = 0; i < headers->count; i++)
        add_field(&coding, &headers->items[i]);
    if (!coding.count && !coding.fault)
        return NULL;
    /* Packed data is at worst a little longer than what is packed: blocks that are stored as they
     * are, and a head with names. */
    coding.most = limit + limit / 64 + 65536;
    for (size_t i = 0; i < coding.count / 2; i++) { /* the last coding was applied last */
        struct stage stage = coding.stages[i];
        coding.stages[i] = coding.stages[coding.count - 1 - i];
        coding.stages[coding.count - 1 - i] = stage;
    }
    struct coding *made = mem_alloc(sizeof *made);
    *made = coding;
    return made;
}

/* ---- what the data is ---- */

static void set_fault(struct coding *coding, const struct stage *at, enum fault fault)
{
    if (coding->fault)
        return;
    coding->fault = fault;
    coding->at = at;
}

/* Is it the head of zlib data (RFC 1950, 2.2)? Raw data would begin with a stored block whose
 * padding is not zero: nothing writes that. */
static bool is_zlib(const unsigned char head[2])
{
    return (head[0] & 0x0f) == 8 && head[0] >> 4 <= 7 && (head[0] * 256 + head[1]) % 31 == 0;
}

static void give(struct coding *coding, struct stage *stage, struct slice in, struct buffer *body);

/* What came out of a stage, for the next one or the body. */
static void pass_on(struct coding *coding, struct stage *stage, struct slice out,
                    struct buffer *body)
{
    bool last = stage == &coding->stages[coding->count - 1];
    size_t room = (last ? coding->limit : coding->most) - stage->given;
    bool fits = out.length <= room;
    if (!fits)
        out.length = room;
    stage->given += out.length;
    if (last)
        buffer_add(body, out.at, out.length);
    else
        give(coding, stage + 1, out, body);
    if (!fits)
        set_fault(coding, stage, FAULT_LIMIT);
}

/* After the end of a stream: of gzip another may follow. */
static bool goes_on(struct coding *coding, struct stage *stage, struct slice in)
{
    enum { GZIP_HEAD = 0x1f };
    if (stage->format != FORMAT_GZIP || in.at[0] != GZIP_HEAD) {
        set_fault(coding, stage, FAULT_BEHIND);
        return false;
    }
    unpack_again(stage->unpack);
    stage->ended = false;
    return true;
}

static void unpack_all(struct coding *coding, struct stage *stage, struct slice in,
                       struct buffer *body)
{
    unsigned char piece[PIECE];
    size_t got = 0;
    while (!coding->fault && (in.length || got == sizeof piece)) {
        if (stage->ended && (!in.length || !goes_on(coding, stage, in)))
            return;
        enum unpack_state state = unpack_step(stage->unpack, &in, piece, sizeof piece, &got);
        stage->ended = state == UNPACK_END;
        pass_on(coding, stage, (struct slice){piece, got}, body);
        if (state == UNPACK_DAMAGED)
            set_fault(coding, stage, FAULT_DAMAGED);
    }
}

static void give(struct coding *coding, struct stage *stage, struct slice in, struct buffer *body)
{
    while (!stage->unpack && stage->format == FORMAT_DEFLATE && in.length &&
           stage->head_length < sizeof stage->head) {
        stage->head[stage->head_length++] = *in.at++;
        in.length--;
    }
    if (!stage->unpack && stage->format == FORMAT_GZIP) {
        stage->unpack = unpack_new(UNPACK_GZIP);
    } else if (!stage->unpack) {
        if (stage->head_length < sizeof stage->head)
            return;
        stage->unpack = unpack_new(is_zlib(stage->head) ? UNPACK_ZLIB : UNPACK_RAW);
        unpack_all(coding, stage, (struct slice){stage->head, sizeof stage->head}, body);
    }
    unpack_all(coding, stage, in, body);
}

bool coding_take(struct coding *coding, const void *bytes, size_t length, struct buffer *body)
{
    coding->came |= length > 0;
    if (!coding->fault && length)
        give(coding, &coding->stages[0], (struct slice){bytes, length}, body);
    return coding->fault != FAULT_LIMIT;
}

/* ---- whether it was whole ---- */

static const char *name_of(const struct stage *stage)
{
    return stage->format == FORMAT_GZIP ? "gzip" : "deflate";
}

bool coding_why(const struct coding *coding, const char *method, int status, char *why, size_t size)
{
    static const char *const texts[][2] = {
        [FAULT_NONE] = {"the answer's ", " data is cut: its end did not come"},
        [FAULT_UNKNOWN] = {"the answer is coded as \"",
                           "\", which was not asked for and is not read"},
        [FAULT_DEPTH] = {"the answer is coded more often than is read", ""},
        [FAULT_DAMAGED] = {"the answer's ", " data is damaged"},
        [FAULT_BEHIND] = {"other bytes follow the answer's ", " data"},
        [FAULT_LIMIT] = {"the answer is larger than what is kept", ""},
    };
    const struct stage *stage = coding->stages, *end = stage + coding->count;
    const char *name = coding->unknown;
    /* 205: RFC 9110, 15.3.6 */
    if (!coding->came && (coding->none || status == 205 || !framing_has_body(method, status)))
        return false;
    while (!coding->fault && stage < end && stage->ended)
        stage++;
    if (!coding->fault && stage == end)
        return false;
    if (!coding->fault)
        name = name_of(stage);
    else if (coding->fault == FAULT_DAMAGED || coding->fault == FAULT_BEHIND)
        name = name_of(coding->at);
    snprintf(why, size, "%s%s%s", texts[coding->fault][0], name, texts[coding->fault][1]);
    return true;
}

void coding_free(struct coding *coding)
{
    if (!coding)
        return;
    for (size_t i = 0; i < coding->count; i++)
        unpack_free(coding->stages[i].unpack);
    free(coding);
}
