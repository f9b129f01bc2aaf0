/* See reproduce.h: the command, and which requests the script needs. */
#include "reproduce.h"

#include "book.h"
#include "feed.h"
#include "jar.h"
#include "lane.h"
#include "mask.h"
#include "replaced.h"
#include "sites.h"
#include "token_parts.h"

#include "../diff/base/option.h"
#include "../diff/base/output.h"
#include "../diff/diff_show.h"
#include "../diff/ledger.h"
#include "../diff/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define WIDTH 80
#define LOGS_MOST 10000
#define SESSION_REQUESTS 20000     /* of one session */
#define SESSION_BYTES (256U << 20) /* of their bodies */

struct reproduce_options {
    const char *number, *output_path;
    bool keep_secrets, help;
};

#define FIELD(name) offsetof(struct reproduce_options, name)

static const char task[] = "What to do", other[] = "Other";

static const struct option_row rows[] = {
    {"reproduce", 0, OPTION_TEXT, "N", FIELD(number), NULL, 0, 0, task,
     "Print a bash script that leads to request N of a replay on both sides, by curl."},
    {"keep-secrets", 0, OPTION_FLAG, NULL, FIELD(keep_secrets), NULL, 0, 0, task,
     "Write passwords and the like into the script, as the log has them. Without it each is a "
     "variable that is to be filled in."},
    {"output", 'o', OPTION_TEXT, "FILE", FIELD(output_path), NULL, 0, 0, task,
     "Write the script to FILE instead of standard output."},
    {"help", 'h', OPTION_FLAG, NULL, FIELD(help), NULL, 0, 0, other, "Show this help."},
    {0}};

static const char what[] =
    "Prints the smallest script that leads to a request: the session's earlier requests that it "
    "needs, which are those whose answers gave a cookie, token or id that it was sent, and the "
    "last login; then the request itself. Each side has a cookie jar of its own, and is sent the "
    "values that its own answers give. Requests are read from the run's logs, where they were "
    "then, or from each LOG. It sends what it says to SOURCE_URL and TARGET_URL: copies, never "
    "production.";

/* One earlier request of the session, or N. */
struct request_of {
    struct exchange *exchange;
    bool needed, known; /* known: the ledger says what it was sent and what it gave */
    size_t value_count;
    struct reproduce_value *values;
    size_t cookie_count;
    const char **cookies; /* names that its answers set */
};

struct way {
    const struct reproduce_options *options;
    const char *ledger;
    uint64_t number, session;
    struct replay_options logs;
    const char *production;
    uint64_t lines; /* of the run's logs; 0: not known */
    struct arena arena;
    size_t count, room, bytes;
    struct request_of *requests; /* in the log's order; the last is N */
};

/* ---- the logs ---- */

static void retire_nothing(void *data, uint64_t session)
{
    (void)data, (void)session;
}

/* Takes the exchange over, if it is to be kept. */
static MUST_CHECK bool keep(struct way *way, struct exchange *exchange, struct err *err)
{
    way->bytes += exchange->logged.body.length + exchange->logged.target.length;
    if (way->count == SESSION_REQUESTS || way->bytes > SESSION_BYTES) {
        exchange_free(exchange);
        return err_set(err, ERR_USAGE, "the session of request %llu is too long for a script.",
                       (unsigned long long)way->number);
    }
    if (way->count == way->room) {
        way->room = way->room ? 2 * way->room : 64;
        way->requests = mem_resize(way->requests, way->room, sizeof *way->requests);
    }
    way->requests[way->count++] = (struct request_of){.exchange = exchange};
    return true;
}

/* Reads up to request N. wanted: the session of which requests are kept; 0: only N. */
static MUST_CHECK bool read_logs(struct way *way, uint64_t wanted, struct err *err)
{
    struct feed *feed = NULL;
    struct exchange *exchange = NULL;
    const char *reason, *text;
    bool ok = feed_open(&way->logs, NULL, retire_nothing, NULL, &feed, err), there = false;
    if (ok && way->lines && feed_counts(feed).lines != way->lines)
        ok = err_set(err, ERR_USAGE,
                     "the logs are not those of the run: they have %llu lines, and had %llu.",
                     (unsigned long long)feed_counts(feed).lines, (unsigned long long)way->lines);
    while (ok && !there && (ok = feed_next(feed, &exchange, &reason, &text, err)) && exchange) {
        there = exchange->number == way->number;
        if (there && reason)
            ok = err_set(err, ERR_USAGE, "request %llu was not sent: %s",
                         (unsigned long long)way->number, text);
        if (there)
            way->session = exchange->logged.session;
        if (ok && !reason && (there || (wanted && exchange->logged.session == wanted)))
            ok = keep(way, exchange, err);
        else
            exchange_free(exchange);
    }
    if (ok && feed_host(feed))
        way->production = arena_copy(&way->arena, feed_host(feed));
    feed_close(feed);
    if (ok && !there)
        ok = err_set(err, ERR_USAGE, "the logs have no request %llu.",
                     (unsigned long long)way->number);
    return ok;
}

