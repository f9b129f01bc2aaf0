/*
 * Applies rules (rule.h) to the trees of two answers and to headers. A rule changes only what its
 * conditions find. It leaves a mark or another value, never a verdict.
 */
#include "rule_set.h"

#include "route.h"
#include "tree_join.h"

#include <fnmatch.h>
#include <pthread.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>

/*
 * A mask that stands for a part of a text: bytes that no UTF-8 has, each with three bits of what it
 * says. First a number that nobody outside this process knows, so that not even an answer of raw
 * bytes can hold a mask; then which rule's it is.
 */
#define SECRET_BYTES 22 /* 64 bits and two of nothing */
#define RULE_BYTES 6
#define MASK_BYTES (SECRET_BYTES + RULE_BYTES)
#define SHOWN_BYTES 8 /* by these a mask is known to rules_show(), which may see it cut */

static char secret[SECRET_BYTES];
static pthread_once_t secret_once = PTHREAD_ONCE_INIT;

static void write_bits(char *place, size_t bytes, uint64_t number)
{
    for (size_t i = 0; i < bytes; i++, number >>= 3)
        place[i] = (char)(0xF8 | (number & 7));
}

static void make_secret(void)
{
    uint64_t number;
    if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number) {
        struct timespec now; /* of old kernels: nobody guesses nanoseconds and addresses either */
        clock_gettime(CLOCK_MONOTONIC, &now);
        number = (uint64_t)now.tv_nsec * 0x9E3779B97F4A7C15u ^ (uint64_t)(uintptr_t)&now;
    }
    write_bits(secret, SECRET_BYTES, number);
}

static void make_mask(char mask[MASK_BYTES], size_t rule)
{
    pthread_once(&secret_once, make_secret);
    memcpy(mask, secret, SECRET_BYTES);
    write_bits(mask + SECRET_BYTES, RULE_BYTES, rule);
}

void rules_show(struct buffer *out, const char *value, size_t length)
{
    pthread_once(&secret_once, make_secret);
    while (length) {
        const char *mask = memmem(value, length, secret, SHOWN_BYTES);
        size_t before = mask ? (size_t)(mask - value) : length;
        buffer_add(out, value, before);
        if (!mask)
            return;
        buffer_add_text(out, "***");
        size_t behind = before + MASK_BYTES;
        if (behind > length)
            return;
        value += behind;
        length -= behind;
    }
}

/* ---- what all rules of a run share ---- */

struct run {
    struct rules *rules;
    const struct rule_context *context;
    enum content_type type;
    struct regex_budget budget;
    struct err *err;
};

/* One rule at work on one side. */
struct work {
    struct run *run;
    struct rule *rule;
    size_t number; /* of the rule in the file, from 0 */
    struct tree *tree;
    uint64_t applied;
};

static bool media_type_fits(const char *pattern, const char *header)
{
    char type[200];
    if (!header)
        return false;
    header += strspn(header, " \t");
    size_t length = strcspn(header, "; \t,");
    if (length >= sizeof type)
        return false;
    memcpy(type, header, length);
    type[length] = '\0';
    return fnmatch(pattern, type, FNM_CASEFOLD) == 0;
}

/* Can the rule's selector find anything in such answers? */
static bool selector_holds(const struct rule *rule, enum content_type type)
{
    if (!rule->selector)
        return true;
    return selector_language(rule->selector) == SELECTOR_JSON
               ? type == CONTENT_JSON
               : type == CONTENT_HTML || type == CONTENT_XML;
}

static bool conditions_hold(const struct rule *rule, const struct rule_context *context,
                            enum content_type type)
{
    bool fits = !rule->routes;
    if (!selector_holds(rule, type))
        return false;
    for (const char **route = rule->routes; route && *route && !fits; route++)
        fits = route_fits(*route, context->method, context->path);
    if (!fits || !rule->type)
        return fits;
    if (!strchr(rule->type, '/'))
        return strcmp(rule->type, content_type_name[type]) == 0;
    return media_type_fits(rule->type, context->content_type[SOURCE]) &&
           media_type_fits(rule->type, context->content_type[TARGET]);
}

