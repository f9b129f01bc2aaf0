/* See replaced_command.h. */
#include "replaced_command.h"

#include "replaced.h"

#include "../diff/base/display.h"
#include "../diff/base/file.h"
#include "../diff/base/option.h"

#include <errno.h>
#include <string.h>
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
    buffer_add_text(&out, "Usage: tally-replay replacements LEDGER\n\n");
    display_add_wrapped(&out, what, 0, 0, WIDTH);
    buffer_add_byte(&out, '\n');
    option_help(rows, WIDTH, &out);
    buffer_add_text(&out, "\nThe whole manual: man tally-replay\n");
    bool done = file_write_all(STDOUT_FILENO, out.data, out.length) ||
                err_set(err, ERR_INTERNAL, "cannot write to standard output: %s.", strerror(errno));
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
