/* See digest_command.h. Every sentence that is not an option's stands in the table of commands. */
#include "digest_command.h"

#include "../diff/base/display.h"
#include "../diff/base/option.h"
#include "command.h"
#include "pace.h"
#include "report.h"

#include <stdlib.h>

#define WIDTH 80
#define COUNT(array) (sizeof(array) / sizeof *(array))
#define FIELD(name) offsetof(struct digest_command, name)

static const char what[] = "What to compare", where[] = "Files", how[] = "Reading",
                  gentle[] = "Gentleness", report[] = "What to report", other[] = "Other";

#define QUIET                                                                                      \
    {                                                                                              \
        "quiet", 'q', OPTION_FLAG, NULL, FIELD(digest.verify.quiet), NULL, 0, 0, other,            \
            "No progress, and nothing said when all went well."                                    \
    }
#define HELP                                                                                       \
    {                                                                                              \
        "help", 'h', OPTION_FLAG, NULL, FIELD(help), NULL, 0, 0, other, "Show this help."          \
    }

static const struct option_row plan_rows[] = {
    {"output", 'o', OPTION_TEXT, "PLAN", FIELD(digest.verify.plan_path), NULL, 0, 0, where,
     "Write the plan to this file. Required."},
    {"mapping", 'm', OPTION_TEXT, "FILE", FIELD(digest.verify.mapping_path), NULL, 0, 0, what,
     "Read from this YAML file how tables, columns and values correspond."},
    {"table", 't', OPTION_LIST, "PATTERN", FIELD(digest.verify.tables), NULL, 0, 0, what,
     "Plan only tables whose name, of either side, matches this glob. Repeatable."},
    {"exclude", 'x', OPTION_LIST, "PATTERN", FIELD(digest.verify.excludes), NULL, 0, 0, what,
     "Leave out tables whose name, of either side, matches this glob. Repeatable."},
    QUIET,
    HELP,
    {0}};

static const struct option_row digest_rows[] = {
    {"plan", 'p', OPTION_TEXT, "PLAN", FIELD(digest.plan_path), NULL, 0, 0, where,
     "The plan, made by tally-verify plan. Required."},
    {"output", 'o', OPTION_TEXT, "FILE", FIELD(digest.verify.output_path), NULL, 0, 0, where,
     "Write the digest to this file, when all is read. Required."},
    {"side", 's', OPTION_CHOICE, "source|target", FIELD(digest.side), NULL, 0, 0, how,
     "Which side of the plan URI is. Needed when both are databases of one kind."},
    {"part", 0, OPTION_TEXT, "I/N", FIELD(part), NULL, 0, 0, how,
     "Read only part I of N, from 1: a share of every large table and of the small ones."},
    {"jobs", 'j', OPTION_INT, "N", FIELD(digest.verify.jobs), "2", 1, 64, how,
     "Use N connections and threads."},
    {"max-rate", 0, OPTION_TEXT, "RATE", FIELD(digest.verify.max_rate), NULL, 0, 0, gentle,
     "Read at most so much: 50000rows/s, 20MB/s."},
    {"max-load", 0, OPTION_INT, "N", FIELD(digest.verify.max_load), NULL, 1, 1000000, gentle,
     "Pause while more than N other threads of the server are running."},
    {"max-lag", 0, OPTION_INT, "SECONDS", FIELD(digest.verify.max_lag), NULL, 1, 1000000, gentle,
     "Pause while the server, a replica, is further behind than this."},
    QUIET,
    HELP,
    {0}};

static const struct option_row merge_rows[] = {{"output", 'o', OPTION_TEXT, "FILE",
                                                FIELD(digest.verify.output_path), NULL, 0, 0, where,
                                                "Write the sum to this file. Required."},
                                               HELP,
                                               {0}};

static const struct option_row compare_rows[] = {
    {"format", 'f', OPTION_CHOICE, REPORT_FORMATS, FIELD(digest.verify.format), "text", 0, 0,
     report,
     "Write the report for people, for programs, for a browser, for Jenkins or GitLab, or for "
     "node_exporter."},
    {"output", 'o', OPTION_TEXT, "FILE", FIELD(digest.verify.output_path), NULL, 0, 0, report,
     "Write the report to FILE instead of standard output."},
    {"quiet", 'q', OPTION_FLAG, NULL, FIELD(digest.verify.quiet), NULL, 0, 0, report,
     "No text at all when everything is equal, else the essential lines."},
    {"verbose", 'v', OPTION_FLAG, NULL, FIELD(digest.verify.verbose), NULL, 0, 0, report,
     "List every table, however many."},
    HELP,
    {0}};