/* ---- equal values ---- */

static struct tree_text trimmed(struct tree_text text)
{
    while (text.length && strchr(" \t\n\r\f", text.at[0]) && text.at[0]) {
        text.at++;
        text.length--;
    }
    while (text.length && strchr(" \t\n\r\f", text.at[text.length - 1]) && text.at[text.length - 1])
        text.length--;
    return text;
}

static bool same_text(struct tree_text one, struct tree_text other)
{
    return one.length == other.length && (!one.length || memcmp(one.at, other.at, one.length) == 0);
}

static bool is_json(enum tree_kind kind)
{
    return kind == TREE_STRING || kind == TREE_NUMBER || kind == TREE_LITERAL;
}

static bool equal_fits(const struct rule_equal *equal, enum tree_kind kind, struct tree_text text)
{
    if (!is_json(kind))
        return same_text(trimmed(text), equal->nothing ? (struct tree_text){0} : equal->text);
    if (equal->nothing)
        return kind == TREE_LITERAL && same_text(text, (struct tree_text){"null", 4});
    return kind == (enum tree_kind)equal->kind &&
           same_text(text, kind == TREE_NUMBER ? equal->number : equal->text);
}

/* The first value of the group that the text belongs to; NULL: it belongs to none. */
static const struct rule_equal *find_equal(const struct rule *rule, enum tree_kind kind,
                                           struct tree_text text)
{
    const struct rule_equal *found = NULL;
    for (size_t i = 0; i < rule->equal_count && !found; i++)
        if (equal_fits(&rule->equals[i], kind, text))
            found = &rule->equals[i];
    for (size_t i = 0; found && i < rule->equal_count; i++) {
        const struct rule_equal *equal = &rule->equals[i];
        /* Nothing stands for its whole group: it alone has no text to be written. */
        if (equal->group == found->group && equal->nothing)
            return equal;
    }
    for (size_t i = 0; found && i < rule->equal_count; i++)
        if (rule->equals[i].group == found->group)
            return &rule->equals[i];
    return NULL;
}

/* ---- texts ---- */

static bool add_form(struct buffer *out, enum rule_form form, const char *text, size_t length)
{
    switch (form) {
    case FORM_NUMBER:
        return normal_numbers(out, text, length);
    case FORM_DATE:
        return normal_dates(out, text, length, DATE_ORDER_UNKNOWN);
    case FORM_DATE_DAY_FIRST:
        return normal_dates(out, text, length, DATE_ORDER_DAY_FIRST);
    case FORM_DATE_MONTH_FIRST:
        return normal_dates(out, text, length, DATE_ORDER_MONTH_FIRST);
    case FORM_WHITE_SPACE:
        return normal_white_space(out, text, length);
    default:
        return normal_trailing_blanks(out, text, length);
    }
}

static bool normalise(const struct rule *rule, struct tree_text text, struct buffer *out)
{
    struct buffer before = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_add(out, text.at, text.length);
    for (size_t i = 0; i < rule->form_count; i++) {
        struct buffer swap = before;
        before = *out;
        *out = swap;
        buffer_clear(out);
        add_form(out, rule->forms[i], (const char *)before.data, before.length);
    }
    buffer_free(&before);
    return out->length != text.length ||
           (text.length && memcmp(out->data, text.at, text.length) != 0);
}

