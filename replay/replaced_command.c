/* See replaced_command.h. */
#include "replaced_command.h"

#include "replaced.h"

#include "../diff/base/option.h"
#include "../diff/base/output.h"

#include <unistd.h>

#define WIDTH 80

struct replaced_options {
    bool help;
};

static const char other[] = "Other";

static const struct option_row rows[] = {{"help", 'h', OPTION_FLAG, NULL,
                                          offsetof(struct replaced_options, help), NULL, 0, 0,
                                          other, "Show this help."},
                                         {0}};

static const char what[] =
    "Lists, from the ledger of a replay, each value that the two sides were sent in place of a "
    "logged one, as a line of JSON: line and file of the log, where in the request, the logged "
    "value, the source's and the target's, and the request whose answers gave them (from). Of "
    "secrets there are hashes (masked), unless the run had --keep-secrets: equal values have equal "
    "hashes.";

static MUST_CHECK bool show_help(struct err *err)
{
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    option_help_subcommand(&out, "tally-replay replacements LEDGER", what, rows, WIDTH,
                           "tally-replay");
    bool done = output_print(&out, err);
    buffer_free(&out);
    return done;
}

bool replaced_command(int argc, char **argv, int *exit_code, struct err *err)
{
    struct replaced_options options = {0};
    const char *ledger = NULL;
    size_t count = 0;
    *exit_code = 0;
    if (!option_parse(rows, argc, argv, &options, &ledger, 1, &count, err))
        return false;
    if (options.help)
        return show_help(err);
    if (!count)
        return err_set(err, ERR_USAGE, "replacements: give the ledger of a replay.");
    return replaced_list(ledger, STDOUT_FILENO, err);
}

void replaced_command_man(struct buffer *out)
{
    buffer_add_text(out, ".SH LISTING WHAT WAS REPLACED\n.SS tally\\-replay replacements ");
    option_man_text(out, "LEDGER");
    option_man_text(out, what);
    option_man(rows, out);
}
