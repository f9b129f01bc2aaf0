/*
 * What values may hold is nginx's source: ngx_http_log_module.c (ngx_http_log_escape: bytes below
 * 0x20, above 0x7e, `"` and `\`), ngx_string.c (ngx_escape_json), and the variables' own handlers.
 */
#include "log_format.h"

#include "../diff/base/percent.h"

#include <ctype.h>
#include <stdio.h>

/* Which raw bytes the values of a variable are made of. A dash stands for a missing value, so each
 * class has it. */
enum log_class { CLASS_NUMBER, CLASS_TIMES, CLASS_ADDRESS, CLASS_ISO, CLASS_LOCAL, CLASS_ANY };

#define DIGITS "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
static const char *const class_bytes[] = {
    [CLASS_NUMBER] = DIGITS ".-",
    [CLASS_TIMES] = DIGITS ".-, :",           /* one per upstream: "0.001, 0.002 : -" */
    [CLASS_ADDRESS] = DIGITS LETTERS ".-:_%", /* also ids in hex, "unix:", p of $pipe */
    [CLASS_ISO] = DIGITS "-+:TZ",
    [CLASS_LOCAL] = DIGITS LETTERS "/:+- ",
};

/* shortest, longest: of a value that is there; 0: any. A value with a shortest is always there. */
struct variable_class {
    const char *name;
    enum log_class class;
    unsigned char shortest, longest;
};

static const struct variable_class variable_classes[] = {
    {"body_bytes_sent", CLASS_NUMBER, 0, 0},
    {"bytes_sent", CLASS_NUMBER, 0, 0},
    {"connection", CLASS_NUMBER, 1, 20},
    {"connection_requests", CLASS_NUMBER, 0, 0},
    {"connection_time", CLASS_NUMBER, 0, 0},
    {"msec", CLASS_NUMBER, 9, 20},
    {"pid", CLASS_NUMBER, 1, 10},
    {"pipe", CLASS_ADDRESS, 0, 0},
    {"remote_addr", CLASS_ADDRESS, 2, 0},
    {"remote_port", CLASS_NUMBER, 0, 0},
    {"request_id", CLASS_ADDRESS, 32, 32},
    {"request_length", CLASS_NUMBER, 0, 0},
    {"request_time", CLASS_NUMBER, 5, 0},
    {"server_port", CLASS_NUMBER, 0, 0},
    {"status", CLASS_NUMBER, 3, 3},
    {"time_iso8601", CLASS_ISO, 25, 25},
    {"time_local", CLASS_LOCAL, 26, 26},
    {"upstream_connect_time", CLASS_TIMES, 0, 0},
    {"upstream_header_time", CLASS_TIMES, 0, 0},
    {"upstream_response_length", CLASS_TIMES, 0, 0},
    {"upstream_response_time", CLASS_TIMES, 0, 0},
    {"upstream_status", CLASS_TIMES, 0, 0},
};

struct preset {
    const char *name, *text;
};

