/*
 * Reads the rules file (rule.h). Input: bytes that claim to be YAML. Output: struct rules, or one
 * sentence with the place of the first thing that is wrong. A rule that could only make everything
 * different, or everything equal, is refused here.
 */
#include "rule_set.h"

#include "json_canon.h"
#include "route.h"

#include <stdlib.h>
#include <strings.h>

#define ROUND_MOST 30
#define RULES_MOST 10000

const char *const rule_form_name[FORMS] = {
    [FORM_NUMBER] = "number",
    [FORM_DATE] = "date",
    [FORM_DATE_DAY_FIRST] = "date day first",
    [FORM_DATE_MONTH_FIRST] = "date month first",
    [FORM_WHITE_SPACE] = "white space",
    [FORM_TRAILING_BLANKS] = "trailing blanks",
};

/* ---- readers of one value ---- */

static bool read_text(struct settings *settings, const struct settings_item *item, struct err *err)
{
    return settings_take(settings, item->value, settings_field(item), err);
}

/* The sentence is there; adds what of the rule it is about and where. */
static bool fail_inside(struct settings *settings, const struct settings_item *item, size_t offset,
                        struct err *err)
{
    char sentence[sizeof err->text];
    size_t characters = 1;
    memcpy(sentence, err->text, sizeof sentence);
    for (size_t i = 0; i < offset; i++)
        characters += ((unsigned char)item->value->text[i] & 0xC0) != 0x80;
    return settings_fail(settings, item->value->mark, err, "\"%s\", character %zu: %s",
                         item->entry->key, characters, sentence);
}

static bool read_route(struct settings *settings, const struct settings_item *item, struct err *err)
{
    size_t offset;
    return settings_take(settings, item->value, settings_field(item), err) &&
           (route_check(item->value->text, &offset, err) ||
            fail_inside(settings, item, offset, err));
}

static bool read_routes(struct settings *settings, const struct settings_item *item,
                        struct err *err)
{
    static const struct settings_entry element = {
        .key = "route", .shapes = SHAPE_TEXT, .wants = "a route", .read = read_route};
    struct rule *rule = item->into;
    size_t count = item->value->shape == SHAPE_LIST ? item->value->count : 1;
    rule->routes = arena_alloc(settings_arena(settings), (count + 1) * sizeof *rule->routes);
    if (item->value->shape == SHAPE_TEXT)
        return read_route(
            settings,
            &(struct settings_item){.entry = &element, .value = item->value, .into = rule->routes},
            err);
    void *routes = NULL;
    if (count == 0)
        return settings_fail_wants(settings, item, err);
    if (!settings_read_elements(settings, item->value, &element, sizeof *rule->routes, &routes,
                                &count, err))
        return false;
    memcpy(rule->routes, routes, count * sizeof *rule->routes);
    return true;
}

static bool read_type(struct settings *settings, const struct settings_item *item, struct err *err)
{
    const char *text = item->value->text;
    if (!read_text(settings, item, err))
        return false;
    if (strchr(text, '/'))
        return true;
    for (int type = CONTENT_AUTO + 1; type < CONTENT_TYPES; type++)
        if (strcmp(text, content_type_name[type]) == 0)
            return true;
    return settings_fail_unknown(settings, item->value, "type",
                                 content_type_name + CONTENT_AUTO + 1, CONTENT_TYPES - 1, err);
}

static bool read_selector(struct settings *settings, const struct settings_item *item,
                          struct err *err)
{
    struct rule *rule = item->into;
    size_t offset;
    if (rule->selector)
        return settings_fail(settings, item->key->mark, err,
                             "a rule has one of css, json and xpath");
    if (!item->value->length)
        return settings_fail(settings, item->value->mark, err, "this text is empty");
    return selector_parse((enum selector_language)item->entry->detail, item->value->text,
                          &rule->selector, &offset, err) ||
           fail_inside(settings, item, offset, err);
}

static bool read_side(struct settings *settings, const struct settings_item *item, struct err *err)
{
    struct rule *rule = item->into;
    const char *text = item->value->text;
    if (strcmp(text, "both") != 0 && strcmp(text, side_name[SOURCE]) != 0 &&
        strcmp(text, side_name[TARGET]) != 0)
        return settings_fail_value(settings, item, err);
    rule->on[SOURCE] = strcmp(text, side_name[TARGET]) != 0;
    rule->on[TARGET] = strcmp(text, side_name[SOURCE]) != 0;
    return true;
}

