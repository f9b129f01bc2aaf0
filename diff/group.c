/* Groups of differences (group.h): a hash table of what they have in common. */
#include "group.h"

#include "date_text.h"
#include "normal.h"
#include "value.h"

#include <stdlib.h>
#include <strings.h>

#define GROUPS_MOST 10000
#define NAME_MOST 1000 /* bytes of a route, a shape, a path or a place */

const char *const change_name[CHANGES] = {
    [CHANGE_NONE] = "",
    [CHANGE_VALUE] = "another value",
    [CHANGE_EMPTIED] = "empty in the target",
    [CHANGE_FILLED] = "empty in the source",
    [CHANGE_WHITE_SPACE] = "white space",
    [CHANGE_CASE] = "letter case",
    [CHANGE_NUMBER] = "same number",
    [CHANGE_DATE] = "same date",
    [CHANGE_SHIFT] = "time shifted",
    [CHANGE_TRUTH] = "same truth",
    [CHANGE_CUT] = "cut in the target",
    [CHANGE_LONGER] = "cut in the source",
};

/* ---- how a value changed ---- */

#define CHANGE_LONGEST 10000 /* bytes of a value that is looked at closely */

static bool same_bytes(const void *one, size_t length, const void *other, size_t other_length)
{
    return length == other_length && (!length || memcmp(one, other, length) == 0);
}

static bool same_form(bool (*form)(struct buffer *, const char *, size_t), struct tree_text source,
                      struct tree_text target)
{
    struct buffer one = BUFFER_INIT(BUFFER_NO_LIMIT), other = BUFFER_INIT(BUFFER_NO_LIMIT);
    form(&one, source.at, source.length);
    form(&other, target.at, target.length);
    bool same = same_bytes(one.data, one.length, other.data, other.length);
    buffer_free(&one);
    buffer_free(&other);
    return same;
}

static bool dates(struct buffer *out, const char *text, size_t length)
{
    return normal_dates(out, text, length, DATE_ORDER_UNKNOWN);
}

/* Without any white space. */
static bool squeezed(struct buffer *out, const char *text, size_t length)
{
    struct buffer form = BUFFER_INIT(BUFFER_NO_LIMIT);
    normal_white_space(&form, text, length);
    for (size_t i = 0; i < form.length; i++)
        if (form.data[i] != ' ')
            buffer_add_byte(out, form.data[i]);
    buffer_free(&form);
    return true;
}

static bool is_empty(struct tree_text source, struct tree_text target)
{
    struct buffer form = BUFFER_INIT(BUFFER_NO_LIMIT);
    (void)source;
    normal_white_space(&form, target.at, target.length);
    bool empty = form.length == 0 || strcmp((const char *)form.data, "null") == 0;
    buffer_free(&form);
    return empty;
}

static bool is_filled(struct tree_text source, struct tree_text target)
{
    return is_empty(target, source);
}

static bool is_white_space(struct tree_text source, struct tree_text target)
{
    return same_form(squeezed, source, target);
}

static bool is_case(struct tree_text source, struct tree_text target)
{
    return source.length == target.length && strncasecmp(source.at, target.at, source.length) == 0;
}

static bool is_number(struct tree_text source, struct tree_text target)
{
    return same_form(normal_numbers, source, target);
}

static bool is_date(struct tree_text source, struct tree_text target)
{
    return same_form(dates, source, target);
}

/* Minutes of a text that is a whole time; false: it is none. */
static bool read_minutes(struct tree_text text, int64_t *minutes, unsigned *second)
{
    struct date_text date;
    if (date_text_read(text.at, text.length, DATE_ORDER_UNKNOWN, &date) != text.length ||
        !date.has_time)
        return false;
    *minutes = civil_to_days(date.year, date.month, date.day) * 1440 + date.hour * 60 +
               date.minute - date.offset;
    *second = date.second;
    return true;
}

static bool is_shift(struct tree_text source, struct tree_text target)
{
    int64_t one, other;
    unsigned second, other_second;
    if (!read_minutes(source, &one, &second) || !read_minutes(target, &other, &other_second))
        return false;
    int64_t apart = one > other ? one - other : other - one;
    return second == other_second && apart && apart % 15 == 0 && apart <= 14 * 60;
}

static int truth_of(struct tree_text text)
{
    static const char *const words[] = {"0", "1", "f", "t", "false", "true", "n", "y", "no", "yes"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == text.length && strncasecmp(words[i], text.at, text.length) == 0)
            return (int)i % 2;
    return -1;
}

static bool is_truth(struct tree_text source, struct tree_text target)
{
    return truth_of(source) >= 0 && truth_of(source) == truth_of(target);
}

static bool is_cut(struct tree_text source, struct tree_text target)
{
    return target.length < source.length && target.length >= 8 &&
           memcmp(source.at, target.at, target.length) == 0;
}

static bool is_longer(struct tree_text source, struct tree_text target)
{
    return is_cut(target, source);
}

