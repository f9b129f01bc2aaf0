/*
 * The script of reproduce.h. Every text of the log stands in single quotes, or in $'…' where it has
 * control characters, so that the shell reads it as it is; comments hold no line break. Functions
 * that the script does not use are left out.
 */
#include "mask.h"
#include "reproduce_parts.h"

#include "../diff/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define WORD_MOST 60000 /* bytes of a body that is an argument; a longer one is a file */

/* ---- a message's bytes ---- */

/* A part of a message that is a variable. */
struct blank {
    size_t from, length;
    enum token_place place;
    bool number; /* JSON: not in quotes */
    bool wire;   /* as on the wire */
    const char *prefix;
    unsigned id; /* of the variable */
};

static void add_blank(struct script *script, const struct blank *blank, struct buffer *out)
{
    bool raw = blank->place == PLACE_HEADER || blank->place == PLACE_MULTIPART || blank->number ||
               blank->wire;
    if (raw) {
        buffer_printf(out, "\"$%s%u\"", blank->prefix, blank->id);
        return;
    }
    bool json = blank->place == PLACE_JSON;
    reproduce_use(script, json ? HELP_JSON : HELP_URL);
    buffer_printf(out, "\"$(%s \"$%s%u\")\"", json ? "json" : "url", blank->prefix, blank->id);
}

/* One word of the shell: literal bytes and variables. */
static void add_word(struct script *script, struct slice text, const struct blank *blanks,
                     size_t count, struct buffer *out)
{
    size_t from = 0;
    for (size_t i = 0; i < count; i++) {
        if (blanks[i].from > from)
            reproduce_quote(out, text.at + from, blanks[i].from - from);
        add_blank(script, &blanks[i], out);
        from = blanks[i].from + blanks[i].length;
    }
    if (from < text.length || !text.length)
        reproduce_quote(out, text.at + from, text.length - from);
}

/* A format of printf that gives these bytes. */
static void add_format(struct buffer *out, const unsigned char *text, size_t length)
{
    buffer_add_text(out, "\t\tprintf -- '");
    for (size_t i = 0; i < length; i++)
        if (text[i] == '%')
            buffer_add_text(out, "%%");
        else if (text[i] < ' ' || text[i] >= 0x7f || text[i] == '\\' || text[i] == '\'')
            buffer_printf(out, "\\%03o", text[i]);
        else
            buffer_add_byte(out, text[i]);
    buffer_add_text(out, "'\n");
}

/* The same as a file, for bytes that no argument can hold. Returns its number. */
static unsigned write_file(struct script *script, struct slice text, const struct blank *blanks,
                           size_t count)
{
    unsigned number = ++script->files;
    struct buffer *out = &script->steps;
    size_t from = 0;
    buffer_add_text(out, "\t{\n");
    for (size_t i = 0; i <= count; i++) {
        size_t end = i < count ? blanks[i].from : text.length;
        if (end > from)
            add_format(out, text.at + from, end - from);
        if (i == count)
            break;
        buffer_add_text(out, "\t\tprintf '%s' ");
        add_blank(script, &blanks[i], out);
        buffer_add_byte(out, '\n');
        from = blanks[i].from + blanks[i].length;
    }
    buffer_printf(out, "\t} >\"$work/$side.sent.%u\"\n", number);
    return number;
}

/* ---- a request ---- */

/* One request while it is written. */
struct request_text {
    struct script *script;
    const struct reproduce_step *step;
    struct token_parts parts[2]; /* of target and body */
    struct blank *blanks[2];
    size_t count[2];
};

static void fill_blank(struct request_text *text, int message, const struct token_part *part)
{
    struct script *script = text->script;
    const struct reproduce_step *step = text->step;
    const char *where = token_where(part, &script->arena);
    struct blank *blank = &text->blanks[message][text->count[message]];
    *blank = (struct blank){
        .from = part->from, .length = part->length, .place = part->place, .number = part->number};
    for (size_t i = 0; i < step->value_count; i++)
        if (strcmp(step->values[i].where, where) == 0) {
            blank->prefix = "value_";
            blank->id = reproduce_take_value(script, step, &step->values[i], part);
            text->count[message]++;
            return;
        }
    if (message == 0 || !*part->value ||
        !(mask_is_secret(slice_of(part->name)) || secret_looks(part->value, strlen(part->value))))
        return; /* of the target's: add_secret() */
    blank->prefix = "SECRET_";
    blank->id = reproduce_take_secret(script, step, where, part->value);
    text->count[message]++;
}

