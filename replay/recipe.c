/* See recipe.h. */
#include "recipe.h"

#include "../diff/base/json_string.h"
#include "../diff/base/settings.h"
#include "../diff/route.h"
#include "http_field.h"

#include <ctype.h>
#include <stdlib.h>

#define STEPS_MOST 100

struct pair {
    const char *name, *value;
};

struct user {
    const char *name;
    const char *by; /* not a user, but the expression that stands among them */
    size_t count;
    struct pair *pairs;
};

struct step {
    const char *method, *target;
    size_t form_count, header_count;
    struct pair *form, *headers; /* form NULL: there is none */
    const char *json, *body;     /* NULL: none */
};

struct recipe {
    struct arena arena;
    const char *by;
    size_t user_count;
    struct user *users; /* by name */
    const struct user *others;
    size_t step_count;
    struct step *steps;
    size_t status_count;
    int *statuses;
};

/* ---- {name} ---- */

/* Bytes of a "{name}" at the text's beginning; 0: none. */
static size_t mark_length(const char *text)
{
    size_t length = 1;
    if (*text != '{')
        return 0;
    while (isalnum((unsigned char)text[length]) || (text[length] && strchr("_-", text[length])))
        length++;
    return length > 1 && text[length] == '}' ? length + 1 : 0;
}

static const char *value_of(const struct user *user, const char *name, size_t length)
{
    for (size_t i = 0; user && i < user->count; i++)
        if (strlen(user->pairs[i].name) == length && memcmp(user->pairs[i].name, name, length) == 0)
            return user->pairs[i].value;
    return NULL;
}

/* Does this user have all names of the text? *name, *length: the first that is missing. */
static bool has_names(const struct user *user, const char *text, const char **name, size_t *length)
{
    for (; text && *text; text++) {
        size_t mark = mark_length(text);
        if (mark && !value_of(user, text + 1, mark - 2)) {
            *name = text + 1;
            *length = mark - 2;
            return false;
        }
    }
    return true;
}

enum spelling { SPELL_PLAIN, SPELL_TARGET, SPELL_JSON };

/* application/x-www-form-urlencoded as browsers write it (WHATWG URL, 5.2), or a part of a path or
 * query. */
static void add_encoded(struct buffer *out, const char *text, bool form)
{
    static const char digits[] = "0123456789ABCDEF";
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (isalnum(byte) || strchr("-._*", byte)) {
            buffer_add_byte(out, byte);
        } else if (form && byte == ' ') {
            buffer_add_byte(out, '+');
        } else {
            buffer_add_byte(out, '%');
            buffer_add_byte(out, (unsigned char)digits[byte >> 4]);
            buffer_add_byte(out, (unsigned char)digits[byte & 15]);
        }
    }
}

static void add_value(struct buffer *out, const char *value, enum spelling spelling)
{
    if (spelling == SPELL_PLAIN) {
        buffer_add_text(out, value);
    } else if (spelling == SPELL_TARGET) {
        add_encoded(out, value, false);
    } else { /* between the quotes that stand there */
        struct buffer quoted = BUFFER_INIT(BUFFER_NO_LIMIT);
        json_string_add_text(&quoted, value);
        buffer_add(out, quoted.data + 1, quoted.length - 2);
        buffer_free(&quoted);
    }
}

static void add_text(struct buffer *out, const struct user *user, const char *text,
                     enum spelling spelling)
{
    while (*text) {
        size_t mark = mark_length(text);
        const char *value = mark ? value_of(user, text + 1, mark - 2) : NULL;
        if (value)
            add_value(out, value, spelling);
        else
            buffer_add_byte(out, (unsigned char)*text);
        text += value ? mark : 1;
    }
}

/* ---- the file ---- */

static bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return true;
    return false;
}

static bool read_pair(struct settings *settings, const struct settings_item *item, struct err *err)
{
    struct arena *arena = settings_arena(settings);
    struct pair *pair = item->into;
    (void)err;
    *pair = (struct pair){arena_copy(arena, item->key->text),
                          arena_copy_bytes(arena, item->value->text, item->value->length)};
    return true;
}

/* A map of names to texts, which may be empty. */
static bool read_pairs(struct settings *settings, const struct settings_node *map,
                       struct pair **pairs, size_t *count, struct err *err)
{
    static const struct settings_entry element = {.key = "a value",
                                                  .shapes = SHAPE_TEXT | SHAPE_NOTHING,
                                                  .wants = "a text",
                                                  .read = read_pair};
    void *elements = arena_alloc(settings_arena(settings), sizeof **pairs);
    bool good =
        settings_read_elements(settings, map, &element, sizeof **pairs, &elements, count, err);
    *pairs = elements;
    return good;
}

