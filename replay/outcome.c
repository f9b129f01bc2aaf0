/* See outcome.h. */
#include "outcome.h"

#include "../diff/base/utf8.h"
#include "../diff/group.h"
#include "../diff/pair.h"
#include "blame.h"
#include "latency.h"
#include "mask.h"
#include "occurrence.h"
#include "timeline.h"
#include "witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REASONS_MOST = 100, DOUBTS_MOST = 1000 };

enum counter {
    COUNT_REPLAYED,
    COUNT_WRITES,
    COUNT_UNLIKE_SOURCE, /* and the target's, by side */
    COUNT_UNLIKE_TARGET,
    COUNT_UNLIKE_BOTH,
    COUNT_TAINTED,
    COUNT_UNCERTAIN,
    COUNT_REPLACEMENTS,
    COUNT_MASKED,
    COUNT_HARMLESS, /* of those left out */
    COUNTERS
};

struct outcome {
    struct outcome_settings settings;
    bool has_key;
    unsigned char key[PAIR_KEY_SIZE];
    uint64_t counts[COUNTERS], fates[FATES];
    struct groups *groups;
    struct latency *latency;
    struct timelines *timelines;
    struct occurrences *left_out;     /* reason, "", sentence */
    struct occurrences *doubts;       /* reason, route, sentence */
    struct occurrences *uncorrelated; /* route, where, "" */
    struct blame *blame;
};

struct outcome *outcome_new(const struct outcome_settings *settings)
{
    struct outcome *outcome = mem_zero(1, sizeof *outcome);
    outcome->settings = *settings;
    outcome->groups = groups_new(OUTCOME_GROUPS);
    outcome->latency = latency_new();
    outcome->timelines = timelines_new();
    outcome->left_out = occurrences_new(REASONS_MOST);
    outcome->doubts = occurrences_new(DOUBTS_MOST);
    outcome->uncorrelated = occurrences_new(RESULT_UNCORRELATED);
    outcome->blame = blame_new();
    return outcome;
}

void outcome_free(struct outcome *outcome)
{
    if (!outcome)
        return;
    groups_free(outcome->groups);
    latency_free(outcome->latency);
    timelines_free(outcome->timelines);
    occurrences_free(outcome->left_out);
    occurrences_free(outcome->doubts);
    occurrences_free(outcome->uncorrelated);
    blame_free(outcome->blame);
    free(outcome);
}

/* ---- one exchange ---- */

/* What is known of an exchange by and by. */
struct judgement {
    enum replay_fate fate;
    const char *doubt, *why; /* why it is neither equal nor different; NULL: it is */
    char sentence[700];      /* where `why` may point */
    bool tainted;
};

static const char *route_of(const struct logged *logged)
{
    return logged->route ? logged->route : "";
}

static bool has_answered(const struct exchange *exchange, enum side side)
{
    return exchange->in[side].failure == FAILURE_NONE && exchange->in[side].status;
}

/* The last side that was asked. */
static enum side last_side(const struct outcome *outcome)
{
    return outcome->settings.one_side ? SOURCE : TARGET;
}

static bool was_sent(const struct outcome *outcome, const struct exchange *exchange)
{
    for (int side = SOURCE; side <= (int)last_side(outcome); side++)
        if (exchange->in[side].failure == FAILURE_CONNECT)
            return false;
    return true;
}

/* Is the answer of the class that the log says? 499 and 444: the client went away, or was sent
 * away, and what the answer was nobody knows. 304: the browser had the page, which a log without
 * headers does not tell. */
static bool is_like_log(const struct exchange *exchange, enum side side)
{
    int logged = exchange->logged.status, status = exchange->in[side].status;
    return !logged || logged == 499 || logged == 444 || logged / 100 == status / 100 ||
           (logged == 304 && status / 100 == 2) || (logged / 100 == 2 && status == 304);
}

static bool is_unlike_log(const struct exchange *exchange, enum side side)
{
    return has_answered(exchange, side) && !is_like_log(exchange, side);
}

static const char *failure_text(const struct exchange *exchange, enum side side)
{
    static const char *const texts[] = {
        [FAILURE_NONE] = "",
        [FAILURE_CONNECT] = "cannot be reached",
        [FAILURE_TIMEOUT] = "did not answer in time",
        [FAILURE_BROKEN] = "broke its answer off",
        [FAILURE_TOO_LARGE] = "answered more than is kept",
        [FAILURE_UNREADABLE] = "sent an answer that cannot be read",
    };
    return texts[exchange->in[side].failure];
}

