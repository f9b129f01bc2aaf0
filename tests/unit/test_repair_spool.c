/* Tables whose rows come in turns are read one after the other, and nothing of them is lost. */
#include "../../verify/repair_spool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { TABLES = 5, LONG = 300000, NO_TABLE = TABLES };

struct reading {
    uint32_t left_out; /* a table that is not wanted; NO_TABLE: all are */
    size_t most;       /* so many texts, then no more */
    size_t taken;
    uint32_t table; /* of the last text */
    uint64_t next[TABLES];
};

static bool is_wanted(void *context, const struct repair_spooled *head)
{
    const struct reading *reading = context;
    return head->table != reading->left_out;
}

/* Each as it was given, in the order of its table. */
static bool check(void *context, const struct repair_spooled *head, const struct buffer *text)
{
    struct reading *reading = context;
    char begin[64];
    assert_in_range(head->table, reading->table, TABLES - 1);
    reading->table = head->table;
    assert_int_equal(head->row, reading->next[head->table]++);
    size_t length = (size_t)snprintf(begin, sizeof begin, "row %llu of table %u",
                                     (unsigned long long)head->row, (unsigned)head->table);
    assert_int_equal(text->length, head->row == 7 ? LONG : length);
    assert_memory_equal(text->data, begin, length);
    return ++reading->taken < reading->most;
}

static void read_all(struct repair_spool *spool, struct reading *reading)
{
    const struct repair_spool_reader reader = {reading, is_wanted, check};
    assert_true(repair_spool_read(spool, &reader));
}

/* `rows` more of each table, a few of one and then a few of another; the last table comes first. */
static void add_rows(struct repair_spool *spool, uint64_t next[TABLES], uint64_t rows)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (uint64_t i = 0; i < rows; i += 4)
        for (uint32_t table = TABLES; table-- > 0;)
            for (int n = 0; n < 4; n++) {
                struct repair_spooled head = {.table = table, .row = next[table]++};
                buffer_clear(&text);
                buffer_printf(&text, "row %llu of table %u", (unsigned long long)head.row,
                              (unsigned)table);
                while (head.row == 7 && text.length < LONG)
                    buffer_add_byte(&text, '.');
                repair_spool_add(spool, head, &text);
            }
    buffer_free(&text);
}

static void open_spool(struct repair_spool *spool)
{
    const char *folder = getenv("TMPDIR");
    char beside[4096];
    snprintf(beside, sizeof beside, "%s/tally-spool", folder && *folder ? folder : "/tmp");
    assert_true(repair_spool_open(spool, beside));
}

static void tables_that_come_in_turns_are_read_one_after_the_other(void **state)
{
    (void)state;
    struct repair_spool spool;
    uint64_t next[TABLES] = {0};
    open_spool(&spool);
    for (uint64_t round = 1; round <= 3; round++) { /* more comes after they were read */
        struct reading reading = {.left_out = NO_TABLE, .most = SIZE_MAX};
        add_rows(&spool, next, 2000);
        read_all(&spool, &reading);
        assert_int_equal(reading.taken, round * 2000 * TABLES);
    }
    repair_spool_close(&spool);
}

static void what_is_not_wanted_is_left_out(void **state)
{
    (void)state;
    struct repair_spool spool;
    uint64_t next[TABLES] = {0};
    open_spool(&spool);
    add_rows(&spool, next, 2000);
    struct reading without = {.left_out = 2, .most = SIZE_MAX};
    read_all(&spool, &without);
    assert_int_equal(without.taken, 2000 * (TABLES - 1));
    assert_int_equal(without.next[2], 0);
    struct reading some = {.left_out = 0, .most = 2001};
    read_all(&spool, &some);
    assert_int_equal(some.taken, 2001);
    assert_int_equal(some.next[1], 2000);
    assert_int_equal(some.next[2], 1);
    add_rows(&spool, next, 4); /* behind all that is there, wherever reading has ended */
    struct reading all = {.left_out = NO_TABLE, .most = SIZE_MAX};
    read_all(&spool, &all);
    assert_int_equal(all.taken, 2004 * TABLES);
    repair_spool_close(&spool);
}

static void a_spool_without_texts_is_read_as_none(void **state)
{
    (void)state;
    struct repair_spool spool;
    struct reading reading = {.left_out = NO_TABLE, .most = SIZE_MAX};
    open_spool(&spool);
    read_all(&spool, &reading);
    assert_int_equal(reading.taken, 0);
    repair_spool_close(&spool);
}

static void a_file_that_cannot_be_written_is_told(void **state)
{
    (void)state;
    struct repair_spool spool;
    struct reading reading = {.left_out = NO_TABLE, .most = SIZE_MAX};
    const struct repair_spool_reader reader = {&reading, is_wanted, check};
    uint64_t next[TABLES] = {0};
    open_spool(&spool);
    close(spool.file);
    spool.file = -1;
    add_rows(&spool, next, 2000);
    assert_false(repair_spool_read(&spool, &reader));
    assert_int_equal(reading.taken, 0);
    repair_spool_close(&spool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_that_come_in_turns_are_read_one_after_the_other),
        cmocka_unit_test(what_is_not_wanted_is_left_out),
        cmocka_unit_test(a_spool_without_texts_is_read_as_none),
        cmocka_unit_test(a_file_that_cannot_be_written_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
