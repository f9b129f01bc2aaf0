/*
 * Coded bodies: only one that is whole is taken for whole, however it is cut into pieces, and
 * memory stays within the limit.
 */
#include "../../replay/coding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <zlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define LIMIT ((size_t)1 << 20)

/* --- making streams --- */

enum made { GZIP, ZLIB, RAW };

static void pack(struct buffer *out, enum made made, const void *bytes, size_t length)
{
    static const int bits[] = {[GZIP] = 15 + 16, [ZLIB] = 15, [RAW] = -15};
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, bits[made], 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t most = deflateBound(&stream, length);
    unsigned char *place = buffer_reserve(out, most);
    stream.next_in = (unsigned char *)(uintptr_t)bytes;
    stream.avail_in = (unsigned)length;
    stream.next_out = place;
    stream.avail_out = (unsigned)most;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    out->length += most - stream.avail_out;
    buffer_terminate(out);
    deflateEnd(&stream);
}

/* A page of text that does not pack to nothing. */
static void write_page(struct buffer *out, size_t rows)
{
    buffer_add_text(out, "<table>");
    for (size_t i = 0; i < rows; i++)
        buffer_printf(out, "<tr><td>%zu<td>%zx</tr>\n", i, i * 2654435761U % 1000003);
    buffer_add_text(out, "</table>");
}

/* --- reading them --- */

struct read {
    struct buffer body;
    bool good, fits; /* whole; within the limit */
    char why[200];
};

/* As an answer with these fields, a NULL-terminated list of names and values, in pieces. */
static void read_fields(struct read *read, const char *const *list, const char *method, int status,
                        const struct buffer *sent, size_t piece, size_t limit)
{
    struct arena arena = ARENA_INIT;
    struct fields fields = {0};
    *read = (struct read){.fits = true};
    buffer_init(&read->body, BUFFER_NO_LIMIT);
    for (size_t i = 0; list[i]; i += 2)
        fields_add(&fields, &arena, list[i], list[i + 1], strlen(list[i + 1]));
    struct coding *coding = coding_new(&fields, limit);
    for (size_t at = 0; at < sent->length && read->fits; at += piece) {
        size_t length = sent->length - at < piece ? sent->length - at : piece;
        if (coding)
            read->fits = coding_take(coding, sent->data + at, length, &read->body);
        else
            buffer_add(&read->body, sent->data + at, length);
    }
    read->good = !coding || !coding_why(coding, method, status, read->why, sizeof read->why);
    assert_int_equal(read->good, !read->why[0]);
    assert_true(read->body.length <= limit);
    coding_free(coding);
    fields_free(&fields);
    arena_free(&arena);
}

static void read_coded(struct read *read, const char *name, const struct buffer *sent, size_t piece)
{
    const char *const list[] = {"Content-Encoding", name, NULL};
    read_fields(read, list, "GET", 200, sent, piece, LIMIT);
}

static void expect(const char *what, const char *name, const struct buffer *sent,
                   const struct buffer *wanted, const char *why)
{
    static const size_t pieces[] = {1, 2, 3, 7, 100, 16384, SIZE_MAX / 2};
    for (size_t i = 0; i < COUNT(pieces); i++) {
        struct read read;
        read_coded(&read, name, sent, pieces[i]);
        if (read.good != !why || (why && !strstr(read.why, why)))
            fail_msg("%s in pieces of %zu: %s", what, pieces[i],
                     read.good ? "taken for whole" : read.why);
        if (wanted && (read.body.length != wanted->length ||
                       memcmp(read.body.data, wanted->data, wanted->length) != 0))
            fail_msg("%s in pieces of %zu: %zu bytes instead of %zu", what, pieces[i],
                     read.body.length, wanted->length);
        buffer_free(&read.body);
    }
}

/* --- tests --- */

struct page {
    struct buffer plain, coded[3], twice;
};

static void page_init(struct page *page, size_t rows)
{
    buffer_init(&page->plain, BUFFER_NO_LIMIT);
    buffer_init(&page->twice, BUFFER_NO_LIMIT);
    write_page(&page->plain, rows);
    for (enum made made = GZIP; made <= RAW; made++) {
        buffer_init(&page->coded[made], BUFFER_NO_LIMIT);
        pack(&page->coded[made], made, page->plain.data, page->plain.length);
    }
    pack(&page->twice, ZLIB, page->coded[GZIP].data, page->coded[GZIP].length);
}

static void page_free(struct page *page)
{
    buffer_free(&page->plain);
    buffer_free(&page->twice);
    for (int i = 0; i < 3; i++)
        buffer_free(&page->coded[i]);
}