/* What the rule makes of a text; *times: how often it did something to it. */
static bool change_text(struct work *work, struct tree_text text, struct buffer *out,
                        uint64_t *times)
{
    const struct rule *rule = work->rule;
    char mask[MASK_BYTES];
    size_t count = 0;
    const char *at = text.at ? text.at : "";
    switch (rule->action) {
    case ACTION_MASK_MATCHES:
        make_mask(mask, work->number);
        if (!regex_replace(rule->regex, at, text.length, mask, MASK_BYTES, out, &count,
                           &work->run->budget, work->run->err))
            return err_prefix(work->run->err, "rules file, line %d (%s)", rule->mark.line,
                              rule->name);
        break;
    case ACTION_NORMALISE:
        count = normalise(rule, text, out);
        break;
    case ACTION_ROUND:
        count = normal_round(out, at, text.length, rule->digits);
        break;
    case ACTION_SORT:
        count = normal_sort(out, at, text.length, rule->separator);
        break;
    default:
        break;
    }
    *times = count;
    return true;
}

/* ---- nodes and attributes ---- */

static bool change_equal_node(struct work *work, uint32_t node)
{
    struct tree_node *of = &work->tree->nodes[node];
    const struct rule_equal *equal = find_equal(work->rule, of->kind, of->value);
    if (!equal || (!is_json(of->kind) && of->kind != TREE_TEXT && !trimmed(of->value).length))
        return true;
    if (is_json(of->kind)) {
        struct tree_text text = equal->nothing               ? (struct tree_text){"null", 4}
                                : equal->kind == TREE_NUMBER ? equal->number
                                                             : equal->text;
        tree_replace(work->tree, node, text.at, text.length);
        of->kind = equal->nothing ? TREE_LITERAL : equal->kind;
    } else if (equal->nothing && of->kind == TREE_TEXT) {
        /* As in an element that never had a text. */
        tree_mark(work->tree, node, TREE_IGNORED);
    } else {
        /* The blanks around it stay, and a line's end. */
        struct tree_text core = trimmed(of->value);
        struct tree_text by = equal->nothing ? (struct tree_text){0} : equal->text;
        struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
        size_t before = core.length ? (size_t)(core.at - of->value.at) : 0;
        buffer_add(&text, of->value.at, before);
        buffer_add(&text, by.at, by.length);
        buffer_add(&text, of->value.at + before + core.length,
                   of->value.length - before - core.length);
        tree_replace(work->tree, node, text.data, text.length);
        buffer_free(&text);
    }
    work->applied++;
    return true;
}

static bool change_node(struct work *work, uint32_t node)
{
    struct tree_node *of = &work->tree->nodes[node];
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    uint64_t times = 0;
    if (work->rule->action == ACTION_EQUAL)
        return change_equal_node(work, node);
    bool good = change_text(work, of->value, &out, &times);
    if (good && times) {
        tree_replace(work->tree, node, out.data, out.length);
        work->applied += times;
    }
    buffer_free(&out);
    return good;
}

static bool is_leaf_with_text(const struct tree_node *node)
{
    switch (node->kind) {
    case TREE_TEXT:
    case TREE_RAW:
    case TREE_COMMENT:
    case TREE_DOCTYPE:
    case TREE_INSTRUCTION:
    case TREE_LOST:
    case TREE_LINE:
    case TREE_STRING:
    case TREE_NUMBER:
    case TREE_LITERAL:
        return true;
    default:
        return false;
    }
}

/* The texts of a subtree. */
static bool change_below(struct work *work, uint32_t node)
{
    uint32_t end = tree_end(work->tree, node);
    for (uint32_t i = node; i < end; i++) {
        const struct tree_node *of = tree_at(work->tree, i);
        if (of->marks & (TREE_IGNORED | TREE_MASKED))
            i = tree_end(work->tree, i) - 1;
        else if (is_leaf_with_text(of) && !change_node(work, i))
            return false;
    }
    return true;
}