static void doubt(struct judgement *judgement, const char *reason, const char *why)
{
    judgement->fate = FATE_INCONCLUSIVE;
    judgement->doubt = reason;
    judgement->why = why;
}

/* "500", "no answer in time" */
static void add_answer(struct buffer *out, const struct exchange *exchange, enum side side)
{
    if (has_answered(exchange, side))
        buffer_printf(out, "%d", exchange->in[side].status);
    else
        buffer_add_text(out, failure_text(exchange, side));
}

/* "both sides answered 422, the log has 302" */
static void tell_answers(struct judgement *judgement, const struct exchange *exchange)
{
    struct buffer text = BUFFER_INIT(sizeof judgement->sentence - 1);
    if (has_answered(exchange, SOURCE) &&
        exchange->in[SOURCE].status == exchange->in[TARGET].status) {
        buffer_printf(&text, "both sides answered %d", exchange->in[SOURCE].status);
    } else if (exchange->in[SOURCE].failure == FAILURE_UNREADABLE &&
               exchange->in[TARGET].failure == FAILURE_UNREADABLE) {
        buffer_printf(&text, "both sides %s", failure_text(exchange, SOURCE));
    } else {
        for (int side = 0; side < SIDES; side++) {
            buffer_printf(&text, "%s%s%s", side ? ", " : "", side_name[side],
                          has_answered(exchange, (enum side)side) ? " answered " : " ");
            add_answer(&text, exchange, (enum side)side);
        }
    }
    if (exchange->logged.status)
        buffer_printf(&text, ", the log has %d", exchange->logged.status);
    memcpy(judgement->sentence, text.data, text.length + 1);
    judgement->why = judgement->sentence;
    buffer_free(&text);
}

static bool only_transport(const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].kind != FOUND_TRANSPORT)
            return false;
    return findings->count > 0;
}

/* "body: table#rates > tr > td.price: same number" */
static void tell_found(struct judgement *judgement, const struct found *found)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT), cut = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_add_text(&text, found_kind_name[found->kind]);
    if (found->path && *found->path)
        buffer_printf(&text, ": %s", found->path);
    const char *what = found->cause && *found->cause ? found->cause : found->change;
    if (what && *what)
        buffer_printf(&text, ": %s", what);
    utf8_add_cut(&cut, text.data, text.length, sizeof judgement->sentence / 3 - 2);
    memcpy(judgement->sentence, cut.data, cut.length + 1);
    judgement->why = judgement->sentence;
    buffer_free(&text);
    buffer_free(&cut);
}

static const char ids_anew[] = "ids-anew";

static void judge_pair(const struct outcome *outcome, const struct exchange *exchange,
                       const struct findings *findings, struct judgement *judgement)
{
    const struct logged *logged = &exchange->logged;
    if (findings->both_failed) {
        judgement->fate = FATE_BOTH_FAILED;
        judgement->doubt = "both-failed";
        tell_answers(judgement, exchange);
    } else if (only_transport(findings)) {
        judgement->fate = FATE_INCONCLUSIVE; /* the group says the rest */
        tell_answers(judgement, exchange);
    } else if (findings->anew && !findings->total) {
        doubt(judgement, ids_anew,
              "equal but for ids that each side gave anew and nothing proves to belong together; "
              "the same where both sides are restored with the same next ids");
    } else if (!findings->equal) {
        judgement->fate = timelines_differed(outcome->timelines, logged->session, exchange->number)
                              ? FATE_CONSEQUENCE
                              : FATE_DIFFERENT;
        if (findings->count)
            tell_found(judgement, &findings->items[0]);
    } else if (!has_answered(exchange, SOURCE) || !has_answered(exchange, TARGET)) {
        /* Two answers that are not there are not equal, whoever says so. */
        doubt(judgement, "not-compared", NULL);
        tell_answers(judgement, exchange);
    } else if (!is_like_log(exchange, SOURCE) && !is_like_log(exchange, TARGET)) {
        doubt(judgement, "unlike-log", NULL);
        tell_answers(judgement, exchange);
    } else if (findings->may_be_cut) {
        doubt(judgement, "not-compared",
              "both answers have no length and end with the connection: they may have been cut");
    }
}

