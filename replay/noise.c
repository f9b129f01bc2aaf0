/*
 * Collects what differs by itself (noise.h) and writes it as rules. A family is all places that
 * differ only in the numbers of their steps: the cells of a column. Each set of numbers is a spot
 * with the patterns of its values; spots become one rule where they are many.
 */
#include "noise_parts.h"

#include "../diff/base/hash.h"
#include "../diff/base/utf8.h"
#include "../diff/route.h"

#include <ctype.h>
#include <stdlib.h>

#define BYTES_MOST                                                                                 \
    (64U << 20)         /* then there are no new places, and no new patterns of known ones         \
                         */
#define SPOTS_MOST 16   /* of a family; then they are one in the outermost step that varies */
#define PATTERNS_MOST 4 /* of a spot; then its values may be anything */
#define APART_MOST 24   /* of a text that holds several values */
#define ROWS_LEAST 3    /* spots in a row that are taken for a table's */
#define FOLDER_LEAST 4  /* routes of one folder whose values lie in one place: pages of one make */

struct spot {
    uint32_t *numbers; /* of the family's steps */
    size_t pattern_count;
    struct noise_pattern *patterns;
    bool any; /* patterns[0] is what is known of values of all shapes */
    bool leaf;
    uint64_t answers, last;
    char *example;
    uint64_t shown; /* number of the exchange that it is of: of all that differ there the first */
};

struct family {
    char *key, *route;
    struct arena arena;
    struct noise_place place; /* action, language, steps, name, whole, secret, why */
    size_t count;
    struct spot *spots; /* SPOTS_MOST + 1 */
    bool *merged;       /* steps of which no number counts any more */
    uint64_t answers;
    uint64_t last; /* exchange that was counted */
};

struct route_count {
    char *route;
    uint64_t answers;
};

struct noise {
    size_t family_count, slot_count;
    struct family **families; /* NOISE_PLACES at most */
    size_t *slots;            /* family + 1; a power of two */
    size_t route_count;
    struct route_count *routes; /* NOISE_PLACES at most */
    uint64_t answers, equal, left_out;
    size_t bytes; /* about what it holds */
};

struct noise *noise_new(void)
{
    struct noise *noise = mem_zero(1, sizeof *noise);
    noise->slot_count = 1;
    while (noise->slot_count < 2 * NOISE_PLACES)
        noise->slot_count *= 2;
    noise->slots = mem_zero(noise->slot_count, sizeof *noise->slots);
    noise->families = mem_zero(NOISE_PLACES, sizeof(struct family *));
    noise->routes = mem_zero(NOISE_PLACES, sizeof *noise->routes);
    return noise;
}

static void spot_free(struct spot *spot)
{
    free(spot->numbers);
    free(spot->patterns);
    free(spot->example);
}

static void family_free(struct family *family)
{
    for (size_t i = 0; i < family->count; i++)
        spot_free(&family->spots[i]);
    free(family->spots);
    free(family->merged);
    free(family->key);
    free(family->route);
    arena_free(&family->arena);
    free(family);
}

void noise_free(struct noise *noise)
{
    if (!noise)
        return;
    for (size_t i = 0; i < noise->family_count; i++)
        family_free(noise->families[i]);
    for (size_t i = 0; i < noise->route_count; i++)
        free(noise->routes[i].route);
    free(noise->families);
    free(noise->routes);
    free(noise->slots);
    free(noise);
}

/* ---- families ---- */

static void make_key(struct buffer *key, const char *route, const struct found *found)
{
    const struct noise_place *place = found->noise;
    buffer_printf(key, "%s\n%d %d %d %d\n%s\n", route, (int)place->action, (int)place->language,
                  place->secret, place->whole, place->name ? place->name : "");
    for (size_t i = 0; i < place->count; i++)
        buffer_printf(key, "%s%s\n", place->steps[i].name ? place->steps[i].name : "[]",
                      place->steps[i].mark);
    if (place->action == NOISE_NOTHING)
        buffer_printf(key, "%s %s %s %s", found_kind_name[found->kind], found->shape, found->change,
                      place->why);
}