/* A secret of the target that is not each side's own: what the log has there. */
static void add_secret(void *context, const struct mask_secret *secret)
{
    struct request_text *text = context;
    struct script *script = text->script;
    const unsigned char *target = text->step->exchange->logged.target.at;
    size_t from = (size_t)(secret->value.at - target), at = 0, length = secret->value.length;
    struct blank *blanks = text->blanks[0];
    const char *name = arena_copy_bytes(&script->arena, secret->name.at, secret->name.length);
    const char *where = !secret->name.length
                            ? arena_format(&script->arena, "path %u", secret->segment)
                        : secret->segment ? arena_format(&script->arena, "parameter %s", name)
                                          : arena_format(&script->arena, "query %s", name);
    while (at < text->count[0] && blanks[at].from < from)
        at++;
    if ((at < text->count[0] && blanks[at].from < from + length) ||
        (at && blanks[at - 1].from + blanks[at - 1].length > from))
        return;
    memmove(blanks + at + 1, blanks + at, (text->count[0]++ - at) * sizeof *blanks);
    blanks[at] = (struct blank){.from = from, .length = length, .wire = true, .prefix = "SECRET_"};
    blanks[at].id = reproduce_take_secret(
        script, text->step, where,
        arena_copy_bytes(&script->arena, secret->value.at, secret->value.length));
}

static void count_secret(void *context, const struct mask_secret *secret)
{
    (void)secret;
    ++*(size_t *)context;
}

/* The path with the side's own values, as far as they are known: a form that leads there is looked
 * for by it. */
static void set_path(struct request_text *text)
{
    struct slice path = text->step->exchange->logged.target;
    size_t length = 0, count = 0;
    while (length < path.length && path.at[length] != '?' && path.at[length] != '#')
        length++;
    path.length = length;
    while (count < text->count[0] && text->blanks[0][count].from < length)
        count++;
    buffer_clear(&text->script->path);
    add_word(text->script, path, text->blanks[0], count, &text->script->path);
}

static void fill_blanks(struct request_text *text)
{
    const struct logged *logged = &text->step->exchange->logged;
    struct arena *arena = &text->script->arena;
    for (int message = 0; message < 2; message++)
        token_parts_init(&text->parts[message], arena);
    token_walk_target(&text->parts[0], logged->target, true);
    token_walk_body(&text->parts[1], token_body_kind(logged->content_type, logged->body),
                    logged->content_type, logged->body);
    size_t secrets = 0;
    mask_each(logged->target, count_secret, &secrets);
    for (int message = 0; message < 2; message++) {
        const struct token_parts *parts = &text->parts[message];
        text->blanks[message] =
            arena_alloc(arena, (parts->count + secrets + 1) * sizeof *text->blanks[message]);
        set_path(text);
        for (size_t i = 0; i < parts->count; i++)
            fill_blank(text, message, &parts->items[i]);
        if (message == 0)
            mask_each(logged->target, add_secret, text);
    }
}

/* In a comment; nothing of the log may end it. */
static void add_request(struct buffer *out, const struct logged *logged,
                        const struct buffer *target)
{
    reproduce_plain(out, logged->method, strlen(logged->method));
    buffer_add_byte(out, ' ');
    reproduce_plain(out, target->data, target->length);
}

static void add_header(struct buffer *out, const char *name, const char *value)
{
    struct buffer field = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_printf(&field, "%s: %s", name, value);
    buffer_add_text(out, " \\\n\t\t-H ");
    reproduce_quote(out, field.data, field.length);
    buffer_free(&field);
}

/* A header whose value is a variable. */
static void add_variable(struct buffer *out, const char *name, const char *before,
                         const char *prefix, unsigned id)
{
    struct buffer field = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_printf(&field, "%s: %s", name, before);
    buffer_add_text(out, " \\\n\t\t-H ");
    reproduce_quote(out, field.data, field.length);
    buffer_printf(out, "\"$%s%u\"", prefix, id);
    buffer_free(&field);
}

