/* See explain_values.h. */
#include "explain_values.h"

#include "cell_text.h"
#include "explain_pair.h"

#include "../diff/base/display.h"

#include <strings.h>

#define WIDTH 80

static const struct {
    const char *prefix;
    const struct engine *engine;
} prefixes[] = {{"mysql:", &engine_mysql},
                {"mariadb:", &engine_mysql},
                {"postgresql:", &engine_postgres},
                {"postgres:", &engine_postgres}};

bool explain_type(const char *text, enum side side, struct arena *arena, struct type *type,
                  const char **engine, struct err *err)
{
    static const struct engine *const usual[SIDES] = {&engine_mysql, &engine_postgres};
    struct err refused;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t length = strlen(prefixes[i].prefix);
        if (strncasecmp(text, prefixes[i].prefix, length) != 0)
            continue;
        *engine = prefixes[i].engine->name;
        return prefixes[i].engine->parse_type(text + length, arena, type, err);
    }
    for (int i = 0; i < SIDES; i++) {
        const struct engine *asked = usual[i == 0 ? side : side == SOURCE ? TARGET : SOURCE];
        *engine = asked->name;
        if (asked->parse_type(text, arena, type, &refused))
            return true;
    }
    return err_set(err, ERR_USAGE, "\"%s\" is a type of neither MySQL nor PostgreSQL", text);
}

/* ---- Options: written down as a rule of a mapping, which says what is wrong with them
 * ------------------------------------------------------------------------------------------ */

/* A YAML text in single quotes. */
static void add_quoted(struct buffer *out, const char *text)
{
    buffer_add_byte(out, '\'');
    for (; *text; text++) {
        buffer_add_byte(out, (unsigned char)*text);
        if (*text == '\'')
            buffer_add_byte(out, '\'');
    }
    buffer_add_byte(out, '\'');
}

static void add_option(struct buffer *out, const char *name, const char *value)
{
    if (!value)
        return;
    buffer_printf(out, "%s: ", name);
    add_quoted(out, value);
    buffer_add_text(out, ", ");
}

/* "abs:0.005" as {abs: '0.005'} */
static bool add_tolerance(struct buffer *out, const char *text, struct err *err)
{
    const char *colon = text ? strchr(text, ':') : NULL;
    if (!text)
        return true;
    size_t length = colon ? (size_t)(colon - text) : 0;
    if (!length || strspn(text, "abcdefghijklmnopqrstuvwxyz") != length)
        return err_set(err, ERR_USAGE, "--tolerance wants abs:N, digits:N, ulp:N or seconds:N");
    buffer_printf(out, "tolerance: {%.*s: ", (int)length, text);
    add_quoted(out, colon + 1);
    buffer_add_text(out, "}, ");
    return true;
}

static bool read_options(const struct explain_question *question, struct mapping *mapping,
                         struct err *err)
{
    struct buffer rule = BUFFER_INIT(1 << 16);
    buffer_add_text(&rule, "rules: [{");
    add_option(&rule, "kind", question->kind);
    add_option(&rule, "precision", question->precision);
    add_option(&rule, "separator", question->separator);
    if (question->side_zone[SOURCE] || question->side_zone[TARGET]) {
        buffer_add_text(&rule, "zone: {");
        for (int side = 0; side < SIDES; side++)
            add_option(&rule, side_name[side], question->side_zone[side]);
        buffer_add_text(&rule, "}, ");
    } else {
        add_option(&rule, "zone", question->zone);
    }
    add_option(&rule, "zero_date", question->zero_date_null ? "null" : NULL);
    add_option(&rule, "strip_zero_padding", question->strip_zero_padding ? "true" : NULL);
    add_option(&rule, "swapped", question->swapped ? "true" : NULL);
    bool ok = add_tolerance(&rule, question->tolerance, err);
    /* A rule without any option is refused; this one changes nothing. */
    buffer_add_text(&rule, "mask: 'false'}]");
    ok = ok && mapping_parse("the options", (const char *)rule.data, rule.length, mapping, err);
    buffer_free(&rule);
    return ok;
}

/* ---- The answer
 * ------------------------------------------------------------------------------------------ */

static void add_labelled(struct buffer *out, const char *label, const char *text)
{
    buffer_printf(out, "%-8s", label);
    display_add_wrapped(out, text, 8, 8, WIDTH);
}

struct answer {
    const struct explain_question *question;
    struct arena arena;
    struct mapping mapping;
    struct type type[SIDES];
    const char *engine[SIDES];
    struct canon canon;
    struct buffer bytes[SIDES];
    struct value values[SIDES];
};

static bool read_value(struct answer *answer, enum side side, struct err *err)
{
    struct cell cell;
    if (!cell_from_text(&answer->type[side], answer->question->value[side], &answer->arena, &cell,
                        err))
        return err_prefix(err, "%s", side_name[side]);
    canon_cell(&answer->canon, side, &cell, &answer->bytes[side]);
    const unsigned char *place = answer->bytes[side].data;
    return value_read(&place, place + answer->bytes[side].length, &answer->values[side]) ||
           err_set(err, ERR_USAGE, "%s: the value is too long", side_name[side]);
}

static bool fill(struct answer *answer, struct buffer *why, struct err *err)
{
    const struct explain_question *question = answer->question;
    for (int side = 0; side < SIDES; side++)
        if (!explain_type(question->type[side], (enum side)side, &answer->arena,
                          &answer->type[side], &answer->engine[side], err))
            return err_prefix(err, "--%s-type", side_name[side]);
    if (!read_options(question, &answer->mapping, err) ||
        !canon_choose(&answer->type[SOURCE], &answer->type[TARGET],
                      &answer->mapping.rules[0].options, &answer->canon, why, err))
        return false;
    for (int side = 0; side < SIDES && answer->canon.kind != KIND_NONE; side++)
        if (!read_value(answer, (enum side)side, err))
            return false;
    return true;
}

static void write_answer(const struct answer *answer, const char *why, struct buffer *out,
                         int *exit_code)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool verified = answer->canon.kind != KIND_NONE;
    for (int side = 0; side < SIDES; side++) {
        buffer_clear(&text);
        buffer_printf(&text, "%s (%s)", answer->type[side].name, answer->engine[side]);
        add_labelled(out, side_name[side], (const char *)text.data);
    }
    add_labelled(out, "kind", verified ? kind_name(answer->canon.kind) : "none: not verified");
    add_labelled(out, "rule", why);
    buffer_clear(&text);
    canon_describe_leniency(&answer->canon, &text);
    if (text.length)
        add_labelled(out, "lenient", (const char *)text.data);
    *exit_code = 2;
    if (verified) {
        buffer_add_byte(out, '\n');
        *exit_code = explain_pair(&answer->canon, answer->values, false, 0, out) ? 0 : 1;
    }
    buffer_free(&text);
}

bool explain_values(const struct explain_question *question, struct buffer *out, int *exit_code,
                    struct err *err)
{
    struct answer answer = {.question = question};
    struct buffer why = BUFFER_INIT(1 << 16);
    for (int side = 0; side < SIDES; side++)
        buffer_init(&answer.bytes[side], 1 << 30);
    bool ok = fill(&answer, &why, err);
    if (ok)
        write_answer(&answer, (const char *)why.data, out, exit_code);
    for (int side = 0; side < SIDES; side++)
        buffer_free(&answer.bytes[side]);
    buffer_free(&why);
    mapping_free(&answer.mapping);
    arena_free(&answer.arena);
    return ok;
}