/* Of answers that nothing else is said against: are they what the log had an answer with? */
static void ask_witness(const struct outcome *outcome, const struct exchange *exchange,
                        struct judgement *judgement)
{
    static const struct {
        bool (*contradicts)(const struct exchange *exchange, enum side side);
        const char *text[2]; /* of both sides, of the only one */
    } witnesses[] = {
        {witness_misses_body,
         {"both sides sent no body, or less than a tenth of the bytes that the log has",
          "the answer has no body, or less than a tenth of the bytes that the log has"}},
        {witness_leads_elsewhere,
         {"both sides redirected elsewhere than the log's answer did",
          "the answer redirected elsewhere than the log's did"}}};
    bool alone = outcome->settings.one_side;
    for (size_t i = 0; i < sizeof witnesses / sizeof *witnesses && judgement->fate == FATE_EQUAL;
         i++)
        if (witnesses[i].contradicts(exchange, SOURCE) &&
            (alone || witnesses[i].contradicts(exchange, TARGET)))
            doubt(judgement, "unlike-log", witnesses[i].text[alone]);
}

/* Of one side there is nothing but the status beside the log's. */
static void judge_alone(const struct outcome *outcome, const struct exchange *exchange,
                        struct judgement *judgement)
{
    const struct logged *logged = &exchange->logged;
    int status = exchange->in[SOURCE].status;
    if (!has_answered(exchange, SOURCE)) {
        doubt(judgement, "not-compared", failure_text(exchange, SOURCE));
    } else if (!logged->status) {
        doubt(judgement, "no-status", "the log does not say which status it had");
    } else if (!is_like_log(exchange, SOURCE)) {
        judgement->fate = timelines_differed(outcome->timelines, logged->session, exchange->number)
                              ? FATE_CONSEQUENCE
                              : FATE_DIFFERENT;
        judgement->why = judgement->sentence;
        snprintf(judgement->sentence, sizeof judgement->sentence, "answered %d, the log has %d",
                 status, logged->status);
    }
}

/* ---- where it is counted ---- */

static struct tree_text text_of(const char *text)
{
    return (struct tree_text){text, text ? strlen(text) : 0};
}

/* Fills what every difference of the exchange has in common. `target` is masked. */
static struct group_difference difference_of(const struct exchange *exchange,
                                             const struct judgement *judgement, const char *target)
{
    const struct logged *logged = &exchange->logged;
    return (struct group_difference){
        .answer = exchange->number,
        .line = logged->line,
        .file = logged->file,
        .method = logged->method,
        .where = target,
        .route = route_of(logged),
        .consequence = judgement->fate == FATE_CONSEQUENCE,
        .tainted = judgement->tainted,
    };
}

/* Statuses are told apart by what they are, not only by where they stand. */
static void tell_statuses(struct buffer *out, const struct found *found)
{
    for (int side = 0; side < SIDES; side++)
        buffer_printf(out, "%s%s %s", side ? ", " : "", side_name[side],
                      found->value[side] ? found->value[side] : "none");
    if (found->cause && *found->cause)
        buffer_printf(out, " (%s)", found->cause);
}

static void group_one(struct outcome *outcome, struct group_difference *difference,
                      const struct found *found)
{
    struct buffer cause = BUFFER_INIT(BUFFER_NO_LIMIT);
    difference->part = found_kind_name[found->kind];
    difference->kind = found->change;
    difference->path = found->path;
    difference->shape = found->shape ? found->shape : found->path;
    difference->class = found->value_class;
    difference->cause = found->cause;
    if (found->kind == FOUND_STATUS) {
        tell_statuses(&cause, found);
        difference->cause = (const char *)cause.data;
    }
    for (int side = 0; side < SIDES; side++)
        difference->text[side] = text_of(found->value[side]);
    groups_add(outcome->groups, difference);
    buffer_free(&cause);
}

static void group_found(struct outcome *outcome, const struct exchange *exchange,
                        const struct findings *findings, const struct judgement *judgement,
                        const char *target)
{
    struct group_difference difference = difference_of(exchange, judgement, target);
    for (size_t i = 0; i < findings->count; i++)
        group_one(outcome, &difference, &findings->items[i]);
    /* A difference that nobody can name is one all the same. */
    if (!findings->count && !findings->equal && !findings->anew) {
        difference.part = found_kind_name[FOUND_BODY];
        difference.kind = diff_kind_name[DIFF_CHANGED];
        difference.cause = "";
        groups_add(outcome->groups, &difference);
    }
}

