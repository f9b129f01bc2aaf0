/* Groups of differences (group.h): a hash table of what they have in common. */
#include "group.h"

#include "base/utf8.h"
#include "date_text.h"
#include "normal.h"
#include "value.h"

#include <ctype.h>
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

int change_truth(struct tree_text text)
{
    static const char *const words[] = {"0",  "1",   "f",    "t",  "false", "true", "n",   "y",
                                        "no", "yes", "nein", "ja", "non",   "oui",  "nee", "ja",
                                        "no", "si",  "no",   "sí", "off",   "on"};
    if (!text.at)
        return -1;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == text.length && strncasecmp(words[i], text.at, text.length) == 0)
            return (int)i % 2;
    return -1;
}

static bool is_truth(struct tree_text source, struct tree_text target)
{
    return change_truth(source) >= 0 && change_truth(source) == change_truth(target);
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

/* What a group has in common, and what its example says. */
enum name { NAME_ROUTE, NAME_PART, NAME_KIND, NAME_SHAPE, NAME_CLASS, NAME_CAUSE, KEY_NAMES };
enum note { NOTE_FILE, NOTE_METHOD, NOTE_WHERE, NOTE_PATH, NOTE_SOURCE, NOTE_TARGET, NOTES };

struct entry {
    char *name[KEY_NAMES]; /* never NULL */
    char *note[NOTES];
    struct group_line at; /* of the example */
    uint64_t cost;        /* of it: bytes */
    uint64_t answers, differences, consequences, tainted;
    uint64_t last_answer;
    size_t line_count, line_room;
    struct group_line *lines; /* by answer */
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

static void free_entry(struct entry *entry)
{
    for (size_t i = 0; i < KEY_NAMES; i++)
        free(entry->name[i]);
    for (size_t i = 0; i < NOTES; i++)
        free(entry->note[i]);
    free(entry->lines);
}

void groups_free(struct groups *groups)
{
    if (!groups)
        return;
    for (size_t i = 0; i < groups->count; i++)
        free_entry(&groups->entries[i]);
    free(groups->entries);
    free(groups->slots);
    free(groups);
}

uint64_t groups_left_out(const struct groups *groups)
{
    return groups->left_out;
}

/* Cut at a character. */
static char *cut_copy(const char *text, size_t length, size_t most)
{
    struct buffer copy = BUFFER_INIT(BUFFER_NO_LIMIT);
    utf8_add_cut(&copy, text, length, most);
    char *result = mem_copy_bytes(copy.data, copy.length);
    buffer_free(&copy);
    return result;
}

static char *cut_name(const char *name)
{
    return cut_copy(name ? name : "", name ? strlen(name) : 0, NAME_MOST);
}

/* The slot of the entry with these names, or the free one where it belongs. */
static size_t find_slot(const struct groups *groups, char *const name[KEY_NAMES])
{
    struct buffer key = BUFFER_INIT(BUFFER_NO_LIMIT);
    for (size_t i = 0; i < KEY_NAMES; i++)
        buffer_add(&key, name[i], strlen(name[i]) + 1);
    size_t slot = (size_t)hash_64(key.data, key.length) & (groups->slot_count - 1);
    buffer_free(&key);
    while (groups->slots[slot]) {
        const struct entry *at = &groups->entries[groups->slots[slot] - 1];
        size_t same = 0;
        while (same < KEY_NAMES && strcmp(at->name[same], name[same]) == 0)
            same++;
        if (same == KEY_NAMES)
            break;
        slot = (slot + 1) & (groups->slot_count - 1);
    }
    return slot;
}

/* Takes the names over. */
static struct entry *add_entry(struct groups *groups, size_t slot, char *name[KEY_NAMES])
{
    if (groups->count == groups->room) {
        groups->room = groups->room ? 2 * groups->room : 64;
        groups->entries = mem_resize(groups->entries, groups->room, sizeof *groups->entries);
    }
    struct entry *entry = &groups->entries[groups->count++];
    *entry = (struct entry){0};
    memcpy(entry->name, name, sizeof entry->name);
    groups->slots[slot] = groups->count;
    return entry;
}

static bool is_secret(const struct group_difference *difference)
{
    const char *class = difference->class ? difference->class : "";
    return strcmp(class, value_class_name[CLASS_TOKEN]) == 0 ||
           strcmp(class, value_class_name[CLASS_SESSION_ID]) == 0;
}

/* A caller's "***75c002ec", or "***75c002ec (32 bytes)", shows nothing. */
static bool is_mark(struct tree_text text)
{
    size_t at = 3;
    if (!text.at || text.length < at || memcmp(text.at, "***", at) != 0)
        return false;
    while (at < text.length && isxdigit((unsigned char)text.at[at]))
        at++;
    return (at == 3 || at == 11) && (at == text.length || text.at[at] == ' ');
}

static void set_note(struct entry *entry, enum note which, char *text)
{
    free(entry->note[which]);
    entry->note[which] = text;
}

/* Is this difference a smaller example than the one there is? Of equally small ones that of the
 * lowest answer, whatever order they come in. */
static void offer_example(struct entry *entry, const struct group_difference *difference)
{
    uint64_t cost = difference->text[SOURCE].length + difference->text[TARGET].length;
    bool smaller =
        cost < entry->cost || (cost == entry->cost && difference->answer < entry->at.answer);
    if (entry->differences && !smaller)
        return;
    entry->cost = cost;
    entry->at = (struct group_line){difference->answer, difference->line};
    set_note(entry, NOTE_FILE, difference->file ? cut_name(difference->file) : NULL);
    set_note(entry, NOTE_METHOD, difference->method ? cut_name(difference->method) : NULL);
    set_note(entry, NOTE_WHERE, cut_name(difference->where));
    set_note(entry, NOTE_PATH, cut_name(difference->path));
    bool secret = is_secret(difference);
    for (int side = 0; side < SIDES; side++) {
        struct tree_text text = difference->text[side];
        size_t most =
            secret && !is_mark(text) ? text.length / 4 < 4 ? text.length / 4 : 4 : GROUP_TEXT;
        set_note(entry, NOTE_SOURCE + (enum note)side,
                 text.at ? cut_copy(text.at, text.length, most) : NULL);
    }
}

/* Keeps the GROUP_LINES lowest answers, in order: answers do not come in the order of the log. */
static void add_line(struct entry *entry, struct group_line line)
{
    size_t place = entry->line_count;
    while (place && entry->lines[place - 1].answer > line.answer)
        place--;
    if (place == GROUP_LINES || (place && entry->lines[place - 1].answer == line.answer))
        return;
    if (entry->line_count == entry->line_room && entry->line_room < GROUP_LINES) {
        entry->line_room = entry->line_room ? 2 * entry->line_room : 4;
        if (entry->line_room > GROUP_LINES)
            entry->line_room = GROUP_LINES;
        entry->lines = mem_resize(entry->lines, entry->line_room, sizeof *entry->lines);
    }
    if (entry->line_count < GROUP_LINES)
        entry->line_count++;
    memmove(entry->lines + place + 1, entry->lines + place,
            (entry->line_count - 1 - place) * sizeof *entry->lines);
    entry->lines[place] = line;
}

/* A phrase for how the value changed, where nobody named a cause. Masks that are the same on both
 * sides tell nothing. */
static const char *cause_of(const struct group_difference *difference)
{
    struct tree_text source = difference->text[SOURCE], target = difference->text[TARGET];
    if (difference->cause)
        return difference->cause;
    if (!difference->kind || strcmp(difference->kind, diff_kind_name[DIFF_CHANGED]) != 0 ||
        !source.at || !target.at || same_bytes(source.at, source.length, target.at, target.length))
        return "";
    return change_name[change_of(source, target)];
}

void groups_add(struct groups *groups, const struct group_difference *difference)
{
    struct buffer shape = BUFFER_INIT(BUFFER_NO_LIMIT);
    group_shape(&shape, difference->shape ? difference->shape : "");
    char *name[KEY_NAMES] = {
        [NAME_ROUTE] = cut_name(difference->route), [NAME_PART] = cut_name(difference->part),
        [NAME_KIND] = cut_name(difference->kind),   [NAME_SHAPE] = cut_name((char *)shape.data),
        [NAME_CLASS] = cut_name(difference->class), [NAME_CAUSE] = cut_name(cause_of(difference))};
    size_t slot = find_slot(groups, name);
    struct entry *entry = groups->slots[slot] ? &groups->entries[groups->slots[slot] - 1] : NULL;
    bool known = entry || groups->count >= groups->most;
    if (!known)
        entry = add_entry(groups, slot, name);
    if (entry) {
        offer_example(entry, difference);
        if (!entry->differences++ || entry->last_answer != difference->answer) {
            entry->answers++;
            entry->consequences += difference->consequence;
            entry->tainted += difference->tainted;
            add_line(entry, (struct group_line){difference->answer, difference->line});
        }
        entry->last_answer = difference->answer;
    } else {
        groups->left_out++;
    }
    for (size_t i = 0; known && i < KEY_NAMES; i++)
        free(name[i]);
    buffer_free(&shape);
}

/* ---- the list ---- */

/* All but the route. */
static int compare_alike(const struct entry *one, const struct entry *other)
{
    int order = 0;
    for (size_t i = NAME_ROUTE + 1; !order && i < KEY_NAMES; i++)
        order = strcmp(one->name[i], other->name[i]);
    return order;
}

/* Those that are alike together, most answers first, so that the first of a run has the most. */
static int compare_entries(const void *a, const void *b)
{
    const struct entry *one = *(const struct entry *const *)a,
                       *other = *(const struct entry *const *)b;
    int order = compare_alike(one, other);
    if (order)
        return order;
    if (one->answers != other->answers)
        return one->answers > other->answers ? -1 : 1;
    return strcmp(one->name[NAME_ROUTE], other->name[NAME_ROUTE]);
}

static int compare_groups(const void *a, const void *b)
{
    const struct group *one = a, *other = b;
    if (one->answers != other->answers)
        return one->answers > other->answers ? -1 : 1;
    const char *const names[][2] = {{one->routes[0], other->routes[0]}, {one->shape, other->shape},
                                    {one->part, other->part},           {one->kind, other->kind},
                                    {one->cause, other->cause},         {one->class, other->class}};
    int order = 0;
    for (size_t i = 0; !order && i < sizeof names / sizeof *names; i++)
        order = strcmp(names[i][0], names[i][1]);
    return order;
}

static int compare_lines(const void *a, const void *b)
{
    const struct group_line *one = a, *other = b;
    return one->answer < other->answer ? -1 : one->answer > other->answer;
}

/* The lowest answers of all entries. An answer has one route, so none stands in two. */
static void fold_lines(struct group *group, const struct entry *const *entries, size_t count,
                       struct arena *arena)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += entries[i]->line_count;
    struct group_line *lines = arena_alloc(arena, (total + 1) * sizeof *lines);
    total = 0;
    for (size_t i = 0; i < count; i++) {
        memcpy(lines + total, entries[i]->lines, entries[i]->line_count * sizeof *lines);
        total += entries[i]->line_count;
    }
    qsort(lines, total, sizeof *lines, compare_lines);
    group->lines = lines;
    group->line_count = total < GROUP_LINES ? total : GROUP_LINES;
}

/* One group of what several routes share. */
static struct group fold(const struct entry *const *entries, size_t count, struct arena *arena)
{
    const struct entry *smallest = entries[0];
    struct group group = {.route_count = count,
                          .part = smallest->name[NAME_PART],
                          .kind = smallest->name[NAME_KIND],
                          .shape = smallest->name[NAME_SHAPE],
                          .class = smallest->name[NAME_CLASS],
                          .cause = smallest->name[NAME_CAUSE]};
    for (size_t i = 0; i < count; i++) {
        if (i < GROUP_ROUTES)
            group.routes[i] = entries[i]->name[NAME_ROUTE];
        group.answers += entries[i]->answers;
        group.differences += entries[i]->differences;
        group.consequences += entries[i]->consequences;
        group.tainted += entries[i]->tainted;
        if (entries[i]->cost < smallest->cost)
            smallest = entries[i];
    }
    group.at = smallest->at;
    group.file = smallest->note[NOTE_FILE];
    group.method = smallest->note[NOTE_METHOD];
    group.where = smallest->note[NOTE_WHERE];
    group.path = smallest->note[NOTE_PATH];
    group.text[SOURCE] = smallest->note[NOTE_SOURCE];
    group.text[TARGET] = smallest->note[NOTE_TARGET];
    if (count == 1) {
        group.lines = smallest->lines;
        group.line_count = smallest->line_count;
    } else {
        fold_lines(&group, entries, count, arena);
    }
    return group;
}

size_t groups_list(const struct groups *groups, struct arena *arena, struct group **list)
{
    const struct entry **entries = mem_zero(groups->count + 1, sizeof *entries);
    size_t count = 0;
    *list = arena_alloc(arena, (groups->count + 1) * sizeof **list);
    for (size_t i = 0; i < groups->count; i++)
        entries[i] = &groups->entries[i];
    qsort(entries, groups->count, sizeof *entries, compare_entries);
    for (size_t i = 0, end; i < groups->count; i = end) {
        for (end = i + 1; end < groups->count && compare_alike(entries[i], entries[end]) == 0;)
            end++;
        if (end - i > GROUP_ROUTES)
            (*list)[count++] = fold(entries + i, end - i, arena);
        else
            for (size_t k = i; k < end; k++)
                (*list)[count++] = fold(entries + k, 1, arena);
    }
    free(entries);
    if (count)
        qsort(*list, count, sizeof **list, compare_groups);
    return count;
}

/* ---- as bytes ---- */

static void save_entry(const struct entry *entry, struct buffer *out)
{
    for (size_t i = 0; i < KEY_NAMES; i++)
        bytes_put_text(out, entry->name[i]);
    for (size_t i = 0; i < NOTES; i++)
        bytes_put_text(out, entry->note[i]);
    const uint64_t numbers[] = {entry->at.answer, entry->at.line,     entry->cost,
                                entry->answers,   entry->differences, entry->consequences,
                                entry->tainted,   entry->last_answer};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        buffer_add_u64(out, numbers[i]);
    bytes_put_size(out, entry->line_count);
    for (size_t i = 0; i < entry->line_count; i++) {
        buffer_add_u64(out, entry->lines[i].answer);
        buffer_add_u64(out, entry->lines[i].line);
    }
}

void groups_save(const struct groups *groups, struct buffer *out)
{
    buffer_add_u64(out, groups->left_out);
    bytes_put_size(out, groups->count);
    for (size_t i = 0; i < groups->count; i++)
        save_entry(&groups->entries[i], out);
}

static char *load_text(struct bytes *in, struct arena *arena, bool needed)
{
    const char *text = needed ? bytes_name(in, arena) : bytes_text(in, arena);
    if (text && !utf8_is_valid((const unsigned char *)text, strlen(text)))
        in->failed = true;
    return text ? mem_copy_string(text) : NULL;
}

static void load_numbers(struct bytes *in, struct entry *entry)
{
    uint64_t *const numbers[] = {&entry->at.answer, &entry->at.line,     &entry->cost,
                                 &entry->answers,   &entry->differences, &entry->consequences,
                                 &entry->tainted,   &entry->last_answer};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        *numbers[i] = bytes_u64(in);
    entry->line_count = entry->line_room = bytes_count(in, 16);
    in->failed |= !entry->answers || entry->answers > entry->differences ||
                  entry->consequences > entry->answers || entry->tainted > entry->answers ||
                  !entry->line_count || entry->line_count > GROUP_LINES ||
                  entry->line_count > entry->answers;
    if (in->failed)
        entry->line_count = 0;
    entry->lines = mem_zero(entry->line_count + 1, sizeof *entry->lines);
    for (size_t i = 0; i < entry->line_count; i++) {
        entry->lines[i].answer = bytes_u64(in);
        entry->lines[i].line = bytes_u64(in);
        in->failed |= i && entry->lines[i].answer <= entry->lines[i - 1].answer;
    }
}

/* Adds one; false: it is no entry, or one of those there are. */
static bool load_entry(struct groups *groups, struct bytes *in)
{
    struct arena arena = ARENA_INIT;
    struct entry entry = {0};
    for (size_t i = 0; i < KEY_NAMES; i++)
        entry.name[i] = load_text(in, &arena, true);
    for (size_t i = 0; i < NOTES; i++)
        entry.note[i] = load_text(in, &arena, i == NOTE_WHERE || i == NOTE_PATH);
    load_numbers(in, &entry);
    arena_free(&arena);
    size_t slot = in->failed ? 0 : find_slot(groups, entry.name);
    in->failed |= groups->slots[slot] != 0;
    if (in->failed) {
        free_entry(&entry);
        return false;
    }
    *add_entry(groups, slot, entry.name) = entry;
    return true;
}

struct groups *groups_load(struct bytes *in, size_t most)
{
    struct groups *groups = groups_new(most);
    groups->left_out = bytes_u64(in);
    size_t count = bytes_count(in, 4 * (KEY_NAMES + NOTES) + 64);
    in->failed |= count > groups->most;
    for (size_t i = 0; i < count && !in->failed; i++)
        if (!load_entry(groups, in))
            break;
    if (!in->failed)
        return groups;
    groups_free(groups);
    return NULL;
}
