/*
 * Options: what is refused and in which words (never with a password in them), what is taken, and
 * the two texts that are made of the table.
 */
#include "../../diff/base/option.h"
#include "../../diff/base/text_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct options {
    bool quiet, verbose;
    int jobs, offset;
    const char *mapping, *format, *pair[2];
    struct text_list tables;
};

#define FIELD(name) offsetof(struct options, name)
static const struct option_row rows[] = {
    {"mapping", 'm', OPTION_TEXT, "FILE", FIELD(mapping), NULL, 0, 0, "What to compare",
     "The mapping file."},
    {"table", 't', OPTION_LIST, "PATTERN", FIELD(tables), NULL, 0, 0, "What to compare",
     "Only tables whose name matches; may be given several times. Names are globs, as in log_*."},
    {"jobs", 'j', OPTION_INT, "N", FIELD(jobs), "2", 1, 64, "How", "Connections per side."},
    {"offset", 0, OPTION_INT, "N", FIELD(offset), NULL, -5, 5, "How", "An offset."},
    {"format", 'f', OPTION_CHOICE, "text|json|none", FIELD(format), "text", 0, 0, "How",
     "How to write the result."},
    {"quiet", 'q', OPTION_FLAG, NULL, FIELD(quiet), NULL, 0, 0, "How", "Say nothing."},
    {"verbose", 'v', OPTION_FLAG, NULL, FIELD(verbose), NULL, 0, 0, "How", "Say more."},
    {"verify", 'p', OPTION_PAIR, "SOURCE TARGET", FIELD(pair), NULL, 0, 0, "How", "Two."},
    {0},
};

enum { MOST_ARGUMENTS = 10, MOST_OPERANDS = 2 };

struct parsed {
    struct options options;
    const char *operands[MOST_OPERANDS];
    size_t operand_count;
    struct err err;
};

static bool parse(const char *const *arguments, struct parsed *parsed)
{
    char *argv[MOST_ARGUMENTS + 2] = {(char *)"tally"};
    int argc = 1;
    while (arguments[argc - 1]) {
        argv[argc] = (char *)arguments[argc - 1];
        argc++;
    }
    memset(parsed, 0xa5, sizeof *parsed); /* nothing of it may be needed */
    return option_parse(rows, argc, argv, &parsed->options, parsed->operands, MOST_OPERANDS,
                        &parsed->operand_count, &parsed->err);
}

static void wrong_arguments_get_one_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *arguments[MOST_ARGUMENTS];
        const char *sentence;
    } cases[] = {
        {{"--job", "3"}, "There is no option --job; did you mean --jobs?"},
        {{"--maping=x"}, "There is no option --maping; did you mean --mapping?"},
        {{"--colour"}, "There is no option --colour; --help lists them."},
        {{"--verb"}, "There is no option --verb; did you mean --verbose?"},
        {{"-x"}, "There is no option -x; --help lists them."},
        {{"-\xff"}, "There is no option -?; --help lists them."},
        {{"--jobs"}, "--jobs needs a value: --jobs N."},
        {{"a", "-j"}, "--jobs needs a value: --jobs N."},
        {{"--jobs="}, "--jobs must be a whole number from 1 to 64."},
        {{"--jobs", "0"}, "--jobs must be a whole number from 1 to 64, not '0'."},
        {{"--jobs", "65"}, "--jobs must be a whole number from 1 to 64, not '65'."},
        {{"--jobs", "2x"}, "--jobs must be a whole number from 1 to 64, not '2x'."},
        {{"--jobs", " 2"}, "--jobs must be a whole number from 1 to 64, not ' 2'."},
        {{"-j99999999999999999999"},
         "--jobs must be a whole number from 1 to 64, not '99999999999999999999'."},
        {{"--format", "xml"}, "--format must be text, json or none, not 'xml'."},
        {{"--format", "tex"}, "--format must be text, json or none, not 'tex'."},
        {{"--format", "text|json"}, "--format must be text, json or none, not 'text|json'."},
        {{"--format", ""}, "--format must be text, json or none."},
        {{"--quiet=yes"}, "--quiet takes no value."},
        {{"--verify"}, "--verify needs a value: --verify SOURCE TARGET."},
        {{"--verify", "a"}, "--verify needs two values: --verify SOURCE TARGET."},
        {{"--verify=a", "--quiet"}, "--verify needs two values: --verify SOURCE TARGET."},
        {{"a", "b", "c"}, "Too many arguments: 2 are expected beside the options."},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct parsed parsed;
        assert_false(parse(cases[i].arguments, &parsed));
        assert_int_equal(parsed.err.code, ERR_USAGE);
        assert_string_equal(parsed.err.text, cases[i].sentence);
    }
}

