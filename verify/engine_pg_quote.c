/*
 * Names and texts as PostgreSQL's SQL writes them. Input: any text without zero bytes. Output: one
 * token of SQL, whatever the text holds.
 */
#include "engine_pg.h"

void engine_pg_quote_name(struct buffer *out, const char *name)
{
    buffer_add_byte(out, '"');
    for (; *name; name++) {
        if (*name == '"')
            buffer_add_byte(out, '"');
        buffer_add_byte(out, (unsigned char)*name);
    }
    buffer_add_byte(out, '"');
}

void engine_pg_quote_table(struct buffer *out, const char *schema, const char *name)
{
    engine_pg_quote_name(out, schema);
    buffer_add_byte(out, '.');
    engine_pg_quote_name(out, name);
}

void engine_pg_quote_text(struct buffer *out, const char *text)
{
    if (strchr(text, '\\'))
        buffer_add_byte(out, 'E');
    buffer_add_byte(out, '\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            buffer_add_byte(out, (unsigned char)*text);
        buffer_add_byte(out, (unsigned char)*text);
    }
    buffer_add_byte(out, '\'');
}

void engine_pg_add_names(struct buffer *list, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buffer_add_text(list, i ? ",\"" : "{\"");
        for (const char *c = names[i]; *c; c++) {
            if (*c == '"' || *c == '\\')
                buffer_add_byte(list, '\\');
            buffer_add_byte(list, (unsigned char)*c);
        }
        buffer_add_byte(list, '"');
    }
    buffer_add_text(list, count ? "}" : "{}");
}
