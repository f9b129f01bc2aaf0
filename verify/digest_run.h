/*
 * The commands on plan and digest files, but for `plan`, which is a run (verify.h). Input: files
 * and at most one server. Output: a digest file, or a result for the reporters.
 */
#ifndef TALLY_VERIFY_DIGEST_RUN_H
#define TALLY_VERIFY_DIGEST_RUN_H

#include "digest_file.h"

struct digest_options {
    struct verify_options verify; /* of it: jobs, gentleness, quiet, output_path */
    const char *uri;
    const char *plan_path;
    const char *side; /* "source", "target"; NULL: the one whose engine fits the URI */
    struct digest_part part;
};

/* "2/8". ERR_USAGE. */
bool digest_parse_part(const char *text, struct digest_part *part, struct err *err) MUST_CHECK;

/* Reads a part of one side and writes it to verify.output_path. Adds to `failed` which tables could
 * not be read and why; the file says it too. ERR_INTERRUPTED: nothing was written. */
bool digest_read(const struct digest_options *options, struct text_list *failed,
                 struct err *err) MUST_CHECK;

/* Makes digest_read() of this process stop within a second. Async-signal-safe. */
void digest_interrupt(void);

/* Adds up digests of one side. ERR_USAGE: they do not belong together, or read something twice. */
bool digest_merge_files(const char *const *paths, size_t count, const char *output,
                        struct err *err) MUST_CHECK;

/* Judges a digest of the source and one of the target, in any order. */
bool digest_compare(const char *const paths[2], struct verify_result *result,
                    struct err *err) MUST_CHECK;

#endif