/* ---- readers of actions ---- */

static void set_action(const struct settings_item *item, enum rule_action action)
{
    struct rule *rule = item->into;
    rule->action = action;
    rule->actions++;
}

static bool is_true(const struct settings_node *value)
{
    return value->plain && strcasecmp(value->text, "true") == 0;
}

static bool read_ignore(struct settings *settings, const struct settings_item *item,
                        struct err *err)
{
    bool order = strcmp(item->value->text, "order") == 0;
    if (!order && !is_true(item->value))
        return settings_fail_value(settings, item, err);
    set_action(item, order ? ACTION_IGNORE_ORDER : ACTION_IGNORE);
    return true;
}

static bool read_mask(struct settings *settings, const struct settings_item *item, struct err *err)
{
    struct rule *rule = item->into;
    size_t offset;
    if (is_true(item->value)) {
        set_action(item, ACTION_MASK);
        return true;
    }
    /* "false" and "no" would be patterns that match these words, which nobody means. */
    if (item->value->plain &&
        (strcasecmp(item->value->text, "false") == 0 || strcasecmp(item->value->text, "no") == 0 ||
         strcasecmp(item->value->text, "yes") == 0))
        return settings_fail_value(settings, item, err);
    set_action(item, ACTION_MASK_MATCHES);
    if (!item->value->length)
        return settings_fail(settings, item->value->mark, err, "this text is empty");
    return regex_compile(item->value->text, &rule->regex, &offset, err) ||
           fail_inside(settings, item, offset, err);
}

static bool read_form(struct settings *settings, const struct settings_item *item, struct err *err)
{
    enum rule_form *form = item->into;
    for (int i = 0; i < FORMS; i++)
        if (strcmp(item->value->text, rule_form_name[i]) == 0) {
            *form = (enum rule_form)i;
            return true;
        }
    return settings_fail_unknown(settings, item->value, "normal form", rule_form_name, FORMS, err);
}

static bool read_forms(struct settings *settings, const struct settings_item *item, struct err *err)
{
    static const struct settings_entry element = {
        .key = "normalise", .shapes = SHAPE_TEXT, .wants = "normal forms", .read = read_form};
    struct rule *rule = item->into;
    void *forms = NULL;
    set_action(item, ACTION_NORMALISE);
    if (item->value->shape == SHAPE_TEXT) {
        rule->form_count = 1;
        rule->forms = arena_alloc(settings_arena(settings), sizeof *rule->forms);
        return read_form(
            settings,
            &(struct settings_item){.entry = &element, .value = item->value, .into = rule->forms},
            err);
    }
    if (item->value->count == 0)
        return settings_fail_wants(settings, item, err);
    if (!settings_read_elements(settings, item->value, &element, sizeof *rule->forms, &forms,
                                &rule->form_count, err))
        return false;
    rule->forms = forms;
    return true;
}

static bool read_round(struct settings *settings, const struct settings_item *item, struct err *err)
{
    struct rule *rule = item->into;
    const char *text = item->value->text;
    set_action(item, ACTION_ROUND);
    size_t length = strspn(text, "0123456789");
    if (!length || text[length] || length > 2 || strtoul(text, NULL, 10) > ROUND_MOST)
        return settings_fail_value(settings, item, err);
    rule->digits = (unsigned)strtoul(text, NULL, 10);
    return true;
}

static bool read_sort(struct settings *settings, const struct settings_item *item, struct err *err)
{
    set_action(item, ACTION_SORT);
    return read_text(settings, item, err);
}

static bool read_key(struct settings *settings, const struct settings_item *item, struct err *err)
{
    set_action(item, ACTION_KEY);
    return read_text(settings, item, err);
}

static bool same_equal(const struct rule_equal *one, const struct rule_equal *other)
{
    return one->nothing == other->nothing && one->kind == other->kind &&
           one->text.length == other->text.length &&
           (!one->text.length || memcmp(one->text.at, other->text.at, one->text.length) == 0);
}