static void no_sentence_repeats_a_password(void **state)
{
    (void)state;
    static const char *const cases[][MOST_ARGUMENTS] = {
        {"a", "b", "mysql://root:hunter2@db/x"},
        {"--jobs", "mysql://root:hunter2@db/x"},
        {"--format", "password=hunter2"},
        {"--password=hunter2"},
        {"-phunter2"},
        {"--mysql://root:hunter2@db/x"},
        {"--quiet=hunter2"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct parsed parsed;
        assert_false(parse(cases[i], &parsed));
        if (strstr(parsed.err.text, "hunter2"))
            fail_msg("%s", parsed.err.text);
    }
}

static void both_values_of_a_pair_are_taken(void **state)
{
    (void)state;
    static const char *const cases[][MOST_ARGUMENTS] = {{"--verify", "a", "b", "c"},
                                                        {"c", "--verify=a", "b"},
                                                        {"-pa", "b", "c"},
                                                        {"-qp", "a", "b", "c"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct parsed parsed;
        assert_true(parse(cases[i], &parsed));
        assert_string_equal(parsed.options.pair[0], "a");
        assert_string_equal(parsed.options.pair[1], "b");
        assert_int_equal(parsed.operand_count, 1);
        assert_string_equal(parsed.operands[0], "c");
        text_list_free(&parsed.options.tables);
    }
}

static void every_spelling_of_an_option_is_taken(void **state)
{
    (void)state;
    static const char *const cases[][MOST_ARGUMENTS] = {
        {"--jobs", "7", "--mapping", "m", "--quiet", "--verbose", "a", "b"},
        {"--jobs=7", "--mapping=m", "a", "b", "-q", "-v"},
        {"a", "-j", "7", "b", "-m", "m", "-qv"},
        {"-j7", "-mm", "-vq", "--", "a", "b"},
        {"-j", "3", "-qvj7", "-mx", "-mm", "a", "b"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct parsed parsed;
        assert_true(parse(cases[i], &parsed));
        assert_int_equal(parsed.options.jobs, 7);
        assert_string_equal(parsed.options.mapping, "m");
        assert_true(parsed.options.quiet && parsed.options.verbose);
        assert_int_equal(parsed.operand_count, 2);
        assert_string_equal(parsed.operands[0], "a");
        assert_string_equal(parsed.operands[1], "b");
    }
}

static void what_is_not_given_has_its_default(void **state)
{
    (void)state;
    struct parsed parsed;
    assert_true(parse((const char *const[]){NULL}, &parsed));
    assert_int_equal(parsed.options.jobs, 2);
    assert_int_equal(parsed.options.offset, 0);
    assert_null(parsed.options.mapping);
    assert_string_equal(parsed.options.format, "text");
    assert_int_equal(parsed.options.tables.count, 0);
    assert_false(parsed.options.quiet || parsed.options.verbose);
    assert_int_equal(parsed.operand_count, 0);
}

static void lists_grow_and_odd_values_are_values(void **state)
{
    (void)state;
    struct parsed parsed;
    static const char *const arguments[] = {
        "-t", "a", "--table=b", "--table", "--quiet", "--offset", "-5", "-", "--", "-q", NULL};
    assert_true(parse(arguments, &parsed));
    assert_int_equal(parsed.options.tables.count, 3);
    assert_string_equal(parsed.options.tables.items[1], "b");
    assert_string_equal(parsed.options.tables.items[2], "--quiet");
    assert_false(parsed.options.quiet);
    assert_int_equal(parsed.options.offset, -5);
    assert_int_equal(parsed.operand_count, 2);
    assert_string_equal(parsed.operands[0], "-");
    assert_string_equal(parsed.operands[1], "-q");
    text_list_free(&parsed.options.tables);
}

static void help_is_grouped_and_wrapped(void **state)
{
    (void)state;
    struct buffer out = BUFFER_INIT(1 << 16);
    option_help(rows, 60, &out);
    assert_string_equal((const char *)out.data,
                        "What to compare:\n"
                        "  -m, --mapping FILE   The mapping file.\n"
                        "  -t, --table PATTERN  Only tables whose name matches; may\n"
                        "                       be given several times. Names are\n"
                        "                       globs, as in log_*.\n"
                        "\n"
                        "How:\n"
                        "  -j, --jobs N         Connections per side. (default: 2)\n"
                        "      --offset N       An offset.\n"
                        "  -f, --format text|json|none\n"
                        "                       How to write the result. (default:\n"
                        "                       text)\n"
                        "  -q, --quiet          Say nothing.\n"
                        "  -v, --verbose        Say more.\n"
                        "  -p, --verify SOURCE TARGET\n"
                        "                       Two.\n");
    for (int width = 0; width < 30; width++) { /* absurd widths end, too */
        buffer_clear(&out);
        option_help(rows, width, &out);
        assert_true(out.length > 100);
    }
    buffer_free(&out);
}

static void the_manual_has_every_option(void **state)
{
    (void)state;
    static const struct option_row odd[] = {
        {"dry-run", 'n', OPTION_FLAG, NULL, 0, NULL, 0, 0, "The group", ".dot and \\ and 'x' - ~"},
        {"format", 0, OPTION_CHOICE, "text|json", 0, "text", 0, 0, "The group", "How."},
        {0},
    };
    struct buffer out = BUFFER_INIT(1 << 16);
    option_man(odd, &out);
    assert_string_equal((const char *)out.data, ".SS The group\n"
                                                ".TP\n"
                                                "\\fB\\-n\\fR, \\fB\\-\\-dry\\-run\\fR\n"
                                                "\\&.dot and \\e and \\(aqx\\(aq \\- \\(ti\n"
                                                ".TP\n"
                                                "\\fB\\-\\-format\\fR \\fItext|json\\fR\n"
                                                "How. (default: text)\n");
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_arguments_get_one_sentence),
        cmocka_unit_test(no_sentence_repeats_a_password),
        cmocka_unit_test(both_values_of_a_pair_are_taken),
        cmocka_unit_test(every_spelling_of_an_option_is_taken),
        cmocka_unit_test(what_is_not_given_has_its_default),
        cmocka_unit_test(lists_grow_and_odd_values_are_values),
        cmocka_unit_test(help_is_grouped_and_wrapped),
        cmocka_unit_test(the_manual_has_every_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
