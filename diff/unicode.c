/* See unicode.h. */
#include "unicode.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>
#include <unictype.h>

/* libunistring returns a new block, or NULL without memory, which counts as unlike. */
static bool is_same(uint8_t *made, size_t made_length, const void *to, size_t to_length)
{
    bool same = made && made_length == to_length && memcmp(made, to, to_length) == 0;
    free(made);
    return same;
}

bool unicode_is_form(enum unicode_form form, const void *from, size_t from_length, const void *to,
                     size_t to_length)
{
    uninorm_t forms[UNICODE_FORMS];
    size_t length = 0;
    forms[UNICODE_NFC] = UNINORM_NFC;
    forms[UNICODE_NFD] = UNINORM_NFD;
    forms[UNICODE_NFKC] = UNINORM_NFKC;
    uint8_t *made = u8_normalize(forms[form], from, from_length, NULL, &length);
    return is_same(made, length, to, to_length);
}

bool unicode_is_case(enum unicode_case form, const void *from, size_t from_length, const void *to,
                     size_t to_length)
{
    size_t length = 0;
    int order;
    switch (form) {
    case UNICODE_LOWER:
        return is_same(u8_tolower(from, from_length, NULL, NULL, NULL, &length), length, to,
                       to_length);
    case UNICODE_UPPER:
        return is_same(u8_toupper(from, from_length, NULL, NULL, NULL, &length), length, to,
                       to_length);
    case UNICODE_TITLE:
        return is_same(u8_totitle(from, from_length, NULL, NULL, NULL, &length), length, to,
                       to_length);
    case UNICODE_FOLDED:
        break;
    }
    return u8_casecmp(from, from_length, to, to_length, NULL, NULL, &order) == 0 && order == 0;
}

bool unicode_is_unaccented(const void *from, size_t from_length, const void *to, size_t to_length)
{
    size_t length = 0, kept = 0;
    uint8_t *made = u8_normalize(UNINORM_NFD, from, from_length, NULL, &length);
    if (!made)
        return false;
    for (size_t at = 0; at < length;) {
        ucs4_t code;
        int size = u8_mbtouc(&code, made + at, length - at);
        if (size <= 0)
            break;
        if (!uc_is_general_category(code, UC_CATEGORY_M)) {
            memmove(made + kept, made + at, (size_t)size);
            kept += (size_t)size;
        }
        at += (size_t)size;
    }
    bool same = is_same(made, kept, to, to_length); /* frees it */
    return same && kept < length;
}
