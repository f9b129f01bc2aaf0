/*
 * Comparing two answers: what does not matter is equal, what matters never is, and what a parser
 * loses is compared as it stands.
 */
#include "../../diff/base/memory.h"
#include "../../diff/compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct answer answer_of(const char *text, const char *type)
{
    return (struct answer){text, strlen(text), type};
}

/* Both ways round; the verdict must be the same. Returns the differences of the first. */
static struct comparison compare_as(struct answer source, struct answer target,
                                    enum content_type type)
{
    struct comparison found, back;
    struct err err;
    if (!compare_answers((struct answer[]){source, target}, type, NULL, &found, &err) ||
        !compare_answers((struct answer[]){target, source}, type, NULL, &back, &err))
        fail_msg("%s", err.text);
    assert_int_equal(found.equal, back.equal);
    assert_int_equal(found.total, back.total);
    assert_int_equal(found.equal, !found.total);
    comparison_free(&back);
    return found;
}

struct pair {
    const char *source, *target;
    bool equal;
};

static void check_pairs(const struct pair *rows, size_t count, enum content_type type)
{
    for (size_t i = 0; i < count; i++) {
        struct comparison found =
            compare_as(answer_of(rows[i].source, NULL), answer_of(rows[i].target, NULL), type);
        if (found.equal != rows[i].equal)
            fail_msg("\"%s\" and \"%s\" were found %s (%s)", rows[i].source, rows[i].target,
                     found.equal ? "equal" : "different", found.fallback);
        /* A newer parser may have less to say of what is different as text, too. */
        if (found.fallback[0] && rows[i].equal)
            fail_msg("\"%s\" and \"%s\": %s", rows[i].source, rows[i].target, found.fallback);
        comparison_free(&found);
    }
}

static void markup_that_says_the_same_is_equal(void **state)
{
    (void)state;
    static const struct pair rows[] = {
        {"<p id=a class=b>x</p>", "<p class=b id=a>x</p>", true},
        {"<p class='b a'>x</p>", "<p class=\" a  b \">x</p>", true},
        {"<p class='a b a'>x</p>", "<p class='a b'>x</p>", true},
        {"<p>&eacute; &#233; &#xE9;</p>", "<p>\xc3\xa9 \xc3\xa9 \xc3\xa9</p>", true},
        {"<p>a &amp; b &lt; c &quot;</p>", "<p>a & b < c \"</p>", true},
        {"<a href='?a=1&amp;b=2'>x</a>", "<a href=\"?a=1&b=2\">x</a>", true},
        {"<P>x</P>", "<p>x</p>", true},
        {"<P ID=a>x</P>", "<p id=a>x</p>", true},
        {"<input checked>", "<input checked='checked'>", true},
        {"<input checked=''>", "<INPUT CHECKED=checked>", true},
        {"<br>", "<br/>", true},
        {"<img src=a />", "<img src=\"a\">", true},
        {"<!DOCTYPE html><p>x", "<!doctype HTML>\n<p>x", true},
        {"<ul><li>a</li><li>b</li></ul>", "<ul><li>a<li>b</ul>", true},
        {"<p>a\r\nb</p>", "<p>a\nb</p>", true},
        {"<script src=a></script>", "<SCRIPT SRC='a'></SCRIPT>", true},
    };
    check_pairs(rows, COUNT(rows), CONTENT_HTML);
}