/* Headers of the connection, of the jar, and what curl decodes. */
static bool is_left_out(const char *name)
{
    static const char *const names[] = {"Cookie",
                                        "Host",
                                        "Content-Length",
                                        "Connection",
                                        "Transfer-Encoding",
                                        "Expect",
                                        "Accept-Encoding",
                                        "If-None-Match",
                                        "If-Modified-Since"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

static const struct reproduce_value *header_value(const struct reproduce_step *step,
                                                  const char *name)
{
    for (size_t i = 0; i < step->value_count; i++)
        if (strncmp(step->values[i].where, "header ", 7) == 0 &&
            strcasecmp(step->values[i].where + 7, name) == 0)
            return &step->values[i];
    return NULL;
}

static const char *bearer_of(const char *name)
{
    return strcasecmp(name, "Authorization") == 0 ? "Bearer " : "";
}

/* Does a header's value hold a secret, as a link or as "a=1; token=…"? */
static bool holds_secret(const char *value)
{
    struct buffer pairs = BUFFER_INIT(BUFFER_NO_LIMIT);
    size_t secrets = 0;
    buffer_add_byte(&pairs, '?');
    buffer_add_text(&pairs, value);
    mask_each(slice_of(value), count_secret, &secrets);
    mask_each((struct slice){pairs.data, pairs.length}, count_secret, &secrets);
    buffer_free(&pairs);
    return secrets > 0;
}

/* Referer and Origin name the side's own host where they name production's. */
static bool add_origin(struct request_text *text, const struct field *field, struct buffer *out)
{
    const struct reproduce_plan *plan = text->script->plan;
    bool referer = strcasecmp(field->name, "Referer") == 0;
    const char *host = strstr(field->value, "://"), *production = plan->production;
    if (!host || (!referer && strcasecmp(field->name, "Origin") != 0))
        return false;
    size_t length = strcspn(host + 3, "/?#:");
    if (production && (strlen(production) != length || strncasecmp(host + 3, production, length)))
        return false;
    buffer_printf(out, " \\\n\t\t-H \"%s: $url\"", referer ? "Referer" : "Origin");
    host += 3 + strcspn(host + 3, "/?#");
    if (referer && holds_secret(host))
        buffer_printf(out, "\"$SECRET_%u\"",
                      reproduce_take_secret(text->script, text->step, "path of the Referer", host));
    else if (referer && *host)
        reproduce_quote_text(out, host);
    return true;
}

static void add_headers(struct request_text *text, struct buffer *out)
{
    const struct reproduce_step *step = text->step;
    const struct logged *logged = &step->exchange->logged;
    for (size_t i = 0; i < logged->headers.count; i++) {
        const struct field *field = &logged->headers.items[i];
        bool secret = strcasecmp(field->name, "Authorization") == 0 ||
                      mask_is_secret(slice_of(field->name)) || holds_secret(field->value);
        if (is_left_out(field->name) || header_value(step, field->name))
            continue;
        if (add_origin(text, field, out))
            continue;
        if (secret)
            add_variable(out, field->name, "", "SECRET_",
                         reproduce_take_secret(text->script, step, field->name, field->value));
        else
            add_header(out, field->name, field->value);
    }
    if (logged->content_type && *logged->content_type &&
        !fields_find(&logged->headers, "Content-Type"))
        add_header(out, "Content-Type", logged->content_type);
    for (size_t i = 0; i < step->value_count; i++) {
        const struct reproduce_value *value = &step->values[i];
        if (strncmp(value->where, "header ", 7) == 0)
            add_variable(out, value->where + 7, bearer_of(value->where + 7), "value_",
                         reproduce_take_value(text->script, step, value, NULL));
    }
}

/* curl would send a form's type for any body. */
static void add_body(struct request_text *text, struct buffer *out)
{
    const struct logged *logged = &text->step->exchange->logged;
    const struct slice body = logged->body;
    enum token_body kind = token_body_kind(logged->content_type, body);
    struct buffer shown = BUFFER_INIT(BUFFER_NO_LIMIT);
    bool known = kind != BODY_NONE && text->parts[1].count;
    if (!body.at)
        return;
    if (!fields_find(&logged->headers, "Content-Type") &&
        !(logged->content_type && *logged->content_type)) {
        if (kind == BODY_JSON)
            add_header(out, "Content-Type", "application/json");
        else if (kind != BODY_FORM)
            buffer_add_text(out, " \\\n\t\t-H 'Content-Type:'");
    }
    if (!known && mask_body(&shown, body) != MASK_CLEAN && !text->script->plan->keep_secrets) {
        buffer_printf(out, " \\\n\t\t--data-raw \"$SECRET_%u\"",
                      reproduce_take_secret(text->script, text->step, "body", ""));
    } else if (body.length > WORD_MOST || memchr(body.at, '\0', body.length)) {
        unsigned file = write_file(text->script, body, text->blanks[1], text->count[1]);
        buffer_printf(out, " \\\n\t\t--data-binary \"@$work/$side.sent.%u\"", file);
    } else {
        buffer_add_text(out, " \\\n\t\t--data-raw ");
        add_word(text->script, body, text->blanks[1], text->count[1], out);
    }
    buffer_free(&shown);
}

static void add_step(struct script *script, const struct reproduce_step *step)
{
    const struct logged *logged = &step->exchange->logged;
    struct request_text text = {.script = script, .step = step};
    struct buffer call = BUFFER_INIT(BUFFER_NO_LIMIT), shown = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct buffer *out = &script->steps;
    (void)mask_target(&shown, logged->target);
    buffer_printf(out, "\n\t# %llu, line %llu: ", (unsigned long long)step->exchange->number,
                  (unsigned long long)logged->line);
    add_request(out, logged, &shown);
    if (logged->status)
        buffer_printf(out, ", answered %d in the log", logged->status);
    buffer_add_byte(out, '\n');
    script->taken_count = 0;
    for (size_t i = 0; i < step->seeds.count; i++) {
        reproduce_use(script, HELP_SEED);
        buffer_add_text(out, "\tseed ");
        reproduce_quote_text(out, step->seeds.items[i].name);
        buffer_add_byte(out, ' ');
        reproduce_quote_text(out, step->seeds.items[i].value);
        buffer_add_byte(out, '\n');
    }
    fill_blanks(&text);
    buffer_printf(&call, "\task %llu ", (unsigned long long)step->exchange->number);
    reproduce_quote_text(&call, logged->method);
    buffer_add_byte(&call, ' ');
    add_word(script, logged->target, text.blanks[0], text.count[0], &call);
    add_headers(&text, &call);
    add_body(&text, &call);
    buffer_add(out, call.data, call.length);
    buffer_add_byte(out, '\n');
    token_parts_free(&text.parts[0]);
    token_parts_free(&text.parts[1]);
    buffer_free(&call);
    buffer_free(&shown);
}

/* ---- the whole ---- */

static void add_introduction(const struct reproduce_plan *plan, struct buffer *out)
{
    const struct reproduce_step *last = &plan->steps[plan->step_count - 1];
    const struct logged *logged = &last->exchange->logged;
    struct buffer shown = BUFFER_INIT(BUFFER_NO_LIMIT);
    (void)mask_target(&shown, logged->target);
    buffer_printf(out,
                  "#!/usr/bin/env bash\n# shellcheck disable=SC2016 # texts of the log stand as "
                  "they are\n# The way to request %llu of a replay, ",
                  (unsigned long long)last->exchange->number);
    add_request(out, logged, &shown);
    buffer_printf(out, ",\n# line %llu of ", (unsigned long long)logged->line);
    reproduce_plain(out, logged->file ? logged->file : "", logged->file ? strlen(logged->file) : 0);
    buffer_printf(out, ", as tally-replay %s found it in ", TALLY_VERSION);
    reproduce_plain(out, plan->ledger, strlen(plan->ledger));
    buffer_add_text(out, ".\n#\n# It sends what stands below to SOURCE_URL and TARGET_URL: copies, "
                         "never production. Both answers stay in\n# a folder, $work. curl keeps no "
                         "cookie that is for another host, nor a Secure one that came by http.\n");
    if (plan->left_out) {
        buffer_printf(out,
                      "# %zu earlier request%s of the session gave nothing that this one was sent, "
                      "and %s left out",
                      plan->left_out, plan->left_out == 1 ? "" : "s",
                      plan->left_out == 1 ? "is" : "are");
        size_t most = sizeof plan->write_lines / sizeof *plan->write_lines;
        for (size_t i = 0; i < plan->writes_left_out && i < most; i++)
            buffer_printf(out, "%s%llu", i ? ", " : ";\n# of these, what changes something: line ",
                          (unsigned long long)plan->write_lines[i]);
        buffer_add_text(out, plan->writes_left_out > most ? ", ...\n" : ".\n");
    }
    if (plan->steps[0].exchange->logged.began_before)
        buffer_add_text(out,
                        "# The session began before the log: log in first, and put the cookies "
                        "into $work/source.cookies.\n");
    buffer_free(&shown);
}

static void add_urls(const struct reproduce_plan *plan, struct buffer *out)
{
    static const char *const names[SIDES] = {"SOURCE", "TARGET"};
    const char *tenant = plan->steps[plan->step_count - 1].exchange->logged.tenant;
    buffer_add_text(out, "set -u\nexport LC_ALL=C\n");
    for (int side = 0; side < (plan->one_side ? 1 : SIDES); side++) {
        size_t length = plan->url[side] ? strlen(plan->url[side]) : 0;
        while (length && plan->url[side][length - 1] == '/')
            length--;
        if (plan->url[side]) {
            buffer_printf(out, "%s_URL=${%s_URL-", names[side], names[side]);
            reproduce_quote(out, plan->url[side], length);
            buffer_add_text(out, "}\n");
        } else {
            buffer_printf(out, ": \"${%s_URL:?fill in the URL of tenant ", names[side]);
            reproduce_words(out, tenant ? tenant : "");
            buffer_add_text(out, "}\"\n");
        }
        if (plan->host[side]) {
            buffer_printf(out, "%s_HOST=${%s_HOST-", names[side], names[side]);
            reproduce_quote_text(out, plan->host[side]);
            buffer_add_text(out, "}\n");
        }
    }
}

static const char ask[] =
    "\nwork=${WORK:-$(mktemp -d)}\n"
    "# ask NUMBER METHOD TARGET [OPTION...]: one request of this side, with its cookies; head and "
    "body of the answer are\n# kept.\n"
    "ask() {\n"
    "\tlocal number=$1 method=$2 target=$3\n"
    "\tshift 3\n"
    "\t[[ $method != HEAD ]] || set -- --head \"$@\"\n"
    "\t[[ -z $name ]] || set -- -H \"Host: $name\" \"$@\"\n"
    "\tcurl -sS -g --path-as-is --max-time 120 -b \"$work/$side.cookies\" -c "
    "\"$work/$side.cookies\" -X \"$method\" \\\n"
    "\t\t-D \"$work/$side.$number.head\" -o \"$work/$side.$number.body\" -w \"$side $number: "
    "%{http_code} $method ${target//%/%%}\\n\" \\\n"
    "\t\t\"$@\" \"$url$target\"\n"
    "}\n";

static void add_end(const struct reproduce_plan *plan, struct buffer *out)
{
    unsigned long long number = plan->steps[plan->step_count - 1].exchange->number;
    buffer_add_text(out, "play source \"$SOURCE_URL\" \"${SOURCE_HOST-}\"\n");
    if (!plan->one_side)
        buffer_printf(out,
                      "play target \"$TARGET_URL\" \"${TARGET_HOST-}\"\n"
                      "echo \"Compare: tally-diff $work/source.%llu.body "
                      "$work/target.%llu.body\"\n",
                      number, number);
}

void reproduce_script(const struct reproduce_plan *plan, struct buffer *out)
{
    struct script *script = mem_zero(1, sizeof *script);
    script->plan = plan;
    buffer_init(&script->head, BUFFER_NO_LIMIT);
    buffer_init(&script->steps, BUFFER_NO_LIMIT);
    buffer_init(&script->path, BUFFER_NO_LIMIT);
    for (size_t i = 0; i < plan->step_count; i++)
        add_step(script, &plan->steps[i]);
    add_introduction(plan, out);
    add_urls(plan, out);
    buffer_add(out, script->head.data, script->head.length);
    buffer_add_text(out, ask);
    reproduce_add_helpers(script, out);
    buffer_add_text(out, "\n# play SIDE URL HOST\nplay() {\n\tlocal side=$1 url=$2 name=$3\n");
    buffer_add(out, script->steps.data, script->steps.length);
    buffer_add_text(out, "}\n\n");
    add_end(plan, out);
    buffer_free(&script->head);
    buffer_free(&script->steps);
    buffer_free(&script->path);
    arena_free(&script->arena);
    free(script);
}