static struct family *new_family(const char *key, const char *route, const struct found *found)
{
    struct family *family = mem_zero(1, sizeof *family);
    const struct noise_place *place = found->noise;
    family->key = mem_copy_string(key);
    family->route = mem_copy_string(route);
    family->place = (struct noise_place){.action = place->action,
                                         .language = place->language,
                                         .whole = place->whole,
                                         .secret = place->secret,
                                         .count = place->count};
    family->place.name = place->name ? arena_copy(&family->arena, place->name) : NULL;
    /* Of what is not learnt, what is said of it. */
    family->place.why =
        place->action != NOISE_NOTHING
            ? NULL
            : arena_format(&family->arena, "%s %s, %s: %s", found_kind_name[found->kind],
                           found->shape, found->change, place->why);
    family->place.steps =
        arena_alloc(&family->arena, (place->count + 1) * sizeof *family->place.steps);
    for (size_t i = 0; i < place->count; i++)
        family->place.steps[i] = (struct noise_step){
            .name = place->steps[i].name ? arena_copy(&family->arena, place->steps[i].name) : NULL,
            .mark = arena_copy(&family->arena, place->steps[i].mark)};
    family->spots = mem_zero(SPOTS_MOST + 1, sizeof *family->spots);
    family->merged = mem_zero(place->count + 1, sizeof *family->merged);
    return family;
}

/* NULL: there are too many. */
static struct family *find_family(struct noise *noise, const char *route, const struct found *found)
{
    struct buffer key = BUFFER_INIT(1 << 20);
    struct family *family = NULL;
    make_key(&key, route, found);
    size_t slot = (size_t)hash_64(key.data, key.length) & (noise->slot_count - 1);
    for (; noise->slots[slot] && !family; slot = (slot + 1) & (noise->slot_count - 1)) {
        struct family *other = noise->families[noise->slots[slot] - 1];
        if (strcmp(other->key, (const char *)key.data) == 0)
            family = other;
    }
    if (!family && noise->family_count < NOISE_PLACES && noise->bytes < BYTES_MOST) {
        family = new_family((const char *)key.data, route, found);
        noise->bytes += 2 * key.length + sizeof *family + (SPOTS_MOST + 1) * sizeof(struct spot);
        noise->families[noise->family_count++] = family;
        noise->slots[slot] = noise->family_count;
    }
    buffer_free(&key);
    return family;
}

/* ---- spots ---- */

/* From here on its values may be anything: what is known is what stands around them. */
static void forget_shapes(struct spot *spot, const struct noise_pattern *pattern)
{
    if (!spot->pattern_count) {
        spot->patterns = mem_zero(1, sizeof *spot->patterns);
        spot->patterns[spot->pattern_count++] = *pattern;
    }
    for (size_t i = 1; i < spot->pattern_count; i++)
        noise_pattern_forget(&spot->patterns[0], &spot->patterns[i]);
    noise_pattern_forget(&spot->patterns[0], pattern);
    spot->pattern_count = 1;
    spot->any = true;
}

/* A value of no known shape, beside values that have one and stand at the same place, or the other
 * way round: from here on that place's values may be anything. */
static bool cover(struct spot *spot, const struct noise_pattern *pattern)
{
    size_t kept = 0, any = SIZE_MAX;
    for (size_t i = 0; i < spot->pattern_count && any == SIZE_MAX; i++)
        if ((!spot->patterns[i].count || !pattern->count) &&
            noise_pattern_cover(&spot->patterns[i], pattern))
            any = i;
    if (any == SIZE_MAX)
        return false;
    for (size_t i = 0; i < spot->pattern_count; i++)
        if (i == any || !noise_pattern_cover(&spot->patterns[any], &spot->patterns[i])) {
            if (i == any)
                any = kept;
            spot->patterns[kept++] = spot->patterns[i];
        }
    spot->pattern_count = kept;
    return true;
}

/* apart: several values of a text, told by what stands around them. */
static void add_pattern(struct noise *noise, struct spot *spot, const struct noise_pattern *pattern,
                        bool apart)
{
    size_t most = apart ? APART_MOST : PATTERNS_MOST;
    for (size_t i = 0; i < spot->pattern_count && !spot->any; i++)
        if (noise_pattern_merge(&spot->patterns[i], pattern, apart))
            return;
    if (apart && !spot->any && cover(spot, pattern))
        return;
    if (spot->any || (!pattern->count && !apart) || spot->pattern_count >= most ||
        noise->bytes >= BYTES_MOST) {
        forget_shapes(spot, pattern);
        return;
    }
    spot->patterns = mem_resize(spot->patterns, spot->pattern_count + 1, sizeof *spot->patterns);
    spot->patterns[spot->pattern_count++] = *pattern;
    noise->bytes += sizeof *pattern;
}

