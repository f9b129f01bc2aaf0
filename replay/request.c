#include "request.h"

#include <ctype.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct request_reason_row reasons[REQUEST_REASONS] = {
    [REQUEST_GOOD] = {"", ""},
    [REQUEST_UNREADABLE] = {"unreadable", "the line was not written with this log format"},
    [REQUEST_TOO_LONG] = {"line-too-long", "the line is longer than 64 MB"},
    [REQUEST_CUT] = {"cut-line", "the file ends within the line"},
    [REQUEST_SPLIT] = {"split-record", "a newline split the record, and its lines do not add up "
                                       "(escape=none)"},
    [REQUEST_AMBIGUOUS] = {"ambiguous", "blanks or quotes in values leave several ways to read the "
                                        "line"},
    [REQUEST_BAD_ESCAPE] = {"bad-escape", "the line holds an escape that nginx does not write"},
    [REQUEST_NO_TIME] = {"no-time", "its time cannot be read"},
    [REQUEST_NOT_HTTP] = {"not-http", "no HTTP: TLS on a plain port, a scanner, or nothing at all"},
    [REQUEST_HTTP_09] = {"http-0.9", "no protocol version (HTTP/0.9)"},
    [REQUEST_CONNECT] = {"connect", "CONNECT asks a proxy for a tunnel"},
    [REQUEST_OPTIONS_STAR] = {"options-star", "OPTIONS * asks for no page"},
    [REQUEST_ABSOLUTE] = {"absolute-form", "the target names a host, which may be another"},
    [REQUEST_BAD_TARGET] = {"bad-target",
                            "the target is no path, or holds blanks or control bytes"},
    [REQUEST_UPGRADE] = {"upgrade", "the connection was taken over, as by a WebSocket"},
    [REQUEST_NGINX] = {"nginx-answered", "nginx answered itself, or may have: the app did not run"},
    [REQUEST_BODY_MISSING] = {"body-missing", "the log does not hold its body (client_body_buffer_"
                                              "size too small, or the body was not read)"},
    [REQUEST_BODY_TRUNCATED] = {"body-truncated", "the log holds a part of its body"},
    [REQUEST_READ_ONLY] = {"read-only", "--read-only: its method may change something"},
    [REQUEST_DENIED] = {"denied", "--deny forbids its route"},
    [REQUEST_BEGAN_BEFORE] = {"began-before", "its session began before the log, with a login that "
                                              "nobody can repeat (--login can)"},
};

const struct request_reason_row *request_reason_row(enum request_reason reason)
{
    return &reasons[reason];
}

bool request_reason_is_unread(enum request_reason reason)
{
    return reason >= REQUEST_UNREADABLE && reason <= REQUEST_NO_TIME;
}

struct role_row {
    const char *name;
    enum request_role role;
};

/* Of two names for one role the first that the log has counts. */
static const struct role_row role_rows[] = {
    {"status", ROLE_STATUS},
    {"request", ROLE_REQUEST},
    {"request_method", ROLE_METHOD},
    {"request_uri", ROLE_URI},
    {"server_protocol", ROLE_PROTOCOL},
    {"request_body", ROLE_BODY},
    {"msec", ROLE_MSEC},
    {"request_time", ROLE_REQUEST_TIME},
    {"time_iso8601", ROLE_ISO8601},
    {"time_local", ROLE_LOCAL},
    {"content_length", ROLE_CONTENT_LENGTH},
    {"http_content_length", ROLE_CONTENT_LENGTH},
    {"http_transfer_encoding", ROLE_TRANSFER_ENCODING},
    {"content_type", ROLE_CONTENT_TYPE},
    {"http_content_type", ROLE_CONTENT_TYPE},
    {"http_cookie", ROLE_COOKIE},
    {"sent_http_set_cookie", ROLE_SET_COOKIE},
    {"upstream_http_set_cookie", ROLE_SET_COOKIE},
    {"remote_addr", ROLE_ADDRESS},
    {"realip_remote_addr", ROLE_ADDRESS},
    {"http_x_forwarded_for", ROLE_ADDRESS},
    {"http_user_agent", ROLE_AGENT},
    {"connection", ROLE_CONNECTION},
    {"upstream_status", ROLE_UPSTREAM_STATUS},
    {"sent_http_location", ROLE_LOCATION},
    {"upstream_http_location", ROLE_LOCATION},
    {"body_bytes_sent", ROLE_BODY_SENT},
    {"host", ROLE_HOST},
    {"http_host", ROLE_HOST},
};