static void drop_requests(struct way *way)
{
    for (size_t i = 0; i < way->count; i++)
        exchange_free(way->requests[i].exchange);
    way->count = way->bytes = 0;
}

/* Whose session it is is known when it is found; then its earlier requests are read. */
static MUST_CHECK bool read_session(struct way *way, struct err *err)
{
    if (!read_logs(way, 0, err))
        return false;
    if (!way->session)
        return true;
    drop_requests(way);
    return read_logs(way, way->session, err);
}

/* ---- the ledger ---- */

static struct request_of *find_request(struct way *way, uint64_t number)
{
    size_t low = 0, high = way->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (way->requests[middle].exchange->number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < way->count && way->requests[low].exchange->number == number ? &way->requests[low]
                                                                             : NULL;
}

static bool take_request(void *context, const struct replaced_request *from, struct err *err)
{
    struct way *way = context;
    struct request_of *request = find_request(way, from->number);
    if (!request)
        return true;
    if (request->exchange->logged.line != from->line)
        return err_set(err, ERR_USAGE,
                       "the logs are not those of the run: request %llu was line %llu, and is line "
                       "%llu.",
                       (unsigned long long)from->number, (unsigned long long)from->line,
                       (unsigned long long)request->exchange->logged.line);
    request->known = true;
    request->value_count = from->count;
    request->values = arena_alloc(&way->arena, (from->count + 1) * sizeof *request->values);
    for (size_t i = 0; i < from->count; i++) {
        const struct replaced *one = &from->items[i];
        struct request_of *giver = find_request(way, one->from);
        request->values[i] = (struct reproduce_value){
            .where = arena_copy(&way->arena, one->where),
            .masked = one->masked,
            .value = {arena_copy(&way->arena, one->value[SOURCE]),
                      arena_copy(&way->arena, one->value[TARGET])},
            .from = giver && giver < request && one->given != GIVEN_UNKNOWN ? one->from : 0,
            .given = one->given,
            .given_name = arena_copy(&way->arena, one->given_name)};
    }
    request->cookie_count = from->cookie_count;
    request->cookies =
        arena_alloc(&way->arena, (from->cookie_count + 1) * sizeof *request->cookies);
    for (size_t i = 0; i < from->cookie_count; i++)
        request->cookies[i] = arena_copy(&way->arena, from->cookies[i]);
    return true;
}

static bool take_record(void *context, int64_t id, int64_t part, const unsigned char *bytes,
                        size_t length, struct err *err)
{
    (void)id, (void)part;
    return replaced_each(bytes, length, take_request, context, err);
}

static MUST_CHECK bool read_ledger(struct way *way, struct err *err)
{
    struct ledger *ledger = NULL;
    bool ok = ledger_open(way->ledger, "replay", false, &ledger, err) &&
              ledger_each(ledger, "replaced", take_record, way, err);
    ledger_close(ledger);
    return ok;
}

/* ---- what is needed ---- */

/* Does it send a password? */
static bool is_login(const struct exchange *exchange)
{
    const struct logged *logged = &exchange->logged;
    struct arena arena = ARENA_INIT;
    struct token_parts parts;
    bool found = false;
    if (request_method_is_safe(slice_of(logged->method)) || !logged->body.at)
        return false;
    token_parts_init(&parts, &arena);
    token_walk_body(&parts, token_body_kind(logged->content_type, logged->body),
                    logged->content_type, logged->body);
    for (size_t i = 0; i < parts.count && !found; i++)
        found = mask_is_secret(slice_of(parts.items[i].name)) &&
                !token_name_is_csrf(parts.items[i].name) && *parts.items[i].value;
    token_parts_free(&parts);
    arena_free(&arena);
    return found;
}

static bool sets_cookie(const struct request_of *request, const char *name)
{
    for (size_t i = 0; i < request->cookie_count; i++)
        if (strcmp(request->cookies[i], name) == 0)
            return true;
    return false;
}

/* Some applications set a session's cookie anew with every answer: then the first one and the last
 * write that set it are enough, for what comes between gives the same session. */
#define ROLLING_LEAST 4

static void need_cookie(struct way *way, size_t place, const char *name)
{
    size_t first = place, last = place, last_write = place, count = 0;
    for (size_t i = place; i-- > 0;) {
        const struct request_of *request = &way->requests[i];
        if (!sets_cookie(request, name))
            continue;
        count++;
        first = i;
        last = last == place ? i : last;
        if (last_write == place &&
            !request_method_is_safe(slice_of(request->exchange->logged.method)))
            last_write = i;
    }
    bool rolling = count >= ROLLING_LEAST && 2 * count >= place;
    way->requests[rolling ? first : last].needed = true;
    if (rolling && last_write < place)
        way->requests[last_write].needed = true;
}

/* Those that gave the cookies which the jar holds at `place`. */
static void need_cookies(struct way *way, size_t place)
{
    const char *seen[64];
    size_t count = 0;
    for (size_t i = place; i-- > 0;)
        for (size_t k = 0; k < way->requests[i].cookie_count; k++) {
            const char *name = way->requests[i].cookies[k];
            bool known = false;
            for (size_t l = 0; l < count && !known; l++)
                known = strcmp(seen[l], name) == 0;
            if (known || count == sizeof seen / sizeof *seen)
                continue;
            seen[count++] = name;
            need_cookie(way, place, name);
        }
}

/* From the last to the first: what one needs comes before it. */
static void find_needed(struct way *way)
{
    size_t last = way->count - 1;
    way->requests[last].needed = true;
    for (size_t i = last; i-- > 0;)
        if (is_login(way->requests[i].exchange)) {
            way->requests[i].needed = true;
            break;
        }
    for (size_t i = way->count; i-- > 0;) {
        if (!way->requests[i].needed)
            continue;
        need_cookies(way, i);
        for (size_t k = 0; k < way->requests[i].value_count; k++) {
            uint64_t from = way->requests[i].values[k].from;
            struct request_of *giver = from ? find_request(way, from) : NULL;
            if (giver)
                giver->needed = true;
        }
    }
}

/* ---- the script ---- */

static bool is_set_before(const struct way *way, size_t place, const char *name)
{
    for (size_t i = 0; i < place; i++)
        if (sets_cookie(&way->requests[i], name))
            return true;
    return false;
}

static const char *last_value(const struct fields *known, const char *name)
{
    for (size_t i = known->count; i-- > 0;)
        if (strcmp(known->items[i].name, name) == 0)
            return known->items[i].value;
    return NULL;
}

/* Cookies that the log says were sent and no answer had set: what the replay put into the jars. Of
 * those that an earlier step of the script has put there only what changed. */
static void fill_seeds(struct way *way, size_t place, struct fields *known,
                       struct reproduce_step *step)
{
    static const struct jar_home home = {.url = "http://source"};
    const struct logged *logged = &way->requests[place].exchange->logged;
    struct jar *jar = jar_new(&home);
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    lane_seeds(logged->cookies, way->logs.session,
               way->logs.seed_cookies && way->options->keep_secrets, &text);
    jar_seed(jar, (struct slice){text.data, text.length});
    buffer_clear(&text);
    jar_write(jar, slice_of("/"), &text);
    for (char *at = (char *)text.data; *at;) {
        size_t length = strcspn(at, ";"), name = strcspn(at, "=;");
        char *own = arena_copy_bytes(&way->arena, at, name);
        const char *value = at + name + (name < length), *before = last_value(known, own);
        size_t size = length - name - (name < length);
        bool same = before && strlen(before) == size && memcmp(before, value, size) == 0;
        if (!same && !is_set_before(way, place, own)) {
            fields_add(known, &way->arena, own, value, size);
            fields_add(&step->seeds, &way->arena, own, value, size);
        }
        at += length + (at[length] == ';');
        at += strspn(at, " ");
    }
    buffer_free(&text);
    jar_free(jar);
}

static void fill_plan(struct way *way, struct reproduce_plan *plan)
{
    struct reproduce_step *steps = arena_alloc(&way->arena, way->count * sizeof *steps);
    struct exchange **session = arena_alloc(&way->arena, way->count * sizeof *session);
    struct fields known = {0};
    for (size_t i = 0; i < way->count; i++) {
        const struct request_of *request = &way->requests[i];
        session[i] = request->exchange;
        if (request->needed) {
            struct reproduce_step *step = &steps[plan->step_count++];
            *step = (struct reproduce_step){.exchange = request->exchange,
                                            .value_count = request->value_count,
                                            .values = request->values};
            fill_seeds(way, i, &known, step);
            continue;
        }
        plan->left_out++;
        if (request_method_is_safe(slice_of(request->exchange->logged.method)))
            continue;
        if (plan->writes_left_out < sizeof plan->write_lines / sizeof *plan->write_lines)
            plan->write_lines[plan->writes_left_out] = request->exchange->logged.line;
        plan->writes_left_out++;
    }
    plan->steps = steps;
    plan->session = session;
    plan->session_count = way->count;
    fields_free(&known);
}

static MUST_CHECK bool write_script(struct way *way, struct err *err)
{
    const struct replay_options *logs = &way->logs;
    struct output output;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct reproduce_plan plan = {.ledger = way->ledger,
                                  .one_side = !logs->url[TARGET],
                                  .production = way->production,
                                  .keep_secrets = way->options->keep_secrets};
    struct err unread = {0}; /* of tenants whose file is gone the URLs are to be filled in */
    const struct logged *last = &way->requests[way->count - 1].exchange->logged;
    if (!sites_place(logs, last->tenant, &way->arena, plan.url, plan.host, &unread))
        plan.url[SOURCE] = plan.url[TARGET] = NULL;
    fill_plan(way, &plan);
    reproduce_script(&plan, &text);
    bool ok =
        output_open(way->options->output_path, &output, err) && output_write(&output, &text, err);
    for (size_t i = 0; i < plan.step_count; i++) {
        struct fields seeds = plan.steps[i].seeds;
        fields_free(&seeds);
    }
    buffer_free(&text);
    return ok;
}

static MUST_CHECK bool run_way(struct way *way, struct err *err)
{
    bool ok = read_session(way, err) && read_ledger(way, err);
    if (ok) {
        find_needed(way);
        ok = write_script(way, err);
    }
    drop_requests(way);
    free(way->requests);
    arena_free(&way->arena);
    return ok;
}

static MUST_CHECK bool read_number(const char *text, uint64_t *number, struct err *err)
{
    char *end;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    if (errno || *end || end == text || *text == '-' || !n)
        return err_set(err, ERR_USAGE,
                       "--reproduce needs a request's number, as reports and tally-diff LEDGER "
                       "request give it.");
    *number = n;
    return true;
}

static MUST_CHECK bool run(const struct reproduce_options *options, const char *const *operands,
                           size_t count, struct err *err)
{
    struct way way = {.options = options, .ledger = count ? operands[0] : NULL};
    if (!options->number || !count)
        return err_set(err, ERR_USAGE, "give --reproduce N and the ledger of a replay.");
    for (size_t i = 0; options->output_path && i < count; i++)
        if (diff_show_is_input(options->output_path, operands[i]))
            return err_set(err, ERR_USAGE, "\"%.500s\" is read: the script must go elsewhere.",
                           operands[i]);
    if (!read_number(options->number, &way.number, err))
        return false;
    struct replay_result result = {0};
    bool ok = book_options(way.ledger, &way.arena, &way.logs, err) &&
              book_result(way.ledger, &result, err);
    way.lines = result.log_lines;
    if (ok)
        replay_result_free(&result);
    if (ok && count > 1) {
        way.logs.logs = operands + 1;
        way.logs.log_count = count - 1;
    }
    if (ok) {
        secret_also((const char *const *)way.logs.secrets.items, way.logs.secrets.count);
        ok = run_way(&way, err);
        secret_also(NULL, 0);
        return ok;
    }
    arena_free(&way.arena);
    return false;
}

/* ---- the command ---- */

static MUST_CHECK bool show_help(struct err *err)
{
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    option_help_subcommand(&out, "tally-replay --reproduce N [OPTIONS] LEDGER [LOG...]", what, rows,
                           WIDTH, NULL);
    bool done = output_print(&out, err);
    buffer_free(&out);
    return done;
}

bool reproduce_command(int argc, char **argv, int *exit_code, struct err *err)
{
    struct reproduce_options options = {0};
    const char **operands = mem_zero(LOGS_MOST, sizeof *operands);
    size_t count = 0;
    *exit_code = 0;
    bool done = option_parse(rows, argc, argv, &options, operands, LOGS_MOST, &count, err);
    if (done)
        done = options.help ? show_help(err) : run(&options, operands, count, err);
    free(operands);
    return done;
}

void reproduce_man(struct buffer *out)
{
    buffer_add_text(out, ".SH THE WAY TO A REQUEST\n.SS tally\\-replay \\-\\-reproduce ");
    option_man_text(out, "N LEDGER [LOG...]");
    option_man_text(out, what);
    option_man(rows, out);
}
