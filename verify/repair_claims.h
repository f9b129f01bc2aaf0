/*
 * Which rows of a repair file a unique key of the mended side would refuse. A mended row claims the
 * values that it will have in each key; a row that goes, or gets others, frees its own. Two claims
 * of what the key finds the same, or a claim of what a row has that stays, cannot both be: one row
 * is left out, and so stays as it is, which may leave out others in turn.
 *
 * What a key finds the same is asked of the server itself, under the collation that the key has:
 * the claimed values' forms (engine_sql.h), and the rows of the table that hold them now.
 *
 * Life: new -> { add -> records, kept by the caller }* -> wanted? -> begin -> ask* -> end
 * -> trace* -> resolve -> verdict* -> free. Records pass twice, all of them, in the order in which
 * they were made, which is that of their statements in the file. Memory: as
 * repair_refusal.h says; of more claims than that the server is not asked.
 */
#ifndef TALLY_VERIFY_REPAIR_CLAIMS_H
#define TALLY_VERIFY_REPAIR_CLAIMS_H

#include "engine.h"
#include "repair_table.h"

#include <stdatomic.h>

struct repair_claims;

/* A row that is mended, and its statements. */
struct repair_claims_row {
    enum finding_kind kind;
    const struct value *const *values; /* as drill.h tells them */
    const size_t *differ;
    size_t differ_count;
    uint64_t times;
    const struct repair_statements *statements;
    uint64_t number; /* of the table's mended rows, counted from 0 */
    const char *name;
};

/* other: the definition of the other side's engine, for the question whether its keys compare
 * alike. Everything is borrowed. NULL: no unique key of the table can refuse a row. */
struct repair_claims *repair_claims_new(const struct repair_table *table,
                                        const struct engine *engine, const struct engine *other);
void repair_claims_free(struct repair_claims *claims);

/* Appends what is to be kept of a row to `record`; nothing: the row claims and frees nothing. */
void repair_claims_add(struct repair_claims *claims, const struct repair_claims_row *row,
                       struct buffer *record);

/* Is there something to ask? left_out: rows of the table that are left out for other reasons. */
bool repair_claims_wanted(const struct repair_claims *claims, bool left_out);

/* NULL, or why the server may yet refuse a row: a phrase about a key. */
const char *repair_claims_unasked(const struct repair_claims *claims);

/* A round of asking, on a connection without a snapshot. *stop ends it soon, with ERR_INTERRUPTED.
 */
void repair_claims_begin(struct repair_claims *claims, struct connection *connection,
                         const atomic_bool *stop);
bool repair_claims_ask(struct repair_claims *claims, const unsigned char *record, size_t length,
                       struct err *err) MUST_CHECK;
bool repair_claims_end(struct repair_claims *claims, struct err *err) MUST_CHECK;
void repair_claims_trace(struct repair_claims *claims, const unsigned char *record, size_t length);
void repair_claims_resolve(struct repair_claims *claims);

/* The server cannot be asked: nothing is left out, and unasked() says so. */
void repair_claims_give_up(struct repair_claims *claims);

/* Must the row with this number be left out? */
bool repair_claims_refuses(const struct repair_claims *claims, uint64_t number);
size_t repair_claims_refused(const struct repair_claims *claims);

/* Of a row that must be left out. Texts are borrowed from the record and the claims. */
struct repair_claims_verdict {
    uint64_t times;   /* how many rows it stands for */
    const char *name; /* not terminated */
    size_t name_length;
    const char *key;
    const char *same_as; /* "as another row of this file" */
};

/* False: the record's row is not left out. */
bool repair_claims_verdict(const struct repair_claims *claims, const unsigned char *record,
                           size_t length, struct repair_claims_verdict *verdict) MUST_CHECK;

#endif
