/* Log formats: how lines are taken apart, what is proved and what is not, what is refused; values
 * are decoded exactly. */
#include "../../replay/log_format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define FIRST_USER                                                                                 \
    "'$status $time_iso8601 $cookie_PHPSESSID $cookie_opcode \"$request\" \"$request_body\"'"

/* values: joined by '|', an ambiguous one is "?"; NULL: the line does not match. */
struct match_case {
    const char *format, *line, *values;
};

static const struct match_case match_cases[] = {
    {FIRST_USER, "200 T abc 12 \"GET / HTTP/1.1\" \"-\"", "200|T|abc|12|GET / HTTP/1.1|-"},
    /* An empty cookie: two blanks in a row, no field shifts. */
    {FIRST_USER, "200 T  9 \"GET /3 HTTP/1.1\" \"-\"", "200|T||9|GET /3 HTTP/1.1|-"},
    {FIRST_USER, "200 T abc  \"GET /3 HTTP/1.1\" \"-\"", "200|T|abc||GET /3 HTTP/1.1|-"},
    {FIRST_USER, "200 T   \"GET /3 HTTP/1.1\" \"-\"", "200|T|||GET /3 HTTP/1.1|-"},
    /* Blanks in a cookie: the two cannot be told apart, the request can. */
    {FIRST_USER, "200 T \\x22a b\\x22 x \"GET / HTTP/1.1\" \"\"", "200|T|?|?|GET / HTTP/1.1|"},
    {FIRST_USER, "200 T   9 \"GET / HTTP/1.1\" \"\"", "200|T|?|?|GET / HTTP/1.1|"},
    {FIRST_USER, "200 T abc 12 \"GET / HTTP/1.1\" \"x", NULL},
    {FIRST_USER, "200 T abc 12 \"GET / HTTP/1.1\" \"x\" ", NULL},
    {FIRST_USER, "200 T abc 12 \"GET / HTTP/1.1\" \"x\"y\"", NULL},
    {FIRST_USER, "200 T abc 12 \"GET / HT200 T abc 12 \"GET / HTTP/1.1\" \"-\"", NULL},
    {FIRST_USER, "", NULL},
    {FIRST_USER, "200 T abc 12 \"GET /\xc3\xa9 HTTP/1.1\" \"-\"", NULL}, /* nginx escapes it */
    {FIRST_USER, "200 T abc 12 \"GET / HTTP/1.1\" \"a\tb\"", NULL},
    {"combined",
     "10.0.0.1 - bob [21/Nov/2026:19:33:17 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"Mozilla 5.0\"",
     "10.0.0.1|bob|21/Nov/2026:19:33:17 +0000|GET / HTTP/1.1|200|5|-|Mozilla 5.0"},
    {"combined", "::1 - a b [c [21/Nov/2026:19:33:17 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"-\"",
     "::1|a b [c|21/Nov/2026:19:33:17 +0000|GET / HTTP/1.1|200|5|-|-"},
    {"$a $b", "x y", "x|y"},
    {"$a $b", "x y z", "?|?"},
    {"$a $b", "x", NULL},
    {"$a $status", "x y z 200", "x y z|200"},
    {"$status $a $msec", "200 1 2 3", "200|1 2|3"},
    {"$status $a $msec", "200 1 2 x", NULL},
    {"$status $a $b $msec", "200 1 2 3", "200|1|2|3"},
    {"$status $a $b $msec", "200 1 2 3 4", "200|?|?|4"},
    {"<$a><$b>", "<x><y>", "x|y"},
    {"<$a><$b>", "<x><y><z>", "?|?"},
    {"${a}x$b", "1x2", "1|2"},
    {"escape=json '{\"a\":\"$a\",\"b\":\"$b\"}'", "{\"a\":\"x\\\"\",\"b\":\"\\\\\"}", "x\\\"|\\\\"},
    {"escape=json '{\"a\":\"$a\",\"b\":\"$b\"}'", "{\"a\":\"x\\\\\",\"b\":\"\"}", "x\\\\|"},
    {"escape=json '{\"a\":\"$a\"}'", "{\"a\":\"\xff\xc3\"}", "\xff\xc3"},
    {"escape=json '{\"a\":\"$a\"}'", "{\"a\":\"x\"y\"}", NULL},
    {"escape=json '{\"a\":$status,\"b\":\"$b\"}'", "{\"a\":200,\"b\":\"x\"}", "200|x"},
    {"escape=none '$status \"$request\" \"$request_body\"'", "200 \"GET /?q=\"x\"\" \"a=\"b\"\"",
     "200|GET /?q=\"x\"|a=\"b\""},
    {"escape=none '$status \"$request\" \"$request_body\"'", "200 \"GET /\" \"a\" \"b\"",
     "200|?|?"},
    {"log_format x '$status ' '\"$a\"';", "200 \"x\"", "200|x"},
    {"'$status\\t$a'", "200\tx y", "200|x y"},
    {"a $status b", "a 200 b", "200"},
    {"a $status b", "a 200 c", NULL},
};