static bool change_attribute(struct work *work, struct tree_attribute *attribute)
{
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    uint64_t times = 0;
    bool good = true;
    if (attribute->marks & (TREE_IGNORED | TREE_MASKED))
        return true;
    if (work->rule->action == ACTION_IGNORE || work->rule->action == ACTION_MASK) {
        bool ignore = work->rule->action == ACTION_IGNORE;
        if (!ignore && !attribute->value.length)
            return true; /* there is nothing that a mask could stand for */
        attribute->marks |= ignore ? TREE_IGNORED : TREE_MASKED;
        times = 1;
    } else if (work->rule->action == ACTION_EQUAL) {
        const struct rule_equal *equal = find_equal(work->rule, TREE_TEXT, attribute->value);
        times = equal != NULL;
        if (equal && equal->nothing)
            attribute->marks |= TREE_IGNORED;
        else if (equal)
            tree_replace_attribute(work->tree, attribute, equal->text.at, equal->text.length);
    } else {
        good = change_text(work, attribute->value, &out, &times);
        if (good && times)
            tree_replace_attribute(work->tree, attribute, out.data, out.length);
    }
    work->applied += times;
    buffer_free(&out);
    return good;
}

/* The attributes of a node that have the name; NULL: all. Names of XML are exact. */
static bool change_attributes(struct work *work, uint32_t node, const char *name)
{
    const struct tree_node *of = tree_at(work->tree, node);
    for (uint32_t i = 0; i < of->attributes_count; i++) {
        struct tree_attribute *attribute = &work->tree->attributes[of->attributes_at + i];
        bool fits =
            !name || (work->run->type == CONTENT_XML ? strcmp(attribute->name, name) == 0
                                                     : strcasecmp(attribute->name, name) == 0);
        if (fits && !change_attribute(work, attribute))
            return false;
    }
    return true;
}