static const struct verb {
    const char *word, *operands;
    size_t fewest, most; /* operands; most 0: any number */
    const char *missing;
    const struct option_row *rows;
    const char *text;
} verbs[] = {
    [DIGEST_PLAN] =
        {"plan", "SOURCE TARGET --output PLAN", 2, 2,
         "give two databases, SOURCE and TARGET, whose schemas are read.", plan_rows,
         "Reads the schemas of both databases, but no rows, and writes down which tables and "
         "columns are compared and how, and into which pieces each table is cut. A copy of "
         "each database's schema is enough where no machine sees both. The file holds the "
         "conditions and SQL expressions of the mapping, which digest runs: take plans only "
         "from people you trust."},
    [DIGEST_READ] =
        {"digest", "URI --plan PLAN --output FILE", 1, 1, "give the database to read, as a URI.",
         digest_rows,
         "Reads one side of a plan, or a part of it, and writes its digest: per bucket of rows "
         "a count and a sum of hashes, and no row. Refused when the schema has changed since the "
         "plan was made. What cannot be read is in the file as such; the exit code is then 2."},
    [DIGEST_MERGE] =
        {"merge", "FILE... --output FILE", 1, 0, "give the digest files to add.", merge_rows,
         "Adds digests of different parts of one side, in any order. A part, or a piece of a "
         "table, that is in two of them is refused."},
    [DIGEST_COMPARE] =
        {"compare", "FILE FILE", 2, 2,
         "give two digest files, one of the source and one of the target.", compare_rows,
         "Judges a digest of the source and one of the target, of the same plan. The exit codes "
         "are "
         "those of a comparison. Tables that differ are reported with the ranges of their key, or "
         "the share of their buckets, in which they do; tally-verify SOURCE TARGET, with a "
         "condition on these keys in the mapping, finds the rows."},
};

bool digest_command_is(const char *word)
{
    for (size_t i = 0; i < COUNT(verbs); i++)
        if (strcmp(verbs[i].word, word) == 0)
            return true;
    return false;
}

static bool check(struct digest_command *command, size_t count, struct err *err)
{
    const struct verb *verb = &verbs[command->verb];
    const struct verify_options *options = &command->digest.verify;
    if (count < verb->fewest)
        return err_set(err, ERR_USAGE, "%s: %s", verb->word, verb->missing);
    const char *output = command->verb == DIGEST_PLAN ? options->plan_path : options->output_path;
    if (!output && command->verb != DIGEST_COMPARE)
        return err_set(err, ERR_USAGE, "%s: --output FILE is missing.", verb->word);
    if (!output)
        return true;
    if (command->verb == DIGEST_READ && !command->digest.plan_path)
        return err_set(err, ERR_USAGE, "digest: --plan PLAN is missing.");
    return true;
}

bool digest_command_parse(int argc, char **argv, struct digest_command *command, struct err *err)
{
    *command = (struct digest_command){.digest.part = {1, 1}};
    while (strcmp(verbs[command->verb].word, argv[0]) != 0)
        command->verb++;
    const struct verb *verb = &verbs[command->verb];
    size_t count = 0, most = verb->most ? verb->most : (size_t)argc;
    command->files = mem_zero(most + 1, sizeof *command->files);
    bool ok = option_parse(verb->rows, argc, argv, command, command->files, most, &count, err);
    command->file_count = count;
    if (ok && !command->help)
        ok = check(command, count, err);
    if (ok && command->part)
        ok = digest_parse_part(command->part, &command->digest.part, err);
    struct pace_rate rate;
    if (ok && command->digest.verify.max_rate)
        ok = pace_parse_rate(command->digest.verify.max_rate, &rate, err);
    if (!ok) {
        command_hide_passwords(err->text);
        return false;
    }
    if (command->verb == DIGEST_PLAN)
        for (size_t i = 0; i < count; i++)
            command->digest.verify.uri[i] = command->files[i];
    command->digest.uri = command->files[0];
    if (!command->digest.verify.format)
        command->digest.verify.format = "text";
    return true;
}

void digest_command_free(struct digest_command *command)
{
    text_list_free(&command->digest.verify.tables);
    text_list_free(&command->digest.verify.excludes);
    free(command->files);
    command->files = NULL;
}

void digest_command_help(enum digest_verb which, struct buffer *out)
{
    const struct verb *verb = &verbs[which];
    buffer_printf(out, "Usage: tally-verify %s [OPTIONS] %s\n\n", verb->word, verb->operands);
    display_add_wrapped(out, verb->text, 0, 0, WIDTH);
    buffer_add_byte(out, '\n');
    option_help(verb->rows, WIDTH, out);
    buffer_add_text(out, "\nThe whole manual: man tally-verify\n");
}

void digest_command_man(struct buffer *out)
{
    buffer_add_text(out, ".SH PLANS AND DIGESTS\n");
    option_man_text(out, "A source and a target that no single machine can reach are compared "
                         "through small files, and a job array shares one huge table.");
    for (size_t i = 0; i < COUNT(verbs); i++) {
        buffer_printf(out, ".SS tally\\-verify %s ", verbs[i].word);
        option_man_text(out, verbs[i].operands);
        option_man_text(out, verbs[i].text);
        option_man(verbs[i].rows, out);
    }
}
