/*
 * Who of those that want a value of a unique key cannot have it. Input: claims (a mended row will
 * have the value), holders (a row of the table has it now), and which mended row takes a holder's
 * value away. Values are hashes: equal ones are the same to the key. Output: the mended rows that
 * must be left out so that no statement of the others is refused. Pure: knows no server.
 *
 * The order of statements is that of repair_table.h: what is not late (a DELETE, a row that steps
 * aside) frees its value before any claim is made; a late row (a plain UPDATE) frees and claims at
 * its turn, in the order of the rows' numbers, and before what is inserted.
 *
 * A row that is left out stays as it is, and keeps what it holds: that may leave out others. Of
 * several that claim one value the first has it. In the end none is left out that could be mended
 * beside the others as they are.
 *
 * Life: zero -> add* -> sort -> free_row* -> resolve -> has, find -> free. Time n log n.
 */
#ifndef TALLY_VERIFY_REPAIR_REFUSAL_H
#define TALLY_VERIFY_REPAIR_REFUSAL_H

#include "../diff/base/error.h"
#include "../diff/base/hash.h"

#include <stdbool.h>

#define REFUSALS_MOST 1000000u /* claims, and holders: some 50 bytes each */
#define NO_ROW UINT64_MAX

struct claim {
    struct hash128 value; /* of the key's number and what the key makes of the values */
    uint64_t number;      /* of the mended row */
    uint32_t key;
    bool late; /* made by an UPDATE, whether the row has stepped aside or not */
    bool many; /* several such rows are to be there */
};

struct holder {
    struct hash128 value, row; /* row: what the row is known by */
    uint64_t freed_by;         /* set by free_row; NO_ROW: it stays */
    uint32_t key;
    bool late;
};

enum refusal { REFUSED_BY_STAYING, REFUSED_BY_MENDED, REFUSED_BY_ITSELF };

struct refused {
    uint64_t number;
    uint32_t key;
    enum refusal why;
};

struct refusals {
    uint64_t rows;
    size_t claim_count, claim_room;
    struct claim *claims; /* by value, then number */
    size_t holder_count, holder_room;
    struct holder *holders; /* by row, each once */
    size_t freed_count;
    struct holder **by_freed; /* those that a mended row frees, by its number */
    size_t refused_count, refused_room, refused_done;
    struct refused *refused;   /* in the end by number */
    unsigned char *is_refused; /* a bit for each row */
};

/* False: there are too many. */
bool refusals_add_claim(struct refusals *all, const struct claim *claim) MUST_CHECK;
bool refusals_add_holder(struct refusals *all, const struct holder *holder) MUST_CHECK;

void refusals_sort(struct refusals *all);

/* The mended row with this number takes away the values that the row `row` holds in these keys (as
 * bits). */
void refusals_free_row(struct refusals *all, const struct hash128 *row, uint64_t keys,
                       uint64_t number, bool late);

void refusals_resolve(struct refusals *all);

bool refusals_has(const struct refusals *all, uint64_t number);
const struct refused *refusals_find(const struct refusals *all, uint64_t number); /* or NULL */
void refusals_free(struct refusals *all);

#endif
