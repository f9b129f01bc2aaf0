/* See timeline.h. */
#include "timeline.h"

#include "../diff/base/utf8.h"
#include "list.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MOST 200    /* bytes of a target, a method, a reason or a tenant */
#define SWEEP_AFTER 4096 /* events between two searches for steps that may go */

enum step_text { STEP_METHOD, STEP_TARGET, STEP_WHY, STEP_TEXTS };

struct step {
    struct replay_step what; /* its texts point to `text` */
    char *text[STEP_TEXTS];  /* of one block, that text[0] begins */
};

struct line {
    uint64_t session, name;
    char *tenant;
    uint64_t requests, fates[FATES];
    uint64_t first_different, tainted; /* numbers; 0: none */
    uint64_t last;                     /* number of the last event */
    bool pinned;                       /* one of the first RESULT_SESSIONS that differ */
    size_t step_count, step_room;
    struct step *steps; /* by number */
};

struct timelines {
    size_t count, pinned;
    struct line *lines;                    /* by first appearance; room for TIMELINE_SESSIONS */
    uint32_t slots[2 * TIMELINE_SESSIONS]; /* line + 1; 0: free */
    size_t bytes;                          /* of all steps */
    uint64_t events, swept;                /* how many; of them at the last search */
};

struct timelines *timelines_new(void)
{
    struct timelines *timelines = mem_zero(1, sizeof *timelines);
    timelines->lines = mem_zero(TIMELINE_SESSIONS, sizeof *timelines->lines);
    return timelines;
}

static size_t step_bytes(const struct step *step)
{
    size_t bytes = sizeof *step;
    for (size_t i = 0; i < STEP_TEXTS; i++)
        bytes += strlen(step->text[i]) + 1;
    return bytes;
}

static void drop_steps(struct timelines *timelines, struct line *line)
{
    for (size_t i = 0; i < line->step_count; i++) {
        timelines->bytes -= step_bytes(&line->steps[i]);
        free(line->steps[i].text[0]);
    }
    free(line->steps);
    line->steps = NULL;
    line->step_count = line->step_room = 0;
}

static void free_line(struct timelines *timelines, struct line *line)
{
    drop_steps(timelines, line);
    free(line->tenant);
}

void timelines_free(struct timelines *timelines)
{
    if (!timelines)
        return;
    for (size_t i = 0; i < timelines->count; i++)
        free_line(timelines, &timelines->lines[i]);
    free(timelines->lines);
    free(timelines);
}

/* ---- the table ---- */

/* The slot of the session, or the free one where it belongs. */
static size_t find_slot(const struct timelines *timelines, uint64_t session)
{
    size_t slots = sizeof timelines->slots / sizeof *timelines->slots;
    size_t slot = (size_t)(session * UINT64_C(0x9e3779b97f4a7c15) >> 32) % slots;
    while (timelines->slots[slot] &&
           timelines->lines[timelines->slots[slot] - 1].session != session)
        slot = (slot + 1) % slots;
    return slot;
}

static struct line *find_line(const struct timelines *timelines, uint64_t session)
{
    size_t slot = find_slot(timelines, session);
    return timelines->slots[slot] ? &timelines->lines[timelines->slots[slot] - 1] : NULL;
}

bool timelines_differed(const struct timelines *timelines, uint64_t session, uint64_t number)
{
    const struct line *line = find_line(timelines, session);
    return line && line->first_different && line->first_different < number;
}

bool timelines_tainted(const struct timelines *timelines, uint64_t session, uint64_t number)
{
    const struct line *line = find_line(timelines, session);
    return line && line->tainted && line->tainted < number;
}

static int compare_last(const void *a, const void *b)
{
    const uint64_t *one = a, *other = b;
    return *one < *other ? -1 : *one > *other;
}