bool request_parser_init(struct request_parser *parser, const struct log_format *format,
                         struct err *err)
{
    memset(parser, 0, sizeof *parser);
    parser->format = format;
    for (size_t i = 0; i < ROLES; i++)
        parser->role[i] = LOG_NONE;
    for (size_t i = 0; i < COUNT(role_rows); i++)
        if (parser->role[role_rows[i].role] == LOG_NONE)
            parser->role[role_rows[i].role] = log_format_find(format, role_rows[i].name);
    if (parser->role[ROLE_MSEC] != LOG_NONE)
        parser->clock = parser->role[ROLE_REQUEST_TIME] != LOG_NONE ? REQUEST_ARRIVAL : REQUEST_END;
    else if (parser->role[ROLE_ISO8601] != LOG_NONE || parser->role[ROLE_LOCAL] != LOG_NONE)
        parser->clock = REQUEST_SECONDS;
    else
        parser->clock = REQUEST_UNTIMED;
    if (parser->role[ROLE_REQUEST] != LOG_NONE ||
        (parser->role[ROLE_METHOD] != LOG_NONE && parser->role[ROLE_URI] != LOG_NONE))
        return true;
    return err_set(err, ERR_USAGE,
                   "the log format has neither $request nor $request_method and $request_uri, so "
                   "the log does not say what was asked.");
}

void request_parser_free(struct request_parser *parser)
{
    free(parser->scratch);
    parser->scratch = NULL;
}

/* --- values
 * -------------------------------------------------------------------------------------------- */

static void begin_line(struct request_parser *parser, const struct log_match *match, size_t length)
{
    parser->match = match;
    parser->scratch_used = 0;
    if (++parser->stamp == 0) { /* after 4 billion lines */
        memset(parser->stamps, 0, sizeof parser->stamps);
        parser->stamp = 1;
    }
    /* Decoding makes nothing longer, and values do not overlap: room for all of them at once. */
    if (parser->scratch_room < length) {
        parser->scratch_room = length * 2;
        parser->scratch = mem_resize(parser->scratch, parser->scratch_room, 1);
    }
}

bool request_value(struct request_parser *parser, size_t variable, struct slice *value)
{
    const struct log_match *match = parser->match;
    *value = (struct slice){NULL, 0};
    if (match->any_ambiguous && match->ambiguous[variable])
        return false;
    if (parser->stamps[variable] == parser->stamp) {
        *value = parser->values[variable];
        return true;
    }
    struct slice raw = match->values[variable];
    if (!log_is_missing(parser->format->escape, raw)) {
        size_t used;
        if (!log_decode(parser->format->escape, raw, parser->scratch + parser->scratch_used, &used,
                        value))
            return false;
        parser->scratch_used += used;
    }
    parser->stamps[variable] = parser->stamp;
    parser->values[variable] = *value;
    return true;
}

bool request_role_value(struct request_parser *parser, enum request_role role, struct slice *value)
{
    *value = (struct slice){NULL, 0};
    return parser->role[role] == LOG_NONE || request_value(parser, parser->role[role], value);
}

struct slice request_find_cookie(struct slice header, struct slice name)
{
    if (!header.at)
        return (struct slice){NULL, 0};
    const unsigned char *at = header.at, *end = header.at + header.length;
    while (at < end) {
        while (at < end && (*at == ' ' || *at == ';'))
            at++;
        const unsigned char *stop = memchr(at, ';', (size_t)(end - at));
        if (!stop)
            stop = end;
        const unsigned char *equals = memchr(at, '=', (size_t)(stop - at));
        if (equals && slice_equal_fold((struct slice){at, (size_t)(equals - at)}, name))
            return (struct slice){equals + 1, (size_t)(stop - equals - 1)};
        at = stop;
    }
    return (struct slice){NULL, 0};
}

