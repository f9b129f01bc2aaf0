/*
 * The command line of the commands on plan and digest files: tally-verify plan, digest, merge,
 * compare. Their options as one table each, and the help and the section of the man page that come
 * from these. Knows nothing of databases.
 */
#ifndef TALLY_VERIFY_DIGEST_COMMAND_H
#define TALLY_VERIFY_DIGEST_COMMAND_H

#include "digest_run.h"

enum digest_verb { DIGEST_PLAN, DIGEST_READ, DIGEST_MERGE, DIGEST_COMPARE };

struct digest_command {
    enum digest_verb verb;
    struct digest_options digest; /* PLAN and COMPARE: of it only `verify` */
    const char *part;             /* as given; NULL: not */
    size_t file_count;            /* MERGE, COMPARE */
    const char **files;           /* malloc'ed, of borrowed texts */
    bool help;
};

/* Is this first argument one of the commands? */
bool digest_command_is(const char *word);

/* argv[0] is the command's word. ERR_USAGE on wrong usage. Texts are borrowed from argv. */
bool digest_command_parse(int argc, char **argv, struct digest_command *command,
                          struct err *err) MUST_CHECK;
void digest_command_free(struct digest_command *command);

void digest_command_help(enum digest_verb verb, struct buffer *out);
void digest_command_man(struct buffer *out); /* a section */

#endif