enum change change_of(struct tree_text source, struct tree_text target)
{
    static const struct {
        enum change change;
        bool (*is)(struct tree_text source, struct tree_text target);
    } rows[] = {{CHANGE_EMPTIED, is_empty}, {CHANGE_FILLED, is_filled},
                {CHANGE_NUMBER, is_number}, {CHANGE_WHITE_SPACE, is_white_space},
                {CHANGE_DATE, is_date},     {CHANGE_SHIFT, is_shift},
                {CHANGE_CASE, is_case},     {CHANGE_TRUTH, is_truth},
                {CHANGE_CUT, is_cut},       {CHANGE_LONGER, is_longer}};
    if (!source.at || !target.at)
        return CHANGE_NONE;
    if (source.length > CHANGE_LONGEST || target.length > CHANGE_LONGEST)
        return CHANGE_VALUE;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].is(source, target))
            return rows[i].change;
    return CHANGE_VALUE;
}

/* ---- shapes ---- */

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (unsigned char)byte >= 0x80;
}

static size_t word_length(const char *at)
{
    size_t length = 0;
    while (is_digit(at[length]) || is_letter(at[length]) || at[length] == '-' || at[length] == '_')
        length++;
    return length;
}

void group_shape(struct buffer *out, const char *shape)
{
    for (const char *at = shape; *at;) {
        size_t word = at == shape || !word_length(at - 1) ? word_length(at) : 0;
        enum value_class class = word ? value_class_of_text(NULL, at, word) : CLASS_TEXT;
        if (class == CLASS_UUID || class == CLASS_HASH || class == CLASS_TOKEN) {
            buffer_printf(out, "{%s}", value_class_name[class]);
            at += word;
            continue;
        }
        size_t digits = 0;
        while (is_digit(at[digits]))
            digits++;
        /* h1, col2 and v10 are names; c8812 was counted. */
        bool name = at > shape && is_letter(at[-1]) && digits < 3;
        if (digits && !name)
            buffer_add_text(out, "{n}");
        else
            buffer_add(out, at, digits ? digits : 1);
        at += digits ? digits : 1;
    }
}

/* ---- the table ---- */

struct entry {
    struct group group;
    char *route;
    char *owned[5]; /* shape, where, path, texts */
    struct hash128 key;
    uint64_t last_answer;
    size_t cost; /* of the example */
};

struct groups {
    struct entry *entries;
    size_t count, room, most;
    size_t *slots; /* entry + 1; 0: free; a power of two of them */
    size_t slot_count;
    uint64_t left_out;
};

struct groups *groups_new(size_t most)
{
    struct groups *groups = mem_zero(1, sizeof *groups);
    groups->most = most ? most : GROUPS_MOST;
    groups->slot_count = 64;
    while (groups->slot_count < 2 * groups->most)
        groups->slot_count *= 2;
    groups->slots = mem_zero(groups->slot_count, sizeof *groups->slots);
    return groups;
}

void groups_free(struct groups *groups)
{
    if (!groups)
        return;
    for (size_t i = 0; i < groups->count; i++) {
        free(groups->entries[i].route);
        for (size_t k = 0; k < 5; k++)
            free(groups->entries[i].owned[k]);
    }
    free(groups->entries);
    free(groups->slots);
    free(groups);
}

uint64_t groups_left_out(const struct groups *groups)
{
    return groups->left_out;
}

static void add_part(struct buffer *key, const char *part)
{
    buffer_add_text(key, part ? part : "");
    buffer_add_byte(key, 0);
}

/* Cuts at a character. */
static char *cut_copy(const char *text, size_t length, size_t most)
{
    bool cut = length > most;
    while (cut && most && ((unsigned char)text[most] & 0xC0) == 0x80)
        most--;
    if (!cut)
        return mem_copy_bytes(text, length);
    return mem_format("%.*s…", (int)most, text);
}

static char *cut_name(const char *name)
{
    return cut_copy(name ? name : "", name ? strlen(name) : 0, NAME_MOST);
}

static void set_owned(struct entry *entry, size_t which, char *text)
{
    free(entry->owned[which]);
    entry->owned[which] = text;
}

/* Is this difference a smaller example than the one there is? */
static void offer_example(struct entry *entry, const struct group_difference *difference,
                          bool first)
{
    size_t cost = difference->text[SOURCE].length + difference->text[TARGET].length;
    bool secret = difference->class == CLASS_TOKEN || difference->class == CLASS_SESSION_ID;
    if (!first && cost >= entry->cost)
        return;
    entry->cost = cost;
    set_owned(entry, 1, cut_name(difference->where));
    set_owned(entry, 2, cut_name(difference->path));
    entry->group.where = entry->owned[1];
    entry->group.path = entry->owned[2];
    for (int side = 0; side < SIDES; side++) {
        struct tree_text text = difference->text[side];
        size_t most = secret ? text.length / 4 < 4 ? text.length / 4 : 4 : GROUP_TEXT;
        set_owned(entry, 3 + (size_t)side, text.at ? cut_copy(text.at, text.length, most) : NULL);
        entry->group.text[side] = entry->owned[3 + side];
    }
}

