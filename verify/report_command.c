/* See report_command.h. */
#include "report_command.h"

#include "../diff/base/option.h"
#include "command.h"
#include "report.h"

#define WIDTH 80
#define FIELD(name) offsetof(struct report_command, name)

static const char report[] = "What to report", other[] = "Other";

static const struct option_row rows[] = {
    {"format", 'f', OPTION_CHOICE, REPORT_FORMATS, FIELD(verify.format), "text", 0, 0, report,
     "Write the report for people, for programs, for a browser, for Jenkins or GitLab, or for "
     "node_exporter."},
    {"output", 'o', OPTION_TEXT, "FILE", FIELD(verify.output_path), NULL, 0, 0, report,
     "Write the report to FILE instead of standard output."},
    {"report", 0, OPTION_LIST, "FORMAT=FILE", FIELD(verify.reports), NULL, 0, 0, report,
     "Write a further report, whole or not at all. Repeatable."},
    {"quiet", 'q', OPTION_FLAG, NULL, FIELD(verify.quiet), NULL, 0, 0, report,
     "No text at all when everything is equal, else the essential lines."},
    {"verbose", 'v', OPTION_FLAG, NULL, FIELD(verify.verbose), NULL, 0, 0, report,
     "List every table and every column of a finding, however many."},
    {"help", 'h', OPTION_FLAG, NULL, FIELD(help), NULL, 0, 0, other, "Show this help."},
    {0}};

static const char what[] =
    "Reports a finished run again, from its ledger, in any format; asks no server. The exit code "
    "is that of the run. Its findings are as many as the run was told to keep, and without values "
    "when it was told to keep none.";

bool report_command_parse(int argc, char **argv, struct report_command *command, struct err *err)
{
    size_t count = 0;
    *command = (struct report_command){0};
    if (!option_parse(rows, argc, argv, command, &command->ledger, 1, &count, err)) {
        command_hide_passwords(err->text);
        return false;
    }
    if (!command->help && !count)
        return err_set(err, ERR_USAGE, "report: give the ledger of a finished run.");
    return true;
}

void report_command_free(struct report_command *command)
{
    text_list_free(&command->verify.reports);
    text_list_free(&command->verify.tables);
    text_list_free(&command->verify.excludes);
}

void report_command_help(struct buffer *out)
{
    option_help_subcommand(out, "tally-verify report [OPTIONS] LEDGER", what, rows, WIDTH,
                           "tally-verify");
}

void report_command_man(struct buffer *out)
{
    buffer_add_text(out, ".SH REPORTING AGAIN\n.SS tally\\-verify report ");
    option_man_text(out, "LEDGER");
    option_man_text(out, what);
    option_man(rows, out);
}