static void merge_spot(struct noise *noise, struct spot *spot, struct spot *more, bool apart)
{
    for (size_t i = 0; i < more->pattern_count; i++) {
        if (more->any)
            forget_shapes(spot, &more->patterns[i]);
        else
            add_pattern(noise, spot, &more->patterns[i], apart);
    }
    spot->leaf = spot->leaf && more->leaf;
    if (more->answers > spot->answers)
        spot->answers = more->answers; /* at least as many */
    if (more->shown < spot->shown) {
        char *example = spot->example;
        spot->example = more->example;
        spot->shown = more->shown;
        more->example = example;
    }
    spot_free(more);
}

static bool same_numbers(const struct family *family, const uint32_t *one, const uint32_t *other)
{
    return memcmp(one, other, family->place.count * sizeof *one) == 0;
}

/* How many numbers a step has, three at most. */
static size_t variety(const struct family *family, size_t step)
{
    uint32_t seen[ROWS_LEAST];
    size_t count = 0;
    for (size_t i = 0; i < family->count && count < ROWS_LEAST; i++) {
        bool known = false;
        for (size_t k = 0; k < count; k++)
            known = known || seen[k] == family->spots[i].numbers[step];
        if (!known)
            seen[count++] = family->spots[i].numbers[step];
    }
    return count;
}

/* Does a spot's text hold several values among others? */
static bool is_apart(const struct family *family, const struct spot *spot)
{
    return !spot->leaf && !family->place.whole && !family->place.secret;
}

/* From here on the step's numbers do not count. */
static void merge_step(struct noise *noise, struct family *family, size_t step)
{
    size_t kept = 0;
    family->merged[step] = true;
    for (size_t i = 0; i < family->count; i++) {
        struct spot *spot = &family->spots[i];
        size_t same = 0;
        spot->numbers[step] = 0;
        while (same < kept && !same_numbers(family, family->spots[same].numbers, spot->numbers))
            same++;
        if (same < kept)
            merge_spot(noise, &family->spots[same], spot, is_apart(family, spot));
        else
            family->spots[kept++] = *spot;
    }
    family->count = kept;
}

static bool merge_outermost(struct noise *noise, struct family *family, size_t least)
{
    for (size_t i = 0; i < family->place.count; i++)
        if (variety(family, i) >= least) {
            merge_step(noise, family, i);
            return true;
        }
    return false;
}

static struct spot *find_spot(struct noise *noise, struct family *family,
                              const struct noise_place *place)
{
    uint32_t *numbers = mem_zero(place->count + 1, sizeof *numbers);
    for (size_t i = 0; i < place->count; i++)
        numbers[i] = family->merged[i] ? 0 : place->steps[i].number;
    for (size_t i = 0; i < family->count; i++)
        if (same_numbers(family, family->spots[i].numbers, numbers)) {
            free(numbers);
            return &family->spots[i];
        }
    if (family->count == SPOTS_MOST) {
        free(numbers);
        (void)merge_outermost(noise, family, 2);
        return find_spot(noise, family, place);
    }
    struct spot *spot = &family->spots[family->count++];
    *spot = (struct spot){.numbers = numbers, .leaf = true};
    noise->bytes += (place->count + 1) * sizeof *numbers + 2 * NOISE_SHOWN;
    return spot;
}

/* ---- examples ---- */

/* Letters and digits that begin there; 0: within such a word. */
static size_t word_length(const unsigned char *text, const unsigned char *at)
{
    size_t length = 0;
    if (at > text && isalnum(at[-1]))
        return 0;
    while (isalnum(at[length]))
        length++;
    return length;
}