static void show(const struct log_format *format, const struct log_match *match, struct buffer *out)
{
    for (size_t i = 0; i < format->variable_count; i++) {
        buffer_add_text(out, i ? "|" : "");
        if (match->any_ambiguous && match->ambiguous[i])
            buffer_add_byte(out, '?');
        else
            buffer_add(out, match->values[i].at, match->values[i].length);
    }
}

static void a_line_is_taken_apart_where_that_is_proved(void **state)
{
    static struct log_format format;
    static struct log_match match;
    (void)state;
    for (size_t i = 0; i < COUNT(match_cases); i++) {
        const struct match_case *c = &match_cases[i];
        struct err err = {0};
        struct buffer text = BUFFER_INIT(1 << 16);
        print_message("  %s <- %s\n", c->format, c->line);
        if (!log_format_option(c->format, &format, &err))
            fail_msg("%s", err.text);
        bool matches =
            log_format_match(&format, (const unsigned char *)c->line, strlen(c->line), &match);
        assert_int_equal(matches, c->values != NULL);
        if (matches) {
            show(&format, &match, &text);
            assert_string_equal((const char *)text.data, c->values);
        }
        buffer_free(&text);
        log_format_free(&format);
    }
}

struct bad_case {
    const char *format, *said;
};

static const struct bad_case bad_cases[] = {
    {"$a$b", "position 3: nothing separates this variable from $a"},
    {"'$a' '$b'", "nothing separates"},
    {"x $", "position 3"},
    {"x ${a", "position 3"},
    {"${}", "position 1"},
    {"$-", "position 1"},
    {"nothing here", "there is no variable"},
    {"combinedd", "the name of a known format"},
    {"", "there is no variable"},
    {"escape=xml '$a'", "escape=xml is unknown"},
};

static void a_format_that_cannot_be_read_is_refused_with_the_place(void **state)
{
    static struct log_format format;
    (void)state;
    for (size_t i = 0; i < COUNT(bad_cases); i++) {
        struct err err = {0};
        print_message("  %s\n", bad_cases[i].format);
        assert_false(log_format_option(bad_cases[i].format, &format, &err));
        assert_int_equal(err.code, ERR_USAGE);
        if (!strstr(err.text, bad_cases[i].said))
            fail_msg("said: %s", err.text);
    }
}

static void a_hostile_line_takes_bounded_time(void **state)
{
    static struct log_format format;
    static struct log_match match;
    struct err err;
    struct buffer line = BUFFER_INIT(BUFFER_NO_LIMIT);
    (void)state;
    assert_true(log_format_option("$a $msec $b $msec $c $msec $d", &format, &err));
    for (size_t i = 0; i < 200000; i++)
        buffer_add_text(&line, i % 2 ? "x " : "1 ");
    /* Whatever the answer: it must come. */
    (void)!log_format_match(&format, line.data, line.length, &match);
    buffer_free(&line);
    log_format_free(&format);
}

/* By brute force: every way to read a short line of two letters, compared with the matcher's. */
struct ways {
    const struct log_format *format;
    const char *line;
    size_t starts[4], ends[4], first_starts[4], first_ends[4];
    bool differs[4];
    size_t count;
};

static void try_variable(struct ways *ways, size_t variable, size_t at)
{
    const struct log_format *format = ways->format;
    size_t length = strlen(ways->line);
    struct slice next = format->literals[variable + 1];
    for (size_t end = at; end <= length; end++) {
        if (end > at &&
            !(format->allowed[(unsigned char)ways->line[end - 1]] & format->classes[variable]))
            return;
        if (length - end < next.length || memcmp(ways->line + end, next.at, next.length) != 0)
            continue;
        ways->starts[variable] = at;
        ways->ends[variable] = end;
        if (variable + 1 < format->variable_count) {
            try_variable(ways, variable + 1, end + next.length);
        } else if (end + next.length == length) {
            for (size_t i = 0; i < format->variable_count; i++) {
                if (!ways->count) {
                    ways->first_starts[i] = ways->starts[i];
                    ways->first_ends[i] = ways->ends[i];
                }
                ways->differs[i] |= ways->first_starts[i] != ways->starts[i] ||
                                    ways->first_ends[i] != ways->ends[i];
            }
            ways->count++;
        }
    }
}

