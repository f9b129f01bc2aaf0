/*
 * What sort of value differs: a date, a price, a form's token … Input: what was and what is, and
 * the name they stand under. Output: a class. Pure; knows nothing of trees or reports. A class is a
 * guess for grouping and for people; no verdict depends on it.
 *
 *     "td.price", "10.50", "10.5"                       -> money
 *     "p", "Posted 3 minutes ago", "Posted 1 hour ago"  -> relative time
 *     "input @value" of name _token, "8f3a…", "77ce…"   -> token
 */
#ifndef TALLY_VALUE_CLASS_H
#define TALLY_VALUE_CLASS_H

#include "tree_diff.h"

enum value_class {
    CLASS_TEXT, /* nothing below */
    CLASS_TIMESTAMP,
    CLASS_RELATIVE_TIME,
    CLASS_DATE,
    CLASS_MONEY,
    CLASS_NUMBER,
    CLASS_UUID,
    CLASS_SESSION_ID,
    CLASS_TOKEN,
    CLASS_HASH,
    CLASS_SORTING,
    VALUE_CLASSES
};
extern const char *const value_class_name[VALUE_CLASSES]; /* "text", "timestamp", … */

/*
 * The class that both values share. A side without a value (NULL: inserted or deleted) says
 * nothing, and the other's class counts. name: the path, key, header or field that holds them, or
 * NULL; its words decide where values look alike (price, csrf, session, created_at). Where only a
 * part of the texts differs, the part decides with what belongs to it.
 */
enum value_class value_class_of(enum diff_kind kind, const char *name, const char *source,
                                size_t source_length, const char *target, size_t target_length);

/* The class of one whole value. */
enum value_class value_class_of_text(const char *name, const char *text, size_t length);

#endif