static bool read_form(struct settings *settings, const struct settings_item *item, struct err *err)
{
    struct step *step = item->into;
    return read_pairs(settings, item->value, &step->form, &step->form_count, err);
}

static bool read_header(struct settings *settings, const struct settings_item *item,
                        struct err *err)
{
    struct step *step = item->into;
    if (!read_pairs(settings, item->value, &step->headers, &step->header_count, err))
        return false;
    for (size_t i = 0; i < step->header_count; i++)
        if (!http_field_is_token(step->headers[i].name, strlen(step->headers[i].name)) ||
            has_control(step->headers[i].value))
            return settings_fail(settings, item->value->mark, err,
                                 "\"%.100s\" with its value is no header", step->headers[i].name);
    return true;
}

static bool read_text(struct settings *settings, const struct settings_item *item, struct err *err)
{
    return settings_take(settings, item->value, settings_field(item), err);
}

/* "POST /login" */
static bool read_request(struct settings *settings, const struct settings_item *item,
                         struct err *err)
{
    struct step *step = item->into;
    const char *text = item->value->text;
    size_t method = strcspn(text, " ");
    const char *target = text + method + strspn(text + method, " ");
    bool good = http_field_is_token(text, method) && *target == '/';
    for (const char *at = target; *at; at++)
        good = good && (unsigned char)*at > ' ' && *at != 0x7f && *at != '#';
    if (!good)
        return settings_fail(settings, item->value->mark, err,
                             "a request is a method and a path, as \"POST /login\"");
    step->method = arena_copy_bytes(settings_arena(settings), text, method);
    step->target = arena_copy(settings_arena(settings), target);
    return true;
}

static const struct settings_entry step_entries[] = {
    {"request", SHAPE_TEXT, "a method and a path", read_request, .field = 0},
    {"form", SHAPE_MAP, "a mapping of fields to values", read_form, .field = 0},
    {"json", SHAPE_TEXT, "a text", read_text, .field = offsetof(struct step, json)},
    {"body", SHAPE_TEXT, "a text", read_text, .field = offsetof(struct step, body)},
    {"header", SHAPE_MAP, "a mapping of names to values", read_header, .field = 0},
    {0}};

static bool read_step(struct settings *settings, const struct settings_item *item, struct err *err)
{
    struct step *step = item->into;
    if (item->value->shape == SHAPE_TEXT)
        return read_request(settings, item, err);
    if (!settings_read_map(settings, item->value,
                           (struct settings_group[]){{step_entries, step}, {0}}, err))
        return false;
    if (!step->method)
        return settings_fail(settings, item->value->mark, err, "a step needs \"request\"");
    if ((step->form != NULL) + (step->json != NULL) + (step->body != NULL) > 1)
        return settings_fail(settings, item->value->mark, err,
                             "a step has one of \"form\", \"json\" and \"body\"");
    return true;
}

static bool read_steps(struct settings *settings, const struct settings_item *item, struct err *err)
{
    static const struct settings_entry element = {.key = "a step",
                                                  .shapes = SHAPE_TEXT | SHAPE_MAP,
                                                  .wants = "a request, or a mapping with one",
                                                  .read = read_step};
    struct recipe *recipe = item->into;
    void *steps = NULL;
    if (item->value->count > STEPS_MOST)
        return settings_fail(settings, item->value->mark, err, "over %d steps", STEPS_MOST);
    bool good = settings_read_elements(settings, item->value, &element, sizeof *recipe->steps,
                                       &steps, &recipe->step_count, err);
    recipe->steps = steps;
    return good;
}

static int compare_users(const void *a, const void *b)
{
    return strcmp(((const struct user *)a)->name, ((const struct user *)b)->name);
}

static bool read_user(struct settings *settings, const struct settings_item *item, struct err *err)
{
    struct user *user = item->into;
    bool is_by = strcmp(item->key->text, "by") == 0;
    if (is_by && item->value->shape == SHAPE_TEXT)
        return settings_take(settings, item->value, &user->by, err);
    if (is_by || item->value->shape != SHAPE_MAP)
        return settings_fail(settings, item->value->mark, err,
                             is_by ? "\"by\" needs an expression, as --session's"
                                   : "a user needs a mapping of names to values");
    user->name = arena_copy(settings_arena(settings), item->key->text);
    return read_pairs(settings, item->value, &user->pairs, &user->count, err);
}