static void group_status(struct outcome *outcome, const struct exchange *exchange,
                         const struct judgement *judgement, const char *target)
{
    struct group_difference difference = difference_of(exchange, judgement, target);
    char status[16], cause[64];
    snprintf(status, sizeof status, "%d", exchange->in[SOURCE].status);
    snprintf(cause, sizeof cause, "the log has %d", exchange->logged.status);
    difference.part = found_kind_name[FOUND_STATUS];
    difference.kind = diff_kind_name[DIFF_CHANGED];
    difference.path = difference.shape = "status";
    difference.class = "";
    difference.cause = cause;
    difference.text[SOURCE] = text_of(status);
    groups_add(outcome->groups, &difference);
}

/* Errors are answered faster or slower than pages, and are no measure of them. */
static void count_time(struct outcome *outcome, const struct exchange *exchange,
                       const struct judgement *judgement)
{
    const struct incoming *in = exchange->in;
    bool alone = outcome->settings.one_side;
    if (judgement->fate == FATE_BOTH_FAILED || !has_answered(exchange, SOURCE) ||
        (!alone && (!has_answered(exchange, TARGET) || in[SOURCE].status != in[TARGET].status)))
        return;
    double seconds[SIDES] = {in[SOURCE].total, alone ? -1 : in[TARGET].total};
    int64_t logged = exchange->logged.duration;
    latency_add(outcome->latency, route_of(&exchange->logged), seconds,
                logged >= 0 ? (double)logged / 1e6 : -1);
}

/* May what follows in its session differ only because of this one? */
static bool taints(const struct logged *logged, const struct judgement *judgement)
{
    enum replay_fate fate = judgement->fate;
    return (fate == FATE_LEFT_OUT && !logged->never_reached_app) ||
           (fate == FATE_INCONCLUSIVE && judgement->doubt != ids_anew) || fate == FATE_BOTH_FAILED;
}

static void count_session(struct outcome *outcome, const struct exchange *exchange,
                          const struct judgement *judgement, const char *target)
{
    const struct logged *logged = &exchange->logged;
    if (!logged->session)
        return;
    struct timeline_event event = {
        .session = logged->session,
        .name = logged->session_name,
        .tenant = logged->tenant,
        .step = {.number = exchange->number,
                 .line = logged->line,
                 .arrival = logged->arrival,
                 .method = logged->method,
                 .target = target,
                 .fate = judgement->fate,
                 .why = judgement->why,
                 .logged_status = logged->status},
        .taints = taints(logged, judgement),
    };
    for (int side = 0; side < SIDES; side++)
        event.step.status[side] = exchange->in[side].status;
    timelines_add(outcome->timelines, &event);
}

static void count_doubt(struct outcome *outcome, const struct exchange *exchange,
                        const struct judgement *judgement)
{
    if (!judgement->doubt)
        return;
    const char *const text[OCCURRENCE_TEXTS] = {judgement->doubt, route_of(&exchange->logged),
                                                judgement->why};
    occurrences_add(outcome->doubts, text, exchange->logged.line, false);
}

static void count_values(struct outcome *outcome, const struct exchange *exchange)
{
    for (size_t i = 0; i < exchange->replacement_count; i++)
        outcome->counts[COUNT_REPLACEMENTS] += replacement_was_sent(&exchange->replacements[i]);
    for (size_t i = 0; i < exchange->uncorrelated_count; i++) {
        const char *const text[OCCURRENCE_TEXTS] = {route_of(&exchange->logged),
                                                    exchange->uncorrelated[i].where, NULL};
        occurrences_add(outcome->uncorrelated, text, exchange->logged.line, false);
    }
}

static void count_exchange(struct outcome *outcome, const struct exchange *exchange,
                           const struct findings *findings, const struct judgement *judgement)
{
    const struct logged *logged = &exchange->logged;
    uint64_t *counts = outcome->counts;
    bool sent = was_sent(outcome, exchange);
    outcome->fates[judgement->fate]++;
    counts[COUNT_REPLAYED] += sent;
    counts[COUNT_WRITES] +=
        sent && !(logged->method && request_method_is_safe(slice_of(logged->method)));
    counts[COUNT_TAINTED] += sent && judgement->tainted;
    counts[COUNT_MASKED] += findings ? findings->masked : 0;
    counts[COUNT_UNLIKE_SOURCE] += is_unlike_log(exchange, SOURCE);
    counts[COUNT_UNLIKE_TARGET] += is_unlike_log(exchange, TARGET);
    counts[COUNT_UNLIKE_BOTH] += judgement->doubt && strcmp(judgement->doubt, "unlike-log") == 0;
    count_values(outcome, exchange);
}

