/*
 * Secrets out of a pair of answers. Input: values to be hidden, and bytes. Output: the bytes with a
 * mark in place of each value, however it is spelt. For pair.c, and for who shows parts of what a
 * pair is made of.
 */
#ifndef TALLY_PAIR_SECRET_H
#define TALLY_PAIR_SECRET_H

#include "pair.h"

struct pair_hider; /* what is looked for on one side */

/* secrets are borrowed. Those of pairs and of Set-Cookie fields of both sides. */
struct pair_hider *pair_hider_new(const struct pair *pair, const struct pair_secrets *secrets,
                                  enum side side);
void pair_hider_free(struct pair_hider *hider); /* NULL is fine */

/* Appends the bytes with marks, as far as the first `most` of them go. A secret that begins before
 * that place and ends behind it is hidden, too. */
void pair_hide(const struct pair_hider *hider, const void *bytes, size_t length, size_t most,
               struct buffer *out);
/* The same of a field's value; what it holds by its name is hidden whole. */
void pair_hide_field(const struct pair_hider *hider, const struct pair_field *field, size_t most,
                     struct buffer *out);

#endif