/* The number at or before which half of those that may go were seen last. */
static uint64_t middle_last(const struct timelines *timelines, bool with_findings)
{
    uint64_t *last = mem_zero(timelines->count + 1, sizeof *last);
    size_t count = 0;
    for (size_t i = 0; i < timelines->count; i++)
        if (with_findings ? !timelines->lines[i].pinned : !timelines->lines[i].first_different)
            last[count++] = timelines->lines[i].last;
    qsort(last, count, sizeof *last, compare_last);
    uint64_t middle = count ? last[(count - 1) / 2] : 0;
    free(last);
    return middle;
}

static void fill_slots(struct timelines *timelines)
{
    memset(timelines->slots, 0, sizeof timelines->slots);
    for (size_t i = 0; i < timelines->count; i++)
        timelines->slots[find_slot(timelines, timelines->lines[i].session)] = (uint32_t)i + 1;
}

/* Forgets the half that was idle longest. */
static void forget(struct timelines *timelines)
{
    uint64_t middle = middle_last(timelines, true);
    size_t kept = 0;
    for (size_t i = 0; i < timelines->count; i++) {
        struct line *line = &timelines->lines[i];
        if (!line->pinned && line->last <= middle)
            free_line(timelines, line);
        else
            timelines->lines[kept++] = *line;
    }
    timelines->count = kept;
    fill_slots(timelines);
}

static char *cut_copy(const char *text)
{
    struct buffer copy = BUFFER_INIT(BUFFER_NO_LIMIT);
    utf8_add_cut(&copy, text ? text : "", text ? strlen(text) : 0, TEXT_MOST);
    char *result = mem_copy_bytes(copy.data, copy.length);
    buffer_free(&copy);
    return result;
}

/* Takes the tenant's name over. */
static struct line *add_line(struct timelines *timelines, uint64_t session, uint64_t name,
                             char *tenant)
{
    if (timelines->count == TIMELINE_SESSIONS)
        forget(timelines);
    struct line *line = &timelines->lines[timelines->count];
    *line = (struct line){.session = session, .name = name, .tenant = tenant};
    timelines->slots[find_slot(timelines, session)] = (uint32_t)++timelines->count;
    return line;
}

/* ---- steps ---- */

/* The texts go into one block. */
static void set_texts(struct step *step, const char *const texts[STEP_TEXTS], size_t most)
{
    struct buffer block = BUFFER_INIT(BUFFER_NO_LIMIT);
    size_t start[STEP_TEXTS];
    for (size_t i = 0; i < STEP_TEXTS; i++) {
        start[i] = block.length;
        utf8_add_cut(&block, texts[i] ? texts[i] : "", texts[i] ? strlen(texts[i]) : 0, most);
        buffer_add_byte(&block, '\0');
    }
    char *bytes = mem_copy_bytes(block.data, block.length);
    for (size_t i = 0; i < STEP_TEXTS; i++)
        step->text[i] = bytes + start[i];
    step->what.method = step->text[STEP_METHOD];
    step->what.target = step->text[STEP_TARGET];
    step->what.why = step->text[STEP_WHY];
    buffer_free(&block);
}

/* Steps of half the sessions without a finding go, those that were idle longest. */
static void make_room(struct timelines *timelines)
{
    uint64_t middle = middle_last(timelines, false);
    for (size_t i = 0; i < timelines->count; i++)
        if (!timelines->lines[i].first_different && timelines->lines[i].last <= middle)
            drop_steps(timelines, &timelines->lines[i]);
    timelines->swept = timelines->events;
}

static void insert_step(struct timelines *timelines, struct line *line, struct step step)
{
    size_t place = line->step_count;
    while (place && line->steps[place - 1].what.number > step.what.number)
        place--;
    if (line->step_count == RESULT_STEPS) {
        struct step *last = &line->steps[--line->step_count];
        timelines->bytes -= step_bytes(last);
        free(last->text[0]);
    }
    if (line->step_count == line->step_room) {
        line->step_room = line->step_room ? 2 * line->step_room : 8;
        line->steps = mem_resize(line->steps, line->step_room, sizeof *line->steps);
    }
    memmove(line->steps + place + 1, line->steps + place,
            (line->step_count - place) * sizeof *line->steps);
    line->steps[place] = step;
    line->step_count++;
    timelines->bytes += step_bytes(&step);
}