void outcome_set_key(struct outcome *outcome, const unsigned char *key)
{
    outcome->has_key = key != NULL;
    if (key)
        memcpy(outcome->key, key, PAIR_KEY_SIZE);
}

static void mark(void *context, struct buffer *out, struct slice value)
{
    char text[PAIR_MARK_SIZE];
    pair_mark(context, value.at, value.length, text);
    buffer_add_text(out, text);
}

/* The target as outputs may show it. */
static char *shown_target(struct outcome *outcome, const struct logged *logged)
{
    struct buffer masked = BUFFER_INIT(BUFFER_NO_LIMIT), text = BUFFER_INIT(BUFFER_NO_LIMIT);
    mask_target_marked(&masked, logged->target, outcome->has_key ? mark : NULL, outcome->key);
    utf8_add(&text, masked.data, masked.length);
    char *shown = mem_copy_bytes(text.data, text.length);
    buffer_free(&masked);
    buffer_free(&text);
    return shown;
}

/* A write that did one thing on the source and another on the target, as far as status and
 * redirect tell: what others see later may follow from it. */
static bool is_unlike_write(const struct exchange *exchange, const struct findings *findings)
{
    const struct logged *logged = &exchange->logged;
    if (!logged->method || request_method_is_safe(slice_of(logged->method)))
        return false;
    if (has_answered(exchange, SOURCE) != has_answered(exchange, TARGET))
        return true;
    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].kind == FOUND_STATUS || findings->items[i].kind == FOUND_LOCATION)
            return true;
    return false;
}

static void count_blame(struct outcome *outcome, const struct exchange *exchange,
                        const struct findings *findings, const struct judgement *judgement,
                        const char *target)
{
    const struct logged *logged = &exchange->logged;
    const struct blame_request request = {.number = exchange->number,
                                          .line = logged->line,
                                          .session = logged->session,
                                          .tenant = logged->tenant,
                                          .route = route_of(logged)};
    if (judgement->fate == FATE_DIFFERENT)
        blame_first(outcome->blame, &request);
    if (!is_unlike_write(exchange, findings))
        return;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT), cut = BUFFER_INIT(BUFFER_NO_LIMIT);
    utf8_add_cut(&cut, target, strlen(target), 100);
    buffer_printf(&text, "%s %s, ", logged->method, (const char *)cut.data);
    if (has_answered(exchange, SOURCE) &&
        exchange->in[SOURCE].status == exchange->in[TARGET].status) {
        buffer_add_text(&text, "which led the two sides to unlike places");
    } else {
        add_answer(&text, exchange, SOURCE);
        buffer_add_text(&text, " on the source and ");
        add_answer(&text, exchange, TARGET);
        buffer_add_text(&text, " on the target");
    }
    blame_write(outcome->blame, &request, (const char *)text.data,
                judgement->fate == FATE_CONSEQUENCE);
    buffer_free(&cut);
    buffer_free(&text);
}

enum replay_fate outcome_add(struct outcome *outcome, const struct exchange *exchange,
                             const struct findings *findings, const char *why)
{
    const struct logged *logged = &exchange->logged;
    struct judgement judgement = {.fate = FATE_EQUAL};
    judgement.tainted =
        logged->tainted || timelines_tainted(outcome->timelines, logged->session, exchange->number);
    if (outcome->settings.one_side)
        judge_alone(outcome, exchange, &judgement);
    else if (findings)
        judge_pair(outcome, exchange, findings, &judgement);
    else
        doubt(&judgement, "not-compared", why ? why : "it could not be compared");
    ask_witness(outcome, exchange, &judgement);
    char *target = shown_target(outcome, logged);
    if (outcome->settings.one_side) {
        if (judgement.fate == FATE_DIFFERENT || judgement.fate == FATE_CONSEQUENCE)
            group_status(outcome, exchange, &judgement, target);
    } else if (findings && judgement.fate != FATE_EQUAL && judgement.fate != FATE_BOTH_FAILED) {
        group_found(outcome, exchange, findings, &judgement, target);
    }
    count_exchange(outcome, exchange, findings, &judgement);
    count_doubt(outcome, exchange, &judgement);
    count_time(outcome, exchange, &judgement);
    count_session(outcome, exchange, &judgement, target);
    if (findings && !outcome->settings.one_side)
        count_blame(outcome, exchange, findings, &judgement, target);
    free(target);
    return judgement.fate;
}

