/*
 * The ledger: an SQLite file that remembers a run, so that what was interrupted can go on. Input
 * and output: records, which are bytes under a kind and two numbers; what they mean is their
 * writer's business. Knows nothing of databases or requests. ledger.c alone includes sqlite3.h.
 *
 * A ledger is never believed wrongly. Every record carries a 128-bit checksum over itself, its
 * place and the file's own random id; every commit stores how many records there are and the sum of
 * their checksums. ledger_open() reads everything once and refuses a file in which anything is
 * missing, damaged or of another file; a file cut at any byte, or killed in mid-commit, is
 * therefore either opened as of an earlier commit or refused with a sentence.
 *
 * Only its owner may read it: it is made with mode 0600. One process at a time has it open for
 * writing: a second one is refused.
 *
 *     ledger_create(path, "verify", &ledger, err)
 *     ledger_put(ledger, "digest", table, side, bytes, length, err)   any number
 *     ledger_save(ledger, err)        all of it, or none, is on disk
 *     ledger_close(ledger)            what was not saved is dropped
 */
#ifndef TALLY_LEDGER_H
#define TALLY_LEDGER_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ledger;

#define LEDGER_VERSION 1

/* Makes a new file; purpose ("verify", "plan", "digest") says what its records are about.
 * ERR_USAGE: the file exists already, or its folder cannot be written (the sentence says which). */
bool ledger_create(const char *path, const char *purpose, struct ledger **ledger,
                   struct err *err) MUST_CHECK;

/* Opens and checks a file. writable false: nothing is written, not even a journal beside it where
 * that can be avoided. ERR_USAGE: no such file, not a ledger, another purpose or version, in use by
 * another run, cut or damaged; the file is left as it was. purpose NULL: any. */
bool ledger_open(const char *path, const char *purpose, bool writable, struct ledger **ledger,
                 struct err *err) MUST_CHECK;

const char *ledger_purpose(const struct ledger *ledger);
const char *ledger_path(const struct ledger *ledger);

/* Drops what was not saved. NULL is fine. */
void ledger_close(struct ledger *ledger);

/* Adds or replaces a record. Bytes are copied. ERR_INTERNAL: the disk is full, or fails. After an
 * error the ledger takes nothing more: every later call fails with the same sentence, and the file
 * holds the last save. */
bool ledger_put(struct ledger *ledger, const char *kind, int64_t id, int64_t part,
                const void *bytes, size_t length, struct err *err) MUST_CHECK;

/* Removes a record if it is there. */
bool ledger_remove(struct ledger *ledger, const char *kind, int64_t id, int64_t part,
                   struct err *err) MUST_CHECK;

/* Puts a record's bytes into *bytes (cleared first); *found tells whether there was one. */
bool ledger_get(struct ledger *ledger, const char *kind, int64_t id, int64_t part,
                struct buffer *bytes, bool *found, struct err *err) MUST_CHECK;

/* Calls take() for every record of a kind, by id, then part; bytes are borrowed for the call.
 * take() must not call the ledger. */
bool ledger_each(struct ledger *ledger, const char *kind,
                 bool (*take)(void *context, int64_t id, int64_t part, const unsigned char *bytes,
                              size_t length, struct err *err),
                 void *context, struct err *err) MUST_CHECK;

/* Commits all since the last save; safe against kill -9 and power loss afterwards. */
bool ledger_save(struct ledger *ledger, struct err *err) MUST_CHECK;

#endif