static void add_step(struct timelines *timelines, struct line *line, const struct replay_step *what)
{
    if (line->step_count == RESULT_STEPS &&
        line->steps[RESULT_STEPS - 1].what.number < what->number)
        return;
    if (timelines->bytes >= TIMELINE_BYTES &&
        (!timelines->swept || timelines->events - timelines->swept >= SWEEP_AFTER))
        make_room(timelines);
    if (timelines->bytes >= TIMELINE_BYTES)
        return;
    struct step step = {.what = *what};
    set_texts(&step, (const char *const[]){what->method, what->target, what->why}, TEXT_MOST);
    insert_step(timelines, line, step);
}

void timelines_add(struct timelines *timelines, const struct timeline_event *event)
{
    struct line *line = find_line(timelines, event->session);
    uint64_t number = event->step.number;
    if (!line)
        line = add_line(timelines, event->session, event->name, cut_copy(event->tenant));
    timelines->events++;
    line->requests++;
    line->fates[event->step.fate]++;
    if (number > line->last)
        line->last = number;
    if (event->step.fate == FATE_DIFFERENT && !line->first_different) {
        line->first_different = number;
        line->pinned = timelines->pinned < RESULT_SESSIONS;
        timelines->pinned += line->pinned;
    }
    if (event->taints && (!line->tainted || number < line->tainted))
        line->tainted = number;
    add_step(timelines, line, &event->step);
}

/* ---- the list ---- */

static int rank_of(const struct line *line)
{
    return line->first_different ? 0 : line->fates[FATE_EQUAL] < line->requests ? 1 : 2;
}

static int compare_lines(const void *a, const void *b)
{
    const struct line *one = *(const struct line *const *)a,
                      *other = *(const struct line *const *)b;
    int order = rank_of(one) - rank_of(other);
    if (order)
        return order;
    if (one->first_different != other->first_different)
        return one->first_different < other->first_different ? -1 : 1;
    return one->session < other->session ? -1 : one->session > other->session;
}

static struct replay_session list_line(const struct line *line, struct arena *arena)
{
    struct replay_session out = {
        .name = arena_format(arena, SESSION_NAME, (unsigned long long)line->name),
        .tenant = arena_copy(arena, line->tenant),
        .requests = line->requests,
        .tainted = line->tainted,
        .first_different = line->first_different,
        .step_count = line->step_count,
        .steps = arena_alloc(arena, (line->step_count + 1) * sizeof *out.steps),
    };
    memcpy(out.fates, line->fates, sizeof out.fates);
    for (size_t i = 0; i < line->step_count; i++) {
        out.steps[i] = line->steps[i].what;
        out.steps[i].method = arena_copy(arena, out.steps[i].method);
        out.steps[i].target = arena_copy(arena, out.steps[i].target);
        out.steps[i].why = arena_copy(arena, out.steps[i].why);
    }
    return out;
}

size_t timelines_list(const struct timelines *timelines, struct arena *arena,
                      struct replay_session **list)
{
    const struct line **lines = mem_zero(timelines->count + 1, sizeof *lines);
    for (size_t i = 0; i < timelines->count; i++)
        lines[i] = &timelines->lines[i];
    qsort(lines, timelines->count, sizeof *lines, compare_lines);
    size_t count = timelines->count < RESULT_SESSIONS ? timelines->count : RESULT_SESSIONS;
    *list = arena_alloc(arena, (count + 1) * sizeof **list);
    for (size_t i = 0; i < count; i++)
        (*list)[i] = list_line(lines[i], arena);
    free(lines);
    return count;
}

/* ---- as bytes ---- */

static void save_step(const struct replay_step *step, struct buffer *out)
{
    buffer_add_u64(out, step->number);
    buffer_add_u64(out, step->line);
    buffer_add_u64(out, (uint64_t)step->arrival);
    buffer_add_u32(out, step->fate);
    buffer_add_u32(out, (uint32_t)step->status[SOURCE]);
    buffer_add_u32(out, (uint32_t)step->status[TARGET]);
    buffer_add_u32(out, (uint32_t)step->logged_status);
    bytes_put_text(out, step->method);
    bytes_put_text(out, step->target);
    bytes_put_text(out, step->why);
}