static void take_equal(struct settings *settings, const struct settings_node *node,
                       struct rule_equal *equal)
{
    struct arena *arena = settings_arena(settings);
    struct buffer number = BUFFER_INIT(1 << 16);
    equal->kind = TREE_STRING;
    equal->nothing = node->plain && settings_is_null(node->text);
    equal->text =
        (struct tree_text){arena_copy_bytes(arena, node->text, node->length), node->length};
    if (node->plain && !equal->nothing && json_canon(&number, node->text, node->length)) {
        bool literal = strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0;
        equal->kind = literal ? TREE_LITERAL : TREE_NUMBER;
        equal->number =
            (struct tree_text){arena_copy_bytes(arena, number.data, number.length), number.length};
    }
    buffer_free(&number);
}

/* One group of values: two texts or more. */
static bool read_group(struct settings *settings, const struct settings_node *group,
                       struct rule *rule, size_t number, struct err *err)
{
    if (group->shape != SHAPE_LIST || group->count < 2)
        return settings_fail(settings, group->mark, err,
                             "\"equal\" needs lists of two values or more: [[0, f], [1, t]]");
    for (size_t i = 0; i < group->count; i++) {
        const struct settings_node *node = group->values[i];
        struct rule_equal *equal = &rule->equals[rule->equal_count];
        if (node->shape != SHAPE_TEXT)
            return settings_fail(settings, node->mark, err,
                                 "a value of \"equal\" is a text; null stands for nothing");
        take_equal(settings, node, equal);
        equal->group = number;
        for (size_t k = 0; k < rule->equal_count; k++)
            if (same_equal(equal, &rule->equals[k]))
                return settings_fail(settings, node->mark, err,
                                     "this value stands in \"equal\" already; values of two "
                                     "groups would be equal to each other");
        rule->equal_count++;
    }
    return true;
}

static bool read_equal(struct settings *settings, const struct settings_item *item, struct err *err)
{
    enum { VALUES_MOST = 1000 };
    struct rule *rule = item->into;
    size_t total = 0;
    set_action(item, ACTION_EQUAL);
    for (size_t i = 0; i < item->value->count; i++)
        total += item->value->values[i]->count;
    if (total == 0)
        return settings_fail_wants(settings, item, err);
    if (total > VALUES_MOST)
        return settings_fail(settings, item->value->mark, err, "over %d equal values", VALUES_MOST);
    rule->equals = arena_alloc(settings_arena(settings), total * sizeof *rule->equals);
    for (size_t i = 0; i < item->value->count; i++)
        if (!read_group(settings, item->value->values[i], rule, i, err))
            return false;
    return true;
}

/* ---- a rule ---- */

#define RULE(name) .field = offsetof(struct rule, name)

static const struct settings_entry rule_entries[] = {
    {"name", SHAPE_TEXT, "a text", read_text, RULE(name)},
    {"route", SHAPE_TEXT | SHAPE_LIST, "a route, or a list of routes", read_routes, .field = 0},
    {"type", SHAPE_TEXT, "html, xml, json, text, bytes or a media type", read_type, RULE(type)},
    {"css", SHAPE_TEXT, "a CSS selector", read_selector, .detail = SELECTOR_CSS},
    {"json", SHAPE_TEXT, "a JSON path", read_selector, .detail = SELECTOR_JSON},
    {"xpath", SHAPE_TEXT, "an XPath", read_selector, .detail = SELECTOR_XPATH},
    {"attribute", SHAPE_TEXT, "the name of an attribute", read_text, RULE(attribute)},
    {"header", SHAPE_TEXT, "the name of a header", read_text, RULE(header)},
    {"cookie", SHAPE_TEXT, "the name of a cookie", read_text, RULE(cookie)},
    {"side", SHAPE_TEXT, "source, target or both", read_side, .field = 0},
    {"ignore", SHAPE_TEXT, "true or order", read_ignore, .field = 0},
    {"mask", SHAPE_TEXT, "true or a regular expression", read_mask, .field = 0},
    {"normalise", SHAPE_TEXT | SHAPE_LIST, "a normal form, or a list of them", read_forms,
     .field = 0},
    {"round", SHAPE_TEXT, "a whole number from 0 to 30", read_round, .field = 0},
    {"sort", SHAPE_TEXT, "words, lines or a separator", read_sort, RULE(separator)},
    {"key", SHAPE_TEXT, "the name of a member", read_key, RULE(key)},
    {"equal", SHAPE_LIST, "a list of lists: [[0, f], [1, t]]", read_equal, .field = 0},
    {0}};