static bool is_one_of(struct slice word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_is(word, words[i]))
            return true;
    return false;
}

bool request_method_has_body(struct slice method)
{
    static const char *const methods[] = {"POST",   "PUT",    "PATCH", "PROPFIND", "PROPPATCH",
                                          "REPORT", "SEARCH", "QUERY", "LOCK",     "MKCALENDAR"};
    return is_one_of(method, methods, COUNT(methods));
}

bool request_method_is_safe(struct slice method)
{
    static const char *const methods[] = {"GET", "HEAD", "OPTIONS", "TRACE"};
    return is_one_of(method, methods, COUNT(methods));
}

/* --- times
 * --------------------------------------------------------------------------------------------- */

/* "1795289677.624", "0.002": microseconds; more digits than six are cut. */
static bool read_decimal(struct slice raw, int64_t *result)
{
    uint64_t n = 0;
    size_t i = 0, decimals = 0;
    for (; i < raw.length && i < 12 && raw.at[i] >= '0' && raw.at[i] <= '9'; i++)
        n = n * 10 + (raw.at[i] - '0');
    bool any = i > 0;
    if (i < raw.length && raw.at[i] == '.') {
        for (i++; i < raw.length && raw.at[i] >= '0' && raw.at[i] <= '9'; i++) {
            if (decimals < 6) {
                n = n * 10 + (raw.at[i] - '0');
                decimals++;
            }
        }
    }
    for (; decimals < 6; decimals++)
        n *= 10;
    *result = (int64_t)n;
    return any && i == raw.length;
}

