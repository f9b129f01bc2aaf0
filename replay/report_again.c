/* See report_again.h. */
#include "report_again.h"

#include "book.h"
#include "report.h"

#include "../diff/base/option.h"
#include "../diff/base/output.h"
#include "../diff/base/text_list.h"
#include "../diff/diff_show.h"

#define WIDTH 80

struct again_options {
    const char *format, *output_path;
    struct text_list reports;
    bool quiet, help;
};

#define FIELD(name) offsetof(struct again_options, name)

static const char report_group[] = "What to report", other[] = "Other";

static const struct option_row rows[] = {
    {"format", 'f', OPTION_CHOICE, REPORT_REPLAY_FORMATS, FIELD(format), "text", 0, 0, report_group,
     "Write the report for people, for programs, for a browser, or for Jenkins and GitLab."},
    {"output", 'o', OPTION_TEXT, "FILE", FIELD(output_path), NULL, 0, 0, report_group,
     "Write the report to FILE instead of standard output."},
    {"report", 0, OPTION_LIST, "FORMAT=FILE", FIELD(reports), NULL, 0, 0, report_group,
     "Write a further report, whole or not at all. Repeatable."},
    {"quiet", 'q', OPTION_FLAG, NULL, FIELD(quiet), NULL, 0, 0, report_group,
     "Only what is not equal, and the verdict."},
    {"help", 'h', OPTION_FLAG, NULL, FIELD(help), NULL, 0, 0, other, "Show this help."},
    {0}};

static const char what[] =
    "Reports a replay again, from its ledger, in any format; asks no server and reads no log. Of "
    "a run that was interrupted it tells what was found until then. The exit code is that of the "
    "run.";

static MUST_CHECK bool show_help(struct err *err)
{
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    option_help_subcommand(&out, "tally-replay report [OPTIONS] LEDGER", what, rows, WIDTH,
                           "tally-replay");
    bool done = output_print(&out, err);
    buffer_free(&out);
    return done;
}

static MUST_CHECK bool run(const struct again_options *options, const char *ledger, int *exit_code,
                           struct err *err)
{
    const struct report_replay_wish wish = {.format = options->format,
                                            .output_path = options->output_path,
                                            .reports = &options->reports,
                                            .quiet = options->quiet};
    struct replay_result result = {0};
    struct report_replay_files *files = NULL;
    if (options->output_path && diff_show_is_input(options->output_path, ledger))
        return err_set(err, ERR_USAGE, "\"%.500s\" is read: the report must go elsewhere.", ledger);
    /* The ledger first: what cannot be read makes no file. */
    if (!book_result(ledger, &result, err))
        return false;
    bool done = report_replay_open(&wish, &files, err);
    if (done) {
        *exit_code = replay_exit_code(&result);
        done = report_replay_write(files, &result, err);
    }
    replay_result_free(&result);
    return done;
}

bool report_again(int argc, char **argv, int *exit_code, struct err *err)
{
    struct again_options options = {0};
    const char *ledger = NULL;
    size_t count = 0;
    bool done = option_parse(rows, argc, argv, &options, &ledger, 1, &count, err);
    *exit_code = 0;
    if (done && options.help)
        done = show_help(err);
    else if (done && !count)
        done = err_set(err, ERR_USAGE, "report: give the ledger of a replay.");
    else if (done)
        done = run(&options, ledger, exit_code, err);
    text_list_free(&options.reports);
    return done;
}

void report_again_man(struct buffer *out)
{
    buffer_add_text(out, ".SH REPORTING AGAIN\n.SS tally\\-replay report ");
    option_man_text(out, "LEDGER");
    option_man_text(out, what);
    option_man(rows, out);
}
