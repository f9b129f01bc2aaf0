/* Where the values come from that a script sends. See reproduce_parts.h. */
#include "mask.h"
#include "reproduce_parts.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#define FOLLOWERS_MOST 6 /* requests in which a redirect's place is looked for */

static bool all_digits(const char *text)
{
    return *text && !text[strspn(text, "0123456789")];
}

static const char *id_pattern(const char *logged)
{
    return all_digits(logged) ? "[0-9]+" : "[^/?#&\"<> ]+";
}

/* The Location of the recorded answer, or the target of a request that followed it: the place where
 * the logged id stands in it. */
static bool find_redirect(struct script *script, const struct reproduce_value *value,
                          const char *logged, struct buffer *out)
{
    const struct reproduce_plan *plan = script->plan;
    size_t tried = 0;
    for (size_t i = 0; i < plan->session_count && tried < FOLLOWERS_MOST; i++) {
        const struct logged *other = &plan->session[i]->logged;
        struct slice target = other->target;
        struct token_parts parts;
        if (plan->session[i]->number < value->from)
            continue;
        if (plan->session[i]->number == value->from) {
            const char *path = other->location ? strstr(other->location, "://") : NULL;
            path = path ? strchr(path + 3, '/') : other->location;
            if (!path)
                continue;
            target = slice_of(path);
        }
        tried++;
        token_parts_init(&parts, &script->arena);
        token_walk_target(&parts, target, true);
        for (size_t k = 0; k < parts.count; k++) {
            const struct token_part *part = &parts.items[k];
            if (strcmp(part->value, logged) != 0)
                continue;
            if (part->place == PLACE_PATH) {
                reproduce_use(script, HELP_SEGMENT);
                buffer_printf(out, "segment %llu %u ", (unsigned long long)value->from,
                              part->index);
                reproduce_quote_text(out, id_pattern(logged));
            } else {
                reproduce_use(script, HELP_ARGUMENT);
                buffer_printf(out, "argument %llu ", (unsigned long long)value->from);
                reproduce_quote_text(out, part->name);
            }
            token_parts_free(&parts);
            return true;
        }
        token_parts_free(&parts);
    }
    return false;
}

struct before {
    const unsigned char *part;
    const unsigned char *end; /* of the last secret before it; NULL: there is none */
};

static void note_secret(void *context, const struct mask_secret *secret)
{
    struct before *before = context;
    if (secret->value.at < before->part)
        before->end = secret->value.at + secret->value.length;
}

/* Links to what the id is of: the bytes of the logged target before it, as far as a secret. */
static void add_link(struct script *script, const struct reproduce_step *step,
                     const struct reproduce_value *value, const struct token_part *part,
                     const char *logged)
{
    struct buffer *out = &script->steps, pattern = BUFFER_INIT(BUFFER_NO_LIMIT);
    const struct slice target = step->exchange->logged.target;
    reproduce_use(script, HELP_LINK);
    if (part && (part->place == PLACE_PATH || part->place == PLACE_QUERY)) {
        struct before before = {.part = target.at + part->from};
        size_t from = part->from;
        mask_each(target, note_secret, &before);
        while (from && target.at + from != before.end && !strchr("?&", target.at[from - 1]) &&
               part->from - from < 60)
            from--;
        reproduce_pattern(&pattern, target.at + from, part->from - from);
    } else {
        buffer_add_text(&pattern, "href=[^> ]*/");
    }
    buffer_add_text(&pattern, id_pattern(logged));
    buffer_printf(out, "newest %llu ", (unsigned long long)value->from);
    reproduce_quote_text(out, (const char *)pattern.data);
    buffer_add_byte(out, ' ');
    buffer_clear(&pattern);
    buffer_printf(&pattern, "%s$", id_pattern(logged));
    reproduce_quote_text(out, (const char *)pattern.data);
    buffer_free(&pattern);
}

/* Names of meta elements whose value is sent in a header: token_read.c. */
static const char *meta_pattern(struct script *script, const char *header)
{
    const char *word = strncasecmp(header, "X-", 2) == 0 ? header + 2 : header;
    const char *part = strcasestr(header, "xsrf")           ? "xsrf"
                       : strcasestr(header, "verification") ? "verification"
                       : strcasestr(header, "csrf")         ? "(csrf|token)"
                                                            : NULL;
    if (!part)
        return arena_format(&script->arena, "\\Q%s\\E", word);
    return arena_format(&script->arena,
                        "(?![^\"'> ]*(param|header|name|field))[^\"'> ]*%s[^\"'> ]*", part);
}

/* Cookies that are sent back in a header: the header's name without X-, in lower case. */
static const char *cookie_pattern(struct script *script, const char *header)
{
    char *word =
        arena_copy(&script->arena, strncasecmp(header, "X-", 2) == 0 ? header + 2 : header);
    for (char *at = word; *at; at++)
        *at = isalnum((unsigned char)*at) ? (char)tolower((unsigned char)*at) : '.';
    return strcmp(word, "csrftoken") == 0 || strcmp(word, "csrf.token") == 0 ? "csrf[-_]?token"
                                                                             : word;
}