static void each_coding_gives_the_body_back_in_pieces_of_any_size(void **state)
{
    (void)state;
    for (size_t rows = 0; rows < 6000; rows = rows * 5 + 1) {
        struct page page;
        page_init(&page, rows);
        expect("gzip", "gzip", &page.coded[GZIP], &page.plain, NULL);
        expect("x-gzip", " X-GZip ", &page.coded[GZIP], &page.plain, NULL);
        expect("deflate", "deflate", &page.coded[ZLIB], &page.plain, NULL);
        expect("raw deflate", "Deflate", &page.coded[RAW], &page.plain, NULL);
        expect("both", "gzip, deflate", &page.twice, &page.plain, NULL);
        expect("one left", "identity, deflate,,", &page.twice, &page.coded[GZIP], NULL);
        page_free(&page);
    }
}

static void a_stream_that_is_cut_at_any_byte_is_never_taken_for_whole(void **state)
{
    (void)state;
    struct page page;
    page_init(&page, 30);
    struct {
        const char *name;
        const struct buffer *whole;
    } rows[] = {{"gzip", &page.coded[GZIP]},
                {"deflate", &page.coded[ZLIB]},
                {"deflate", &page.coded[RAW]},
                {"gzip, deflate", &page.twice}};
    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t length = 0; length < rows[i].whole->length; length++) {
            struct buffer cut = BUFFER_INIT(BUFFER_NO_LIMIT);
            buffer_add(&cut, rows[i].whole->data, length);
            expect("cut", rows[i].name, &cut, NULL, "is cut: its end did not come");
            buffer_free(&cut);
        }
    page_free(&page);
}

static void no_byte_of_gzip_or_zlib_data_can_change_unseen(void **state)
{
    (void)state;
    struct page page;
    page_init(&page, 30);
    for (enum made made = GZIP; made <= ZLIB; made++)
        for (size_t i = 0; i < page.coded[made].length; i++) {
            struct read read;
            page.coded[made].data[i] ^= 0x10;
            read_coded(&read, made == GZIP ? "gzip" : "deflate", &page.coded[made], 50);
            /* In a head there is what says nothing of the data: time, system. */
            bool same = read.body.length == page.plain.length &&
                        memcmp(read.body.data, page.plain.data, page.plain.length) == 0;
            if (read.good && !(same && made == GZIP && i < 10))
                fail_msg("byte %zu of %zu", i, page.coded[made].length);
            buffer_free(&read.body);
            page.coded[made].data[i] ^= 0x10;
        }
    page_free(&page);
}

static void members_of_gzip_follow_each_other_and_nothing_else_follows(void **state)
{
    (void)state;
    struct page page, other;
    page_init(&page, 40);
    page_init(&other, 3);
    struct buffer two = BUFFER_INIT(BUFFER_NO_LIMIT), plain = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_add(&two, page.coded[GZIP].data, page.coded[GZIP].length);
    buffer_add(&two, other.coded[GZIP].data, other.coded[GZIP].length);
    pack(&two, GZIP, "", 0);
    buffer_add(&plain, page.plain.data, page.plain.length);
    buffer_add(&plain, other.plain.data, other.plain.length);
    expect("three members", "gzip", &two, &plain, NULL);
    two.length -= 1;
    expect("three members, the last cut", "gzip", &two, &plain, "is cut");
    static const struct {
        const char *bytes;
        size_t length;
        const char *why;
    } behind[] = {{"\n", 1, "other bytes follow the answer's gzip data"},
                  {"\0\0\0", 3, "other bytes follow"},
                  {"Warning: Undefined index", 24, "other bytes follow"},
                  {"\x1f", 1, "is cut"},
                  {"\x1f\x8b", 2, "is cut"},
                  {"\x1f\x8c", 2, "is damaged"}};
    for (size_t i = 0; i < COUNT(behind); i++) {
        struct buffer sent = BUFFER_INIT(BUFFER_NO_LIMIT);
        buffer_add(&sent, page.coded[GZIP].data, page.coded[GZIP].length);
        buffer_add(&sent, behind[i].bytes, behind[i].length);
        expect(behind[i].bytes, "gzip", &sent, &page.plain, behind[i].why);
        buffer_free(&sent);
    }
    for (enum made made = ZLIB; made <= RAW; made++) {
        pack(&page.coded[made], made, "x", 1); /* browsers read one only */
        expect("a second one", "deflate", &page.coded[made], &page.plain,
               "other bytes follow the answer's deflate data");
    }
    buffer_free(&two);
    buffer_free(&plain);
    page_free(&page);
    page_free(&other);
}