/* What a rule's parts are, for the table of what cannot be. */
enum part {
    PART_SELECTOR = 1,
    PART_JSON = 2,
    PART_ATTRIBUTE = 4,
    PART_HEADER = 8,
    PART_ANSWERS = 16, /* a route or type */
    PART_ONE_SIDE = 32,
    PART_TEXT = 64, /* type: text */
};

static unsigned parts_of(const struct rule *rule, bool json)
{
    return (rule->selector ? PART_SELECTOR : 0) | (json ? PART_JSON : 0) |
           (rule->attribute ? PART_ATTRIBUTE : 0) | (rule->header ? PART_HEADER : 0) |
           (rule->routes || rule->type ? PART_ANSWERS : 0) |
           (rule->on[SOURCE] != rule->on[TARGET] ? PART_ONE_SIDE : 0) |
           (rule->type && strcmp(rule->type, "text") == 0 ? PART_TEXT : 0);
}

#define ANY_ACTION (-1)

/* A rule of the action that has all parts of `with` and none of `without` is refused. */
static const struct {
    int action;
    unsigned with, without;
    const char *sentence;
} refused[] = {
    {ANY_ACTION, PART_HEADER | PART_SELECTOR, 0, "a header has no css, json or xpath"},
    {ANY_ACTION, PART_HEADER | PART_ATTRIBUTE, 0, "a header has no attribute"},
    {ANY_ACTION, PART_JSON | PART_ATTRIBUTE, 0, "what json finds has no attributes"},
    {ACTION_MASK, PART_ONE_SIDE, 0, "a mask on one side alone equals nothing; leave out \"side\""},
    {ACTION_MASK_MATCHES, PART_ONE_SIDE, 0,
     "a mask on one side alone equals nothing; leave out \"side\""},
    {ACTION_IGNORE_ORDER, PART_ONE_SIDE, 0, "an order is ignored on both sides or on none"},
    {ACTION_KEY, PART_ONE_SIDE, 0, "a key tells elements apart on both sides or on none"},
    {ACTION_EQUAL, PART_ONE_SIDE, 0, "values are equal on both sides or on none"},
    {ACTION_MASK, 0, PART_SELECTOR | PART_ATTRIBUTE | PART_HEADER,
     "\"mask: true\" needs css, json, xpath, attribute or header: else it would mask everything"},
    {ACTION_IGNORE, 0, PART_SELECTOR | PART_ATTRIBUTE | PART_HEADER | PART_ANSWERS,
     "\"ignore: true\" needs a condition: else it would ignore everything"},
    {ACTION_IGNORE, PART_ANSWERS | PART_ONE_SIDE, PART_SELECTOR | PART_ATTRIBUTE | PART_HEADER,
     "a whole answer is ignored on both sides or on none"},
    {ACTION_IGNORE_ORDER, PART_HEADER, 0, "a header's value is a text: use \"sort\""},
    {ACTION_IGNORE_ORDER, PART_ATTRIBUTE, 0, "an attribute's value is a text: use \"sort\""},
    {ACTION_IGNORE_ORDER, 0, PART_SELECTOR | PART_TEXT | PART_HEADER | PART_ATTRIBUTE,
     "\"ignore: order\" needs css, json or xpath for the list, or \"type: text\" for lines"},
    {ACTION_KEY, 0, PART_JSON, "\"key\" needs json, a path to the list"},
};

static bool check_rule(struct settings *settings, const struct rule *rule, bool json,
                       struct err *err)
{
    unsigned parts = parts_of(rule, json);
    if (rule->actions != 1)
        return settings_fail(settings, rule->mark, err,
                             "a rule has one action (ignore, mask, normalise, round, sort, key or "
                             "equal), this one has %zu",
                             rule->actions);
    if (rule->cookie && rule->action != ACTION_IGNORE)
        return settings_fail(settings, rule->mark, err,
                             "a cookie's value is not compared: all that a rule can do with one is "
                             "\"ignore: true\"");
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if ((refused[i].action == ANY_ACTION || refused[i].action == (int)rule->action) &&
            (parts & refused[i].with) == refused[i].with && !(parts & refused[i].without))
            return settings_fail(settings, rule->mark, err, "%s", refused[i].sentence);
    return true;
}

