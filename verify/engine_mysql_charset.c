/*
 * Which texts a column's character set can hold. Input: the name of a MySQL collation, which begins
 * with that of its character set, and UTF-8. Output: yes or no, by the system's iconv tables; of a
 * character set that these lack, yes: under the file's sql_mode the server refuses what it cannot
 * convert.
 */
#include "engine_sql.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>

enum reach { REACH_ALL, REACH_BMP, REACH_ASCII, REACH_TABLE };

static const struct charset {
    const char *name; /* MySQL's */
    enum reach reach;
    const char *table; /* iconv's */
} charsets[] = {
    {"utf8mb4", REACH_ALL, NULL},
    {"utf16", REACH_ALL, NULL},
    {"utf16le", REACH_ALL, NULL},
    {"utf32", REACH_ALL, NULL},
    {"utf8", REACH_BMP, NULL},
    {"utf8mb3", REACH_BMP, NULL},
    {"ucs2", REACH_BMP, NULL},
    {"ascii", REACH_ASCII, NULL},
    {"latin1", REACH_TABLE, "CP1252"},
    {"latin2", REACH_TABLE, "ISO-8859-2"},
    {"latin5", REACH_TABLE, "ISO-8859-9"},
    {"latin7", REACH_TABLE, "ISO-8859-13"},
    {"greek", REACH_TABLE, "ISO-8859-7"},
    {"hebrew", REACH_TABLE, "ISO-8859-8"},
    {"cp1250", REACH_TABLE, "CP1250"},
    {"cp1251", REACH_TABLE, "CP1251"},
    {"cp1256", REACH_TABLE, "CP1256"},
    {"cp1257", REACH_TABLE, "CP1257"},
    {"cp850", REACH_TABLE, "CP850"},
    {"cp852", REACH_TABLE, "CP852"},
    {"cp866", REACH_TABLE, "CP866"},
    {"koi8r", REACH_TABLE, "KOI8-R"},
    {"koi8u", REACH_TABLE, "KOI8-U"},
    {"tis620", REACH_TABLE, "TIS-620"},
    {"gbk", REACH_TABLE, "GBK"},
    {"gb2312", REACH_TABLE, "EUC-CN"},
    {"big5", REACH_TABLE, "BIG5"},
    {"euckr", REACH_TABLE, "EUC-KR"},
    {"ujis", REACH_TABLE, "EUC-JP"},
    {"eucjpms", REACH_TABLE, "EUC-JP-MS"},
    {"sjis", REACH_TABLE, "SJIS"},
    {"cp932", REACH_TABLE, "CP932"},
};

static const struct charset *charset_of(const char *collation)
{
    size_t length = strcspn(collation, "_");
    for (size_t i = 0; i < sizeof charsets / sizeof *charsets; i++)
        if (strlen(charsets[i].name) == length && strncmp(charsets[i].name, collation, length) == 0)
            return &charsets[i];
    return NULL;
}

/* The five bytes that CP1252 leaves free are those control characters in MySQL's latin1. */
static bool is_free_byte(const char *table, const unsigned char *at, size_t left)
{
    return strcmp(table, "CP1252") == 0 && left >= 2 && at[0] == 0xc2 &&
           (at[1] == 0x81 || at[1] == 0x8d || at[1] == 0x8f || at[1] == 0x90 || at[1] == 0x9d);
}

static bool converts(const char *table, const unsigned char *text, size_t length)
{
    iconv_t converter = iconv_open(table, "UTF-8");
    char *at = (char *)(uintptr_t)text; /* iconv() does not write to it */
    size_t left = length;
    bool ok = true;
    if (converter == (iconv_t)-1) /* NOLINT(performance-no-int-to-ptr): its own error value */
        return true;
    while (left && ok) {
        char out[1024], *place = out;
        size_t room = sizeof out;
        if (iconv(converter, &at, &left, &place, &room) != (size_t)-1 || errno == E2BIG)
            continue;
        ok = is_free_byte(table, (const unsigned char *)at, left);
        at += 2;
        left -= ok ? 2 : 0;
    }
    iconv_close(converter);
    return ok;
}

bool engine_mysql_sql_fits_collation(const char *collation, const struct value *text,
                                     const char **why)
{
    const struct charset *charset = charset_of(collation);
    unsigned char most = 0;
    for (size_t i = 0; i < text->payload_length; i++)
        most = text->payload[i] > most ? text->payload[i] : most;
    if (most < 0x80 || !charset || charset->reach == REACH_ALL)
        return true;
    if (charset->reach == REACH_TABLE
            ? converts(charset->table, text->payload, text->payload_length)
            : charset->reach == REACH_BMP && most < 0xf0)
        return true;
    return engine_sql_no(why, "the column's character set lacks a character of it");
}