/* On one line, as a comment may hold it; of what may be a token, the beginning. */
static void add_shown(struct buffer *out, const char *text)
{
    enum { TOKEN = 16, BEGINNING = 4 };
    text = text ? text : "(nothing)";
    const unsigned char *at = (const unsigned char *)text;
    const unsigned char *end = at + strlen((const char *)at);
    for (size_t start = out->length; at < end;) {
        size_t size = utf8_size(at, end);
        uint32_t code = size ? utf8_read(at, size) : 0;
        bool strange = !size || code < ' ' || (code >= 0x7f && code < 0xa0) || code == 0x2028 ||
                       code == 0x2029 || code == 0xfeff || code >= 0xfff0;
        if (out->length - start + size > NOISE_SHOWN) {
            buffer_add_text(out, "…");
            return;
        }
        size_t word = word_length((const unsigned char *)text, at);
        if (word >= TOKEN) {
            buffer_printf(out, "%.*s…", BEGINNING, (const char *)at);
            at += word;
            continue;
        }
        if (strange)
            buffer_add_byte(out, '?');
        else
            buffer_add(out, at, size);
        at += size ? size : 1;
    }
}

static char *example_of(const struct found *found)
{
    struct buffer out = BUFFER_INIT(1 << 16);
    if (found->noise->action == NOISE_ORDER)
        return mem_copy_string("another order");
    add_shown(&out, found->value[SOURCE]);
    buffer_add_text(&out, " / ");
    add_shown(&out, found->value[TARGET]);
    char *text = mem_copy_string((const char *)out.data);
    buffer_free(&out);
    return text;
}

/* ---- collecting ---- */

static void count_route(struct noise *noise, const char *route)
{
    for (size_t i = 0; i < noise->route_count; i++)
        if (strcmp(noise->routes[i].route, route) == 0) {
            noise->routes[i].answers++;
            return;
        }
    if (noise->route_count < NOISE_PLACES)
        noise->routes[noise->route_count++] = (struct route_count){mem_copy_string(route), 1};
}

static uint64_t answers_of(const struct noise *noise, const char *route)
{
    for (size_t i = 0; i < noise->route_count; i++)
        if (strcmp(noise->routes[i].route, route) == 0)
            return noise->routes[i].answers;
    return 0;
}

/* Bytes of "GET /wiki/" in "GET /wiki/Rates", of "GET /i?do=" in "GET /i?do=mail&x=1"; 0: it has no
 * folder but the site's, or its last part stands for many already. */
static size_t folder_length(const char *route)
{
    const char *query = strchr(route, '?'), *value = query ? strchr(query, '=') : NULL;
    if (query)
        return value && value[1] != '*' ? (size_t)(value + 1 - route) : 0;
    const char *first = strchr(route, '/'), *last = strrchr(route, '/');
    return first && last > first && last[1] && !strpbrk(last, "{*") ? (size_t)(last + 1 - route)
                                                                    : 0;
}

static uint64_t answers_of_folder(const struct noise *noise, const char *folder, size_t length)
{
    uint64_t answers = 0;
    for (size_t i = 0; i < noise->route_count; i++)
        if (folder_length(noise->routes[i].route) == length &&
            memcmp(noise->routes[i].route, folder, length) == 0)
            answers += noise->routes[i].answers;
    return answers;
}

static void learn(struct noise *noise, const char *route, const struct exchange *exchange,
                  const struct found *found)
{
    struct family *family = find_family(noise, route, found);
    if (!family) {
        noise->left_out++;
        return;
    }
    struct spot *spot = find_spot(noise, family, found->noise);
    family->answers += !family->answers || family->last != exchange->number;
    spot->answers += !spot->answers || spot->last != exchange->number;
    family->last = spot->last = exchange->number;
    spot->leaf = spot->leaf && found->noise->leaf;
    if (!spot->example || exchange->number < spot->shown) {
        free(spot->example);
        spot->example = example_of(found);
        spot->shown = exchange->number;
    }
    bool apart = is_apart(family, spot);
    for (size_t i = 0; i < found->noise->span_count; i++) {
        struct noise_pattern pattern;
        noise_pattern_of(&pattern, &found->noise->spans[i]);
        add_pattern(noise, spot, &pattern, apart);
    }
}

void noise_add(struct noise *noise, const struct exchange *exchange,
               const struct findings *findings)
{
    struct buffer route = BUFFER_INIT(1 << 16);
    const struct logged *logged = &exchange->logged;
    if (logged->route) {
        buffer_add_text(&route, logged->route);
    } else {
        buffer_printf(&route, "%s ", logged->method);
        route_pattern(&route, (const char *)logged->target.at, logged->target.length, NULL, 0);
    }
    noise->answers++;
    noise->equal += findings->equal;
    count_route(noise, (const char *)route.data);
    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].noise)
            learn(noise, (const char *)route.data, exchange, &findings->items[i]);
    buffer_free(&route);
}

