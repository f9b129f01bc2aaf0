/* Reads the section `tokens` of a rules file, and answers what it says. See token_rules.h. */
#include "token_rules.h"

#include "../diff/base/settings.h"
#include "../diff/route.h"

#include <stdlib.h>

#define RULES_MOST 10000
#define PATH_MOST 4096

struct token_rule {
    const char *of[TOKEN_SUBJECTS]; /* one is set */
    enum token_action action;
};

struct token_rules {
    struct arena arena;
    size_t count;
    struct token_rule *rules;
};

static bool read_name(struct settings *settings, const struct settings_item *item, struct err *err)
{
    return settings_take(settings, item->value, settings_field(item), err);
}

/* The pattern's path; NULL: it has none. */
static const char *path_of(const char *pattern)
{
    return strchr(pattern, '/');
}

static bool read_path(struct settings *settings, const struct settings_item *item, struct err *err)
{
    size_t offset;
    if (!settings_take(settings, item->value, settings_field(item), err))
        return false;
    if (!route_check(item->value->text, &offset, err))
        return settings_prefix(settings, item->value->mark, err);
    const char *path = path_of(item->value->text);
    if (!path || !strchr(path, '{') || strstr(path, "**") || strchr(path, '?'))
        return settings_fail(settings, item->value->mark, err,
                             "\"path\" needs a {name} where the id stands, no ** and no query");
    return true;
}

static bool read_action(struct settings *settings, const struct settings_item *item,
                        struct err *err)
{
    struct token_rule *rule = item->into;
    bool keep = strcmp(item->value->text, "keep") == 0;
    if (!keep && strcmp(item->value->text, "replace") != 0)
        return settings_fail_value(settings, item, err);
    rule->action = keep ? TOKEN_KEEP : TOKEN_REPLACE;
    return true;
}

#define OF(subject) .field = offsetof(struct token_rule, of) + (subject) * sizeof(char *)

static const struct settings_entry rule_entries[] = {
    {"field", SHAPE_TEXT, "the name of a field", read_name, OF(TOKEN_FIELD)},
    {"header", SHAPE_TEXT, "the name of a header", read_name, OF(TOKEN_HEADER)},
    {"cookie", SHAPE_TEXT, "the name of a cookie", read_name, OF(TOKEN_COOKIE)},
    {"path", SHAPE_TEXT, "a route with {id}", read_path, OF(TOKEN_PATH)},
    {"action", SHAPE_TEXT, "replace or keep", read_action, .field = 0},
    {0}};

static bool read_rule(struct settings *settings, const struct settings_item *item, struct err *err)
{
    struct token_rule *rule = item->into;
    size_t subjects = 0;
    if (!settings_read_map(settings, item->value,
                           (struct settings_group[]){{rule_entries, rule}, {0}}, err))
        return false;
    for (size_t i = 0; i < TOKEN_SUBJECTS; i++)
        subjects += rule->of[i] != NULL;
    if (subjects != 1 || rule->action == TOKEN_DEFAULT)
        return settings_fail(settings, item->value->mark, err,
                             "a rule of tokens has one of field, header, cookie and path, and an "
                             "action: replace or keep");
    return true;
}

static bool read_tokens(struct settings *settings, const struct settings_item *item,
                        struct err *err)
{
    static const struct settings_entry element = {
        .key = "a rule", .shapes = SHAPE_MAP, .wants = "a mapping", .read = read_rule};
    struct token_rules *rules = item->into;
    if (item->value->count > RULES_MOST)
        return settings_fail(settings, item->value->mark, err, "over %d rules", RULES_MOST);
    rules->rules = arena_alloc(&rules->arena, (item->value->count + 1) * sizeof *rules->rules);
    for (size_t i = 0; i < item->value->count; i++) {
        const struct settings_item rule = {
            .entry = &element, .value = item->value->values[i], .into = &rules->rules[i]};
        bool nothing;
        if (!settings_check(settings, &rule, &nothing, err) || !read_rule(settings, &rule, err))
            return false;
        rules->count++;
    }
    return true;
}

/* diff/rule_file.c reads that section, and says what is wrong with it. */
static bool pass_over(struct settings *settings, const struct settings_item *item, struct err *err)
{
    (void)settings, (void)item, (void)err;
    return true;
}

static const struct settings_entry top_entries[] = {
    {"tokens", SHAPE_LIST | SHAPE_NOTHING, "a list of rules", read_tokens, .field = 0},
    {"rules", SHAPE_LIST | SHAPE_NOTHING, "a list of rules", pass_over, .field = 0},
    {0}};

static const struct settings_format format = {.noun = "rules file",
                                              .file = "rules file",
                                              .wants = "the keys rules and tokens",
                                              .entries = top_entries};

bool token_rules_parse(const char *path, const char *text, size_t length,
                       struct token_rules **rules, struct err *err)
{
    struct token_rules *made = mem_zero(1, sizeof *made);
    *rules = NULL;
    if (!settings_parse(&format, path, text, length, &made->arena, made, err)) {
        token_rules_free(made);
        return false;
    }
    *rules = made;
    return true;
}

bool token_rules_read(const char *path, struct token_rules **rules, struct err *err)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    *rules = NULL;
    bool good = settings_load(&format, path, &text, err) &&
                token_rules_parse(path, (const char *)text.data, text.length, rules, err);
    buffer_free(&text);
    return good;
}

void token_rules_free(struct token_rules *rules)
{
    if (!rules)
        return;
    arena_free(&rules->arena);
    free(rules);
}

enum token_action token_rules_name(const struct token_rules *rules, enum token_subject subject,
                                   const char *name)
{
    for (size_t i = 0; rules && i < rules->count; i++) {
        const char *own = rules->rules[i].of[subject];
        if (own && (subject == TOKEN_FIELD ? strcmp(own, name) : strcasecmp(own, name)) == 0)
            return rules->rules[i].action;
    }
    return TOKEN_DEFAULT;
}

/* Is the pattern's segment of that number a {name}? */
static bool is_variable(const char *path, unsigned index)
{
    while (*path && index) {
        path++;
        if (--index)
            path += strcspn(path, "/");
    }
    return *path == '{';
}

enum token_action token_rules_path(const struct token_rules *rules, const char *method,
                                   struct slice target, unsigned index)
{
    char path[PATH_MOST];
    size_t length = 0;
    if (!rules || !rules->count)
        return TOKEN_DEFAULT;
    while (length < target.length && length + 1 < sizeof path && target.at[length] != '?' &&
           target.at[length] != '#')
        length++;
    memcpy(path, target.at, length);
    path[length] = '\0';
    for (size_t i = 0; i < rules->count; i++) {
        const char *pattern = rules->rules[i].of[TOKEN_PATH];
        if (pattern && is_variable(path_of(pattern), index) && route_fits(pattern, method, path))
            return rules->rules[i].action;
    }
    return TOKEN_DEFAULT;
}