static void the_matcher_agrees_with_every_way_to_read_a_line(void **state)
{
    static const char *const formats[] = {
        "$a $b",  "$a 1$b",      "$a $msec $b", "$a 11 $b",          "$msec $a",
        "$a  $b", "$a $b $msec", "1$a $b1",     "$a 1 $b $msec 1$c", "escape=none '$a $msec $b\"'"};
    static const char letters[] = " 1x\"";
    static struct log_format format;
    static struct log_match match;
    (void)state;
    for (size_t f = 0; f < COUNT(formats); f++) {
        struct err err;
        assert_true(log_format_option(formats[f], &format, &err));
        for (unsigned n = 0; n < 1U << 16; n++) { /* eight letters of four, and shorter ones */
            char line[9] = "";
            size_t length = n % 9;
            for (size_t i = 0; i < length; i++)
                line[i] = letters[n >> (2 * i) & 3];
            struct ways ways = {.format = &format, .line = line};
            if (strncmp(line, (const char *)format.literals[0].at, format.literals[0].length) == 0)
                try_variable(&ways, 0, format.literals[0].length);
            bool matches = log_format_match(&format, (const unsigned char *)line, length, &match);
            if (matches != (ways.count > 0))
                fail_msg("%s <- '%s': %zu ways", formats[f], line, ways.count);
            for (size_t i = 0; matches && i < format.variable_count; i++) {
                bool ambiguous = match.any_ambiguous && match.ambiguous[i];
                size_t start = (size_t)((const char *)match.values[i].at - line);
                if (ambiguous != ways.differs[i] ||
                    (!ambiguous &&
                     (start != ways.first_starts[i] ||
                      match.values[i].length != ways.first_ends[i] - ways.first_starts[i])))
                    fail_msg("%s <- '%s': $%s", formats[f], line, format.names[i]);
            }
        }
        log_format_free(&format);
    }
}

struct decode_case {
    enum log_escape escape;
    const char *raw, *value; /* value NULL: nginx does not write that */
    size_t length;
};

static const struct decode_case decode_cases[] = {
    {LOG_ESCAPE_DEFAULT, "a=\\x22b\\x5Cx41\\x22\\x0A&c=\\xC3\\xA9\\x00\\x7F",
     "a=\"b\\x41\"\n&c=\xc3\xa9\0\x7f", 17},
    {LOG_ESCAPE_DEFAULT, "plain", "plain", 5},
    {LOG_ESCAPE_DEFAULT, "", "", 0},
    {LOG_ESCAPE_DEFAULT, "\\x5Cx5C", "\\x5C", 4},
    {LOG_ESCAPE_DEFAULT, "\\x5", NULL, 0},
    {LOG_ESCAPE_DEFAULT, "\\", NULL, 0},
    {LOG_ESCAPE_DEFAULT, "\\n", NULL, 0},
    {LOG_ESCAPE_DEFAULT, "\\xG0", NULL, 0},
    {LOG_ESCAPE_JSON, "\\\"\\\\\\n\\r\\t\\b\\f\\u0001\\u001F", "\"\\\n\r\t\b\f\x01\x1f", 9},
    {LOG_ESCAPE_JSON, "\\u0000x", "\0x", 2},
    {LOG_ESCAPE_JSON, "\xff\\\\x41", "\xff\\x41", 5},
    {LOG_ESCAPE_JSON, "\\u0141", NULL, 0},
    {LOG_ESCAPE_JSON, "\\", NULL, 0},
    {LOG_ESCAPE_JSON, "\\x41", NULL, 0},
    {LOG_ESCAPE_NONE, "\\x41\\", "\\x41\\", 5},
};

static void values_are_decoded_exactly_and_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(decode_cases); i++) {
        const struct decode_case *c = &decode_cases[i];
        unsigned char place[100];
        size_t used;
        struct slice value;
        print_message("  %s\n", c->raw);
        bool done = log_decode(c->escape, slice_of(c->raw), place, &used, &value);
        assert_int_equal(done, c->value != NULL);
        if (!done)
            continue;
        assert_int_equal(value.length, c->length);
        assert_memory_equal(value.at, c->value, c->length);
        assert_true(used <= strlen(c->raw));
    }
}

static void a_record_begins_only_where_its_first_values_stand(void **state)
{
    static const struct {
        const char *line;
        bool begins;
    } cases[] = {{"200 abc \"GET", true}, {"200 ", true},    {"20 abc", false}, {"", false},
                 {"&c=\"x", false},       {" 200 x", false}, {"2000 x", false}, {"200\"", false}};
    static struct log_format format;
    struct err err;
    (void)state;
    assert_true(log_format_option("escape=none '$status $cookie_c \"$request\"'", &format, &err));
    for (size_t i = 0; i < COUNT(cases); i++) {
        print_message("  %s\n", cases[i].line);
        assert_int_equal(
            log_format_begins(&format, (const unsigned char *)cases[i].line, strlen(cases[i].line)),
            cases[i].begins);
    }
    log_format_free(&format);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_taken_apart_where_that_is_proved),
        cmocka_unit_test(the_matcher_agrees_with_every_way_to_read_a_line),
        cmocka_unit_test(values_are_decoded_exactly_and_once),
        cmocka_unit_test(a_format_that_cannot_be_read_is_refused_with_the_place),
        cmocka_unit_test(a_record_begins_only_where_its_first_values_stand),
        cmocka_unit_test(a_hostile_line_takes_bounded_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