static bool read_users(struct settings *settings, const struct settings_item *item, struct err *err)
{
    static const struct settings_entry element = {.key = "a user",
                                                  .shapes = SHAPE_TEXT | SHAPE_MAP,
                                                  .wants = "a mapping of names to values",
                                                  .read = read_user};
    struct recipe *recipe = item->into;
    void *users = NULL;
    size_t count = 0;
    if (!settings_read_elements(settings, item->value, &element, sizeof *recipe->users, &users,
                                &count, err))
        return false;
    recipe->users = users;
    for (size_t i = 0; i < count; i++) {
        if (recipe->users[i].by)
            recipe->by = recipe->users[i].by;
        else
            recipe->users[recipe->user_count++] = recipe->users[i];
    }
    if (recipe->user_count)
        qsort(recipe->users, recipe->user_count, sizeof *recipe->users, compare_users);
    return true;
}

static bool read_status(struct settings *settings, const struct settings_item *item,
                        struct err *err)
{
    const char *text = item->value->text;
    int *status = item->into;
    if (item->value->length != 3 || text[0] < '1' || text[0] > '5' ||
        !isdigit((unsigned char)text[1]) || !isdigit((unsigned char)text[2]))
        return settings_fail(settings, item->value->mark, err,
                             "\"succeeds\" needs a status, as 302, or a list of them");
    *status = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
    return true;
}

static bool read_succeeds(struct settings *settings, const struct settings_item *item,
                          struct err *err)
{
    static const struct settings_entry element = {
        .key = "a status", .shapes = SHAPE_TEXT, .wants = "three digits", .read = read_status};
    struct recipe *recipe = item->into;
    void *statuses = arena_alloc(&recipe->arena, sizeof *recipe->statuses);
    recipe->statuses = statuses;
    recipe->status_count = 1;
    if (item->value->shape == SHAPE_TEXT) {
        const struct settings_item one = {
            .entry = &element, .value = item->value, .into = statuses};
        return read_status(settings, &one, err);
    }
    if (!item->value->count)
        return settings_fail(settings, item->value->mark, err, "no status is in this list");
    bool good = settings_read_elements(settings, item->value, &element, sizeof *recipe->statuses,
                                       &statuses, &recipe->status_count, err);
    recipe->statuses = statuses;
    return good;
}

static const struct settings_entry top_entries[] = {
    {"users", SHAPE_MAP, "a mapping of users", read_users, .field = 0},
    {"steps", SHAPE_LIST, "a list of requests", read_steps, .field = 0},
    {"succeeds", SHAPE_TEXT | SHAPE_LIST, "a status, or a list of them", read_succeeds, .field = 0},
    {0}};

static const struct settings_format format = {.noun = "login recipe",
                                              .file = "login recipe",
                                              .wants = "the keys steps, users and succeeds",
                                              .entries = top_entries};

/* ---- does it all fit together? ---- */

/* Every user must have every name that a step uses. Without users there are none. */
static MUST_CHECK bool check_text(const struct recipe *recipe, const char *path, const char *text,
                                  struct err *err)
{
    const char *name;
    size_t length;
    if (!recipe->user_count && !has_names(NULL, text, &name, &length))
        return err_set(err, ERR_USAGE, "%s: {%.*s} is used, but there are no users", path,
                       length > 100 ? 100 : (int)length, name);
    for (size_t i = 0; i < recipe->user_count; i++)
        if (!has_names(&recipe->users[i], text, &name, &length))
            return err_set(err, ERR_USAGE, "%s: the user \"%.100s\" has no %.*s", path,
                           recipe->users[i].name, length > 100 ? 100 : (int)length, name);
    return true;
}

/* A header with {name} must be one whatever the user has there. */
static MUST_CHECK bool check_header(const struct recipe *recipe, const char *path,
                                    const struct pair *header, struct err *err)
{
    for (size_t i = 0; i < recipe->user_count; i++) {
        struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
        add_text(&text, &recipe->users[i], header->value, SPELL_PLAIN);
        bool good = !has_control((const char *)text.data);
        buffer_free(&text);
        if (!good)
            return err_set(err, ERR_USAGE,
                           "%s: the header \"%.100s\" would hold a line break or another control "
                           "character of the user \"%.100s\"",
                           path, header->name, recipe->users[i].name);
    }
    return true;
}

static MUST_CHECK bool check_recipe(const struct recipe *recipe, const char *path, struct err *err)
{
    if (!recipe->step_count)
        return err_set(err, ERR_USAGE, "%s: a login recipe needs \"steps\"", path);
    if (recipe->by && !recipe->user_count)
        return err_set(err, ERR_USAGE, "%s: \"by\" chooses among users, and there are none", path);
    if (recipe->user_count && !recipe->by && !recipe->others)
        return err_set(err, ERR_USAGE,
                       "%s: without \"by\" every session is the user \"*\", which is missing",
                       path);
    for (size_t i = 0; i < recipe->step_count; i++) {
        const struct step *step = &recipe->steps[i];
        if (!check_text(recipe, path, step->target, err) ||
            !check_text(recipe, path, step->json, err) ||
            !check_text(recipe, path, step->body, err))
            return false;
        for (size_t k = 0; k < step->form_count; k++)
            if (!check_text(recipe, path, step->form[k].value, err))
                return false;
        for (size_t k = 0; k < step->header_count; k++)
            if (!check_text(recipe, path, step->headers[k].value, err) ||
                !check_header(recipe, path, &step->headers[k], err))
                return false;
    }
    return true;
}

