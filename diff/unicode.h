/*
 * What Unicode says of two texts: are they the same in another normalisation form, in another case,
 * without their accents? Input: UTF-8. Wraps libunistring, which unicode.c alone includes.
 */
#ifndef TALLY_UNICODE_H
#define TALLY_UNICODE_H

#include <stdbool.h>
#include <stddef.h>

enum unicode_form {
    UNICODE_NFC,  /* composed */
    UNICODE_NFD,  /* decomposed */
    UNICODE_NFKC, /* composed, without compatibility characters: "ﬁ" is "fi" */
    UNICODE_FORMS
};

/* Is `to` the form of `from`? Both are UTF-8. */
bool unicode_is_form(enum unicode_form form, const void *from, size_t from_length, const void *to,
                     size_t to_length);

enum unicode_case { UNICODE_LOWER, UNICODE_UPPER, UNICODE_TITLE, UNICODE_FOLDED };

/* Is `to` what `from` becomes in that case (of no language)? UNICODE_FOLDED: are they the same but
 * for case? */
bool unicode_is_case(enum unicode_case form, const void *from, size_t from_length, const void *to,
                     size_t to_length);

/* Is `to` what is left of `from` without its combining marks: "Zurich" of "Zürich"? */
bool unicode_is_unaccented(const void *from, size_t from_length, const void *to, size_t to_length);

#endif
