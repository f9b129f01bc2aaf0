/* See session_guess.h. */
#include "session_guess.h"

#include "session_key.h"

#include <ctype.h>
#include <stdlib.h>

#define OPEN_MOST 1024 /* requests that an id may go on with, at a time */
#define NEXT_TIME (INT64_C(10) * 1000000)
#define PAGE_TIME (INT64_C(30) * 60 * 1000000)
#define PATHS 65536       /* that are told apart, at most half of them; a power of two */
#define BODY_LOOKED 16384 /* bytes of a body */

struct open {
    uint64_t session; /* 0: taken */
    uint32_t index;
    struct session_hint hint;
};

struct session_guess {
    const struct log_format *format;
    size_t cookie_count;
    size_t cookies[LOG_MOST_VARIABLES]; /* variables that are cookies, but not the key's */
    unsigned char *ends;                /* a bit for each placing: an id ends there with a login */
    size_t ends_room;                   /* bytes */
    size_t path_count;
    struct began {
        uint64_t path;               /* 0: free */
        uint32_t count, after_login; /* ids that began with it */
    } * began, all;
    bool again;
    size_t first, count; /* of the ring */
    struct open open[OPEN_MOST];
};

static bool is_of_key(const struct session_key *key, size_t variable)
{
    for (size_t i = 0; i < key->count; i++)
        for (size_t k = 0; k < key->choices[i].count; k++)
            if (key->choices[i].parts[k].variable == variable)
                return true;
    return false;
}

struct session_guess *session_guess_new(const struct session_key *key,
                                        const struct log_format *format)
{
    struct session_guess *guess = mem_zero(1, sizeof *guess);
    guess->format = format;
    guess->began = mem_zero(PATHS, sizeof *guess->began);
    for (size_t i = 0; i < format->variable_count; i++)
        if (strncmp(format->names[i], "cookie_", 7) == 0 && !is_of_key(key, i))
            guess->cookies[guess->cookie_count++] = i;
    return guess;
}

void session_guess_free(struct session_guess *guess)
{
    if (!guess)
        return;
    free(guess->ends);
    free(guess->began);
    free(guess);
}

void session_guess_begin(struct session_guess *guess)
{
    guess->again = true;
    guess->first = guess->count = 0;
}

/* ---- what a request says ---- */

/* Case does not count; the words are in small letters. */
static bool holds_one_of(struct slice text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(words[i]);
        for (size_t at = 0; at + length <= text.length; at++)
            if (tolower(text.at[at]) == words[i][0] &&
                strncasecmp((const char *)text.at + at, words[i], length) == 0)
                return true;
    }
    return false;
}

static struct slice path_of(const struct request *request)
{
    struct slice path = {request->target.at, 0};
    while (path.length < request->target.length && path.at[path.length] != '?' &&
           path.at[path.length] != '#')
        path.length++;
    return path;
}

static bool is_login(const struct request *request)
{
    static const char *const in_path[] = {"login",   "log-in",  "log_in", "logon",  "signin",
                                          "sign-in", "sign_in", "anmeld", "authent"};
    static const char *const in_body[] = {"password", "passwd",   "passwort", "kennwort",
                                          "pass=",    "\"pass\"", "pwd="};
    struct slice body = request->body;
    if (request_method_is_safe(request->method))
        return false;
    if (body.length > BODY_LOOKED)
        body.length = BODY_LOOKED;
    return holds_one_of(path_of(request), in_path, sizeof in_path / sizeof *in_path) ||
           holds_one_of(body, in_body, sizeof in_body / sizeof *in_body);
}

/* What pages are made of beside their text. */
static bool is_part(struct slice path)
{
    static const char *const endings[] = {".css", ".js",  ".png",  ".jpg",        ".jpeg", ".gif",
                                          ".svg", ".ico", ".webp", ".avif",       ".woff", ".woff2",
                                          ".ttf", ".map", ".json", ".webmanifest"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t length = strlen(endings[i]);
        if (path.length > length &&
            strncasecmp((const char *)path.at + path.length - length, endings[i], length) == 0)
            return true;
    }
    return false;
}

