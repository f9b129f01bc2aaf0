/* Numbers for people, text on terminals, and the progress line on a real (pseudo) terminal. */
#include "../../diff/base/display.h"
#include "../../diff/base/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void counts_have_thousands_separators(void **state)
{
    (void)state;
    static const struct {
        uint64_t n;
        const char *text;
    } cases[] = {{0, "0"},
                 {999, "999"},
                 {1000, "1,000"},
                 {100000, "100,000"},
                 {1204331, "1,204,331"},
                 {UINT64_MAX, "18,446,744,073,709,551,615"}};
    char text[32];
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(human_count(cases[i].n, text), cases[i].text);
}

static void bytes_have_a_unit(void **state)
{
    (void)state;
    static const struct {
        double n;
        const char *text;
    } cases[] = {{0, "0 B"},         {-1, "0 B"},         {999, "999 B"},
                 {999.7, "1.0 kB"},  {1000, "1.0 kB"},    {999949, "999.9 kB"},
                 {999960, "1.0 MB"}, {12.3e6, "12.3 MB"}, {2e21, "2000.0 EB"}};
    char text[32];
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(human_bytes(cases[i].n, text), cases[i].text);
}

static void times_read_like_a_clock(void **state)
{
    (void)state;
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {{0, "0:00"},    {-3, "0:00"},    {0.4, "0:00"},     {42, "0:42"},
                 {59.7, "1:00"}, {3599, "59:59"}, {3723, "1:02:03"}, {1e300, "277777:46:40"}};
    char text[32];
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(human_time(cases[i].seconds, text), cases[i].text);
}

static void text_is_cut_by_the_columns_it_takes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t width;
        const char *shown;
    } cases[] = {
        {"orders", 6, "orders"},
        {"orders", 5, "orde…"},
        {"orders", 1, "…"},
        {"orders", 0, ""},
        {"宿泊予約", 8, "宿泊予約"},
        {"宿泊予約", 7, "宿泊予…"},
        {"宿泊予約", 6, "宿泊…"}, /* half of a wide character is never shown */
        {"e\xcc\x81te\xcc\x81", 3, "e\xcc\x81te\xcc\x81"},
        {"e\xcc\x81te\xcc\x81s", 3, "e\xcc\x81t…"},
        {"a\x1b[31m", 20, "a\\x1b[31m"},
        {"a\x1b[31m", 4, "a…"}, /* nor half of an escape */
        {"a\xffz", 20, "a\\xffz"},
        {"a\xe2\x80\x8bz", 20, "a\\u{200b}z"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
        size_t used = display_add_cut(&out, cases[i].text, cases[i].width);
        assert_string_equal((char *)out.data, cases[i].shown);
        assert_int_equal(used, display_width(cases[i].shown));
        buffer_free(&out);
    }
}

static void a_number_that_is_wider_than_its_column_is_whole(void **state)
{
    (void)state;
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    display_add_number(&out, "1,204", 7);
    display_add_number(&out, "2,953,251", 7);
    assert_string_equal((char *)out.data, "  1,2042,953,251");
    buffer_free(&out);
}

static void text_is_wrapped_at_blanks(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shown;
    } cases[] = {{"", "\n"},
                 {"one", "one\n"},
                 {"one two three", "one two\n  three\n"},
                 {"one two  three", "one two\n  three\n"},
                 {"abcdefghijklm", "abcdefgh\n  ijklm\n"},
                 {"one abcdefghijklm", "one\n  abcdefgh\n  ijklm\n"},
                 {"one   ", "one\n"},
                 {"宿泊予約の記録", "宿泊予約\n  の記録\n"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
        display_add_wrapped(&out, cases[i].text, 2, 2, 10);
        assert_string_equal((char *)out.data, cases[i].shown);
        buffer_free(&out);
    }
}

static const struct progress_state running = {.stage = "comparing",
                                              .current = "orders",
                                              .current_rows = 1350000,
                                              .current_estimate = 3000000,
                                              .rows = 2000000,
                                              .rows_estimate = 6250000,
                                              .bytes = 480000000,
                                              .tables_done = 3,
                                              .tables = 15,
                                              .tables_different = 1};

static const struct progress_state replaying = {.unit = "requests",
                                                .stage = "replaying",
                                                .tail = "3 different",
                                                .rows = 1350,
                                                .rows_estimate = 3000};
static const struct progress_state *shown = &running;