/* ---- writing ---- */

/* A rule without its route, and the routes that have it. */
struct draft {
    char *body;
    size_t route_count;
    const char **routes;
    uint64_t answers, of;
    const char *example;
};

struct drafts {
    size_t count, room;
    struct draft *items;
};

static void add_draft(struct drafts *drafts, const struct noise *noise, const struct family *family,
                      const struct spot *spot, const char *body)
{
    struct draft *draft = NULL;
    for (size_t i = 0; i < drafts->count && !draft; i++)
        if (strcmp(drafts->items[i].body, body) == 0)
            draft = &drafts->items[i];
    if (!draft) {
        if (drafts->count == drafts->room) {
            drafts->room = drafts->room ? 2 * drafts->room : 64;
            drafts->items = mem_resize(drafts->items, drafts->room, sizeof *drafts->items);
        }
        draft = &drafts->items[drafts->count++];
        *draft = (struct draft){.body = mem_copy_string(body), .example = spot->example};
    }
    for (size_t i = 0; i < draft->route_count; i++)
        if (strcmp(draft->routes[i], family->route) == 0)
            return;
    if ((draft->route_count & (draft->route_count - 1)) == 0)
        draft->routes = mem_resize(draft->routes, draft->route_count ? 2 * draft->route_count : 1,
                                   sizeof *draft->routes);
    draft->routes[draft->route_count++] = family->route;
    draft->answers += spot->answers < family->answers ? spot->answers : family->answers;
    size_t folder = strlen(family->route) - 1;
    draft->of += family->route[folder] == '*' ? answers_of_folder(noise, family->route, folder)
                                              : answers_of(noise, family->route);
}

/* In single quotes, in which YAML knows but one escape. */
static void add_quoted(struct buffer *out, const char *text, size_t length)
{
    buffer_add_byte(out, '\'');
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\'')
            buffer_add_byte(out, '\'');
        buffer_add_byte(out, (unsigned char)text[i]);
    }
    buffer_add_byte(out, '\'');
}

static void add_line(struct buffer *out, const char *key, const struct buffer *value)
{
    buffer_printf(out, "    %s: ", key);
    add_quoted(out, (const char *)value->data, value->length);
    buffer_add_byte(out, '\n');
}

static void add_where(struct buffer *out, const struct family *family, const struct spot *spot)
{
    static const char *const keys[] = {
        [NOISE_CSS] = "css", [NOISE_JSON] = "json", [NOISE_XPATH] = "xpath"};
    const struct noise_place *place = &family->place;
    struct buffer text = BUFFER_INIT(1 << 16);
    switch (place->language) {
    case NOISE_HEADER:
        buffer_add_text(&text, place->name);
        add_line(out, "header", &text);
        break;
    case NOISE_LINES:
        buffer_add_text(out, "    type: text\n");
        break;
    case NOISE_COMMENTS:
        buffer_add_text(out, "    type: html\n");
        break;
    default:
        noise_add_selector(&text, place->language, place->steps, spot->numbers, place->count);
        add_line(out, keys[place->language], &text);
        buffer_clear(&text);
        if (place->name) {
            buffer_add_text(&text, place->name);
            add_line(out, "attribute", &text);
        }
        break;
    }
    buffer_free(&text);
}

/* What its values have in common says no more than that there must be some. */
static bool add_mask(struct buffer *out, const struct family *family, const struct spot *spot,
                     const struct noise_pattern *pattern)
{
    const struct noise_place *place = &family->place;
    struct buffer regex = BUFFER_INIT(1 << 16);
    bool everywhere = place->language == NOISE_LINES || place->language == NOISE_COMMENTS;
    bool leaf = spot->leaf && !place->whole && !everywhere;
    bool found = noise_pattern_add(&regex, pattern, leaf, place->secret);
    /* Where a rule looks at all of an answer, it must know what stands before. */
    if (found && everywhere && strlen(pattern->before) < 6)
        found = false;
    /* Where it looks at all texts of an element, too, or at what stands around. */
    if (found && !leaf && !place->whole && !place->secret && !noise_pattern_is_told(pattern))
        found = false;
    if (found)
        add_line(out, "mask", &regex);
    else if (place->whole)
        buffer_add_text(out, "    mask: true\n");
    buffer_free(&regex);
    return found || place->whole;
}