/* An element of HTML that never has a text. */
static bool is_void(const char *name)
{
    static const char *const names[] = {"area",  "base", "br",   "col",    "embed", "hr", "img",
                                        "input", "link", "meta", "source", "track", "wbr"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* Is there anything that a mask could stand for? An empty element, text, list or null is no token,
 * and must not equal one. */
static bool holds_something(const struct work *work, uint32_t node)
{
    for (uint32_t i = node; i < tree_end(work->tree, node); i++) {
        const struct tree_node *of = tree_at(work->tree, i);
        if (of->marks & TREE_IGNORED) {
            i = tree_end(work->tree, i) - 1;
            continue;
        }
        bool text = is_leaf_with_text(of) && of->kind != TREE_COMMENT;
        if (of->kind == TREE_LITERAL ? !same_text(of->value, (struct tree_text){"null", 4})
                                     : text && trimmed(of->value).length > 0)
            return true;
        if (of->kind == TREE_ELEMENT &&
            (work->run->type == CONTENT_XML ? of->attributes_count > 0 : is_void(of->name)))
            return true;
    }
    return false;
}

/* What the actions on whole nodes do to one that was found. */
static void mark_node(struct work *work, uint32_t node)
{
    const struct tree_node *of = tree_at(work->tree, node);
    enum tree_mark mark = TREE_IGNORED;
    switch (work->rule->action) {
    case ACTION_IGNORE:
        /* Of a JSON object, the member with its key. */
        if (of->parent != TREE_NONE && tree_at(work->tree, of->parent)->kind == TREE_MEMBER)
            node = of->parent;
        break;
    case ACTION_MASK:
        mark = TREE_MASKED;
        if (!holds_something(work, node))
            return;
        break;
    case ACTION_IGNORE_ORDER:
        mark = TREE_UNORDERED;
        break;
    case ACTION_KEY:
        if (of->kind == TREE_ARRAY) {
            tree_set_key(work->tree, node, work->rule->key);
            work->applied++;
        }
        return;
    default:
        return;
    }
    if (!(tree_at(work->tree, node)->marks & mark)) {
        tree_mark(work->tree, node, mark);
        work->applied++;
    }
}

static bool marks_nodes(enum rule_action action)
{
    return action == ACTION_IGNORE || action == ACTION_MASK || action == ACTION_IGNORE_ORDER ||
           action == ACTION_KEY;
}

/* ---- one rule on one tree ---- */

static bool apply_to_found(struct work *work)
{
    uint32_t *nodes, end = 0;
    size_t count = selector_find(work->rule->selector, work->tree, &nodes);
    bool good = true;
    for (size_t i = 0; good && i < count; i++) {
        if (work->rule->attribute) {
            good = change_attributes(work, nodes[i], work->rule->attribute);
        } else if (marks_nodes(work->rule->action)) {
            mark_node(work, nodes[i]);
        } else if (nodes[i] >= end) { /* else it lies in one that was found before */
            good = change_below(work, nodes[i]);
            end = tree_end(work->tree, nodes[i]);
        }
    }
    free(nodes);
    return good;
}

/* A rule without a selector: all texts and attributes, or all attributes of its name. */
static bool apply_to_all(struct work *work)
{
    if (work->rule->action == ACTION_IGNORE && !work->rule->attribute) {
        for (uint32_t i = tree_first(work->tree, 0); i != TREE_NONE; i = tree_next(work->tree, i))
            tree_mark(work->tree, i, TREE_IGNORED);
        work->applied++;
        return true;
    }
    if (work->rule->action == ACTION_IGNORE_ORDER) {
        mark_node(work, 0);
        return true;
    }
    for (uint32_t i = 0; i < work->tree->count; i++) {
        if (tree_at(work->tree, i)->marks & (TREE_IGNORED | TREE_MASKED))
            i = tree_end(work->tree, i) - 1;
        else if (!change_attributes(work, i, work->rule->attribute))
            return false;
    }
    return work->rule->attribute || change_below(work, 0);
}

static bool apply_rule(struct run *run, struct rule *rule, struct tree *const trees[SIDES],
                       size_t *masked)
{
    uint64_t applied[SIDES] = {0};
    bool counted = !run->context->uncounted;
    rule->answers += counted;
    for (int side = 0; side < SIDES; side++) {
        struct work work = {.run = run,
                            .rule = rule,
                            .number = (size_t)(rule - run->rules->rules),
                            .tree = trees[side]};
        if (rule->on[side] && !(rule->selector ? apply_to_found(&work) : apply_to_all(&work)))
            return false;
        applied[side] = work.applied;
        rule->applied[side] += counted ? work.applied : 0;
    }
    if (rule->action == ACTION_IGNORE || rule->action == ACTION_MASK ||
        rule->action == ACTION_MASK_MATCHES)
        *masked += applied[SOURCE] > applied[TARGET] ? applied[SOURCE] : applied[TARGET];
    return true;
}

bool rules_apply(struct rules *rules, const struct rule_context *context, enum content_type type,
                 struct tree *const trees[SIDES], size_t *masked, struct err *err)
{
    struct run run = {.rules = rules, .context = context, .type = type, .err = err};
    bool ignores = false;
    for (size_t i = 0; rules && i < rules->count; i++) {
        struct rule *rule = &rules->rules[i];
        if (rule->header || !conditions_hold(rule, context, type))
            continue;
        if (!apply_rule(&run, rule, trees, masked))
            return false;
        ignores = ignores || rule->action == ACTION_IGNORE || rule->action == ACTION_EQUAL;
    }
    for (int side = 0; ignores && side < SIDES; side++)
        tree_join_texts(trees[side], type == CONTENT_HTML);
    return true;
}

static bool apply_in_compare(void *context, enum content_type type, struct tree *const trees[SIDES],
                             size_t *masked, struct err *err)
{
    struct rule_use *use = context;
    return rules_apply(use->rules, &use->context, type, trees, masked, err);
}

struct compare_rules rules_for_compare(struct rule_use *use)
{
    return (struct compare_rules){.apply = apply_in_compare, .context = use};
}

bool rules_ignore_answers(struct rules *rules, const struct rule_context *context,
                          enum content_type type)
{
    for (size_t i = 0; rules && i < rules->count; i++) {
        struct rule *rule = &rules->rules[i];
        if (rule->action != ACTION_IGNORE || rule->header || rule->selector || rule->attribute ||
            !conditions_hold(rule, context, type))
            continue;
        rule->answers++;
        rule->applied[SOURCE]++;
        rule->applied[TARGET]++;
        return true;
    }
    return false;
}

/* ---- headers ---- */

/* One rule on one value, which is `out` before and after; *there: the header still is. */
static bool apply_to_header(struct work *work, struct buffer *out, bool *there)
{
    char mask[MASK_BYTES];
    struct tree_text text = {(const char *)out->data, out->length};
    struct buffer changed = BUFFER_INIT(BUFFER_NO_LIMIT);
    uint64_t times = 0;
    bool good = true;
    if (work->rule->action == ACTION_MASK) {
        times = text.length > 0;
        make_mask(mask, work->number);
        buffer_add(&changed, mask, MASK_BYTES);
    } else if (work->rule->action == ACTION_EQUAL) {
        const struct rule_equal *equal = find_equal(work->rule, TREE_TEXT, text);
        times = equal != NULL;
        if (equal && equal->nothing)
            *there = false;
        else if (equal)
            buffer_add(&changed, equal->text.at, equal->text.length);
    } else {
        good = change_text(work, text, &changed, &times);
    }
    if (good && times) {
        buffer_clear(out);
        buffer_add(out, changed.data, changed.length);
        work->applied += times;
    }
    buffer_free(&changed);
    return good;
}

/* "name=value; Path=/" of a Set-Cookie; a name is told by its letters' case, too (RFC 6265, 5.3).
 */
static bool is_cookie(const char *field, const char *name)
{
    size_t length = strlen(name);
    field += strspn(field, " \t");
    return strncmp(field, name, length) == 0 && strchr("= \t;", field[length]);
}

bool rules_apply_header(struct rules *rules, const struct rule_context *context, const char *header,
                        const char *const value[SIDES], struct buffer out[SIDES], bool there[SIDES],
                        struct err *err)
{
    struct run run = {.rules = rules, .context = context, .err = err};
    for (int side = 0; side < SIDES; side++) {
        there[side] = value[side] != NULL;
        buffer_add_text(&out[side], there[side] ? value[side] : "");
    }
    for (size_t i = 0; rules && i < rules->count; i++) {
        struct rule *rule = &rules->rules[i];
        if (!rule->header || strcasecmp(rule->header, header) != 0 ||
            !conditions_hold(rule, context, CONTENT_AUTO))
            continue;
        bool fits[SIDES];
        for (int side = 0; side < SIDES; side++)
            fits[side] = !rule->cookie || (value[side] && is_cookie(value[side], rule->cookie));
        rule->answers += fits[SOURCE] || fits[TARGET];
        for (int side = 0; side < SIDES; side++) {
            struct work work = {.run = &run, .rule = rule, .number = i};
            if (!rule->on[side] || !there[side] || !fits[side])
                continue;
            if (rule->action == ACTION_IGNORE) {
                there[side] = false;
                work.applied++;
            } else if (!apply_to_header(&work, &out[side], &there[side])) {
                return false;
            }
            rule->applied[side] += work.applied;
        }
    }
    return true;
}

/* ---- counts ---- */

size_t rules_count(const struct rules *rules)
{
    return rules ? rules->count : 0;
}

struct rule_count rules_count_of(const struct rules *rules, size_t number)
{
    const struct rule *rule = &rules->rules[number];
    return (struct rule_count){.name = rule->name,
                               .line = rule->mark.line,
                               .header = rule->header,
                               .answers = rule->answers,
                               .applied = {rule->applied[SOURCE], rule->applied[TARGET]}};
}