static void white_space_between_blocks_does_not_matter_and_elsewhere_it_does(void **state)
{
    (void)state;
    static const struct pair rows[] = {
        {"<div>\n  <p>a</p>\n\n  <p>b</p>\n</div>\n", "<div><p>a</p><p>b</p></div>", true},
        {"<table>\n<tr>\n <td>1</td>\n <td>2</td></tr></table>",
         "<table><tr><td>1</td><td>2</td></tr></table>", true},
        {"<html>\n<head>\n<title>x</title>\n<meta name=a>\n</head>\n<body>\n<p>x</p></body></html>",
         "<html><head><title>x</title><meta name=a></head><body><p>x</p></body></html>", true},
        {"<ul> <li>a</li> </ul>", "<ul><li>a</li></ul>", true},
        {"<pre>a  b</pre>", "<pre>a b</pre>", false},
        {"<pre> <b>a</b></pre>", "<pre><b>a</b></pre>", false},
        {"<pre>a\n</pre>", "<pre>a</pre>", false},
        {"<textarea> a</textarea>", "<textarea>a</textarea>", false},
        {"<textarea> </textarea>", "<textarea></textarea>", false},
        {"<p>a b</p>", "<p>a  b</p>", false},
        {"<p>a b</p>", "<p>ab</p>", false},
        {"<p><b>a</b> <i>b</i></p>", "<p><b>a</b><i>b</i></p>", false},
        {"<p>a&nbsp;b</p>", "<p>a b</p>", false},
        {"<p>&nbsp;</p>", "<p></p>", false},
        {"<td>&nbsp;</td>", "<td> </td>", false},
        {"<script>a  b</script>", "<script>a b</script>", false},
        {"<style>a  b</style>", "<style>a b</style>", false},
        {"<p title='a b'>x</p>", "<p title='a  b'>x</p>", false},
        /* A piece of a page, and a page that leaves <body> out. */
        {"<span>a</span>\n<span>b</span>", "<span>a</span><span>b</span>", false},
        {"<html><b>a</b> <b>b</b></html>", "<html><b>a</b><b>b</b></html>", false},
        {"<html><head></head> <b>a</b> <b>b</b> </html>",
         "<html><head></head><b>a</b> <b>b</b></html>", true},
        {"\n<!DOCTYPE html>\n<meta name=a>\n<link rel=b>\n<script>c</script>\n<b>x</b>\n",
         "<!DOCTYPE html><meta name=a><link rel=b><script>c</script><b>x</b>", true},
        {"<b>a</b> <script>c</script> <b>x</b>", "<b>a</b><script>c</script> <b>x</b>", false},
        {"<b>a</b> <link rel=a> <b>x</b>", "<b>a</b> <link rel=a><b>x</b>", false},
    };
    check_pairs(rows, COUNT(rows), CONTENT_HTML);
}

static void what_says_something_else_is_different(void **state)
{
    (void)state;
    static const struct pair rows[] = {
        {"<p>a</p>", "<p>b</p>", false},
        {"<p>a</p>", "<p>A</p>", false},
        {"<p id=a>x</p>", "<p id=A>x</p>", false},
        {"<p>x</p>", "<div>x</div>", false},
        {"<p>x</p>", "<p>x</p><p></p>", false},
        {"<input checked>", "<input>", false},
        {"<input value=''>", "<input>", false},
        {"<a href=''>x</a>", "<a>x</a>", false},
        {"<p class='a'>x</p>", "<p class='a b'>x</p>", false},
        {"<p>&lt;b&gt;</p>", "<p><b></p>", false},
        {"<p>&amp;amp;</p>", "<p>&amp;</p>", false},
        {"<p>x<!-- a --></p>", "<p>x<!-- b --></p>", false},
        {"<!DOCTYPE html><p>x", "<p>x", false},
        {"<p>1</p><p>2</p>", "<p>2</p><p>1</p>", false},
        {"<script>a = '</div>' + 1</script>", "<script>a = '</div>' + 2</script>", false},
        {"<script>if (a < b) c()</script>", "<script>if (a < b) d()</script>", false},
        {"<style>a {}</style>", "<style>b {}</style>", false},
        {"<p>\xc3\xa9</p>", "<p>e\xcc\x81</p>", false},
        {"<textarea><b>x</b></textarea>", "<textarea>x</textarea>", false},
        {"<!DOCTYPE a PUBLIC 'b>c'><p>x", "<!DOCTYPE a PUBLIC 'b>d'><p>x", false},
        {"<marquee loop=1>x</marquee>", "<marquee loop=2>x</marquee>", false},
        {"<my-tabs selected=1>x</my-tabs>", "<my-tabs selected=2>x</my-tabs>", false},
        {"<ul><a>a</a> <a>b</a></ul>", "<ul><a>a</a><a>b</a></ul>", false},
        {"<ul>\n<li>a</li>\n<!--c-->\n<li>b</ul>", "<ul><li>a</li><!--c--><li>b</ul>", true},
    };
    check_pairs(rows, COUNT(rows), CONTENT_HTML);
}