bool recipe_parse(const char *path, const char *text, size_t length, struct recipe **result,
                  struct err *err)
{
    static const struct user others = {.name = "*"};
    struct recipe *recipe = mem_zero(1, sizeof *recipe);
    *result = NULL;
    bool good = settings_parse(&format, path, text, length, &recipe->arena, recipe, err);
    if (good && recipe->user_count)
        recipe->others =
            bsearch(&others, recipe->users, recipe->user_count, sizeof others, compare_users);
    if (!good || !check_recipe(recipe, path, err)) {
        recipe_free(recipe);
        return false;
    }
    *result = recipe;
    return true;
}

bool recipe_read(const char *path, struct recipe **recipe, struct err *err)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    *recipe = NULL;
    bool good = settings_load(&format, path, &text, err) &&
                recipe_parse(path, (const char *)text.data, text.length, recipe, err);
    if (text.length)
        explicit_bzero(text.data, text.length);
    buffer_free(&text);
    return good;
}

void recipe_free(struct recipe *recipe)
{
    if (!recipe)
        return;
    arena_free(&recipe->arena);
    free(recipe);
}

/* ---- playing ---- */

const char *recipe_by(const struct recipe *recipe)
{
    return recipe->by;
}

static const struct user *find_user(const struct recipe *recipe, const char *name)
{
    const struct user wanted = {.name = name};
    const struct user *user =
        name && recipe->user_count
            ? bsearch(&wanted, recipe->users, recipe->user_count, sizeof wanted, compare_users)
            : NULL;
    return user ? user : recipe->others;
}

size_t recipe_steps(const struct recipe *recipe, const char *user)
{
    return !recipe->user_count || find_user(recipe, user) ? recipe->step_count : 0;
}

static void add_body(struct buffer *body, const struct user *user, const struct step *step)
{
    for (size_t i = 0; i < step->form_count; i++) {
        if (i)
            buffer_add_byte(body, '&');
        add_encoded(body, step->form[i].name, true);
        buffer_add_byte(body, '=');
        /* The text around {name} is encoded, too. */
        struct buffer value = BUFFER_INIT(BUFFER_NO_LIMIT);
        add_text(&value, user, step->form[i].value, SPELL_PLAIN);
        add_encoded(body, (const char *)value.data, true);
        buffer_free(&value);
    }
    if (step->json)
        add_text(body, user, step->json, SPELL_JSON);
    if (step->body)
        add_text(body, user, step->body, SPELL_PLAIN);
}

void recipe_step(const struct recipe *recipe, const char *name, size_t number,
                 struct exchange *exchange)
{
    const struct step *step = &recipe->steps[number];
    const struct user *user = find_user(recipe, name);
    struct arena *arena = &exchange->arena;
    struct logged *logged = &exchange->logged;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    add_text(&text, user, step->target, SPELL_TARGET);
    logged->method = arena_copy(arena, step->method);
    logged->target = (struct slice){
        (const unsigned char *)arena_copy_bytes(arena, text.data, text.length), text.length};
    buffer_clear(&text);
    buffer_printf(&text, "%s ", step->method);
    route_pattern(&text, step->target, strlen(step->target), NULL, 0);
    logged->route = arena_copy(arena, (const char *)text.data);
    logged->file = "";
    logged->duration = -1;
    if (step->form || step->json || step->body) {
        buffer_clear(&text);
        add_body(&text, user, step);
        logged->body = (struct slice){
            (const unsigned char *)arena_copy_bytes(arena, text.data, text.length), text.length};
        logged->content_type = step->form   ? "application/x-www-form-urlencoded"
                               : step->json ? "application/json"
                                            : NULL;
    }
    for (size_t i = 0; i < step->header_count; i++) {
        buffer_clear(&text);
        add_text(&text, user, step->headers[i].value, SPELL_PLAIN);
        if (strcasecmp(step->headers[i].name, "Content-Type") == 0)
            logged->content_type = arena_copy(arena, (const char *)text.data);
        else
            fields_add(&logged->headers, arena, step->headers[i].name, (const char *)text.data,
                       text.length);
    }
    buffer_free(&text);
}

bool recipe_succeeds(const struct recipe *recipe, int status)
{
    for (size_t i = 0; i < recipe->status_count; i++)
        if (recipe->statuses[i] == status)
            return true;
    return !recipe->status_count && status >= 200 && status < 400;
}