static struct entry *add_entry(struct groups *groups, struct hash128 key, const char *shape,
                               const struct group_difference *difference)
{
    if (groups->count == groups->room) {
        groups->room = groups->room ? 2 * groups->room : 64;
        groups->entries = mem_resize(groups->entries, groups->room, sizeof *groups->entries);
    }
    struct entry *entry = &groups->entries[groups->count++];
    *entry = (struct entry){.key = key, .route = cut_name(difference->route)};
    set_owned(entry, 0, cut_name(shape));
    entry->group = (struct group){.route_count = 1,
                                  .shape = entry->owned[0],
                                  .kind = difference->kind,
                                  .class = difference->class};
    return entry;
}

void groups_add(struct groups *groups, const struct group_difference *difference)
{
    struct buffer key = BUFFER_INIT(BUFFER_NO_LIMIT), shape = BUFFER_INIT(BUFFER_NO_LIMIT);
    enum change change = difference->kind == DIFF_CHANGED
                             ? change_of(difference->text[SOURCE], difference->text[TARGET])
                             : CHANGE_NONE;
    group_shape(&shape, difference->shape ? difference->shape : "");
    add_part(&key, difference->route);
    add_part(&key, (const char *)shape.data);
    buffer_printf(&key, "%d %d %d", (int)difference->kind, (int)change, (int)difference->class);
    struct hash128 hash = hash_128(key.data, key.length);
    size_t slot = (size_t)hash.low & (groups->slot_count - 1);
    struct entry *entry = NULL;
    while (!entry && groups->slots[slot]) {
        struct entry *at = &groups->entries[groups->slots[slot] - 1];
        if (at->key.low == hash.low && at->key.high == hash.high)
            entry = at;
        else
            slot = (slot + 1) & (groups->slot_count - 1);
    }
    bool first = !entry;
    if (!entry && groups->count < groups->most) {
        entry = add_entry(groups, hash, (const char *)shape.data, difference);
        entry->group.change = change;
        groups->slots[slot] = groups->count;
    }
    if (entry) {
        entry->group.differences++;
        if (first || entry->last_answer != difference->answer)
            entry->group.answers++;
        entry->last_answer = difference->answer;
        offer_example(entry, difference, first);
    } else {
        groups->left_out++;
    }
    buffer_free(&key);
    buffer_free(&shape);
}

/* ---- the list ---- */

/* All but the route; then most answers first, so that the first of a run has the most. */
static int compare_alike(const struct entry *one, const struct entry *other)
{
    int order = strcmp(one->group.shape, other->group.shape);
    if (!order)
        order = (int)one->group.kind - (int)other->group.kind;
    if (!order)
        order = (int)one->group.change - (int)other->group.change;
    return order ? order : (int)one->group.class - (int)other->group.class;
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *one = *(const struct entry *const *)a,
                       *other = *(const struct entry *const *)b;
    int order = compare_alike(one, other);
    if (order)
        return order;
    if (one->group.answers != other->group.answers)
        return one->group.answers > other->group.answers ? -1 : 1;
    return strcmp(one->route, other->route);
}

static int compare_groups(const void *a, const void *b)
{
    const struct group *one = a, *other = b;
    if (one->answers != other->answers)
        return one->answers > other->answers ? -1 : 1;
    int order = strcmp(one->routes[0], other->routes[0]);
    if (!order)
        order = strcmp(one->shape, other->shape);
    if (!order)
        order = (int)one->kind - (int)other->kind;
    if (!order)
        order = (int)one->change - (int)other->change;
    return order ? order : (int)one->class - (int)other->class;
}

/* One group of what several routes share. */
static struct group fold(const struct entry *const *entries, size_t count)
{
    struct group group = entries[0]->group;
    const struct entry *smallest = entries[0];
    group.route_count = count;
    for (size_t i = 0; i < count; i++) {
        if (i < GROUP_ROUTES)
            group.routes[i] = entries[i]->route;
        if (i) {
            group.answers += entries[i]->group.answers;
            group.differences += entries[i]->group.differences;
        }
        if (entries[i]->cost < smallest->cost)
            smallest = entries[i];
    }
    group.where = smallest->group.where;
    group.path = smallest->group.path;
    memcpy(group.text, smallest->group.text, sizeof group.text);
    return group;
}

size_t groups_list(const struct groups *groups, struct group **list)
{
    const struct entry **entries = mem_zero(groups->count + 1, sizeof *entries);
    size_t count = 0;
    *list = mem_zero(groups->count + 1, sizeof **list);
    for (size_t i = 0; i < groups->count; i++)
        entries[i] = &groups->entries[i];
    qsort(entries, groups->count, sizeof *entries, compare_entries);
    for (size_t i = 0, end; i < groups->count; i = end) {
        for (end = i + 1; end < groups->count && compare_alike(entries[i], entries[end]) == 0;)
            end++;
        if (end - i > GROUP_ROUTES)
            (*list)[count++] = fold(entries + i, end - i);
        else
            for (size_t k = i; k < end; k++)
                (*list)[count++] = fold(entries + k, 1);
    }
    free(entries);
    if (count)
        qsort(*list, count, sizeof **list, compare_groups);
    return count;
}