/* To the parser library they are elements. */
static void tags_where_browsers_see_text_are_compared_as_they_are_spelt(void **state)
{
    (void)state;
    static const struct pair rows[] = {
        {"<textarea><b>x</b></textarea>", "<textarea><B>x</b></textarea>", false},
        {"<textarea><b>x</b></textarea>", "<textarea><b>x</B></textarea>", false},
        {"<textarea><p class='a b'>x</textarea>", "<textarea><p class='b a'>x</textarea>", false},
        {"<textarea>&lt;</textarea>", "<TEXTAREA><</TEXTAREA>", true},
        {"<title><br>x</title>", "<title><BR>x</title>", false},
        {"<title>a</title><p id=1 class=2>x", "<title>a</title><P class=2 id=1>x", true},
        {"<xmp>&amp;</xmp>", "<xmp>&</xmp>", false},
        {"<xmp><p id=1 class=2></xmp>", "<xmp><p class=2 id=1></xmp>", false},
        {"<iframe>&lt;</iframe>", "<iframe><</iframe>", false},
        {"<iframe src=a title=b></iframe>", "<IFRAME title=b src=a></IFRAME>", true},
        {"<noembed>&lt;</noembed>&lt;", "<noembed>&lt;</noembed><", true},
        {"<noframes><p>x</p></noframes>", "<noframes><P>x</p></noframes>", false},
        {"<plaintext>&amp;", "<plaintext>&", false},
        {"<svg><![CDATA[<b>]]></svg>", "<svg><![CDATA[<B>]]></svg>", false},
        {"<svg><![CDATA[a>&amp;]]></svg>", "<svg><![CDATA[a>&]]></svg>", false},
        {"<svg><![CDATA[a]]></svg><b>&lt;</b>", "<svg><![CDATA[a]]></svg><B><</B>", true},
    };
    check_pairs(rows, COUNT(rows), CONTENT_HTML);
}

/* The parser library drops, repairs or mistakes all of these. */
static void what_the_parser_drops_is_compared_as_it_stands(void **state)
{
    (void)state;
    static const struct pair rows[] = {
        {"<div>a</b></div>", "<div>a</i></div>", false},
        {"<div>a</b></div>", "<div>a</div>", false},
        {"<p a=1 a=2>x</p>", "<p a=1 a=3>x</p>", false},
        {"<p a=1 a=2>x</p>", "<p a=2 a=1>x</p>", false},
        {"<p a=1 a=2>x</p>", "<p a=1>x</p>", false},
        {"<div/>a</div>", "<div></div>a</div>", false},
        {"<div><b>a</div>b", "<div><b>a</b></div>b", false},
        {"<p \"x\">a</p>", "<p \"y\">a</p>", false},
        {"<p>a</p", "<p>a</p>", false},
        {"<p>a</p><b", "<p>a</p>", false},
        {"<p>a<b x='", "<p>a<b y='", false},
        {"text", "<p>text</p>", false},
        {"<p>x<!-- y", "<p>x<!-- z", false},
        {"<p>&#0;</p>", "<p>&#1114112;</p>", false},
        {"<p>&#xD800;</p>", "<p>&#xFFFD;</p>", false},
        {"<p>&check;</p>", "<p>&cross;</p>", false},
        {"<p>&notit;</p>", "<p>&amp;notit;</p>", false},
        {"<a href='?a&copy=1'>x</a>", "<a href='?a\xc2\xa9=1'>x</a>", false},
        {"<p><![CDATA[x]]></p>", "<p><![CDATA[y]]></p>", false},
        {"<?php x ?><p>a", "<?php y ?><p>a", false},
        {"<p>x</p><!DOCTYPE a>", "<p>x</p><!DOCTYPE b>", false},
        {"<body a=1><p>x</p><body b=2>", "<body a=1><p>x</p><body b=3>", false},
        {"<p>a\x01</p>", "<p>a</p>", false},
        {"<p>a</p></html><p>b", "<p>a</p></html><p>c", false},
        {"<b>1</b></html>x", "<b>1</b></html>y", false},
        {"</p>", "", false},
        {"<p>a</p junk>", "<p>a</p trash>", false},
        {"<svg><path d='1'/></svg>", "<svg><path d='2'/></svg>", false},
    };
    check_pairs(rows, COUNT(rows), CONTENT_HTML);
}

static char *repeat(const char *text, size_t times)
{
    size_t length = strlen(text);
    char *all = mem_alloc(length * times + 1);
    for (size_t i = 0; i < times; i++)
        memcpy(all + i * length, text, length);
    all[length * times] = '\0';
    return all;
}