struct odd {
    const char *what, *name, *bytes;
    size_t length;
    const char *why; /* NULL: whole */
    const char *body;
};

static const struct odd odds[] = {
    {"no gzip at all", "gzip", "plain text", 10, "gzip data is damaged", ""},
    {"no deflate at all", "deflate", "\xff\xff\xff", 3, "deflate data is damaged", ""},
    {"gzip under deflate's name", "deflate", "\x1f\x8b\x08\0\0\0\0\0\2\3", 10, "deflate data is",
     ""},
    {"a dictionary that nobody has", "deflate", "\x78\xbb\1\2\3\4\5\6", 8, "is damaged", ""},
    {"no more than raw emptiness", "deflate", "\x03\x00", 2, NULL, ""},
    {"a stored block", "deflate",
     "\x01\x03\x00\xfc\xff"
     "abc",
     8, NULL, "abc"},
    {"a wrong length in the trailer", "gzip",
     "\x1f\x8b\x08\0\0\0\0\0\2\3\x4b\x4c\x4a\x06\0\xc2\x41\x24\x35\x04\0\0\0", 23, "is damaged",
     "abc"},
    {"the right one", "gzip",
     "\x1f\x8b\x08\0\0\0\0\0\2\3\x4b\x4c\x4a\x06\0\xc2\x41\x24\x35\x03\0\0\0", 23, NULL, "abc"},
    {"brotli", "br",
     "\x0b\x01\x80"
     "abc\x03",
     7, "coded as \"br\", which was not asked for", ""},
    {"brotli within", "br, gzip", "\x1f\x8b", 2, "coded as \"br\"", ""},
    {"zstd", "ZSTD", "x", 1, "coded as \"ZSTD\"", ""},
    {"compress", "gzip, compress", "x", 1, "coded as \"compress\"", ""},
    {"somebody's word", "\"\x1b[31m<b>", "x", 1, "coded as \"??", ""},
    {"five times over", "gzip,gzip,gzip,gzip,gzip", "x", 1, "more often than is read", ""},
    {"none", "identity", "x\0y", 3, NULL, "x\0y"},
    {"a charset", "UTF-8", "x\0y", 3, NULL, "x\0y"},
    {"an empty field", "", "xyz", 3, NULL, "xyz"},
    {"blanks and commas", " , ,", "xyz", 3, NULL, "xyz"},
};

static void what_is_odd_is_read_or_says_why_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(odds); i++) {
        struct buffer sent = BUFFER_INIT(BUFFER_NO_LIMIT), body = BUFFER_INIT(BUFFER_NO_LIMIT);
        size_t length = odds[i].body[0] ? 3 : 0;
        buffer_add(&sent, odds[i].bytes, odds[i].length);
        buffer_add(&body, odds[i].body, length);
        expect(odds[i].what, odds[i].name, &sent, &body, odds[i].why);
        buffer_free(&sent);
        buffer_free(&body);
    }
}

struct empty {
    const char *list[5];
    const char *method;
    int status;
    bool whole;
};

static const struct empty empties[] = {
    {{"Content-Encoding", "gzip"}, "GET", 200, false},
    {{"Content-Encoding", "gzip"}, "POST", 404, false},
    {{"Content-Encoding", "gzip", "Content-Length", "20"}, "GET", 200, false},
    {{"Content-Encoding", "gzip", "Content-Length", "0"}, "GET", 200, true},
    {{"Content-Length", "00", "Content-Encoding", "gzip"}, "POST", 302, true},
    {{"Content-Encoding", "gzip", "Content-Length", "20"}, "HEAD", 200, true},
    {{"Content-Encoding", "gzip"}, "GET", 204, true},
    {{"Content-Encoding", "gzip"}, "GET", 304, true},
    {{"Content-Encoding", "br"}, "HEAD", 200, true},
    {{"Content-Encoding", "br"}, "GET", 200, false},
    {{"Content-Encoding", "identity"}, "GET", 200, true},
    {{"Transfer-Encoding", "chunked"}, "GET", 200, true},
    {{"transfer-encoding", "gzip, chunked"}, "GET", 200, false},
    {{"Transfer-Encoding", "x, chunked", "Content-Encoding", "gzip"}, "GET", 200, false},
};

static void without_a_byte_only_an_answer_that_says_so_is_whole(void **state)
{
    (void)state;
    const struct buffer nothing = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (size_t i = 0; i < COUNT(empties); i++) {
        struct read read;
        read_fields(&read, empties[i].list, empties[i].method, empties[i].status, &nothing, 1,
                    LIMIT);
        if (read.good != empties[i].whole)
            fail_msg("row %zu: %s", i, read.why);
        buffer_free(&read.body);
    }
}