static bool read_digits(const unsigned char *at, size_t count, int *result)
{
    *result = 0;
    for (size_t i = 0; i < count; i++) {
        if (at[i] < '0' || at[i] > '9')
            return false;
        *result = *result * 10 + (at[i] - '0');
    }
    return true;
}

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar (H. Hinnant's algorithm). */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

/* "+0130" or "+01:30" in seconds */
static bool read_offset(const unsigned char *at, size_t length, int *seconds)
{
    int hours, minutes;
    size_t colon = length == 6 && at[3] == ':';
    if (length != 5 + colon || (at[0] != '+' && at[0] != '-') || !read_digits(at + 1, 2, &hours) ||
        !read_digits(at + 3 + colon, 2, &minutes))
        return false;
    *seconds = (hours * 60 + minutes) * (at[0] == '-' ? -60 : 60);
    return true;
}

static bool read_clock(const unsigned char *at, int *seconds)
{
    int hour, minute, second;
    if (!read_digits(at, 2, &hour) || at[2] != ':' || !read_digits(at + 3, 2, &minute) ||
        at[5] != ':' || !read_digits(at + 6, 2, &second))
        return false;
    *seconds = (hour * 60 + minute) * 60 + second;
    return hour < 24 && minute < 60 && second <= 60;
}

/* 2026-11-21T19:33:17+00:00 */
static bool read_iso8601(struct slice raw, int64_t *second)
{
    int year, month, day, clock, offset;
    const unsigned char *at = raw.at;
    if (raw.length != 25 || !read_digits(at, 4, &year) || at[4] != '-' ||
        !read_digits(at + 5, 2, &month) || at[7] != '-' || !read_digits(at + 8, 2, &day) ||
        at[10] != 'T' || !read_clock(at + 11, &clock) || !read_offset(at + 19, 6, &offset) ||
        month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    *second = days_of(year, month, day) * 86400 + clock - offset;
    return true;
}

/* 21/Nov/2026:19:33:17 +0000 */
static bool read_local(struct slice raw, int64_t *second)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int year, month = 0, day, clock, offset;
    const unsigned char *at = raw.at;
    if (raw.length != 26 || !read_digits(at, 2, &day) || at[2] != '/' || at[6] != '/' ||
        !read_digits(at + 7, 4, &year) || at[11] != ':' || !read_clock(at + 12, &clock) ||
        at[20] != ' ' || !read_offset(at + 21, 5, &offset) || day < 1 || day > 31)
        return false;
    while (month < 12 && memcmp(months + 3 * month, at + 3, 3) != 0)
        month++;
    *second = days_of(year, month + 1, day) * 86400 + clock - offset;
    return month < 12;
}

static bool read_second(struct request_parser *parser, const struct log_match *match,
                        int64_t *micros)
{
    bool iso = parser->role[ROLE_ISO8601] != LOG_NONE;
    size_t variable = parser->role[iso ? ROLE_ISO8601 : ROLE_LOCAL];
    struct slice raw = match->values[variable];
    bool known = raw.length == parser->second_length && raw.length &&
                 memcmp(raw.at, parser->second_text, raw.length) == 0;
    if (!known) {
        if (!(iso ? read_iso8601(raw, &parser->second) : read_local(raw, &parser->second))) {
            parser->second_length = 0;
            return false;
        }
        parser->second_length = raw.length; /* 25 or 26 */
        memcpy(parser->second_text, raw.at, raw.length);
    }
    *micros = parser->second * 1000000;
    return !match->any_ambiguous || !match->ambiguous[variable];
}

bool request_arrival(struct request_parser *parser, const struct log_match *match, int64_t *arrival,
                     int64_t *duration)
{
    size_t msec = parser->role[ROLE_MSEC], lasted = parser->role[ROLE_REQUEST_TIME];
    *arrival = 0;
    *duration = -1;
    if (lasted != LOG_NONE &&
        (!read_decimal(match->values[lasted], duration) || *duration > REQUEST_LONGEST)) {
        *duration = -1;
        return false;
    }
    if (parser->clock == REQUEST_UNTIMED)
        return true;
    if (msec == LOG_NONE) {
        if (!read_second(parser, match, arrival))
            return false;
    } else if (!read_decimal(match->values[msec], arrival)) {
        return false;
    }
    if (match->any_ambiguous && ((msec != LOG_NONE && match->ambiguous[msec]) ||
                                 (lasted != LOG_NONE && match->ambiguous[lasted])))
        return false;
    /* Of whole seconds no fraction is taken, for that would turn round requests whose order the log
     * did tell. */
    if (*duration > 0)
        *arrival -= parser->clock == REQUEST_SECONDS ? *duration - *duration % 1000000 : *duration;
    return true;
}

/* --- the request line
 * ---------------------------------------------------------------------------------- */

/* RFC 9110's token. */
static bool is_token(struct slice word)
{
    for (size_t i = 0; i < word.length; i++)
        if (!isalnum(word.at[i]) && (!word.at[i] || !strchr("!#$%&'*+-.^_`|~", word.at[i])))
            return false;
    return word.length > 0;
}

/* The protocol stands behind the last blank: a target may hold blanks that a client sent raw. */
static size_t protocol_length(struct slice line)
{
    size_t length = 0;
    while (length < line.length && length < 10 && line.at[line.length - 1 - length] != ' ')
        length++;
    if (length < 6 || length == line.length ||
        memcmp(line.at + line.length - length, "HTTP/", 5) != 0)
        return 0;
    return length;
}

/* False: these bytes are no HTTP. */
static bool split_line(struct slice line, struct request *request)
{
    const unsigned char *blank = line.length ? memchr(line.at, ' ', line.length) : NULL;
    if (!blank)
        return false;
    request->method = (struct slice){line.at, (size_t)(blank - line.at)};
    struct slice rest = {blank + 1, line.length - request->method.length - 1};
    size_t protocol = protocol_length(line);
    if (protocol && protocol <= rest.length) {
        request->protocol = (struct slice){line.at + line.length - protocol, protocol};
        rest.length -= protocol;
        if (rest.length) /* the blank before it */
            rest.length--;
    }
    request->target = rest;
    return is_token(request->method);
}

static bool is_absolute(struct slice target)
{
    size_t i = 0;
    while (i < target.length &&
           (isalnum(target.at[i]) || strchr("+-.", target.at[i] ? target.at[i] : ' ')))
        i++;
    return i && target.length - i >= 3 && memcmp(target.at + i, "://", 3) == 0;
}

static bool is_bad_target(struct slice target)
{
    if (!target.length || target.at[0] != '/')
        return true;
    for (size_t i = 0; i < target.length; i++)
        if (target.at[i] <= ' ' || target.at[i] == 0x7f)
            return true;
    return false;
}

/* --- judging
 * ------------------------------------------------------------------------------------------- */

/* What $content_length says. */
enum { LENGTH_UNKNOWN = -2, LENGTH_ABSENT = -1 };

static int64_t content_length(struct request_parser *parser)
{
    struct slice value;
    if (parser->role[ROLE_CONTENT_LENGTH] == LOG_NONE ||
        !request_role_value(parser, ROLE_CONTENT_LENGTH, &value))
        return LENGTH_UNKNOWN;
    if (!value.at)
        return LENGTH_ABSENT;
    int64_t length = 0;
    for (size_t i = 0; i < value.length; i++) {
        if (value.at[i] < '0' || value.at[i] > '9' || length > INT64_MAX / 100)
            return LENGTH_UNKNOWN;
        length = length * 10 + (value.at[i] - '0');
    }
    return value.length ? length : LENGTH_UNKNOWN;
}

/* True when the log proves that no Transfer-Encoding was sent. */
static bool is_not_chunked(struct request_parser *parser)
{
    struct slice value;
    return parser->role[ROLE_TRANSFER_ENCODING] != LOG_NONE &&
           request_role_value(parser, ROLE_TRANSFER_ENCODING, &value) && !value.at;
}

/* The log holds no body: was there one? */
static bool body_may_be_missing(struct request_parser *parser, struct slice method, int64_t length)
{
    if (length == LENGTH_ABSENT)
        return request_method_has_body(method) && !is_not_chunked(parser);
    return length > 0 || (length == LENGTH_UNKNOWN && request_method_has_body(method));
}

/* GOOD, MISSING or TRUNCATED */
static enum request_reason judge_body(struct request_parser *parser, struct request *request)
{
    int64_t length = content_length(parser);
    struct slice body;
    if (!request_role_value(parser, ROLE_BODY, &body))
        return REQUEST_BODY_MISSING; /* not reached: the caller has looked */
    if (!body.at) {
        request->body_wanted = body_may_be_missing(parser, request->method, length);
        return request->body_wanted ? REQUEST_BODY_MISSING : REQUEST_GOOD;
    }
    request->body = body;
    request->body_wanted = true;
    /* Without $content_length, 400 may mean that the client left while it was sending. */
    if (length >= 0 ? (uint64_t)length != body.length : request->status == 400)
        return REQUEST_BODY_TRUNCATED;
    return REQUEST_GOOD;
}

/* Statuses that nginx answers with before a request reaches an app; 444 and 494-497 are its own,
 * the others may be an app's, too. 499 is none: the client left, but the app did run. */
static bool is_nginx_status(int status, bool *own)
{
    static const short statuses[] = {400, 408, 413, 414, 444, 494, 495, 496, 497};
    *own = status == 414 || status == 444 || (status >= 494 && status <= 497);
    for (size_t i = 0; i < COUNT(statuses); i++)
        if (status == statuses[i])
            return true;
    return false;
}

/* Did nginx answer without asking the app? Sets reached_app: false only when that is proved. */
static bool is_nginx_answer(struct request_parser *parser, struct request *request)
{
    bool own;
    struct slice upstream;
    if (!is_nginx_status(request->status, &own))
        return false;
    if (parser->role[ROLE_UPSTREAM_STATUS] != LOG_NONE &&
        request_role_value(parser, ROLE_UPSTREAM_STATUS, &upstream)) {
        if (upstream.at)
            return false;
        request->reached_app = false;
        return true;
    }
    if (own)
        request->reached_app = false;
    return true;
}

static enum request_reason judge(struct request_parser *parser, struct request *request)
{
    bool refused = request->status == 400 || request->status == 405;
    if (slice_is(request->method, "CONNECT")) {
        request->reached_app = !refused;
        return REQUEST_CONNECT;
    }
    if (slice_is(request->target, "*")) {
        request->reached_app = !refused;
        return REQUEST_OPTIONS_STAR;
    }
    enum request_reason body = judge_body(parser, request);
    if (is_nginx_answer(parser, request)) {
        if (body == REQUEST_BODY_TRUNCATED)
            return body;
        /* A whole body was read for somebody: nginx reads none for an answer of its own. */
        if (!(request->status == 400 && request->reached_app && request->body.length))
            return REQUEST_NGINX;
    }
    if (is_absolute(request->target))
        return REQUEST_ABSOLUTE;
    if (!request->protocol.length)
        return REQUEST_HTTP_09;
    if (is_bad_target(request->target))
        return REQUEST_BAD_TARGET;
    if (request->status == 101)
        return REQUEST_UPGRADE;
    return body;
}

static bool is_ambiguous(const struct request_parser *parser, const struct log_match *match)
{
    static const enum request_role needed[] = {
        ROLE_STATUS,  ROLE_REQUEST, ROLE_METHOD,       ROLE_URI,      ROLE_BODY,          ROLE_MSEC,
        ROLE_ISO8601, ROLE_LOCAL,   ROLE_REQUEST_TIME, ROLE_PROTOCOL, ROLE_CONTENT_LENGTH};
    for (size_t i = 0; match->any_ambiguous && i < COUNT(needed); i++) {
        size_t variable = parser->role[needed[i]];
        if (variable != LOG_NONE && match->ambiguous[variable])
            return true;
    }
    return false;
}

static enum request_reason parse_matched(struct request_parser *parser, struct request *request)
{
    struct slice line, value;
    if (is_ambiguous(parser, parser->match))
        return REQUEST_AMBIGUOUS;
    if (!request_arrival(parser, parser->match, &request->arrival, &request->duration))
        return REQUEST_NO_TIME;
    if (parser->role[ROLE_STATUS] != LOG_NONE) {
        value = parser->match->values[parser->role[ROLE_STATUS]];
        if (value.length != 3 || !read_digits(value.at, 3, &request->status))
            return REQUEST_UNREADABLE;
    }
    if (!request_role_value(parser, ROLE_BODY, &value))
        return REQUEST_BAD_ESCAPE;
    if (parser->role[ROLE_REQUEST] != LOG_NONE) {
        if (!request_role_value(parser, ROLE_REQUEST, &line))
            return REQUEST_BAD_ESCAPE;
        if (!split_line(line, request)) {
            request->reached_app = false;
            return REQUEST_NOT_HTTP;
        }
    } else {
        if (!request_role_value(parser, ROLE_METHOD, &request->method) ||
            !request_role_value(parser, ROLE_URI, &request->target) ||
            !request_role_value(parser, ROLE_PROTOCOL, &request->protocol))
            return REQUEST_BAD_ESCAPE;
        if (parser->role[ROLE_PROTOCOL] == LOG_NONE)
            request->protocol = slice_of("HTTP/1.1");
        if (!is_token(request->method)) {
            request->reached_app = false;
            return REQUEST_NOT_HTTP;
        }
    }
    return judge(parser, request);
}

void request_parse(struct request_parser *parser, const struct log_record *record,
                   const struct log_match *match, size_t file, struct request *request)
{
    static const enum request_reason by_state[] = {
        [LOG_MATCHED] = REQUEST_GOOD,      [LOG_UNMATCHED] = REQUEST_UNREADABLE,
        [LOG_TOO_LONG] = REQUEST_TOO_LONG, [LOG_CUT] = REQUEST_CUT,
        [LOG_SPLIT] = REQUEST_SPLIT,
    };
    *request = (struct request){
        .line = record->line,
        .file = file,
        .duration = -1,
        .reason = by_state[record->state],
        .reached_app = true,
    };
    begin_line(parser, match, record->length);
    if (record->state == LOG_MATCHED)
        request->reason = parse_matched(parser, request);
    if (request->reason == REQUEST_NOT_HTTP)
        request->method = request->target = request->protocol = (struct slice){NULL, 0};
}