static void a_change_below_many_levels_is_found_or_compared_as_bytes(void **state)
{
    (void)state;
    static const size_t levels[] = {200, 255, 256, 257, 400, 1023, 1024, 1029, 5000};
    for (size_t i = 0; i < COUNT(levels); i++) {
        char *open = repeat("<div>", levels[i]), *close = repeat("</div>", levels[i]);
        char *source = mem_format("%sone%s", open, close);
        char *target = mem_format("%stwo%s", open, close);
        struct comparison found = compare_as(answer_of(source, "text/html"),
                                             answer_of(target, "text/html"), CONTENT_AUTO);
        assert_false(found.equal);
        assert_int_equal(found.fallback[0] != '\0', levels[i] > 1024);
        assert_int_equal(found.type, levels[i] > 1024 ? CONTENT_TEXT : CONTENT_HTML);
        comparison_free(&found);
        free(open);
        free(close);
        free(source);
        free(target);
    }
}

static void json_is_compared_by_value(void **state)
{
    (void)state;
    static const struct pair rows[] = {
        {"{\"a\":1,\"b\":2}", "{ \"b\": 2, \"a\": 1 }", true},
        {"[1e2, 1.0, -0]", "[100, 1, 0.0]", true},
        {"\"\\u00e9\\/\"", "\"\xc3\xa9/\"", true},
        {"\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"", true},
        {"{\"a\":1,\"a\":2}", "{\"a\":2}", false},
        {"{\"a\":1,\"a\":2}", "{\"a\":2,\"a\":1}", false},
        {"{\"a\":1,\"b\":3,\"a\":2}", "{\"b\":3,\"a\":1,\"a\":2}", true},
        {"{\"a\":1,\"a\":2}", "{\"a\":1}", false},
        {"1", "\"1\"", false},
        {"1", "true", false},
        {"{\"a\":null}", "{}", false},
        {"{}", "[]", false},
        {"[]", "[null]", false},
        {"null", "\"null\"", false},
        {"null", "0", false},
        {"\"\"", "null", false},
        {"[1,2]", "[2,1]", false},
        {"[[1],2]", "[1,[2]]", false},
        {"{\"a\":{\"b\":1}}", "{\"a\":{},\"b\":1}", false},
        {"9007199254740993", "9007199254740992", false},
        {"1e400", "1e401", false},
        {"0.1", "0.10000000000000000001", false},
        {"\"\\ud800\"", "\"\\udc00\"", false},
        {"\"\\ud800\"", "\"\\\\ud800\"", false},
        {"\"a\\u0000b\"", "\"a\"", false},
        {"{\"a\\u0000b\":1}", "{\"a\":1}", false},
        {"\"a \"", "\"a\"", false},
    };
    check_pairs(rows, COUNT(rows), CONTENT_JSON);
}

static void xml_is_compared_by_what_it_says(void **state)
{
    (void)state;
    static const struct pair rows[] = {
        {"<a x='1' y='2'/>", "<a y=\"2\" x=\"1\"></a>", true},
        {"<?xml version='1.0'?><a>&lt;&#65;</a>", "<a><![CDATA[<A]]></a>", true},
        {"<a>\n <b/>\n</a>", "<a><b/></a>", true},
        {"<a xml:space='preserve'>\n <b/>\n</a>", "<a xml:space='preserve'><b/></a>", false},
        {"<a> </a>", "<a/>", false},
        {"<a>t <b/> </a>", "<a>t <b/></a>", false},
        {"<a>t</a>", "<a>t </a>", false},
        {"<p xmlns='http://www.w3.org/1999/xhtml'><b>a</b> <i>b</i></p>",
         "<p xmlns='http://www.w3.org/1999/xhtml'><b>a</b><i>b</i></p>", false},
        {"<div xmlns='http://www.w3.org/1999/xhtml'>\n<p><b>a</b></p> <p/>\n<b/> </div>",
         "<div xmlns='http://www.w3.org/1999/xhtml'><p> <b>a</b> </p><p/><b/></div>", true},
        {"<A/>", "<a/>", false},
        {"<a x=''/>", "<a/>", false},
        {"<a><b/><c/></a>", "<a><c/><b/></a>", false},
        {"<a><!--x--></a>", "<a><!--y--></a>", false},
        {"<?p x?><a/>", "<?p y?><a/>", false},
        {"<n:a xmlns:n='u'/>", "<n:a xmlns:n='v'/>", false},
    };
    check_pairs(rows, COUNT(rows), CONTENT_XML);
}

struct fallback {
    const char *source, *target;
    enum content_type type;
    const char *why;
};

static void what_cannot_be_read_is_compared_as_text_and_says_why(void **state)
{
    (void)state;
    static const struct fallback rows[] = {
        {"{\"a\":1", "{\"a\":2", CONTENT_JSON, "the source was not read as json: it is not JSON"},
        {"{\"a\":1}", "{\"a\":1}x", CONTENT_JSON,
         "the target was not read as json: it is not JSON"},
        {"[1,]", "[1, ]", CONTENT_JSON, "expected a value"},
        {"[01]", "[1]", CONTENT_JSON, "expected a number"},
        {"[NaN]", "[nan]", CONTENT_JSON, "expected a value"},
        {"\"\xff\"", "\"\xfe\"", CONTENT_JSON, "bytes that are not UTF-8"},
        {"<a>", "<b>", CONTENT_XML, "not well-formed"},
        {"<a/><b/>", "<a/>", CONTENT_XML, "not well-formed"},
        {"<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", "<a>x</a>", CONTENT_XML,
         "declarations of its own"},
        {"<!DOCTYPE a SYSTEM 'x'><a>&e;</a>", "<!DOCTYPE a SYSTEM 'x'><a>&f;</a>", CONTENT_XML,
         "declared elsewhere"},
        {"<!DOCTYPE a SYSTEM 'x'><a>&e;</a>", "<!DOCTYPE a SYSTEM 'x'><a></a>", CONTENT_XML,
         "declared elsewhere"},
        {"<!DOCTYPE a SYSTEM 'x'><a b='&e;c'/>", "<!DOCTYPE a SYSTEM 'x'><a b='c&e;'/>",
         CONTENT_XML, "declared elsewhere"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct comparison found = compare_as(answer_of(rows[i].source, NULL),
                                             answer_of(rows[i].target, NULL), rows[i].type);
        assert_false(found.equal);
        if (!strstr(found.fallback, rows[i].why))
            fail_msg("\"%s\": \"%s\" does not say \"%s\"", rows[i].source, found.fallback,
                     rows[i].why);
        assert_int_equal(found.type, CONTENT_TEXT);
        comparison_free(&found);
    }
}

static void a_page_with_a_nul_byte_is_compared_as_text(void **state)
{
    (void)state;
    static const char one[] = "<p>a\0b</p>", other[] = "<p>a\0c</p>";
    struct comparison found =
        compare_as((struct answer){one, sizeof one - 1, "text/html"},
                   (struct answer){other, sizeof other - 1, "text/html"}, CONTENT_AUTO);
    assert_false(found.equal);
    assert_non_null(strstr(found.fallback, "NUL"));
    comparison_free(&found);
}

struct typed {
    const char *source, *source_type;
    const char *target, *target_type;
    bool equal;
};

static void the_charset_is_the_headers_then_the_pages_then_utf_8(void **state)
{
    (void)state;
    static const struct typed rows[] = {
        {"<p>\xe9", "text/html; charset=iso-8859-1", "<p>\xc3\xa9", "text/html", true},
        {"<p>\x80", "text/html; charset=windows-1252", "<p>\xe2\x82\xac", "text/html", true},
        {"<p>\x80", "text/html; charset=ISO-8859-1", "<p>\xe2\x82\xac", "text/html", true},
        {"<p>\xc3\xa9", "text/html; charset=iso-8859-1", "<p>\xc3\xa9", "text/html", false},
        {"<p>\xc3\xa9", "text/html; charset=\"utf-8\"", "<p>\xc3\xa9", "text/html", true},
        {"<meta charset=latin1><p>\xe9", "text/html", "<meta charset=latin1><p>\xc3\xa9",
         "text/html; charset=utf-8", true},
        {"\xef\xbb\xbf<p>\xc3\xa9", "text/html; charset=latin1", "<p>\xc3\xa9", "text/html", true},
        {"<p>\xe9", "text/html", "<p>\xe8", "text/html", false},
        {"<p>\xe9", "text/html", "<p>\xef\xbf\xbd", "text/html", false},
        {"<p>\xe9", "text/html; charset=nonsense", "<p>\xe9", "text/html; charset=latin1", false},
        {"<p>\xe9", "text/html; charset=utf-8//IGNORE", "<p>", "text/html", false},
        {"\xe9", "text/plain; charset=latin1", "\xc3\xa9", "text/plain", true},
        /* Converters that wait for an accent hold their last letter back. */
        {"rate a", "text/plain; charset=windows-1258", "rate e", "text/plain; charset=windows-1258",
         false},
        {"rate a", "text/plain; charset=windows-1258", "rate a", "text/plain", true},
        {"\xe0", "text/plain; charset=windows-1255", "", "text/plain; charset=windows-1255", false},
        {"xa\xff", "text/plain; charset=tcvn5712-1", "xa", "text/plain", false},
        {"<?xml version='1.0' encoding='iso-8859-1'?><a>\xe9</a>", "text/xml",
         "<?xml version='1.0' encoding='iso-8859-1'?><a>\xc3\xa9</a>", "text/xml; charset=utf-8",
         true},
        /* The character that stands for a broken byte is not that byte. */
        {"<p>\xff", "text/html", "<p>\xf4\x8f\xbf\xbf", "text/html", false},
        {"<p>&#x10FFFF;", "text/html", "<p>\xff", "text/html", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct comparison found =
            compare_as(answer_of(rows[i].source, rows[i].source_type),
                       answer_of(rows[i].target, rows[i].target_type), CONTENT_AUTO);
        if (found.equal != rows[i].equal)
            fail_msg("row %zu: \"%s\" and \"%s\" were found %s (%s, %s)", i, rows[i].source,
                     rows[i].target, found.equal ? "equal" : "different", found.charset[SOURCE],
                     found.charset[TARGET]);
        comparison_free(&found);
    }
}

struct guess {
    const char *header, *text;
    enum content_type type;
};

static void the_type_is_the_headers_else_the_contents(void **state)
{
    (void)state;
    static const struct guess rows[] = {
        {"text/html; charset=utf-8", "{}", CONTENT_HTML},
        {"application/json", "<p>", CONTENT_JSON},
        {"application/problem+json", "", CONTENT_JSON},
        {"application/atom+xml", "", CONTENT_XML},
        {"image/svg+xml", "", CONTENT_XML},
        {"text/css", "", CONTENT_TEXT},
        {"application/javascript", "", CONTENT_TEXT},
        {"image/png", "abc", CONTENT_BYTES},
        {"", "{}", CONTENT_JSON},
        {NULL, " {\"a\":1}", CONTENT_JSON},
        {NULL, "[1]", CONTENT_JSON},
        {NULL, "<!DOCTYPE html>", CONTENT_HTML},
        {NULL, "\n<div>", CONTENT_HTML},
        {NULL, "<?xml version='1.0'?>", CONTENT_XML},
        {NULL, "a,b\n1,2\n", CONTENT_TEXT},
        {NULL, "< a", CONTENT_TEXT},
        {NULL, "\x89PNG\x01", CONTENT_BYTES},
        {NULL, "", CONTENT_TEXT},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        if (content_type(rows[i].header, rows[i].text, strlen(rows[i].text)) != rows[i].type)
            fail_msg("%s \"%s\" is not %s", rows[i].header ? rows[i].header : "no header",
                     rows[i].text, content_type_name[rows[i].type]);
}

static void answers_of_unlike_types_are_compared_as_text(void **state)
{
    (void)state;
    struct comparison found = compare_as(answer_of("{}", "application/json"),
                                         answer_of("<p>", "text/html"), CONTENT_AUTO);
    assert_false(found.equal);
    assert_string_equal(found.fallback, "the source is json, the target is html");
    comparison_free(&found);
}

static void texts_differ_by_lines_and_words(void **state)
{
    (void)state;
    struct comparison found =
        compare_as(answer_of("a\nprice 10.50 EUR\nc\n", NULL),
                   answer_of("new\na\nprice 10.5 EUR\nc\n", NULL), CONTENT_TEXT);
    assert_int_equal(found.count, 2);
    assert_int_equal(found.differences[0].kind, DIFF_INSERTED);
    assert_string_equal(found.differences[0].path, "line 1");
    assert_int_equal(found.differences[1].kind, DIFF_CHANGED);
    assert_string_equal(found.differences[1].path, "line 3");
    assert_memory_equal(found.differences[1].text[SOURCE].at, "10.50", 5);
    assert_int_equal(found.differences[1].text[SOURCE].length, 5);
    assert_int_equal(found.differences[1].text[TARGET].length, 4);
    comparison_free(&found);
    check_pairs((const struct pair[]){{"a\n", "a", false}, {"a\n", "a\r\n", false}}, 2,
                CONTENT_TEXT);
}

static void a_string_beside_another_json_value_is_shown_in_quotes(void **state)
{
    (void)state;
    struct comparison found =
        compare_as(answer_of("{\"a\": 1, \"b\": \"x\"}", NULL),
                   answer_of("{\"a\": \"1\", \"b\": \"y\"}", NULL), CONTENT_JSON);
    static const char *const shown[][SIDES] = {{"1", "\"1\""}, {"x", "y"}};
    assert_int_equal(found.count, 2);
    for (size_t i = 0; i < found.count; i++)
        for (int side = SOURCE; side < SIDES; side++) {
            const struct tree_text text = found.differences[i].text[side];
            assert_int_equal(text.length, strlen(shown[i][side]));
            assert_memory_equal(text.at, shown[i][side], text.length);
        }
    comparison_free(&found);
}

static void bytes_are_told_by_size_hash_and_place(void **state)
{
    (void)state;
    struct comparison found = compare_as(answer_of("\x89PNG1", "image/png"),
                                         answer_of("\x89PNG22", "image/png"), CONTENT_AUTO);
    assert_false(found.equal);
    assert_int_equal(found.type, CONTENT_BYTES);
    assert_int_equal(found.count, 1);
    assert_string_equal(found.differences[0].path, "byte 4");
    assert_memory_equal(found.differences[0].text[TARGET].at, "6 bytes, XXH3 ", 14);
    comparison_free(&found);
}

static void identical_bytes_are_equal_whatever_they_are(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "{", "<p", "\xff\xfe\xfd", "<a><b>", "\xf4\x8f\xbf\xbf"};
    for (size_t i = 0; i < COUNT(texts); i++)
        for (int type = CONTENT_AUTO; type < CONTENT_TYPES; type++) {
            struct comparison found = compare_as(
                answer_of(texts[i], NULL), answer_of(texts[i], NULL), (enum content_type)type);
            assert_true(found.equal);
            assert_int_equal(found.fallback[0], '\0');
            comparison_free(&found);
        }
}

/* Seconds of this process. */
static double seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static void hostile_pages_take_little_time(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "<b>",      "</i>",          "<p><b></p>", "<a x=1 ", "<!--",  "<!-- -->", "&amp;",
        "&",        "<script>",      "</script ",  "<",       "<a b=", "<a b=\"",  "<table><tr>",
        "<p a=1 a", "<div a=\">\" ", "<x:",        "<?",      "<![",   "</",
    };
    enum { SIZE = 400000 };
    for (size_t i = 0; i < COUNT(pieces); i++) {
        char *source = repeat(pieces[i], SIZE / strlen(pieces[i]));
        char *target = mem_format("%sx", source);
        double start = seconds();
        struct comparison found =
            compare_as(answer_of(source, NULL), answer_of(target, NULL), CONTENT_HTML);
        assert_false(found.equal);
        comparison_free(&found);
        if (seconds() - start > 10)
            fail_msg("%zu kB of \"%s\" take %.1f s", (size_t)SIZE / 1000, pieces[i],
                     seconds() - start);
        free(source);
        free(target);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markup_that_says_the_same_is_equal),
        cmocka_unit_test(white_space_between_blocks_does_not_matter_and_elsewhere_it_does),
        cmocka_unit_test(what_says_something_else_is_different),
        cmocka_unit_test(tags_where_browsers_see_text_are_compared_as_they_are_spelt),
        cmocka_unit_test(what_the_parser_drops_is_compared_as_it_stands),
        cmocka_unit_test(a_change_below_many_levels_is_found_or_compared_as_bytes),
        cmocka_unit_test(json_is_compared_by_value),
        cmocka_unit_test(xml_is_compared_by_what_it_says),
        cmocka_unit_test(what_cannot_be_read_is_compared_as_text_and_says_why),
        cmocka_unit_test(a_page_with_a_nul_byte_is_compared_as_text),
        cmocka_unit_test(the_charset_is_the_headers_then_the_pages_then_utf_8),
        cmocka_unit_test(the_type_is_the_headers_else_the_contents),
        cmocka_unit_test(answers_of_unlike_types_are_compared_as_text),
        cmocka_unit_test(texts_differ_by_lines_and_words),
        cmocka_unit_test(a_string_beside_another_json_value_is_shown_in_quotes),
        cmocka_unit_test(bytes_are_told_by_size_hash_and_place),
        cmocka_unit_test(identical_bytes_are_equal_whatever_they_are),
        cmocka_unit_test(hostile_pages_take_little_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