static const struct preset presets[] = {
    {"combined", "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent "
                 "\"$http_referer\" \"$http_user_agent\""},
    {"requestlog", "$status $time_iso8601 $cookie_PHPSESSID $cookie_opcode \"$request\" "
                   "\"$request_body\""},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

const char *log_format_preset(const char *name)
{
    for (size_t i = 0; i < COUNT(presets); i++)
        if (strcmp(name, presets[i].name) == 0)
            return presets[i].text;
    return NULL;
}

bool log_escape_find(const char *word, enum log_escape *escape)
{
    static const char *const words[] = {"default", "json", "none"};
    for (size_t i = 0; i < COUNT(words); i++) {
        if (strcmp(word, words[i]) == 0) {
            *escape = (enum log_escape)i;
            return true;
        }
    }
    return false;
}

/* --- compiling
 * ----------------------------------------------------------------------------------------- */

static const struct variable_class *class_of(const char *name)
{
    static const struct variable_class any = {"", CLASS_ANY, 0, 0};
    for (size_t i = 0; i < COUNT(variable_classes); i++)
        if (strcmp(name, variable_classes[i].name) == 0)
            return &variable_classes[i];
    return &any;
}

static void fill_allowed(struct log_format *format)
{
    memset(format->allowed, 0, sizeof format->allowed);
    for (size_t class = 0; class < COUNT(class_bytes); class ++)
        for (const char *byte = class_bytes[class]; *byte; byte++)
            format->allowed[(unsigned char)*byte] |= (uint8_t)(1U << class);
    for (size_t byte = 0; byte < 256; byte++) {
        bool raw = true;
        if (format->escape == LOG_ESCAPE_DEFAULT)
            raw = byte >= 0x20 && byte < 0x7f && byte != '"'; /* the backslash begins an escape */
        else if (format->escape == LOG_ESCAPE_JSON)
            raw = byte >= 0x20 && byte != '"'; /* behind a backslash: see find_anchor() */
        if (raw)
            format->allowed[byte] |= 1U << CLASS_ANY;
    }
}

/* At a `$`: the name behind it, $name or ${name}. NULL when nginx would refuse it. */
static char *take_name(const char **at, struct arena *arena)
{
    const char *start = *at + 1;
    bool braces = *start == '{';
    start += braces;
    size_t length = 0;
    while (isalnum((unsigned char)start[length]) || start[length] == '_')
        length++;
    if (!length || (braces && start[length] != '}'))
        return NULL;
    *at = start + length + braces;
    return arena_copy_bytes(arena, start, length);
}

static bool split(struct log_format *format, struct err *err)
{
    const char *at = format->text;
    for (;;) {
        const char *start = at;
        size_t n = format->variable_count;
        at += strcspn(at, "$");
        format->literals[n] = (struct slice){(const unsigned char *)start, (size_t)(at - start)};
        if (!*at)
            break;
        size_t position = (size_t)(at - format->text) + 1;
        if (n && at == start)
            return err_set(err, ERR_USAGE,
                           "log format, position %zu: nothing separates this variable from $%s, so "
                           "their values cannot be told apart.",
                           position, format->names[n - 1]);
        if (n == LOG_MOST_VARIABLES)
            return err_set(err, ERR_USAGE, "log format: it has more than %d variables.",
                           LOG_MOST_VARIABLES);
        char *name = take_name(&at, &format->arena);
        if (!name)
            return err_set(err, ERR_USAGE,
                           "log format, position %zu: a variable's name, $name or ${name}, must "
                           "follow the $.",
                           position);
        format->names[n] = name;
        format->classes[n] = (uint8_t)(1U << class_of(name)->class);
        format->variable_count++;
    }
    if (!format->variable_count)
        return err_set(err, ERR_USAGE, "log format: there is no variable in \"%.200s\"%s.",
                       format->text,
                       strchr(format->text, ' ') ? "" : ", nor is it the name of a known format");
    return true;
}

/* A byte of the literal behind `group->last` that nothing before it in the group can hold. */
static bool choose_anchor(const struct log_format *format, struct log_group *group)
{
    struct slice literal = format->literals[group->last + 1];
    uint8_t classes = 0;
    for (size_t i = group->first; i <= group->last; i++)
        classes |= format->classes[i];
    for (size_t k = 0; k < literal.length; k++) {
        unsigned char byte = literal.at[k];
        bool possible = format->allowed[byte] & classes || memchr(literal.at, byte, k);
        for (size_t i = group->first + 1; !possible && i <= group->last; i++)
            possible = memchr(format->literals[i].at, byte, format->literals[i].length);
        if (!possible) {
            group->anchored = true;
            group->anchor = byte;
            group->anchor_at = k;
            return true;
        }
    }
    return false;
}

static void make_groups(struct log_format *format)
{
    size_t next = 0;
    while (next < format->variable_count) {
        struct log_group group = {.first = next, .last = next};
        while (!choose_anchor(format, &group) && group.last + 1 < format->variable_count)
            group.last++;
        format->groups[format->group_count++] = group;
        next = group.last + 1;
    }
    format->closed = format->literals[format->variable_count].length > 0;
    format->plain = format->escape == LOG_ESCAPE_DEFAULT;
    for (const char *byte = format->text; *byte; byte++)
        if ((unsigned char)*byte < 0x20 || (unsigned char)*byte > 0x7e)
            format->plain = false;
}

bool log_format_compile(const char *text, enum log_escape escape, struct log_format *format,
                        struct err *err)
{
    memset(format, 0, sizeof *format);
    format->escape = escape;
    format->text = arena_copy(&format->arena, text);
    fill_allowed(format);
    if (!split(format, err)) {
        log_format_free(format);
        return false;
    }
    make_groups(format);
    return true;
}

void log_format_free(struct log_format *format)
{
    arena_free(&format->arena);
    memset(format, 0, sizeof *format);
}

size_t log_format_find(const struct log_format *format, const char *name)
{
    for (size_t i = 0; i < format->variable_count; i++)
        if (strcmp(format->names[i], name) == 0)
            return i;
    return LOG_NONE;
}

/* --- as a person gives it
 * ------------------------------------------------------------------------------ */

/* One quoted string, as ngx_conf_read_token reads it; appends its content. */
static bool take_quoted(const char **at, struct buffer *out)
{
    char quote = **at;
    if (quote != '"' && quote != '\'')
        return false;
    const char *c = *at + 1;
    for (; *c && *c != quote; c++) {
        char byte = *c;
        if (byte == '\\' && c[1]) {
            const char *place = strchr("\"\"''\\\\t\tr\rn\n", c[1]);
            if (strchr("\"'\\trn", c[1])) {
                byte = place[1];
                c++;
            }
        }
        buffer_add_byte(out, (unsigned char)byte);
    }
    if (*c != quote)
        return false;
    *at = c + 1;
    return true;
}

static void skip_blanks(const char **at)
{
    *at += strspn(*at, " \t\r\n");
}

/* Steps over "word" when blanks follow it. */
static bool skip_word(const char **at, const char *word)
{
    size_t length = strlen(word);
    if (strncmp(*at, word, length) != 0 || !isspace((unsigned char)(*at)[length]))
        return false;
    *at += length;
    skip_blanks(at);
    return true;
}

/* True when the rest is nothing but quoted strings and a `;`. */
static bool all_quoted(const char *at, struct buffer *out)
{
    bool any = false;
    buffer_clear(out);
    for (;;) {
        skip_blanks(&at);
        if (any && *at == ';')
            at += strspn(at, "; \t\r\n");
        if (!*at)
            return any;
        if (!take_quoted(&at, out))
            return false;
        any = true;
    }
}

bool log_format_option(const char *option, struct log_format *format, struct err *err)
{
    enum log_escape escape = LOG_ESCAPE_DEFAULT;
    const char *at = option;
    memset(format, 0, sizeof *format);
    skip_blanks(&at);
    const char *known = log_format_preset(at);
    if (known)
        return log_format_compile(known, escape, format, err);
    if (skip_word(&at, "log_format")) {
        at += strcspn(at, " \t\r\n");
        skip_blanks(&at);
    }
    if (strncmp(at, "escape=", 7) == 0) {
        char word[16] = "";
        size_t length = strcspn(at + 7, " \t\r\n");
        snprintf(word, sizeof word, "%.*s", (int)(length < 15 ? length : 15), at + 7);
        if (!log_escape_find(word, &escape))
            return err_set(err, ERR_USAGE,
                           "log format: escape=%s is unknown; nginx has default, json and none.",
                           word);
        at += 7 + length;
        skip_blanks(&at);
    }
    struct buffer text = BUFFER_INIT(1 << 20);
    bool quoted = all_quoted(at, &text);
    bool done = log_format_compile(quoted ? (const char *)text.data : at, escape, format, err);
    buffer_free(&text);
    return done;
}

/* --- matching
 * ------------------------------------------------------------------------------------------ */

static const unsigned char *find(const unsigned char *from, const unsigned char *end,
                                 struct slice literal)
{
    if (from > end)
        return NULL;
    return memmem(from, (size_t)(end - from), literal.at, literal.length);
}

/* The last occurrence that ends at or before `end`. */
static const unsigned char *find_last(const unsigned char *from, const unsigned char *end,
                                      struct slice literal)
{
    while ((size_t)(end - from) >= literal.length && end >= from) {
        const unsigned char *tail =
            memrchr(from, literal.at[literal.length - 1], (size_t)(end - from));
        if (!tail || (size_t)(tail + 1 - from) < literal.length)
            return NULL;
        const unsigned char *start = tail + 1 - literal.length;
        if (memcmp(start, literal.at, literal.length) == 0)
            return start;
        end = tail;
    }
    return NULL;
}

/* In JSON escaping a quote behind an odd number of backslashes belongs to the value. */
static bool is_escaped(const unsigned char *start, const unsigned char *at)
{
    size_t backslashes = 0;
    while (at > start && at[-1] == '\\') {
        at--;
        backslashes++;
    }
    return backslashes % 2;
}

static const unsigned char *find_anchor(const struct log_format *format, unsigned char anchor,
                                        const unsigned char *start, const unsigned char *end)
{
    const unsigned char *at = start;
    while ((at = memchr(at, anchor, (size_t)(end - at)))) {
        if (format->escape != LOG_ESCAPE_JSON || anchor != '"' || !is_escaped(start, at))
            return at;
        at++;
    }
    return NULL;
}

/* The separators of one group in one line: where each begins. */
struct solver {
    const struct log_format *format;
    const struct log_group *group;
    const unsigned char *start, *stop;
    const unsigned char *earliest[LOG_MOST_VARIABLES], *latest[LOG_MOST_VARIABLES];
};

static size_t separators(const struct solver *solver)
{
    return solver->group->last - solver->group->first;
}

static struct slice separator(const struct solver *solver, size_t i)
{
    return solver->format->literals[solver->group->first + i + 1];
}

/* The value of variable i of the group, when separators stand at `places`. */
static struct slice segment(const struct solver *solver, const unsigned char *const *places,
                            size_t i)
{
    const unsigned char *begin =
        i ? places[i - 1] + separator(solver, i - 1).length : solver->start;
    const unsigned char *end = i < separators(solver) ? places[i] : solver->stop;
    return (struct slice){begin, (size_t)(end - begin)};
}

/* The first or last byte that a variable's value cannot hold; NULL: none. */
static const unsigned char *forbidden(const struct log_format *format, struct slice value,
                                      size_t variable, bool last)
{
    const unsigned char *found = NULL;
    for (const unsigned char *at = value.at; at < value.at + value.length; at++) {
        if (format->allowed[*at] & format->classes[variable])
            continue;
        if (*at == '"' && format->escape == LOG_ESCAPE_JSON && is_escaped(value.at, at))
            continue;
        found = at;
        if (!last)
            break;
    }
    return found;
}

static const unsigned char *wrong_byte(const struct solver *solver,
                                       const unsigned char *const *places, size_t i, bool last)
{
    return forbidden(solver->format, segment(solver, places, i), solver->group->first + i, last);
}

/* A line that takes more corrections than this is not worth the time: it is not read. */
#define MOST_CORRECTIONS 256

/*
 * The earliest place of each separator. Ways to read a line form a lattice: of two ways, taking
 * the earlier place of every separator is one too, for every value is then a part of one that was
 * allowed. So moving a separator on only when it must be leads to the earliest of all.
 */
static bool solve_earliest(struct solver *solver)
{
    size_t count = separators(solver);
    const unsigned char *at = solver->start;
    for (size_t i = 0; i < count; i++) {
        solver->earliest[i] = find(at, solver->stop, separator(solver, i));
        if (!solver->earliest[i])
            return false;
        at = solver->earliest[i] + separator(solver, i).length;
    }
    size_t corrections = 0;
    for (size_t i = count + 1; i-- > 0;) {
        const unsigned char *bad = wrong_byte(solver, solver->earliest, i, true);
        if (!bad)
            continue;
        if (!i || ++corrections > MOST_CORRECTIONS)
            return false;
        /* The value must begin behind the bad byte: its separator moves, and may push others. */
        at = bad + 1 - separator(solver, i - 1).length;
        if (at <= solver->earliest[i - 1])
            at = solver->earliest[i - 1] + 1;
        for (size_t k = i - 1; k < count; k++) {
            if (k >= i && solver->earliest[k] >= at)
                break;
            solver->earliest[k] = find(at, solver->stop, separator(solver, k));
            if (!solver->earliest[k])
                return false;
            at = solver->earliest[k] + separator(solver, k).length;
        }
        i = count + 1; /* look at all of them again */
    }
    return true;
}

/* The mirror image. */
static bool solve_latest(struct solver *solver)
{
    size_t count = separators(solver);
    const unsigned char *end = solver->stop;
    for (size_t i = count; i-- > 0;) {
        solver->latest[i] = find_last(solver->start, end, separator(solver, i));
        if (!solver->latest[i])
            return false;
        end = solver->latest[i];
    }
    size_t corrections = 0;
    for (size_t i = 0; i <= count; i++) {
        const unsigned char *bad = wrong_byte(solver, solver->latest, i, false);
        if (!bad)
            continue;
        if (i == count || ++corrections > MOST_CORRECTIONS)
            return false;
        /* The value must end before the bad byte. */
        end = bad + separator(solver, i).length;
        if (end >= solver->latest[i] + separator(solver, i).length)
            end = solver->latest[i] + separator(solver, i).length - 1;
        for (size_t k = i + 1; k-- > 0;) {
            if (k < i && solver->latest[k] + separator(solver, k).length <= end)
                break;
            solver->latest[k] = find_last(solver->start, end, separator(solver, k));
            if (!solver->latest[k])
                return false;
            end = solver->latest[k];
        }
        i = (size_t)-1;
    }
    return true;
}

static bool solve(const struct log_format *format, const struct log_group *group,
                  const unsigned char *start, const unsigned char *stop, struct log_match *match)
{
    struct solver solver;
    solver.format = format;
    solver.group = group;
    solver.start = start;
    solver.stop = stop;
    if (!solve_earliest(&solver) || !solve_latest(&solver))
        return false;
    for (size_t i = 0; i <= separators(&solver); i++) {
        struct slice early = segment(&solver, solver.earliest, i);
        struct slice late = segment(&solver, solver.latest, i);
        match->values[group->first + i] = early;
        if (early.at == late.at && early.length == late.length)
            continue;
        if (!match->any_ambiguous) {
            match->any_ambiguous = true;
            memset(match->ambiguous, 0, format->variable_count * sizeof *match->ambiguous);
        }
        match->ambiguous[group->first + i] = true;
    }
    return true;
}

/* No byte below 0x20, none above 0x7f: eight at a time. */
static bool is_plain(const unsigned char *at, size_t length)
{
    const uint64_t high = 0x8080808080808080u;
    uint64_t bad = 0;
    for (; length >= 8; at += 8, length -= 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        bad |= ((word - 0x2020202020202020u) & ~word) | word;
    }
    bad &= high;
    for (; length; at++, length--)
        bad |= *at < 0x20 || *at > 0x7f;
    return !bad;
}

bool log_format_match(const struct log_format *format, const unsigned char *line, size_t length,
                      struct log_match *match)
{
    const unsigned char *at = line, *end = line + length;
    struct slice literal = format->literals[0];
    match->any_ambiguous = false;
    if (length < literal.length || memcmp(at, literal.at, literal.length) != 0 ||
        (format->plain && !is_plain(line, length)))
        return false;
    at += literal.length;
    for (size_t i = 0; i < format->group_count; i++) {
        const struct log_group *group = &format->groups[i];
        const unsigned char *stop = end;
        literal = format->literals[group->last + 1];
        if (group->anchored) {
            stop = find_anchor(format, group->anchor, at, end);
            if (!stop || (size_t)(stop - at) < group->anchor_at)
                return false;
            stop -= group->anchor_at;
            if ((size_t)(end - stop) < literal.length)
                return false;
        } else {
            if ((size_t)(end - at) < literal.length)
                return false;
            stop = end - literal.length;
        }
        if (literal.length && memcmp(stop, literal.at, literal.length) != 0)
            return false;
        if (group->first == group->last) {
            struct slice value = {at, (size_t)(stop - at)};
            /* Up to an anchor nothing but what any value may hold can stand. */
            bool sure = group->anchored && format->classes[group->first] == 1U << CLASS_ANY;
            if (!sure && forbidden(format, value, group->first, false))
                return false;
            match->values[group->first] = value;
        } else if (!solve(format, group, at, stop, match)) {
            return false;
        }
        at = stop + literal.length;
    }
    return at == end;
}

bool log_format_begins(const struct log_format *format, const unsigned char *line, size_t length)
{
    const unsigned char *at = line, *end = line + length;
    for (size_t i = 0; i < format->variable_count; i++) {
        struct slice literal = format->literals[i];
        if ((size_t)(end - at) < literal.length || memcmp(at, literal.at, literal.length) != 0)
            return false;
        at += literal.length;
        if (format->classes[i] == 1U << CLASS_ANY)
            return true;
        const struct variable_class *class = class_of(format->names[i]);
        const unsigned char *start = at;
        size_t longest = class->longest ? class->longest : SIZE_MAX;
        while (at < end && (size_t)(at - start) < longest &&
               format->allowed[*at] & format->classes[i])
            at++;
        if ((size_t)(at - start) < class->shortest)
            return false;
        struct slice next = format->literals[i + 1];
        /* A class may hold the first byte of what follows, as the blank in a list of times. */
        if (!class->longest && next.length && format->allowed[next.at[0]] & format->classes[i])
            return true;
    }
    return true;
}

/* --- decoding
 * ------------------------------------------------------------------------------------------ */

/* At a backslash: the byte that it stands for, and how many bytes of input that takes; 0: none. */
static size_t decode_one(enum log_escape escape, const unsigned char *at, size_t left,
                         unsigned char *byte)
{
    size_t digits_at = 0, size = 0;
    if (escape == LOG_ESCAPE_DEFAULT) {
        if (left < 4 || at[1] != 'x')
            return 0;
        digits_at = 2;
        size = 4;
    } else {
        static const char from[] = "\"\\nrtbf", to[] = "\"\\\n\r\t\b\f";
        if (left < 2)
            return 0;
        const char *plain = memchr(from, at[1], sizeof from - 1);
        if (plain) {
            *byte = (unsigned char)to[plain - from];
            return 2;
        }
        if (left < 6 || at[1] != 'u' || at[2] != '0' || at[3] != '0')
            return 0;
        digits_at = 4;
        size = 6;
    }
    int high = hex_digit(at[digits_at]), low = hex_digit(at[digits_at + 1]);
    if (high < 0 || low < 0)
        return 0;
    *byte = (unsigned char)(high * 16 + low);
    return size;
}

bool log_decode(enum log_escape escape, struct slice raw, unsigned char *place, size_t *used,
                struct slice *value)
{
    *used = 0;
    *value = raw;
    const unsigned char *at = raw.at, *end = raw.at + raw.length;
    const unsigned char *next = NULL;
    if (escape != LOG_ESCAPE_NONE && raw.length)
        next = memchr(at, '\\', raw.length);
    if (!next)
        return true;
    unsigned char *to = place;
    while (next) {
        memcpy(to, at, (size_t)(next - at));
        to += next - at;
        at = next;
        do { /* escapes stand in rows: bytes of other alphabets */
            size_t size = decode_one(escape, at, (size_t)(end - at), to);
            if (!size)
                return false;
            to++;
            at += size;
        } while (at < end && *at == '\\');
        next = at < end ? memchr(at, '\\', (size_t)(end - at)) : NULL;
    }
    memcpy(to, at, (size_t)(end - at));
    to += end - at;
    *value = (struct slice){place, (size_t)(to - place)};
    *used = value->length;
    return true;
}

bool log_is_missing(enum log_escape escape, struct slice raw)
{
    if (escape == LOG_ESCAPE_DEFAULT)
        return raw.length == 1 && raw.at[0] == '-';
    return raw.length == 0;
}