void outcome_skip(struct outcome *outcome, const struct exchange *exchange, const char *reason,
                  const char *text)
{
    struct judgement judgement = {.fate = FATE_LEFT_OUT, .why = reason};
    bool harmless = exchange->logged.never_reached_app;
    const char *const texts[OCCURRENCE_TEXTS] = {reason, NULL, text};
    outcome->fates[FATE_LEFT_OUT]++;
    outcome->counts[COUNT_HARMLESS] += harmless;
    occurrences_add(outcome->left_out, texts, exchange->logged.line, harmless);
    char *target = shown_target(outcome, &exchange->logged);
    count_session(outcome, exchange, &judgement, target);
    free(target);
}

void outcome_uncertain(struct outcome *outcome, const struct exchange *exchange)
{
    struct judgement judgement = {0};
    doubt(&judgement, "interrupted",
          "it may have been sent when the replay was interrupted, and was not sent again");
    outcome->fates[FATE_INCONCLUSIVE]++;
    outcome->counts[COUNT_UNCERTAIN]++;
    count_doubt(outcome, exchange, &judgement);
    char *target = shown_target(outcome, &exchange->logged);
    count_session(outcome, exchange, &judgement, target);
    free(target);
}

/* ---- the result ---- */

static void list_group(const struct group *group, struct arena *arena, struct replay_group *out)
{
    *out = (struct replay_group){
        .kind = arena_copy(arena, group->part),
        .route_count = group->route_count,
        .count = group->answers,
        .differences = group->differences,
        .consequences = group->consequences,
        .tainted = group->tainted,
        .path = arena_copy(arena, group->shape),
        .change = arena_copy(arena, group->kind),
        .value_class = arena_copy(arena, group->class),
        .cause = arena_copy(arena, group->cause),
        .request_count = group->line_count,
        .lines = arena_alloc(arena, (group->line_count + 1) * sizeof *out->lines),
    };
    if (group->route_count > GROUP_ROUTES)
        out->route =
            arena_format(arena, "%s and %zu more", group->routes[0], group->route_count - 1);
    else
        out->route = arena_copy(arena, group->routes[0]);
    for (size_t i = 0; i < group->line_count; i++)
        out->lines[i] = group->lines[i].line;
    out->example.number = group->at.answer;
    out->example.line = group->at.line;
    out->example.file = arena_copy(arena, group->file ? group->file : "");
    out->example.method = arena_copy(arena, group->method ? group->method : "");
    out->example.target = arena_copy(arena, group->where);
    out->example.path = arena_copy(arena, group->path);
    for (int side = 0; side < SIDES; side++)
        out->example.value[side] = group->text[side] ? arena_copy(arena, group->text[side]) : NULL;
}

/* What began to differ with this, as far as it is listed: where each of those sessions may only
 * show what an earlier write of another one left, that is said. Once one of them had no such write
 * before it, the difference has another reason. */
static void find_follows(const struct outcome *outcome, const struct group *group,
                         struct arena *arena, struct replay_group *out)
{
    for (size_t i = 0; i < group->line_count; i++) {
        uint64_t line = 0;
        const char *text;
        if (!blame_find(outcome->blame, group->lines[i].answer, &line, &text))
            continue;
        if (!text) {
            out->follows = NULL;
            return;
        }
        if (out->follows && group->lines[i].answer != group->at.answer)
            continue;
        out->follows = arena_copy(arena, text);
        out->follows_line = line;
    }
}

static void list_slower(const struct replay_latency *latency, struct arena *arena,
                        struct replay_group *out)
{
    *out = (struct replay_group){
        .kind = found_kind_name[FOUND_SLOWER],
        .route = latency->route,
        .route_count = 1,
        .count = latency->count,
        .differences = latency->count,
        .path = "time",
        .change = diff_kind_name[DIFF_CHANGED],
        .value_class = "",
        .cause = arena_format(arena, "%.1f times as long, surely more than %.1f times",
                              latency->ratio, latency->ratio_low),
    };
    out->example.file = out->example.method = out->example.target = "";
    out->example.path = "time";
    for (int side = 0; side < SIDES; side++)
        out->example.value[side] = arena_format(arena, "%.3g s", latency->p50[side]);
}