/* What one shown state, a log line and the end write to standard error, when that is this file. */
static void record(int file, int reader, bool quiet, char *text, size_t size)
{
    int before = dup(STDERR_FILENO);
    dup2(file, STDERR_FILENO);
    struct progress *progress = progress_new(quiet);
    nanosleep(&(struct timespec){.tv_nsec = 150000000}, NULL);
    progress_show(progress, shown);
    progress_log(progress, "%s: different", "orders");
    progress_show(progress, shown);
    progress_free(progress);
    dup2(before, STDERR_FILENO);
    close(before);
    /* What a terminal is given may come out of it in pieces, and late: up to this end of it. */
    static const char end[] = "<the end>";
    assert_int_equal(write(file, end, strlen(end)), strlen(end));
    text[0] = '\0';
    for (size_t length = 0; !strstr(text, end);) {
        ssize_t more = read(reader, text + length, size - 1 - length);
        assert_true(more > 0);
        length += (size_t)more;
        text[length] = '\0';
    }
    *strstr(text, end) = '\0';
}

static void record_on_terminal(unsigned short columns, char *text, size_t size)
{
    int master, slave;
    struct winsize window = {.ws_row = 24, .ws_col = columns};
    assert_int_equal(openpty(&master, &slave, NULL, NULL, &window), 0);
    record(slave, master, false, text, size);
    close(slave);
    close(master);
}

static void a_terminal_shows_one_line_that_is_redrawn_and_wiped(void **state)
{
    (void)state;
    char text[4000];
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    record_on_terminal(120, text, sizeof text);
    assert_ptr_equal(strstr(text, "orders 45% 1,350,000 rows | all 32% "), text);
    assert_non_null(strstr(text, " | 3/15 tables, 1 different\r\033[Korders: different\r\n"));
    assert_int_equal(strcmp(text + strlen(text) - 4, "\r\033[K"), 0);
}

static void other_things_than_rows_are_counted_by_their_own_name(void **state)
{
    (void)state;
    char text[4000];
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    shown = &replaying;
    record_on_terminal(120, text, sizeof text);
    shown = &running;
    assert_ptr_equal(strstr(text, "replaying 1,350 requests 45% "), text);
    assert_non_null(strstr(text, " requests/s"));
    assert_null(strstr(text, "tables"));
    assert_non_null(strstr(text, " | 3 different\r\033[K"));
}

static void a_narrow_terminal_is_never_overrun(void **state)
{
    (void)state;
    char text[4000];
    setenv("TERM", "xterm", 1);
    for (unsigned short columns = 2; columns < 130; columns = (unsigned short)(columns + 37)) {
        record_on_terminal(columns, text, sizeof text);
        text[strcspn(text, "\r\n")] = '\0';
        assert_true(display_width(text) < columns);
    }
}

static void people_who_want_no_escapes_get_none(void **state)
{
    (void)state;
    char text[4000];
    setenv("TERM", "xterm", 1);
    setenv("NO_COLOR", "1", 1);
    record_on_terminal(100, text, sizeof text);
    assert_null(strchr(text, '\033'));
    unsetenv("NO_COLOR");
    setenv("TERM", "dumb", 1);
    record_on_terminal(100, text, sizeof text);
    assert_string_equal(text, "orders: different\r\n");
}

static void a_file_gets_whole_lines_only_and_quiet_gets_nothing(void **state)
{
    (void)state;
    static const char *const expected[] = {"orders: different\n", ""};
    setenv("TERM", "xterm", 1);
    for (int quiet = 0; quiet < 2; quiet++) {
        int ends[2];
        char text[4000];
        assert_int_equal(pipe(ends), 0);
        record(ends[1], ends[0], quiet, text, sizeof text);
        assert_string_equal(text, expected[quiet]);
        close(ends[0]);
        close(ends[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_have_thousands_separators),
        cmocka_unit_test(bytes_have_a_unit),
        cmocka_unit_test(times_read_like_a_clock),
        cmocka_unit_test(text_is_cut_by_the_columns_it_takes),
        cmocka_unit_test(a_number_that_is_wider_than_its_column_is_whole),
        cmocka_unit_test(text_is_wrapped_at_blanks),
        cmocka_unit_test(a_terminal_shows_one_line_that_is_redrawn_and_wiped),
        cmocka_unit_test(other_things_than_rows_are_counted_by_their_own_name),
        cmocka_unit_test(a_narrow_terminal_is_never_overrun),
        cmocka_unit_test(people_who_want_no_escapes_get_none),
        cmocka_unit_test(a_file_gets_whole_lines_only_and_quiet_gets_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