/* False: not all that differs there has a narrow one. */
static bool add_spot(struct drafts *drafts, const struct noise *noise, const struct family *family,
                     const struct spot *spot)
{
    struct buffer body = BUFFER_INIT(1 << 20);
    bool good = true;
    size_t patterns = family->place.action == NOISE_MASK ? spot->pattern_count : 1;
    for (size_t left = NOISE_RUNS + 1; left-- > 0;)
        for (size_t i = 0; i < patterns; i++) {
            size_t runs = family->place.action == NOISE_MASK ? spot->patterns[i].count : 0;
            if (runs != left)
                continue;
            buffer_clear(&body);
            add_where(&body, family, spot);
            bool one = true;
            if (family->place.action == NOISE_MASK)
                one = add_mask(&body, family, spot, &spot->patterns[i]);
            else
                buffer_printf(&body, "    ignore: %s\n",
                              family->place.action == NOISE_ORDER ? "order" : "true");
            if (one)
                add_draft(drafts, noise, family, spot, (const char *)body.data);
            good = good && one;
        }
    buffer_free(&body);
    return good;
}

static int order_families(const void *a, const void *b)
{
    const struct family *one = *(const struct family *const *)a,
                        *other = *(const struct family *const *)b;
    return strcmp(one->key, other->key);
}

/* A route's text that no rule can have: a path with a blank or a brace of its own. */
static bool is_route(const char *route)
{
    struct err err;
    size_t offset;
    return route_check(route, &offset, &err);
}

static void add_routes(struct buffer *out, const struct draft *draft)
{
    buffer_add_text(out, "  - route:");
    if (draft->route_count == 1) {
        buffer_add_byte(out, ' ');
        add_quoted(out, draft->routes[0], strlen(draft->routes[0]));
        buffer_add_byte(out, '\n');
        return;
    }
    buffer_add_byte(out, '\n');
    for (size_t i = 0; i < draft->route_count; i++) {
        buffer_add_text(out, "      - ");
        add_quoted(out, draft->routes[i], strlen(draft->routes[i]));
        buffer_add_byte(out, '\n');
    }
}

static void add_rule(struct buffer *out, const struct draft *draft)
{
    buffer_printf(out, "  # %llu of %llu answers: %s\n", (unsigned long long)draft->answers,
                  (unsigned long long)draft->of, draft->example ? draft->example : "");
    add_routes(out, draft);
    buffer_add_text(out, draft->body);
}

static void add_not_learnt(struct buffer *out, const struct family *family, const char *why,
                           const char *example)
{
    struct buffer text = BUFFER_INIT(1 << 16);
    if (!out->length)
        buffer_add_text(out, "\n# Not learnt, for no rule would be narrow enough:\n");
    add_shown(&text, family->route);
    buffer_printf(out, "#   %s, %llu answers: ", (const char *)text.data,
                  (unsigned long long)family->answers);
    buffer_clear(&text);
    for (const char *at = why; *at; at++)
        buffer_add_byte(&text, (unsigned char)*at < ' ' ? '?' : (unsigned char)*at);
    buffer_add(out, text.data, text.length);
    buffer_printf(out, " (%s)\n", example ? example : "");
    buffer_free(&text);
}

static bool is_before(const struct family *family, const struct spot *one, const struct spot *other)
{
    size_t step = 0;
    while (step < family->place.count && one->numbers[step] == other->numbers[step])
        step++;
    return step < family->place.count && one->numbers[step] < other->numbers[step];
}

/* As they stand on the page, whichever was seen first. */
static void sort_spots(struct family *family)
{
    for (size_t i = 1; i < family->count; i++) {
        const struct spot spot = family->spots[i];
        size_t place = i;
        for (; place && is_before(family, &spot, &family->spots[place - 1]); place--)
            family->spots[place] = family->spots[place - 1];
        family->spots[place] = spot;
    }
}