static bool read_rule(struct settings *settings, const struct settings_item *item, struct err *err)
{
    struct rule *rule = item->into;
    rule->mark = item->value->mark;
    rule->on[SOURCE] = rule->on[TARGET] = true;
    if (!settings_read_map(settings, item->value,
                           (struct settings_group[]){{rule_entries, rule}, {0}}, err))
        return false;
    if (rule->cookie && rule->header)
        return settings_fail(settings, rule->mark, err, "a rule has a header or a cookie");
    if (rule->cookie)
        rule->header = "Set-Cookie";
    bool json = false;
    for (size_t i = 0; i < item->value->count; i++)
        json = json || strcmp(item->value->keys[i]->text, "json") == 0;
    const char *attribute = rule->selector ? selector_attribute(rule->selector) : NULL;
    if (attribute && rule->attribute)
        return settings_fail(settings, rule->mark, err,
                             "the xpath ends with an attribute, and there is another one");
    if (attribute)
        rule->attribute = attribute;
    return check_rule(settings, rule, json, err);
}

static bool read_rules(struct settings *settings, const struct settings_item *item, struct err *err)
{
    static const struct settings_entry element = {.key = "a rule",
                                                  .shapes = SHAPE_MAP,
                                                  .wants = "a mapping of conditions and an action",
                                                  .read = read_rule};
    struct rules *rules = item->into;
    if (item->value->count > RULES_MOST)
        return settings_fail(settings, item->value->mark, err, "over %d rules", RULES_MOST);
    /* The array is there before its first rule is read, so that rules_free() sees what a rule that
     * fails has made. */
    rules->rules = arena_alloc(&rules->arena, (item->value->count + 1) * sizeof *rules->rules);
    for (size_t i = 0; i < item->value->count; i++) {
        const struct settings_item rule = {.entry = &element,
                                           .value = item->value->values[i],
                                           .into = &rules->rules[rules->count]};
        bool nothing;
        rules->count++;
        if (!settings_check(settings, &rule, &nothing, err) || !read_rule(settings, &rule, err))
            return false;
        if (!rules->rules[i].name)
            rules->rules[i].name = arena_format(&rules->arena, "rule %zu", i + 1);
    }
    return true;
}

/* What is sent, not what is compared: tally-replay reads that section. */
static bool pass_over(struct settings *settings, const struct settings_item *item, struct err *err)
{
    (void)settings, (void)item, (void)err;
    return true;
}

static const struct settings_entry top_entries[] = {
    {"rules", SHAPE_LIST | SHAPE_NOTHING, "a list of rules", read_rules, .field = 0},
    {"tokens", SHAPE_LIST | SHAPE_NOTHING, "a list of rules", pass_over, .field = 0},
    {0}};

static const struct settings_format format = {
    .noun = "rules file", .file = "rules file", .wants = "the key rules", .entries = top_entries};

bool rules_parse(const char *path, const char *text, size_t length, struct rules **rules,
                 struct err *err)
{
    struct rules *made = mem_zero(1, sizeof *made);
    *rules = NULL;
    if (!settings_parse(&format, path, text, length, &made->arena, made, err)) {
        rules_free(made);
        return false;
    }
    *rules = made;
    return true;
}

bool rules_read(const char *path, struct rules **rules, struct err *err)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    *rules = NULL;
    bool good = settings_load(&format, path, &text, err) &&
                rules_parse(path, (const char *)text.data, text.length, rules, err);
    buffer_free(&text);
    return good;
}

void rules_free(struct rules *rules)
{
    if (!rules)
        return;
    for (size_t i = 0; i < rules->count; i++) {
        selector_free(rules->rules[i].selector);
        regex_free(rules->rules[i].regex);
    }
    arena_free(&rules->arena);
    free(rules);
}