/* Answers that differ, then times, then what only follows from others. */
static int rank_of(const struct replay_group *group)
{
    if (strcmp(group->kind, found_kind_name[FOUND_SLOWER]) == 0)
        return 1;
    return group->count == group->consequences ? 2 : 0;
}

/* Within a rank those first that most requests have that are no consequence. */
static int compare_groups(const void *a, const void *b)
{
    const struct replay_group *one = a, *other = b;
    if (rank_of(one) != rank_of(other))
        return rank_of(one) - rank_of(other);
    uint64_t first = one->count - one->consequences, second = other->count - other->consequences;
    if (first != second)
        return first > second ? -1 : 1;
    if (one->count != other->count)
        return one->count > other->count ? -1 : 1;
    int order = strcmp(one->kind, other->kind);
    if (!order)
        order = strcmp(one->route, other->route);
    if (!order)
        order = strcmp(one->path, other->path);
    if (!order)
        order = strcmp(one->cause, other->cause);
    if (!order)
        order = strcmp(one->change, other->change);
    return order ? order : strcmp(one->value_class, other->value_class);
}

static void fill_groups(const struct outcome *outcome, struct replay_result *result)
{
    struct group *groups;
    struct arena *arena = &result->arena;
    size_t count = groups_list(outcome->groups, arena, &groups);
    result->groups =
        arena_alloc(arena, (count + result->latency_count + 1) * sizeof *result->groups);
    for (size_t i = 0; i < count; i++) {
        list_group(&groups[i], arena, &result->groups[i]);
        find_follows(outcome, &groups[i], arena, &result->groups[i]);
    }
    result->group_count = count;
    for (size_t i = 0; i < result->latency_count; i++)
        if (result->latency[i].slower)
            list_slower(&result->latency[i], arena, &result->groups[result->group_count++]);
    if (result->group_count)
        qsort(result->groups, result->group_count, sizeof *result->groups, compare_groups);
    result->groups_left_out = groups_left_out(outcome->groups);
}

static void fill_left_out(const struct outcome *outcome, struct replay_result *result)
{
    struct occurrence *list;
    size_t count = occurrences_list(outcome->left_out, &result->arena, &list);
    result->left_out = arena_alloc(&result->arena, (count + 1) * sizeof *result->left_out);
    result->left_out_count = count;
    for (size_t i = 0; i < count; i++) {
        struct replay_left_out *row = &result->left_out[i];
        *row = (struct replay_left_out){.reason = list[i].text[0],
                                        .text = list[i].text[2],
                                        .harmless = list[i].harmless == list[i].count,
                                        .count = list[i].count,
                                        .line_count = list[i].line_count};
        memcpy(row->lines, list[i].lines, sizeof row->lines);
    }
}

static void fill_doubts(const struct outcome *outcome, struct replay_result *result)
{
    struct occurrence *list;
    size_t count = occurrences_list(outcome->doubts, &result->arena, &list);
    result->doubts = arena_alloc(&result->arena, (count + 1) * sizeof *result->doubts);
    result->doubt_count = count;
    for (size_t i = 0; i < count; i++) {
        struct replay_doubt *row = &result->doubts[i];
        *row = (struct replay_doubt){.reason = list[i].text[0],
                                     .route = list[i].text[1],
                                     .text = list[i].text[2],
                                     .count = list[i].count,
                                     .line_count = list[i].line_count};
        memcpy(row->lines, list[i].lines, sizeof row->lines);
    }
}

static void fill_uncorrelated(const struct outcome *outcome, struct replay_result *result)
{
    struct occurrence *list;
    size_t count = occurrences_list(outcome->uncorrelated, &result->arena, &list);
    result->uncorrelated = arena_alloc(&result->arena, (count + 1) * sizeof *result->uncorrelated);
    result->uncorrelated_count = count;
    for (size_t i = 0; i < count; i++)
        result->uncorrelated[i] = (struct replay_uncorrelated){.route = list[i].text[0],
                                                               .where = list[i].text[1],
                                                               .count = list[i].count,
                                                               .line = list[i].lines[0]};
}

