/*
 * Myers' greedy algorithm over anything that can be told equal, and words of text for it. Input:
 * two sequences. Output: what is changed. Knows nothing of trees.
 */
#include "text_diff.h"

#include "base/hash.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

void text_changes_free(struct text_changes *changes)
{
    free(changes->items);
    *changes = (struct text_changes){0};
}

static void add_change(struct text_changes *changes, struct text_change change)
{
    if (changes->count == changes->room) {
        changes->room = changes->room ? 2 * changes->room : 16;
        changes->items = mem_resize(changes->items, changes->room, sizeof *changes->items);
    }
    changes->items[changes->count++] = change;
}

/* Two sequences without their common beginning and end. */
struct middle {
    size_t source, target; /* where it begins */
    size_t sources, targets;
    bool (*same)(void *context, size_t source, size_t target);
    void *context;
};

static bool same_at(const struct middle *middle, size_t source, size_t target)
{
    return middle->same(middle->context, middle->source + source, middle->target + target);
}

/* furthest[k] of each round of edits, one round behind the other: round d has the diagonals -d … d
 * in steps of two, d + 1 numbers, and begins at d (d + 1) / 2. */
static size_t round_at(size_t edits)
{
    return edits * (edits + 1) / 2;
}

/* How far into the source the round before gets on diagonal k when one more edit is made; whether
 * that edit takes an element of the target (down) or of the source. */
static size_t step(const size_t *before, size_t edits, size_t place, bool *down)
{
    /* place 0 … edits; its neighbours on the round before are place - 1 (k - 1) and place (k + 1)
     */
    *down = place == 0 || (place < edits && before[place - 1] < before[place]);
    return *down ? before[place] : before[place - 1] + 1;
}

/* Runs rounds until one reaches the end; false: the bound was met. *edits: how many it took. */
static bool search(const struct middle *middle, size_t **rounds, size_t bound, size_t *edits)
{
    const ptrdiff_t goal = (ptrdiff_t)middle->sources - (ptrdiff_t)middle->targets;
    size_t room = 0;
    for (size_t d = 0; d <= bound; d++) {
        if (round_at(d + 1) > room) {
            room = 2 * round_at(d + 1) + 64;
            *rounds = mem_resize(*rounds, room, sizeof **rounds);
        }
        size_t *now = *rounds + round_at(d), *before = d ? *rounds + round_at(d - 1) : NULL;
        for (size_t place = 0; place <= d; place++) {
            ptrdiff_t k = 2 * (ptrdiff_t)place - (ptrdiff_t)d;
            bool down;
            size_t source = d ? step(before, d, place, &down) : 0;
            ptrdiff_t target = (ptrdiff_t)source - k;
            /* Beyond an end: kept, so that the numbers stay comparable, but it leads nowhere. */
            if (source <= middle->sources && target >= 0)
                while (source < middle->sources && (size_t)target < middle->targets &&
                       same_at(middle, source, (size_t)target))
                    source++, target++;
            now[place] = source;
            if (k == goal && source >= middle->sources && target >= (ptrdiff_t)middle->targets) {
                *edits = d;
                return true;
            }
        }
    }
    return false;
}

/* Walks back from the end and marks what is taken out and put in. */
static void walk_back(const struct middle *middle, const size_t *rounds, size_t edits, bool *out,
                      bool *in)
{
    size_t place =
        (size_t)((ptrdiff_t)edits + (ptrdiff_t)middle->sources - (ptrdiff_t)middle->targets) / 2;
    for (size_t d = edits; d; d--) {
        bool down;
        size_t source = step(rounds + round_at(d - 1), d, place, &down);
        ptrdiff_t k = 2 * (ptrdiff_t)place - (ptrdiff_t)d;
        if (down) {
            in[(size_t)((ptrdiff_t)source - k) - 1] = true;
        } else {
            out[source - 1] = true;
            place--;
        }
    }
}

/* Turns the marks into changes. */
static void collect(struct text_changes *changes, const struct middle *middle, const bool *out,
                    const bool *in)
{
    size_t source = 0, target = 0;
    while (source < middle->sources || target < middle->targets) {
        size_t source_start = source, target_start = target;
        while (source < middle->sources && out[source])
            source++;
        while (target < middle->targets && in[target])
            target++;
        if (source > source_start || target > target_start)
            add_change(changes, (struct text_change){
                                    middle->source + source_start, middle->source + source,
                                    middle->target + target_start, middle->target + target});
        else
            source++, target++;
    }
}

