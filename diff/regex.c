/*
 * Regular expressions by PCRE2 (regex.h), each run of well-formed UTF-8 by itself. Two bounds keep
 * a text from holding the program up: PCRE2's own limit of backtracking for one match, and
 * processor time, looked at between matches. As a match may be tried at every byte and look at the
 * whole rest each time, long texts are searched in windows of starting places.
 */
#include "regex.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define BACKTRACKS_MOST 1000000 /* of one search: tens of milliseconds */
#define HEAP_MOST 65536         /* KiB of one search */
#define WINDOW 1024             /* starting places of one search in a long text */
#define LONG_TEXT 65536         /* bytes */
#define LOOK_EVERY 65536        /* bytes between two looks at the clock */
#define SECONDS_MOST 5          /* of processor time for one pair of answers */

struct regex {
    pcre2_code *code;
    pcre2_match_context *context;
};

bool regex_compile(const char *pattern, struct regex **regex, size_t *offset, struct err *err)
{
    int problem;
    PCRE2_SIZE place = 0;
    const uint32_t options =
        PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT;
    *regex = NULL;
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &problem, &place, NULL);
    if (!code) {
        unsigned char sentence[200];
        if (pcre2_get_error_message(problem, sentence, sizeof sentence) < 0)
            snprintf((char *)sentence, sizeof sentence, "error %d", problem);
        *offset = place;
        return err_set(err, ERR_USAGE, "not a regular expression: %s", (char *)sentence);
    }
    *regex = mem_zero(1, sizeof **regex);
    **regex = (struct regex){code, pcre2_match_context_create(NULL)};
    if (!(*regex)->context)
        mem_alloc(SIZE_MAX); /* says that there is no memory, and ends the program */
    pcre2_set_match_limit((*regex)->context, BACKTRACKS_MOST);
    pcre2_set_heap_limit((*regex)->context, HEAP_MOST);
    return true;
}

void regex_free(struct regex *regex)
{
    if (!regex)
        return;
    pcre2_match_context_free(regex->context);
    pcre2_code_free(regex->code);
    free(regex);
}

static bool fail_slow(struct err *err)
{
    return err_set(err, ERR_TABLE, "a regular expression takes too long on this text");
}

/* Is there time left? */
static bool spend(struct regex_budget *budget, size_t bytes, struct err *err)
{
    budget->bytes += bytes;
    if (budget->started && budget->bytes < LOOK_EVERY)
        return true;
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    int64_t at = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec + 1;
    if (!budget->started)
        budget->started = at;
    budget->bytes = 0;
    return at - budget->started < (int64_t)SECONDS_MOST * 1000000000 || fail_slow(err);
}

/* A replacement in progress. */
struct work {
    const struct regex *regex;
    pcre2_match_context *context;
    pcre2_match_data *data;
    const char *by;
    size_t by_length;
    struct buffer *out;
    size_t *count;
    struct regex_budget *budget;
    struct err *err;
};

/* One search from `start`, for a match that begins before `window`. */
static bool search(struct work *work, const char *text, size_t length, uint32_t options,
                   size_t start, size_t window, size_t place[2], bool *found)
{
    pcre2_set_offset_limit(work->context, window);
    int count =
        pcre2_match(work->regex->code, (PCRE2_SPTR)text, length, start,
                    PCRE2_NOTEMPTY | PCRE2_NO_UTF_CHECK | options, work->data, work->context);
    *found = count >= 0;
    if (count == PCRE2_ERROR_NOMATCH)
        return true;
    if (count == PCRE2_ERROR_NOMEMORY)
        return err_set(work->err, ERR_INTERNAL, "not enough memory for a regular expression");
    if (count < 0)
        return fail_slow(work->err);
    const PCRE2_SIZE *bounds = pcre2_get_ovector_pointer(work->data);
    place[0] = bounds[0];
    place[1] = bounds[1];
    /* \K in a look-around may end a match before its start, or begin it before the last one's. */
    if (place[0] < start || place[1] <= place[0])
        *found = false;
    return true;
}

/* Replaces in a run of well-formed UTF-8. */
static bool replace_run(struct work *work, const char *text, size_t length, uint32_t options)
{
    size_t done = 0, start = 0; /* text before `done` is in out */
    bool good = true;
    while (good && start < length) {
        bool in_windows = length > LONG_TEXT && length - start > WINDOW;
        size_t window = in_windows ? start + WINDOW : length;
        size_t place[2];
        bool found;
        /* A search may begin only where a character does. */
        while (window < length && ((unsigned char)text[window] & 0xC0) == 0x80)
            window++;
        good = search(work, text, length, options, start, window, place, &found);
        if (good && found) {
            buffer_add(work->out, text + done, place[0] - done);
            buffer_add(work->out, work->by, work->by_length);
            start = done = place[1];
            (*work->count)++;
        } else {
            start = window;
        }
        good = good && spend(work->budget, in_windows ? LOOK_EVERY : 64, work->err);
    }
    buffer_add(work->out, text + done, length - done);
    return good;
}

bool regex_replace(const struct regex *regex, const char *text, size_t length, const char *by,
                   size_t by_length, struct buffer *out, size_t *count, struct regex_budget *budget,
                   struct err *err)
{
    *count = 0;
    if (!spend(budget, length, err))
        return false;
    struct work work = {.regex = regex,
                        .context = pcre2_match_context_copy(regex->context),
                        .data = pcre2_match_data_create(1, NULL),
                        .by = by,
                        .by_length = by_length,
                        .out = out,
                        .count = count,
                        .budget = budget,
                        .err = err};
    if (!work.context || !work.data)
        mem_alloc(SIZE_MAX);
    const unsigned char *at = (const unsigned char *)text, *end = at + length;
    bool good = true;
    while (good && at < end) {
        const unsigned char *run = at;
        for (size_t size; (size = utf8_size(at, end)) > 0;)
            at += size;
        uint32_t options = (run == (const unsigned char *)text ? 0 : PCRE2_NOTBOL) |
                           (at == end ? 0 : PCRE2_NOTEOL);
        if (at > run)
            good = replace_run(&work, (const char *)run, (size_t)(at - run), options);
        if (at < end)
            buffer_add_byte(out, *at++);
    }
    pcre2_match_data_free(work.data);
    pcre2_match_context_free(work.context);
    return good;
}