static enum replay_verdict verdict_of(const struct outcome *outcome,
                                      const struct replay_result *result)
{
    const uint64_t *fates = outcome->fates;
    bool slower = false;
    for (size_t i = 0; i < result->latency_count; i++)
        slower |= result->latency[i].slower;
    if (fates[FATE_DIFFERENT] || fates[FATE_CONSEQUENCE] || slower)
        return REPLAY_DIFFERENT;
    if (!fates[FATE_EQUAL] || fates[FATE_INCONCLUSIVE] || fates[FATE_BOTH_FAILED] ||
        fates[FATE_LEFT_OUT] > outcome->counts[COUNT_HARMLESS])
        return REPLAY_INCONCLUSIVE;
    return REPLAY_EQUAL;
}

void outcome_result(const struct outcome *outcome, struct replay_result *result)
{
    const uint64_t *counts = outcome->counts;
    result->one_side = outcome->settings.one_side;
    memcpy(result->fates, outcome->fates, sizeof result->fates);
    result->replayed = counts[COUNT_REPLAYED];
    result->writes = counts[COUNT_WRITES];
    result->unlike_log[SOURCE] = counts[COUNT_UNLIKE_SOURCE];
    result->unlike_log[TARGET] = counts[COUNT_UNLIKE_TARGET];
    result->both_unlike_log = counts[COUNT_UNLIKE_BOTH];
    result->tainted = counts[COUNT_TAINTED];
    result->uncertain = counts[COUNT_UNCERTAIN];
    result->replacements = counts[COUNT_REPLACEMENTS];
    result->masked = counts[COUNT_MASKED];
    result->latency_count =
        latency_list(outcome->latency, outcome->settings.slower, &result->arena, &result->latency);
    result->session_count =
        timelines_list(outcome->timelines, &result->arena, &result->session_list);
    fill_groups(outcome, result);
    fill_left_out(outcome, result);
    fill_doubts(outcome, result);
    fill_uncorrelated(outcome, result);
    replay_result_raise(result, verdict_of(outcome, result));
}

/* ---- as bytes ---- */

#define CODE_VERSION 2

void outcome_save(const struct outcome *outcome, struct buffer *out)
{
    buffer_add_u32(out, CODE_VERSION);
    bytes_put_double(out, outcome->settings.slower);
    buffer_add_byte(out, outcome->settings.one_side);
    for (int i = 0; i < COUNTERS; i++)
        buffer_add_u64(out, outcome->counts[i]);
    for (int i = 0; i < FATES; i++)
        buffer_add_u64(out, outcome->fates[i]);
    groups_save(outcome->groups, out);
    latency_save(outcome->latency, out);
    timelines_save(outcome->timelines, out);
    occurrences_save(outcome->left_out, out);
    occurrences_save(outcome->doubts, out);
    occurrences_save(outcome->uncorrelated, out);
    blame_save(outcome->blame, out);
}

/* Parts are NULL once the bytes are found to be damaged. */
static void load_parts(struct outcome *outcome, struct bytes *in)
{
    outcome->groups = groups_load(in, OUTCOME_GROUPS);
    outcome->latency = latency_load(in);
    outcome->timelines = timelines_load(in);
    outcome->left_out = occurrences_load(in, REASONS_MOST);
    outcome->doubts = occurrences_load(in, DOUBTS_MOST);
    outcome->uncorrelated = occurrences_load(in, RESULT_UNCORRELATED);
    outcome->blame = blame_load(in);
}

bool outcome_load(const void *bytes, size_t length, struct outcome **outcome, struct err *err)
{
    struct bytes in = {bytes, (const unsigned char *)bytes + length, false};
    struct outcome *read = mem_zero(1, sizeof *read);
    in.failed |= bytes_u32(&in) != CODE_VERSION;
    read->settings.slower = bytes_double(&in);
    read->settings.one_side = bytes_bool(&in);
    for (int i = 0; i < COUNTERS; i++)
        read->counts[i] = bytes_u64(&in);
    for (int i = 0; i < FATES; i++)
        read->fates[i] = bytes_u64(&in);
    load_parts(read, &in);
    if (bytes_at_end(&in)) {
        *outcome = read;
        return true;
    }
    outcome_free(read);
    *outcome = NULL;
    return err_set(err, ERR_USAGE, "the ledger is damaged: what the replay found cannot be read.");
}