void text_diff_sequence(struct text_changes *changes, size_t sources, size_t targets, size_t bound,
                        bool (*same)(void *context, size_t source, size_t target), void *context)
{
    struct middle middle = {.same = same, .context = context};
    size_t least = sources < targets ? sources : targets, common = 0, tail = 0;
    while (common < least && same(context, common, common))
        common++;
    while (tail < least - common && same(context, sources - 1 - tail, targets - 1 - tail))
        tail++;
    middle.source = middle.target = common;
    middle.sources = sources - common - tail;
    middle.targets = targets - common - tail;
    if (!middle.sources && !middle.targets)
        return;
    const struct text_change all = {common, sources - tail, common, targets - tail};
    if (!middle.sources || !middle.targets) {
        add_change(changes, all);
        return;
    }
    size_t *rounds = NULL, edits;
    if (search(&middle, &rounds, bound, &edits)) {
        bool *out = mem_zero(middle.sources + middle.targets, sizeof *out);
        walk_back(&middle, rounds, edits, out, out + middle.sources);
        collect(changes, &middle, out, out + middle.sources);
        free(out);
    } else {
        changes->bounded = true;
        add_change(changes, all);
    }
    free(rounds);
}

/* --- words --- */

enum {
    MOST_WORDS = 20000, /* of a side; longer texts are one change but for their ends */
    MOST_EDITS = 400,
};

struct word {
    size_t start, end;
    uint64_t hash;
};

struct words {
    const char *text;
    struct word *items;
    size_t count, room;
};

static bool is_letter(char byte)
{
    unsigned char code = (unsigned char)byte;
    return code >= 0x80 || (unsigned)((code | 32) - 'a') < 26 || (unsigned)(code - '0') < 10;
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r' || byte == '\f';
}

static size_t word_end(const char *text, size_t at, size_t length)
{
    size_t end = at + 1;
    if (is_letter(text[at])) {
        while (end < length) {
            if (is_letter(text[end]))
                end++;
            else if (text[end] && strchr(".,:-_/'", text[end]) && end + 1 < length &&
                     is_letter(text[end + 1]))
                end += 2;
            else
                break;
        }
    } else if (is_space(text[at])) {
        while (end < length && is_space(text[end]))
            end++;
    }
    return end;
}

/* false: there are too many */
static bool split(struct words *words, size_t from, size_t length)
{
    for (size_t at = from; at < length;) {
        if (words->count == MOST_WORDS)
            return false;
        if (words->count == words->room) {
            words->room = words->room ? 2 * words->room : 64;
            words->items = mem_resize(words->items, words->room, sizeof *words->items);
        }
        size_t end = word_end(words->text, at, length);
        words->items[words->count++] = (struct word){at, end, hash_64(words->text + at, end - at)};
        at = end;
    }
    return true;
}

static bool same_words(void *context, size_t source, size_t target)
{
    const struct words *words = context;
    const struct word *one = &words[0].items[source], *other = &words[1].items[target];
    return one->hash == other->hash && one->end - one->start == other->end - other->start &&
           memcmp(words[0].text + one->start, words[1].text + other->start,
                  one->end - one->start) == 0;
}

/* Where the word number `index` begins, or the text ends. */
static size_t place_of(const struct words *words, size_t index, size_t length)
{
    return index < words->count ? words->items[index].start : length;
}

static void words_to_bytes(struct text_changes *changes, size_t from, const struct words *words,
                           size_t source_length, size_t target_length)
{
    for (size_t i = from; i < changes->count; i++) {
        struct text_change *change = &changes->items[i];
        *change = (struct text_change){
            place_of(&words[0], change->source, source_length),
            place_of(&words[0], change->source_end, source_length),
            place_of(&words[1], change->target, target_length),
            place_of(&words[1], change->target_end, target_length),
        };
    }
}

void text_diff_words(struct text_changes *changes, const char *source, size_t source_length,
                     const char *target, size_t target_length)
{
    struct words words[2] = {{.text = source}, {.text = target}};
    size_t from = changes->count;
    if (split(&words[0], 0, source_length) && split(&words[1], 0, target_length)) {
        text_diff_sequence(changes, words[0].count, words[1].count, MOST_EDITS, same_words, words);
        words_to_bytes(changes, from, words, source_length, target_length);
    } else if (source_length != target_length || memcmp(source, target, source_length) != 0) {
        changes->bounded = true;
        add_change(changes, (struct text_change){0, source_length, 0, target_length});
    }
    free(words[0].items);
    free(words[1].items);
}
