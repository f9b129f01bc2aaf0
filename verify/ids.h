/*
 * Generated ids that are paired: the source's booking 4711 is the target's booking 4712. Input:
 * pairs that somebody has proven (verify.h: struct verify_id_pair). Output: for a column that holds
 * such ids a map by which the target's values are read as the source's, in canonical bytes, so that
 * digests, drill, causes and findings see one id for one thing. Which columns those are is
 * ids_plan.c's question.
 *
 * A map is a bijection, or it is not made. And no two values of the target become one: an id of the
 * target that has no pair, but looks like a source's id that has one, becomes a value that no
 * source holds ("4711 (the target's own)").
 *
 *     source: 4711, 4712      pair 4711 = 4712       target as read: 4712 -> 4711
 *                                                                    4711 -> 4711 (the target's
 * own) 4713 -> 4713
 */
#ifndef TALLY_VERIFY_IDS_H
#define TALLY_VERIFY_IDS_H

#include "../diff/ledger.h"
#include "canon.h"
#include "verify.h"

#define IDS_MOST (1u << 19)    /* pairs of a run */
#define IDS_SHOWN " (target: " /* between an id and its partner, for people */

/* All pairs of a run: sorted by kind, none twice. Texts are borrowed from the options, or from the
 * arena where they come from a file. */
struct ids {
    struct arena arena;
    size_t count;
    struct verify_id_pair *pairs; /* malloc'ed */
};

/* Those of the options, and of options->ids_path. ERR_USAGE: a file that cannot be read or is
 * wrong ("path:line: sentence"), too many pairs, an empty id. */
bool ids_collect(const struct verify_options *options, struct ids *ids, struct err *err) MUST_CHECK;
void ids_free(struct ids *ids);

/* Adds the pairs of a text: JSON lines with kind, source and target, or CSV with these three
 * columns; blank lines and a CSV's heading are passed over. For ids_collect() and the fuzzer. */
bool ids_parse(const char *path, const char *text, size_t length, struct ids *ids,
               struct err *err) MUST_CHECK;
bool ids_read_file(const char *path, struct ids *ids, struct err *err) MUST_CHECK;

/* Appends bytes that two lists share only when they are the same: for the ledger's settings. */
void ids_fingerprint(const struct ids *ids, struct buffer *out);

/* All of them as a record of a ledger, and back: none where it has none. */
bool ids_ledger_put(const struct ids *ids, struct ledger *ledger, struct err *err) MUST_CHECK;
bool ids_ledger_get(struct ledger *ledger, struct ids *ids, struct err *err) MUST_CHECK;

/* ---- The map of a column ------------------------------------------------------------------------
 */

struct ids_map;

/*
 * Of the pairs that `is_wanted` says yes to, in the arena; those of which the column's kind cannot
 * hold both ids are left out. NULL with an empty `problem`: no id differs, so there is nothing to
 * read otherwise. NULL with a problem: they are no bijection, and the sentence says why; without
 * the ids themselves when they are masked.
 */
const struct ids_map *ids_map_new(const struct ids *ids, const struct canon *canon,
                                  bool (*is_wanted)(void *context, const char *kind), void *context,
                                  bool masked, struct arena *arena, struct buffer *problem);

size_t ids_map_count(const struct ids_map *map); /* pairs whose two ids differ */

/* Reads the target's value, which is all of `row` from `start` on, as the source's. For every row:
 * one hash, and one look into a table. Thread safe. */
void ids_map_value(const struct ids_map *map, struct buffer *row, size_t start);

/* Appends what people must see beside a mapped value, of either side: " (target: 4712)". */
void ids_map_show(const struct ids_map *map, const struct value *value, struct buffer *out);

/* Appends the value as it was before ids_map_value(), where no pair stands for it: what another run
 * without these pairs would have seen. */
void ids_map_undo(const struct ids_map *map, const struct value *value, struct buffer *out);

#endif