static void write_family(struct drafts *drafts, struct buffer *not_learnt, struct noise *noise,
                         struct family *family)
{
    sort_spots(family);
    const char *example = family->count ? family->spots[0].example : NULL;
    if (family->place.action == NOISE_NOTHING) {
        add_not_learnt(not_learnt, family, family->place.why, example);
        return;
    }
    if (!is_route(family->route)) {
        add_not_learnt(not_learnt, family, "rules cannot name this route", example);
        return;
    }
    while (family->count >= ROWS_LEAST && merge_outermost(noise, family, ROWS_LEAST))
        ;
    for (size_t i = 0; i < family->count; i++)
        if (!add_spot(drafts, noise, family, &family->spots[i])) {
            struct buffer where = BUFFER_INIT(1 << 16);
            noise_add_selector(&where, family->place.language, family->place.steps,
                               family->spots[i].numbers, family->place.count);
            buffer_add_text(&where, ": its values have nothing in common");
            add_not_learnt(not_learnt, family, (const char *)where.data, family->spots[i].example);
            buffer_free(&where);
        }
}

/* ---- pages of one make ---- */

/* Takes all spots over; false, and nothing is changed: they are too many. */
static bool join_family(struct noise *noise, struct family *into, struct family *from)
{
    if (into->count + from->count > SPOTS_MOST)
        return false;
    for (size_t step = 0; step < into->place.count; step++)
        if (into->merged[step] != from->merged[step])
            merge_step(noise, into->merged[step] ? from : into, step);
    for (size_t i = 0; i < from->count; i++) {
        struct spot *spot = &from->spots[i];
        size_t same = 0;
        while (same < into->count && !same_numbers(into, into->spots[same].numbers, spot->numbers))
            same++;
        if (same == into->count) {
            into->spots[into->count++] = *spot;
            continue;
        }
        uint64_t answers = into->spots[same].answers + spot->answers;
        merge_spot(noise, &into->spots[same], spot, is_apart(into, &into->spots[same]));
        into->spots[same].answers = answers;
    }
    from->count = 0;
    into->answers += from->answers;
    return true;
}

/* /wiki/Rates and /wiki/Rooms have the same place, with values of their own: what is common holds
 * for /wiki/ and anything. Only masks, which say what they pass over, and what is not learnt. */
static void join_folder(struct noise *noise, struct family **families, size_t from)
{
    struct family *into = families[from];
    size_t length = into->place.action == NOISE_MASK || into->place.action == NOISE_NOTHING
                        ? folder_length(into->route)
                        : 0;
    size_t alike = 0;
    for (int joining = 0; length && joining < 2 && (!joining || alike + 1 >= FOLDER_LEAST);
         joining++)
        for (size_t i = from + 1; i < noise->family_count; i++) {
            struct family *other = families[i];
            if (!other || folder_length(other->route) != length ||
                memcmp(other->route, into->route, length) != 0 ||
                strcmp(strchr(other->key, '\n'), strchr(into->key, '\n')) != 0)
                continue;
            alike += !joining;
            if (joining && join_family(noise, into, other))
                families[i] = NULL;
        }
    if (alike + 1 < FOLDER_LEAST)
        return;
    char *route = mem_copy_bytes(into->route, length + 1);
    route[length] = '*';
    free(into->route);
    into->route = route;
}

void noise_write(struct noise *noise, struct buffer *out)
{
    struct drafts drafts = {0};
    struct buffer not_learnt = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct family **families = mem_zero(noise->family_count + 1, sizeof(struct family *));
    for (size_t i = 0; i < noise->family_count; i++)
        families[i] = noise->families[i];
    if (noise->family_count)
        qsort(families, noise->family_count, sizeof *families, order_families);
    for (size_t i = 0; i < noise->family_count; i++) {
        if (!families[i])
            continue;
        join_folder(noise, families, i);
        write_family(&drafts, &not_learnt, noise, families[i]);
    }
    buffer_printf(out,
                  "# What differed by itself between the source and its copy, in %llu pairs of "
                  "answers\n# (%llu were equal). A rule says what; read each before you use it "
                  "with --rules.\n",
                  (unsigned long long)noise->answers, (unsigned long long)noise->equal);
    if (noise->left_out)
        buffer_printf(out,
                      "# There were more places than can be learnt: %llu differences are not "
                      "in this file.\n",
                      (unsigned long long)noise->left_out);
    if (drafts.count)
        buffer_add_text(out, "rules:\n");
    for (size_t i = 0; i < drafts.count; i++)
        add_rule(out, &drafts.items[i]);
    buffer_add(out, not_learnt.data, not_learnt.length);
    for (size_t i = 0; i < drafts.count; i++) {
        free(drafts.items[i].body);
        free(drafts.items[i].routes);
    }
    free(drafts.items);
    free(families);
    buffer_free(&not_learnt);
}
