/*
 * What a run was told, so that a resumed one is not told something else: then its requests would
 * have other numbers, go elsewhere or be judged otherwise. Input: options. Output: one text for
 * each thing that matters. Knows nothing of ledgers. For book.c only.
 *
 * What does not matter: speed, jobs, timeouts, limits, how connections are made, reports.
 */
#ifndef TALLY_REPLAY_BOOK_SETTINGS_H
#define TALLY_REPLAY_BOOK_SETTINGS_H

#include "../diff/base/buffer.h"
#include "../diff/base/memory.h"
#include "replay.h"

#define BOOK_SETTINGS 36

struct book_setting {
    const char *name; /* as a refusal says it: "--tenant", "the logs" */
    bool secret;      /* it may hold passwords: no ledger may hold it as it is */
    struct buffer value;
};

/* Fills all of them; book_settings_free() in any case. ERR_USAGE: a file cannot be read. */
bool book_settings_fill(const struct replay_options *options,
                        struct book_setting settings[BOOK_SETTINGS], struct err *err) MUST_CHECK;
void book_settings_free(struct book_setting settings[BOOK_SETTINGS]);

/* Is there a log that cannot be read twice: standard input, a pipe? */
bool book_settings_streams(const struct replay_options *options);

/* What reading the logs again needs, as bytes, and back into options that are zero; texts and lists
 * in the arena. False: damaged. */
void book_settings_save(struct buffer *out, const struct replay_options *options);
bool book_settings_load(const struct buffer *bytes, struct arena *arena,
                        struct replay_options *options) MUST_CHECK;

/* Appends a URL without what stands before an '@'. */
void book_settings_url(struct buffer *out, const char *url);

#endif
