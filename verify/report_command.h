/*
 * The command line of tally-verify report, which reports a finished run again, from its ledger. Its
 * options as one table, and the help and the section of the man page that come from it. Opens
 * nothing.
 */
#ifndef TALLY_VERIFY_REPORT_COMMAND_H
#define TALLY_VERIFY_REPORT_COMMAND_H

#include "../diff/base/buffer.h"
#include "verify.h"

struct report_command {
    struct verify_options verify; /* format, output_path, reports, quiet, verbose */
    const char *ledger;
    bool help;
};

/* argv[0] is "report". ERR_USAGE on wrong usage. Texts are borrowed from argv. */
bool report_command_parse(int argc, char **argv, struct report_command *command,
                          struct err *err) MUST_CHECK;
void report_command_free(struct report_command *command);

void report_command_help(struct buffer *out);
void report_command_man(struct buffer *out); /* a section */

#endif