static void fields_of_one_name_are_one_list(void **state)
{
    (void)state;
    struct page page;
    struct read read;
    page_init(&page, 10);
    read_fields(&read,
                (const char *const[]){"content-encoding", "gzip", "X", "y", "CONTENT-ENCODING",
                                      "deflate", NULL},
                "GET", 200, &page.twice, 10, LIMIT);
    assert_true(read.good);
    assert_int_equal(read.body.length, page.plain.length);
    buffer_free(&read.body);
    page_free(&page);
}

static void the_limit_is_that_of_the_decoded_body_to_the_byte(void **state)
{
    (void)state;
    struct page page;
    page_init(&page, 2000);
    const char *const list[] = {"Content-Encoding", "gzip", NULL};
    for (size_t i = 0; i < 3; i++)
        for (size_t piece = 1; piece < 100000; piece *= 10) {
            struct read read;
            size_t limit = page.plain.length + 1 - i;
            read_fields(&read, list, "GET", 200, &page.coded[GZIP], piece, limit);
            assert_int_equal(read.fits, i < 2);
            assert_int_equal(read.good, i < 2);
            assert_int_equal(read.body.length, i < 2 ? page.plain.length : limit);
            assert_memory_equal(read.body.data, page.plain.data, read.body.length);
            buffer_free(&read.body);
        }
    page_free(&page);
}

static void a_bomb_ends_at_the_limit_wherever_it_goes_off(void **state)
{
    (void)state;
    enum { ZEROS = 64 << 20 };
    struct buffer inner = BUFFER_INIT(BUFFER_NO_LIMIT), outer = BUFFER_INIT(BUFFER_NO_LIMIT),
                  zeros = BUFFER_INIT(BUFFER_NO_LIMIT);
    memset(buffer_reserve(&zeros, ZEROS), 0, ZEROS);
    zeros.length = ZEROS;
    pack(&inner, GZIP, zeros.data, zeros.length);
    pack(&outer, GZIP, inner.data, inner.length);
    static const char *const names[] = {"gzip", "gzip, gzip"};
    const struct buffer *const sent[] = {&inner, &outer};
    for (size_t i = 0; i < COUNT(names); i++) {
        struct read read;
        read_coded(&read, names[i], sent[i], 16384);
        assert_false(read.fits);
        assert_string_equal(read.why, "the answer is larger than what is kept");
        assert_int_equal(read.body.length, LIMIT);
        assert_true(read.body.capacity < 2 * LIMIT);
        buffer_free(&read.body);
    }
    /* What the outer coding gives never ends the inner one: the limit holds between them. */
    struct read read;
    buffer_clear(&inner);
    for (size_t i = 0; i + 20 <= ZEROS; i += 20)
        memcpy(zeros.data + i, "\x1f\x8b\x08\0\0\0\0\0\2\3\3\0\0\0\0\0\0\0\0\0", 20);
    pack(&inner, GZIP, zeros.data, ZEROS / 20 * 20);
    read_coded(&read, "gzip, gzip", &inner, 16384);
    assert_false(read.fits);
    assert_int_equal(read.body.length, 0);
    buffer_free(&read.body);
    buffer_free(&inner);
    buffer_free(&outer);
    buffer_free(&zeros);
}

static void what_is_asked_for_is_what_can_be_read(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool known;
    } rows[] = {{"gzip", true}, {"GZIP", true},      {"x-gzip", true}, {"deflate", true},
                {"br", false},  {"zstd", false},     {"*", false},     {"", false},
                {"gzi", false}, {"identity", false}, {"none", false},  {"gzipx", false}};
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(coding_is_known(rows[i].name, strlen(rows[i].name)), rows[i].known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_coding_gives_the_body_back_in_pieces_of_any_size),
        cmocka_unit_test(a_stream_that_is_cut_at_any_byte_is_never_taken_for_whole),
        cmocka_unit_test(no_byte_of_gzip_or_zlib_data_can_change_unseen),
        cmocka_unit_test(members_of_gzip_follow_each_other_and_nothing_else_follows),
        cmocka_unit_test(what_is_odd_is_read_or_says_why_not),
        cmocka_unit_test(without_a_byte_only_an_answer_that_says_so_is_whole),
        cmocka_unit_test(fields_of_one_name_are_one_list),
        cmocka_unit_test(the_limit_is_that_of_the_decoded_body_to_the_byte),
        cmocka_unit_test(a_bomb_ends_at_the_limit_wherever_it_goes_off),
        cmocka_unit_test(what_is_asked_for_is_what_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