void timelines_save(const struct timelines *timelines, struct buffer *out)
{
    buffer_add_u64(out, timelines->events);
    buffer_add_u64(out, timelines->swept);
    bytes_put_size(out, timelines->count);
    for (size_t i = 0; i < timelines->count; i++) {
        const struct line *line = &timelines->lines[i];
        buffer_add_u64(out, line->session);
        buffer_add_u64(out, line->name);
        bytes_put_text(out, line->tenant);
        for (int fate = 0; fate < FATES; fate++)
            buffer_add_u64(out, line->fates[fate]);
        buffer_add_u64(out, line->first_different);
        buffer_add_u64(out, line->tainted);
        buffer_add_u64(out, line->last);
        buffer_add_byte(out, line->pinned);
        bytes_put_size(out, line->step_count);
        for (size_t k = 0; k < line->step_count; k++)
            save_step(&line->steps[k].what, out);
    }
}

static const char *load_text(struct bytes *in, struct arena *arena)
{
    const char *text = bytes_name(in, arena);
    in->failed |= !utf8_is_valid((const unsigned char *)text, strlen(text));
    return text;
}

static void load_step(struct bytes *in, struct timelines *timelines, struct line *line)
{
    struct arena arena = ARENA_INIT;
    struct step step = {.what = {.number = bytes_u64(in), .line = bytes_u64(in)}};
    step.what.arrival = (int64_t)bytes_u64(in);
    step.what.fate = (enum replay_fate)bytes_below(in, FATES);
    step.what.status[SOURCE] = (int)bytes_below(in, 1000);
    step.what.status[TARGET] = (int)bytes_below(in, 1000);
    step.what.logged_status = (int)bytes_below(in, 1000);
    const char *texts[STEP_TEXTS];
    for (size_t i = 0; i < STEP_TEXTS; i++)
        texts[i] = load_text(in, &arena);
    const struct step *before = line->step_count ? &line->steps[line->step_count - 1] : NULL;
    in->failed |= before && before->what.number > step.what.number;
    if (!in->failed) {
        set_texts(&step, texts, SIZE_MAX);
        insert_step(timelines, line, step);
    }
    arena_free(&arena);
}

static void load_line(struct bytes *in, struct timelines *timelines)
{
    struct arena arena = ARENA_INIT;
    uint64_t session = bytes_u64(in), name = bytes_u64(in);
    const char *tenant = load_text(in, &arena);
    in->failed |= find_line(timelines, session) != NULL;
    if (!in->failed) {
        struct line *line = add_line(timelines, session, name, mem_copy_string(tenant));
        for (int fate = 0; fate < FATES; fate++)
            line->requests += line->fates[fate] = bytes_u64(in);
        line->first_different = bytes_u64(in);
        line->tainted = bytes_u64(in);
        line->last = bytes_u64(in);
        line->pinned = bytes_bool(in);
        timelines->pinned += line->pinned;
        size_t steps = bytes_count(in, 52);
        in->failed |= steps > RESULT_STEPS || steps > line->requests ||
                      (line->pinned && !line->first_different);
        for (size_t i = 0; i < steps && !in->failed; i++)
            load_step(in, timelines, line);
    }
    arena_free(&arena);
}

struct timelines *timelines_load(struct bytes *in)
{
    struct timelines *timelines = timelines_new();
    timelines->events = bytes_u64(in);
    timelines->swept = bytes_u64(in);
    size_t count = bytes_count(in, 96);
    in->failed |= count > TIMELINE_SESSIONS;
    for (size_t i = 0; i < count && !in->failed; i++)
        load_line(in, timelines);
    in->failed |= timelines->pinned > RESULT_SESSIONS || timelines->swept > timelines->events ||
                  timelines->bytes >= 2 * TIMELINE_BYTES;
    if (!in->failed)
        return timelines;
    timelines_free(timelines);
    return NULL;
}