/* A value that no answer of the script gives: the side's own, or a variable to fill in. */
static void add_unknown(struct script *script, const struct reproduce_step *step,
                        const struct reproduce_value *value)
{
    static const char *const names[SIDES] = {"SOURCE", "TARGET"};
    const struct reproduce_plan *plan = script->plan;
    unsigned number = ++script->secrets;
    buffer_add_text(&script->head, "# ");
    reproduce_plain(&script->head, value->where, strlen(value->where));
    buffer_printf(&script->head,
                  " of request %llu: no answer of this session gives it. Each side's own:\n",
                  (unsigned long long)step->exchange->number);
    for (int side = 0; side < (plan->one_side ? 1 : SIDES); side++) {
        if (value->masked) {
            buffer_printf(&script->head, ": \"${%s_VALUE_%u:?fill in the ", names[side], number);
            reproduce_words(&script->head, value->where);
            buffer_printf(&script->head, " that the %s wants}\"\n", side_name[side]);
        } else {
            buffer_printf(&script->head, "%s_VALUE_%u=${%s_VALUE_%u-", names[side], number,
                          names[side], number);
            reproduce_quote_text(&script->head, value->value[side]);
            buffer_add_text(&script->head, "}\n");
        }
    }
    reproduce_use(script, HELP_OWN);
    buffer_printf(&script->steps, "own \"${SOURCE_VALUE_%u-}\" \"${TARGET_VALUE_%u-}\"", number,
                  number);
}

/* A step's value becomes a variable; returns its number. logged: as the log has it, or "". */
static const struct taken *find_taken(const struct script *script,
                                      const struct reproduce_value *value, const char *logged)
{
    for (size_t i = 0; i < script->taken_count; i++) {
        const struct taken *taken = &script->taken[i];
        const struct reproduce_value *other = taken->value;
        if (value->from && other->from == value->from && other->given == value->given &&
            strcmp(other->given_name, value->given_name) == 0 && strcmp(taken->logged, logged) == 0)
            return taken;
    }
    return NULL;
}

unsigned reproduce_take_value(struct script *script, const struct reproduce_step *step,
                              const struct reproduce_value *value, const struct token_part *part)
{
    struct buffer *out = &script->steps;
    unsigned long long from = value->from;
    const char *logged = part ? part->value : "";
    const struct taken *taken = find_taken(script, value, logged);
    if (taken)
        return taken->id;
    unsigned number = ++script->values;
    enum given given = from ? value->given : GIVEN_UNKNOWN;
    size_t begin = out->length;
    buffer_printf(out, "\tvalue_%u=$(", number);
    switch (given) {
    case GIVEN_FIELD:
        reproduce_use(script, HELP_FIELD);
        buffer_printf(out, "field %llu ", from);
        reproduce_quote_text(out, value->given_name);
        buffer_printf(out, " %s", (const char *)script->path.data);
        break;
    case GIVEN_META:
        reproduce_use(script, HELP_META);
        buffer_printf(out, "meta %llu ", from);
        reproduce_quote_text(out, meta_pattern(script, value->given_name));
        break;
    case GIVEN_COOKIE:
        reproduce_use(script, HELP_COOKIE);
        buffer_printf(out, "cookie %llu ", from);
        reproduce_quote_text(out, cookie_pattern(script, value->given_name));
        break;
    case GIVEN_MEMBER:
        reproduce_use(script, HELP_MEMBER);
        buffer_printf(out, "member %llu ", from);
        reproduce_quote_text(out, value->given_name);
        break;
    case GIVEN_CREATED:
        reproduce_use(script, HELP_CREATED);
        buffer_printf(out, "created %llu", from);
        break;
    case GIVEN_LINK:
        add_link(script, step, value, part, logged);
        break;
    case GIVEN_REDIRECT:
        if (find_redirect(script, value, logged, out))
            break;
        out->length = begin; /* where it stands cannot be told */
        buffer_printf(out, "\tvalue_%u=$(", number);
        add_unknown(script, step, value);
        break;
    default:
        add_unknown(script, step, value);
    }
    buffer_add_text(out, ")\n");
    if (script->taken_count < sizeof script->taken / sizeof *script->taken)
        script->taken[script->taken_count++] = (struct taken){value, logged, number};
    return number;
}

/* A secret of the log: a variable with its value, or one to fill in. */
unsigned reproduce_take_secret(struct script *script, const struct reproduce_step *step,
                               const char *where, const char *value)
{
    unsigned number = ++script->secrets;
    unsigned long long line = step->exchange->logged.line;
    if (script->plan->keep_secrets) {
        buffer_printf(&script->head, "# ");
        reproduce_plain(&script->head, where, strlen(where));
        buffer_printf(&script->head, " of line %llu.\nSECRET_%u=${SECRET_%u-", line, number,
                      number);
        reproduce_quote_text(&script->head, value);
        buffer_add_text(&script->head, "}\n");
    } else {
        buffer_printf(&script->head, ": \"${SECRET_%u:?fill in the ", number);
        reproduce_words(&script->head, where);
        buffer_printf(&script->head, " of line %llu}\"\n", line);
    }
    return number;
}