struct session_hint session_guess_hint(const struct session_guess *guess,
                                       struct request_parser *parser, const struct request *request,
                                       uint64_t place)
{
    struct slice path = path_of(request);
    struct session_hint hint = {.login = is_login(request),
                                .safe = request_method_is_safe(request->method),
                                .part = is_part(path),
                                .path = hash_64(path.at, path.length),
                                .arrival = request->arrival,
                                .place = place};
    for (size_t i = 0; i < guess->cookie_count; i++) {
        struct slice value;
        if (request_value(parser, guess->cookies[i], &value) && value.length)
            hint.context = hint.context * 31 + hash_64(value.at, value.length) + i;
    }
    return hint;
}

/* ---- the first time through ---- */

/* Does an id that begins with `next` go on with the open one? */
static bool fits(const struct session_hint *open, const struct session_hint *next)
{
    int64_t time = next->arrival - open->arrival;
    if (open->context && open->context != next->context)
        return false;
    if (open->login)
        return next->safe && !next->part && time <= NEXT_TIME;
    return next->safe ? time <= NEXT_TIME : next->path == open->path && time <= PAGE_TIME;
}

void session_guess_ended(struct session_guess *guess, bool login_last, uint64_t place)
{
    size_t byte = (size_t)(place / 8);
    if (!login_last)
        return;
    if (byte >= guess->ends_room) {
        size_t room = byte + 1 > 2 * guess->ends_room ? byte + 4096 : 2 * guess->ends_room;
        guess->ends = mem_resize(guess->ends, room, 1);
        memset(guess->ends + guess->ends_room, 0, room - guess->ends_room);
        guess->ends_room = room;
    }
    guess->ends[byte] |= (unsigned char)(1U << place % 8);
}

static struct began *find_path(const struct session_guess *guess, uint64_t path)
{
    size_t at = (size_t)path & (PATHS - 1);
    while (guess->began[at].path && guess->began[at].path != path)
        at = (at + 1) & (PATHS - 1);
    return &guess->began[at];
}

void session_guess_began(struct session_guess *guess, const struct session_hint *hint)
{
    if (guess->again || !hint->safe || hint->part || guess->path_count >= PATHS / 2)
        return;
    bool after_login = false;
    for (size_t i = 0; i < guess->count && !after_login; i++)
        after_login = fits(&guess->open[(guess->first + i) % OPEN_MOST].hint, hint);
    struct began *began = find_path(guess, hint->path);
    guess->path_count += !began->path;
    began->path = hint->path;
    began->count++;
    began->after_login += after_login;
    guess->all.count++;
    guess->all.after_login += after_login;
}

/* ---- the second time ---- */

bool session_guess_is_open(const struct session_guess *guess, const struct session_hint *hint,
                           bool has_id)
{
    size_t byte = (size_t)(hint->place / 8);
    if (!guess->again)
        return false;
    if (has_id)
        return byte < guess->ends_room && guess->ends[byte] >> hint->place % 8 & 1;
    return hint->login || (hint->safe && !hint->part);
}

void session_guess_open(struct session_guess *guess, const struct session_hint *hint, bool has_id,
                        uint64_t session, uint32_t index)
{
    /* The first time: any login, for nobody knows yet which ids end with one. */
    if (guess->again ? !session_guess_is_open(guess, hint, has_id) : !hint->login)
        return;
    if (guess->count == OPEN_MOST) {
        guess->first = (guess->first + 1) % OPEN_MOST;
        guess->count--;
    }
    guess->open[(guess->first + guess->count++) % OPEN_MOST] =
        (struct open){.session = session, .index = index, .hint = *hint};
}

bool session_guess_join(struct session_guess *guess, const struct session_hint *hint,
                        uint64_t *session, uint32_t *index)
{
    if (!guess->again)
        return false;
    while (guess->count && !guess->open[guess->first].session) {
        guess->first = (guess->first + 1) % OPEN_MOST;
        guess->count--;
    }
    const struct began *began = find_path(guess, hint->path);
    bool login_first = (uint64_t)began->after_login * guess->all.count >=
                       (uint64_t)guess->all.after_login * began->count;
    struct open *found = NULL;
    for (size_t i = 0; i < guess->count && !(found && found->hint.login == login_first); i++) {
        struct open *open = &guess->open[(guess->first + i) % OPEN_MOST];
        if (open->session && (!found || open->hint.login == login_first) && fits(&open->hint, hint))
            found = open;
    }
    if (!found)
        return false;
    *session = found->session;
    *index = found->index;
    found->session = 0;
    return true;
}
