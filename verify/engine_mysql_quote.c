/*
 * Names and texts as MySQL's SQL writes them. Input: any text without zero bytes. Output: one token
 * of SQL, whatever the text holds.
 */
#include "engine_mysql.h"

static void quote(struct buffer *out, const char *text, char mark)
{
    buffer_add_byte(out, (unsigned char)mark);
    for (; *text; text++) {
        if (*text == mark || (mark == '\'' && *text == '\\'))
            buffer_add_byte(out, (unsigned char)*text);
        buffer_add_byte(out, (unsigned char)*text);
    }
    buffer_add_byte(out, (unsigned char)mark);
}

void engine_mysql_quote_name(struct buffer *out, const char *name)
{
    quote(out, name, '`');
}

/* The pinned sql_mode lets a backslash escape; the connection is UTF-8, so bytes cannot be
 * mistaken. */
void engine_mysql_quote_text(struct buffer *out, const char *text)
{
    quote(out, text, '\'');
}

void engine_mysql_quote_table(struct buffer *out, const char *database, const char *name)
{
    engine_mysql_quote_name(out, database);
    buffer_add_text(out, ".");
    engine_mysql_quote_name(out, name);
}
