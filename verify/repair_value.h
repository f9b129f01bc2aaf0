/*
 * A canonical value in the own form of the column that is to hold it: an instant as the local time
 * of a column without a zone, a uuid as the 16 bytes or the text that a column keeps it in, a set
 * as its members in a row. Input: how the pair of columns is compared (canon.h), the column's type,
 * a value of the other side. Output: a value of the tags that engine_sql.h takes for the type.
 * Pure; knows no SQL.
 *
 * Nothing is trusted to fit: what comes out is read back as the engine would hand it over, and has
 * to equal the value that went in.
 */
#ifndef TALLY_VERIFY_REPAIR_VALUE_H
#define TALLY_VERIFY_REPAIR_VALUE_H

#include "canon.h"

/*
 * Appends the value to `room` and makes *native a view of it there: valid until room changes.
 * False: the column cannot hold it, or nobody can say how it would be spelled; *why is a phrase.
 */
bool repair_value(const struct canon *canon, enum side side, const struct type *type,
                  const struct value *value, struct buffer *room, struct value *native,
                  const char **why) MUST_CHECK;

/* Does the canonical value tell everything about what a column of this type holds, so that two
 * unequal cells never have one canonical value, and a column may be written again from it? */
bool repair_value_is_whole(const struct canon *canon, enum side side, const struct type *type);

#endif
