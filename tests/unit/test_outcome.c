/* What a replay found: never a false "equal", consequences apart from causes, thousands of pages as
 * a dozen groups, and the same after it was bytes. */
#include "../../replay/outcome.h"
#include "../../replay/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- exchanges ---- */

struct sent {
    const char *method, *target, *route;
    uint64_t session;
    int logged, source, target_status; /* statuses; 0: no answer, or not logged */
    enum failure failure[SIDES];
    bool tainted;
};

static struct exchange *exchange_of(uint64_t number, const struct sent *given)
{
    struct exchange *exchange = exchange_new();
    const char *target = given->target ? given->target : "/";
    exchange->number = number;
    exchange->logged = (struct logged){
        .line = number + 1000,
        .file = "access.log",
        .arrival = (int64_t)number * 1000000,
        .duration = 20000,
        .session = given->session,
        .session_name = 0xabc000 + given->session,
        .status = given->logged,
        .method = given->method ? given->method : "GET",
        .target = slice_of(target),
        .route = given->route ? given->route : "GET /",
        .tainted = given->tainted,
    };
    exchange->in[SOURCE].status = given->source;
    exchange->in[TARGET].status = given->target_status;
    for (int side = 0; side < SIDES; side++) {
        exchange->in[side].failure = given->failure[side];
        exchange->in[side].total = 0.010;
    }
    return exchange;
}

static struct found price_found(uint64_t number)
{
    static char values[SIDES][32];
    snprintf(values[SOURCE], sizeof values[SOURCE], "%llu.50", (unsigned long long)number);
    snprintf(values[TARGET], sizeof values[TARGET], "%llu.5", (unsigned long long)number);
    return (struct found){.kind = FOUND_BODY,
                          .path = "table#rates > tr[3] > td.price",
                          .shape = "table#rates > tr > td.price",
                          .change = "changed",
                          .value_class = "money",
                          .value = {values[SOURCE], values[TARGET]}};
}

/* Adds an exchange that was compared; found NULL: equal. */
static enum replay_fate add(struct outcome *outcome, uint64_t number, const struct sent *given,
                            struct found *found)
{
    struct exchange *exchange = exchange_of(number, given);
    struct findings findings = {
        .equal = !found, .items = found, .count = found != NULL, .total = found != NULL};
    bool both = given->source >= 500 && given->target_status >= 500;
    findings.both_failed = both || (given->failure[SOURCE] && given->failure[TARGET]);
    findings.equal &= !findings.both_failed;
    enum replay_fate fate = outcome_add(outcome, exchange, &findings, NULL);
    exchange_free(exchange);
    return fate;
}

static void leave_out(struct outcome *outcome, uint64_t number, uint64_t session,
                      const char *reason, bool harmless)
{
    struct exchange *exchange = exchange_of(number, &(struct sent){.session = session});
    exchange->logged.never_reached_app = harmless;
    outcome_skip(outcome, exchange, reason, "a sentence");
    exchange_free(exchange);
}

static const struct sent good = {.session = 1, .logged = 200, .source = 200, .target_status = 200};

static struct outcome *new_outcome(void)
{
    return outcome_new(&(struct outcome_settings){0});
}

static struct replay_result result_of(const struct outcome *outcome)
{
    struct replay_result result = {0};
    outcome_result(outcome, &result);
    return result;
}

static enum replay_verdict verdict_of(const struct outcome *outcome)
{
    struct replay_result result = result_of(outcome);
    enum replay_verdict verdict = result.verdict;
    replay_result_free(&result);
    return verdict;
}

/* ---- the log as a witness beside its status ---- */

static const struct {
    uint64_t logged, source, target; /* bytes of bodies */
    bool equal;
    const char *method; /* NULL: GET */
    int status, logged_status;
} lengths[] = {
    {0, 0, 0, true, NULL, 200, 200},
    {8123, 0, 0, false, NULL, 200, 200},
    {8123, 0, 0, false, "POST", 201, 0},
    {8123, 0, 0, false, NULL, 204, 200},
    {8123, 0, 0, true, "HEAD", 200, 200},
    {8123, 0, 0, true, NULL, 302, 302},
    {8123, 0, 0, true, NULL, 404, 404},
    {65, 0, 0, false, NULL, 200, 200},
    {64, 0, 0, true, NULL, 200, 200},
    {8123, 300, 300, false, NULL, 200, 200},
    {8123, 811, 300, false, NULL, 200, 200},
    {8123, 812, 300, true, NULL, 200, 200}, /* equal all the same: a rule says so */
    {8123, 300, 812, true, NULL, 200, 200},
    {8123, 100000, 100000, true, NULL, 200, 200},
    {1023, 1, 1, true, NULL, 200, 200},
    {1024, 1, 1, false, NULL, 200, 200},
};

static void answers_that_are_far_less_than_the_logged_one_say_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(lengths); i++)
        for (int alone = 0; alone < 2; alone++) {
            struct outcome *outcome = outcome_new(&(struct outcome_settings){.one_side = alone});
            struct exchange *exchange =
                exchange_of(1, &(struct sent){.method = lengths[i].method,
                                              .logged = lengths[i].logged_status,
                                              .source = lengths[i].status,
                                              .target_status = lengths[i].status});
            const struct findings findings = {.equal = true};
            const size_t length[] = {lengths[i].source, lengths[i].target};
            exchange->logged.body_sent = lengths[i].logged;
            for (int side = 0; side < SIDES; side++)
                for (size_t k = 0; k < length[side]; k++)
                    buffer_add_byte(&exchange->in[side].body, 'a');
            enum replay_fate fate = outcome_add(outcome, exchange, &findings, NULL);
            bool few = alone && length[SOURCE] && length[SOURCE] < lengths[i].logged / 10 &&
                       lengths[i].logged >= 1024;
            bool equal =
                alone ? lengths[i].equal && !few && lengths[i].logged_status : lengths[i].equal;
            if ((fate == FATE_EQUAL) != equal)
                fail_msg("row %zu%s: fate %d", i, alone ? " alone" : "", (int)fate);
            exchange_free(exchange);
            outcome_free(outcome);
        }
}

/* ---- what may follow from what ---- */

static void add_at(struct outcome *outcome, uint64_t number, uint64_t session, const char *tenant,
                   bool write)
{
    const struct sent given = {.method = write ? "POST" : "GET",
                               .target = write ? "/bookings?token=hush-hush" : "/bookings",
                               .route = write ? "POST /bookings" : "GET /bookings",
                               .session = session,
                               .logged = 302,
                               .source = write ? 302 : 200,
                               .target_status = write ? 500 : 200};
    struct exchange *exchange = exchange_of(number, &given);
    struct found found = {.kind = write ? FOUND_STATUS : FOUND_BODY,
                          .path = write ? "status" : "table > tr",
                          .change = write ? "changed" : "deleted",
                          .value_class = "",
                          .value = {write ? "302" : "Anna", write ? "500" : NULL}};
    const struct findings findings = {.items = &found, .count = 1, .total = 1};
    exchange->logged.tenant = tenant;
    outcome_add(outcome, exchange, &findings, NULL);
    exchange_free(exchange);
}

/* Session 1 writes as request 5, if at all, and session 2 reads as 7. */
static const struct blame_case {
    const char *name;
    uint64_t write, write_session, read, read_session;
    const char *tenant[2]; /* of the write, of the read */
    uint64_t innocent;     /* another session reads the same, and nothing was written before */
    bool hint;
} blame_cases[] = {
    {"a write of another session before it", 5, 1, 7, 2, {"a", "a"}, 0, true},
    {"without tenants", 5, 1, 7, 2, {NULL, NULL}, 0, true},
    {"no write", 0, 0, 7, 2, {"a", "a"}, 0, false},
    {"a write after it", 9, 1, 7, 2, {"a", "a"}, 0, false},
    {"of another tenant", 5, 1, 7, 2, {"a", "b"}, 0, false},
    {"of its own session: that is a consequence", 5, 2, 7, 2, {"a", "a"}, 0, false},
    {"another session began so before the write", 5, 1, 7, 2, {"a", "a"}, 3, false},
    {"another one did after it", 5, 1, 7, 2, {"a", "a"}, 8, true},
};

static void a_first_difference_names_the_write_that_it_may_follow_from(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * COUNT(blame_cases); i++) {
        const struct blame_case *one = &blame_cases[i / 2];
        struct outcome *outcome = new_outcome();
        /* In any order of sessions. */
        if (one->write && i % 2)
            add_at(outcome, one->write, one->write_session, one->tenant[0], true);
        add_at(outcome, one->read, one->read_session, one->tenant[1], false);
        if (one->write && i % 2) /* and what follows from that itself */
            add_at(outcome, one->write + 1, one->write_session, one->tenant[0], true);
        if (one->innocent)
            add_at(outcome, one->innocent, 3, one->tenant[1], false);
        if (one->write && !(i % 2) && one->write_session != one->read_session)
            add_at(outcome, one->write, one->write_session, one->tenant[0], true);
        struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
        struct err err = {0};
        outcome_save(outcome, &bytes);
        outcome_free(outcome);
        assert_true(outcome_load(bytes.data, bytes.length, &outcome, &err));
        struct replay_result result = result_of(outcome);
        bool hint = false;
        for (size_t k = 0; k < result.group_count; k++) {
            const struct replay_group *group = &result.groups[k];
            if (strcmp(group->kind, "status") == 0)
                assert_null(group->follows);
            else if (group->follows)
                hint = true;
            if (group->follows) {
                assert_int_equal(group->follows_line, one->write + 1000);
                assert_string_equal(
                    group->follows,
                    "POST /bookings?token=***, 302 on the source and 500 on the target");
            }
        }
        if (hint != one->hint)
            fail_msg("%s: %s", one->name, hint ? "a hint" : "no hint");
        assert_int_equal(result.verdict, REPLAY_DIFFERENT);
        replay_result_free(&result);
        outcome_free(outcome);
        buffer_free(&bytes);
    }
}

static const struct {
    const char *logged, *source, *target; /* Location */
    bool equal;
    int logged_status, status; /* 0: 303 */
} redirects[] = {
    {"/bookings/17", "/bookings/17", "/bookings/17", true, 0, 0},
    {"/bookings/17", "/bookings/23", "/bookings/24", true, 0, 0},
    {"https://www.example.org/bookings/17", "http://127.0.0.1:81/bookings/23", "/bookings/9", true,
     0, 0},
    {"/bookings/17?from=list#top", "/bookings/23", "/bookings/9?x", true, 0, 302},
    {"/bookings/17", "/login", "/login", false, 0, 0},
    {"/bookings/17", "/login?next=/bookings/17", "http://127.0.0.1:82/login", false, 302, 303},
    {"/bookings/17", "/login", "/bookings/9", true, 0, 0}, /* equal all the same: a rule says so */
    {"/bookings/17", "/bookings", "/bookings", false, 0, 0},
    {"/bookings/17", "/app/bookings/23", "/app/bookings/24", true, 0, 0},
    {"/app/bookings/17", "/bookings/23", "/bookings/24", true, 0, 0},
    {"/bookings/", "/", "/", false, 0, 0},
    {"/", "/app/", "/app/", true, 0, 0},
    {"/", "/", "/", true, 0, 0},
    {"17", "23", "23", true, 0, 0},
    {"17", "login", "login", false, 0, 0},
    {"/bookings/17", "/login", "/login", true, 201, 201}, /* no redirect */
    {NULL, "/login", "/login", true, 0, 0},
    {"/bookings/17", NULL, NULL, true, 0, 0},
    {"mailto:us@example.org", "/login", "/login", true, 0, 0},
};

static void redirects_to_another_route_than_the_logged_one_say_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(redirects); i++)
        for (int alone = 0; alone < 2; alone++) {
            int status = redirects[i].status ? redirects[i].status : 303;
            int logged = redirects[i].logged_status ? redirects[i].logged_status : 303;
            struct outcome *outcome = outcome_new(&(struct outcome_settings){.one_side = alone});
            struct exchange *exchange = exchange_of(1, &(struct sent){.method = "POST",
                                                                      .target = "/bookings/new",
                                                                      .logged = logged,
                                                                      .source = status,
                                                                      .target_status = status});
            const char *location[] = {redirects[i].source, redirects[i].target};
            exchange->logged.location = redirects[i].logged;
            for (int side = 0; side < SIDES; side++) {
                buffer_add_text(&exchange->out[side].target, "/bookings/new");
                if (location[side])
                    fields_add(&exchange->in[side].headers, &exchange->arena, "Location",
                               location[side], strlen(location[side]));
            }
            enum replay_fate fate =
                outcome_add(outcome, exchange, &(struct findings){.equal = true}, NULL);
            /* Of one side the target's answer is not looked at. */
            bool one = alone && redirects[i].source && strcmp(redirects[i].source, "/login") == 0 &&
                       redirects[i].logged && redirects[i].logged[0] == '/' && status == 303;
            bool equal = redirects[i].equal && !one;
            if ((fate == FATE_EQUAL) != equal)
                fail_msg("row %zu%s: fate %d", i, alone ? " alone" : "", (int)fate);
            exchange_free(exchange);
            outcome_free(outcome);
        }
}

/* ---- the verdict ---- */

static void add_good(struct outcome *outcome)
{
    assert_int_equal(add(outcome, 1, &good, NULL), FATE_EQUAL);
}

static void nothing(struct outcome *outcome)
{
    (void)outcome;
}

static void add_left_out(struct outcome *outcome)
{
    add_good(outcome);
    leave_out(outcome, 2, 1, "body-missing", false);
}

static void add_harmless(struct outcome *outcome)
{
    add_good(outcome);
    leave_out(outcome, 2, 1, "nginx-answered", true);
}

static void add_harmless_and_other(struct outcome *outcome)
{
    add_harmless(outcome);
    leave_out(outcome, 3, 1, "nginx-answered", false);
}

static void add_only_harmless(struct outcome *outcome)
{
    leave_out(outcome, 2, 1, "nginx-answered", true);
}

static void add_many_reasons(struct outcome *outcome)
{
    add_good(outcome);
    for (uint64_t i = 0; i < 150; i++) {
        char reason[20];
        snprintf(reason, sizeof reason, "reason %llu", (unsigned long long)i);
        leave_out(outcome, i + 2, 1, reason, i < 149);
    }
}

static void add_not_compared(struct outcome *outcome)
{
    add_good(outcome);
    struct exchange *exchange = exchange_of(2, &good);
    assert_int_equal(outcome_add(outcome, exchange, NULL, "a rule takes too long"),
                     FATE_INCONCLUSIVE);
    exchange_free(exchange);
}

static void add_timeout(struct outcome *outcome)
{
    add_good(outcome);
    struct found found = {.kind = FOUND_TRANSPORT, .path = "answer", .change = "deleted"};
    assert_int_equal(add(outcome, 2,
                         &(struct sent){.session = 1,
                                        .logged = 200,
                                        .source = 200,
                                        .failure = {FAILURE_NONE, FAILURE_TIMEOUT}},
                         &found),
                     FATE_INCONCLUSIVE);
}

static void add_no_answer_called_equal(struct outcome *outcome)
{
    add_good(outcome);
    assert_int_equal(
        add(outcome, 2,
            &(struct sent){.logged = 200, .source = 200, .failure = {0, FAILURE_BROKEN}}, NULL),
        FATE_INCONCLUSIVE);
}

static void add_both_failed(struct outcome *outcome)
{
    add_good(outcome);
    assert_int_equal(
        add(outcome, 2, &(struct sent){.logged = 200, .source = 500, .target_status = 502}, NULL),
        FATE_BOTH_FAILED);
}

static void add_equal_that_may_be_cut(struct outcome *outcome)
{
    add_good(outcome);
    struct exchange *exchange = exchange_of(2, &good);
    const struct findings findings = {.equal = true, .may_be_cut = true};
    assert_int_equal(outcome_add(outcome, exchange, &findings, NULL), FATE_INCONCLUSIVE);
    exchange_free(exchange);
}

static void add_login_failed_on_both(struct outcome *outcome)
{
    add_good(outcome);
    assert_int_equal(
        add(outcome, 2, &(struct sent){.logged = 302, .source = 200, .target_status = 200}, NULL),
        FATE_INCONCLUSIVE);
}

static void add_cached_in_the_log(struct outcome *outcome)
{
    assert_int_equal(
        add(outcome, 1, &(struct sent){.logged = 304, .source = 200, .target_status = 200}, NULL),
        FATE_EQUAL);
    assert_int_equal(
        add(outcome, 2, &(struct sent){.logged = 499, .source = 302, .target_status = 302}, NULL),
        FATE_EQUAL);
    assert_int_equal(add(outcome, 3, &(struct sent){.source = 404, .target_status = 404}, NULL),
                     FATE_EQUAL);
}

static void add_uncertain(struct outcome *outcome)
{
    add_good(outcome);
    struct exchange *exchange = exchange_of(2, &good);
    outcome_uncertain(outcome, exchange);
    exchange_free(exchange);
}

static void add_different(struct outcome *outcome)
{
    struct found found = price_found(1);
    add_left_out(outcome);
    assert_int_equal(add(outcome, 3, &good, &found), FATE_DIFFERENT);
}

static void add_unnamed_difference(struct outcome *outcome)
{
    struct exchange *exchange = exchange_of(1, &good);
    assert_int_equal(outcome_add(outcome, exchange, &(struct findings){.total = 1}, NULL),
                     FATE_DIFFERENT);
    exchange_free(exchange);
}

static enum replay_fate add_anew(struct outcome *outcome, uint64_t number, struct found *found)
{
    struct exchange *exchange = exchange_of(number, &good);
    const struct findings findings = {
        .anew = true, .items = found, .count = found != NULL, .total = found != NULL};
    enum replay_fate fate = outcome_add(outcome, exchange, &findings, NULL);
    exchange_free(exchange);
    return fate;
}

static void add_new_ids(struct outcome *outcome)
{
    add_good(outcome);
    assert_int_equal(add_anew(outcome, 2, NULL), FATE_INCONCLUSIVE);
}

static void add_new_ids_and_difference(struct outcome *outcome)
{
    struct found found = price_found(1);
    add_new_ids(outcome);
    assert_int_equal(add_anew(outcome, 3, &found), FATE_DIFFERENT);
}

/* They say nothing of what follows, are no difference, and have a reason of their own. */
static void new_ids_are_listed_and_taint_nothing(void **state)
{
    (void)state;
    struct outcome *outcome = new_outcome();
    add_new_ids(outcome);
    add(outcome, 3, &good, NULL);
    struct replay_result result = result_of(outcome);
    assert_int_equal(result.tainted, 0);
    assert_int_equal(result.group_count, 0);
    assert_int_equal(result.doubt_count, 1);
    assert_string_equal(result.doubts[0].reason, "ids-anew");
    assert_int_equal(result.fates[FATE_EQUAL], 2);
    replay_result_free(&result);
    outcome_free(outcome);
}

static void what_was_not_compared_is_never_called_equal(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        void (*fill)(struct outcome *outcome);
        enum replay_verdict verdict;
    } cases[] = {
        {"nothing was replayed", nothing, REPLAY_INCONCLUSIVE},
        {"all is equal", add_good, REPLAY_EQUAL},
        {"something was left out", add_left_out, REPLAY_INCONCLUSIVE},
        {"what nginx answered was left out", add_harmless, REPLAY_EQUAL},
        {"and what it may have answered, too", add_harmless_and_other, REPLAY_INCONCLUSIVE},
        {"everything was left out", add_only_harmless, REPLAY_INCONCLUSIVE},
        {"more reasons than are kept", add_many_reasons, REPLAY_INCONCLUSIVE},
        {"a pair was not compared", add_not_compared, REPLAY_INCONCLUSIVE},
        {"a side did not answer", add_timeout, REPLAY_INCONCLUSIVE},
        {"a side did not answer, and was called equal", add_no_answer_called_equal,
         REPLAY_INCONCLUSIVE},
        {"both sides failed", add_both_failed, REPLAY_INCONCLUSIVE},
        {"both may have been cut", add_equal_that_may_be_cut, REPLAY_INCONCLUSIVE},
        {"a login failed on both sides", add_login_failed_on_both, REPLAY_INCONCLUSIVE},
        {"the log knows less than the answers", add_cached_in_the_log, REPLAY_EQUAL},
        {"a write was perhaps sent", add_uncertain, REPLAY_INCONCLUSIVE},
        {"equal but for ids that nothing proves", add_new_ids, REPLAY_INCONCLUSIVE},
        {"a difference beside such ids", add_new_ids_and_difference, REPLAY_DIFFERENT},
        {"different, and something left out", add_different, REPLAY_DIFFERENT},
        {"different, and nobody says where", add_unnamed_difference, REPLAY_DIFFERENT},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct outcome *outcome = new_outcome();
        cases[i].fill(outcome);
        enum replay_verdict verdict = verdict_of(outcome);
        if (verdict != cases[i].verdict)
            fail_msg("%s: %s", cases[i].name, replay_verdict_name[verdict]);
        outcome_free(outcome);
    }
}

static void a_verdict_is_only_ever_raised(void **state)
{
    (void)state;
    struct replay_result result = {0};
    static const enum replay_verdict said[] = {REPLAY_EQUAL, REPLAY_INCONCLUSIVE, REPLAY_EQUAL,
                                               REPLAY_DIFFERENT, REPLAY_INCONCLUSIVE},
                                     is[] = {REPLAY_EQUAL, REPLAY_INCONCLUSIVE, REPLAY_INCONCLUSIVE,
                                             REPLAY_DIFFERENT, REPLAY_DIFFERENT};
    for (size_t i = 0; i < COUNT(said); i++) {
        replay_result_raise(&result, said[i]);
        assert_int_equal(result.verdict, is[i]);
    }
}

/* ---- consequences ---- */

static void after_a_sessions_first_difference_others_are_consequences(void **state)
{
    (void)state;
    struct outcome *outcome = new_outcome();
    struct sent other = good, alone = good;
    other.session = 2;
    alone.session = 0;
    struct found found = price_found(1);
    static const struct {
        int session; /* 0: alone */
        bool differs;
        enum replay_fate fate;
    } rows[] = {
        {1, false, FATE_EQUAL},      {2, false, FATE_EQUAL},    {1, true, FATE_DIFFERENT},
        {2, false, FATE_EQUAL},      {1, false, FATE_EQUAL},    {1, true, FATE_CONSEQUENCE},
        {2, true, FATE_DIFFERENT},   {0, true, FATE_DIFFERENT}, {0, true, FATE_DIFFERENT},
        {2, true, FATE_CONSEQUENCE},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(add(outcome, i + 1,
                             rows[i].session == 1   ? &good
                             : rows[i].session == 2 ? &other
                                                    : &alone,
                             rows[i].differs ? &found : NULL),
                         rows[i].fate);
    struct replay_result result = result_of(outcome);
    assert_int_equal(result.fates[FATE_EQUAL], 4);
    assert_int_equal(result.fates[FATE_DIFFERENT], 4);
    assert_int_equal(result.fates[FATE_CONSEQUENCE], 2);
    assert_int_equal(result.replayed, 10);
    assert_int_equal(result.group_count, 1);
    assert_int_equal(result.groups[0].count, 6);
    assert_int_equal(result.groups[0].consequences, 2);
    assert_int_equal(result.session_count, 2);
    assert_int_equal(result.session_list[0].first_different, 3);
    assert_string_equal(result.session_list[0].name, "000000abc001");
    assert_int_equal(result.session_list[0].fates[FATE_CONSEQUENCE], 1);
    assert_int_equal(result.session_list[1].first_different, 7);
    assert_int_equal(result.session_list[1].steps[0].number, 2);
    assert_string_equal(result.session_list[1].steps[2].why,
                        "body: table#rates > tr[3] > td.price: changed");
    replay_result_free(&result);
    outcome_free(outcome);
}

static void what_was_left_out_taints_what_follows_in_its_session(void **state)
{
    (void)state;
    struct outcome *outcome = new_outcome();
    struct found found = price_found(1);
    /* The log is read ahead: what is left out of it comes before answers to earlier requests. */
    leave_out(outcome, 3, 1, "body-missing", false);
    add(outcome, 1, &good, NULL);
    add(outcome, 2, &good, &found);
    add(outcome, 4, &good, &found);
    leave_out(outcome, 5, 2, "nginx-answered", true);
    struct sent other = good;
    other.session = 2;
    add(outcome, 6, &other, &found);
    struct sent told = good;
    told.session = 3;
    told.tainted = true;
    add(outcome, 7, &told, NULL);
    struct replay_result result = result_of(outcome);
    assert_int_equal(result.tainted, 2);
    assert_int_equal(result.groups[0].count, 3);
    assert_int_equal(result.groups[0].tainted, 1);
    assert_int_equal(result.session_list[0].tainted, 3);
    assert_int_equal(result.session_list[0].step_count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(result.session_list[0].steps[i].number, i + 1);
    assert_int_equal(result.session_list[0].steps[2].fate, FATE_LEFT_OUT);
    assert_string_equal(result.session_list[0].steps[2].why, "body-missing");
    assert_int_equal(result.session_list[1].tainted, 0);
    assert_int_equal(result.left_out_count, 2);
    assert_true(result.left_out[strcmp(result.left_out[0].reason, "nginx-answered") != 0].harmless);
    replay_result_free(&result);
    outcome_free(outcome);
}

/* ---- groups ---- */

static void ten_thousand_pages_of_a_dozen_causes_are_a_dozen_groups(void **state)
{
    (void)state;
    static const struct {
        enum found_kind kind;
        const char *shape, *change, *class, *cause, *route;
    } causes[] = {
        {FOUND_BODY, "td.price", "changed", "money", "same number", "GET /rates/{id}"},
        {FOUND_BODY, "td.price", "changed", "money", "rounded", "GET /rates/{id}"},
        {FOUND_BODY, "td.price", "inserted", "money", NULL, "GET /rates/{id}"},
        {FOUND_BODY, "td.price", "changed", "text", "same number", "GET /rates/{id}"},
        {FOUND_BODY, "td.name", "changed", "text", "letter case", "GET /rates/{id}"},
        {FOUND_BODY, "td.name", "changed", "text", "letter case", "GET /guests/{id}"},
        {FOUND_HEADER, "X-Total-Count", "changed", "", NULL, "GET /guests"},
        {FOUND_COOKIE, "X-Total-Count", "changed", "", NULL, "GET /guests"},
        {FOUND_LOCATION, "Location", "changed", "", NULL, "POST /bookings"},
        {FOUND_BODY, "$.active", "changed", "", "same truth", "GET /api/rooms"},
        {FOUND_BODY, "ul > li", "reordered", "sorting", NULL, "GET /search"},
        {FOUND_BODY, "$.at", "changed", "timestamp", "time zone: 2 h later", "GET /api/rooms"},
    };
    struct outcome *outcome = new_outcome();
    uint64_t number = 0;
    for (unsigned page = 0; page < 10000; page++) {
        size_t i = page % COUNT(causes);
        char path[64], values[SIDES][32];
        snprintf(path, sizeof path, "%s[%u]", causes[i].shape, page);
        snprintf(values[SOURCE], 32, "value %u", page);
        snprintf(values[TARGET], 32, "other %u", page);
        struct found found = {.kind = causes[i].kind,
                              .path = path,
                              .shape = causes[i].shape,
                              .change = causes[i].change,
                              .value_class = causes[i].class,
                              .cause = causes[i].cause,
                              .value = {values[SOURCE], values[TARGET]}};
        struct sent given = {.method = "GET",
                             .target = "/page?token=geheim",
                             .route = causes[i].route,
                             .session = page / 10 + 1,
                             .logged = 200,
                             .source = 200,
                             .target_status = 200};
        add(outcome, ++number, &given, &found);
    }
    struct replay_result result = result_of(outcome);
    assert_int_equal(result.group_count, COUNT(causes));
    uint64_t total = 0;
    for (size_t i = 0; i < result.group_count; i++) {
        const struct replay_group *group = &result.groups[i];
        total += group->count;
        assert_int_equal(group->request_count, RESULT_REQUESTS);
        for (size_t k = 1; k < group->request_count; k++)
            assert_true(group->lines[k] > group->lines[k - 1]);
        assert_string_equal(group->example.target, "/page?token=***");
        assert_string_equal(group->example.file, "access.log");
        assert_int_equal(group->example.line, group->example.number + 1000);
        assert_true(group->example.number <= COUNT(causes));
        assert_int_equal(strlen(group->example.value[SOURCE]),
                         strlen("value 1") + (group->example.number > 10));
    }
    assert_int_equal(total, 10000);
    assert_int_equal(result.groups_left_out, 0);
    assert_int_equal(result.session_count, 1000);
    assert_int_equal(result.fates[FATE_DIFFERENT], 1000);
    assert_int_equal(result.fates[FATE_CONSEQUENCE], 9000);
    replay_result_free(&result);
    outcome_free(outcome);
}

static void what_many_routes_share_is_one_group_that_says_how_many(void **state)
{
    (void)state;
    struct outcome *outcome = new_outcome();
    struct found found = price_found(1);
    for (uint64_t i = 1; i <= 13; i++) {
        char route[32];
        snprintf(route, sizeof route, "GET /r%llu", (unsigned long long)i);
        struct sent given = good;
        given.route = route;
        given.session = i;
        add(outcome, i, &given, &found);
    }
    struct replay_result result = result_of(outcome);
    assert_int_equal(result.group_count, 1);
    assert_string_equal(result.groups[0].route, "GET /r1 and 12 more");
    assert_int_equal(result.groups[0].route_count, 13);
    assert_int_equal(result.groups[0].request_count, 13);
    assert_string_equal(result.groups[0].cause, "same number");
    replay_result_free(&result);
    outcome_free(outcome);
}

static void unlike_pairs_of_statuses_are_unlike_groups(void **state)
{
    (void)state;
    struct outcome *outcome = new_outcome();
    static const int pairs[][SIDES] = {{302, 500}, {302, 500}, {302, 403}};
    for (size_t i = 0; i < COUNT(pairs); i++) {
        char status[SIDES][8];
        snprintf(status[SOURCE], 8, "%d", pairs[i][SOURCE]);
        snprintf(status[TARGET], 8, "%d", pairs[i][TARGET]);
        struct found found = {.kind = FOUND_STATUS,
                              .path = "status",
                              .change = "changed",
                              .cause = "the source answers as logged, 302",
                              .value = {status[SOURCE], status[TARGET]}};
        add(outcome, i + 1,
            &(struct sent){
                .logged = 302, .source = pairs[i][SOURCE], .target_status = pairs[i][TARGET]},
            &found);
    }
    struct replay_result result = result_of(outcome);
    assert_int_equal(result.group_count, 2);
    assert_string_equal(result.groups[0].cause,
                        "source 302, target 500 (the source answers as logged, 302)");
    assert_int_equal(result.groups[0].count, 2);
    assert_int_equal(result.unlike_log[SOURCE], 0);
    assert_int_equal(result.unlike_log[TARGET], 3);
    /* Errors take another time than pages. */
    assert_int_equal(result.latency_count, 0);
    replay_result_free(&result);
    outcome_free(outcome);
}

/* ---- doubts ---- */

static void doubts_say_what_was_answered_and_where(void **state)
{
    (void)state;
    struct outcome *outcome = new_outcome();
    static const struct sent
        failed = {.logged = 200, .route = "GET /a", .source = 500, .target_status = 500},
        unlike = {.logged = 302, .route = "POST /b", .source = 422, .target_status = 422},
        silent = {.logged = 200, .route = "GET /c", .failure = {FAILURE_TIMEOUT, FAILURE_BROKEN}};
    for (uint64_t i = 1; i <= 30; i += 3) {
        add(outcome, i, &failed, NULL);
        add(outcome, i + 1, &unlike, NULL);
        if (i == 1)
            add(outcome, i + 2, &silent, NULL);
    }
    struct replay_result result = result_of(outcome);
    assert_int_equal(result.doubt_count, 3);
    assert_string_equal(result.doubts[0].reason, "both-failed");
    assert_string_equal(result.doubts[0].route, "GET /a");
    assert_string_equal(result.doubts[0].text, "both sides answered 500, the log has 200");
    assert_int_equal(result.doubts[0].count, 10);
    assert_int_equal(result.doubts[0].line_count, 10);
    assert_string_equal(result.doubts[1].reason, "unlike-log");
    assert_string_equal(result.doubts[1].text, "both sides answered 422, the log has 302");
    assert_string_equal(result.doubts[2].text,
                        "source did not answer in time, target broke its answer off, "
                        "the log has 200");
    assert_int_equal(result.fates[FATE_BOTH_FAILED], 11);
    assert_int_equal(result.both_unlike_log, 10);
    assert_int_equal(result.group_count, 0);
    replay_result_free(&result);
    outcome_free(outcome);
}

/* ---- one side ---- */

static void one_side_is_held_against_the_log(void **state)
{
    (void)state;
    struct outcome *outcome = outcome_new(&(struct outcome_settings){.one_side = true});
    static const struct {
        int logged, status;
        enum failure failure;
        enum replay_fate fate;
    } rows[] = {
        {200, 200, FAILURE_NONE, FATE_EQUAL},         {201, 200, FAILURE_NONE, FATE_EQUAL},
        {500, 500, FAILURE_NONE, FATE_EQUAL},         {302, 200, FAILURE_NONE, FATE_DIFFERENT},
        {200, 500, FAILURE_NONE, FATE_CONSEQUENCE},   {0, 200, FAILURE_NONE, FATE_INCONCLUSIVE},
        {200, 0, FAILURE_TIMEOUT, FATE_INCONCLUSIVE},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sent given = {.session = 1,
                             .logged = rows[i].logged,
                             .source = rows[i].status,
                             .failure = {rows[i].failure, FAILURE_NONE}};
        struct exchange *exchange = exchange_of(i + 1, &given);
        assert_int_equal(outcome_add(outcome, exchange, NULL, NULL), rows[i].fate);
        exchange_free(exchange);
    }
    struct replay_result result = result_of(outcome);
    assert_true(result.one_side);
    assert_int_equal(result.verdict, REPLAY_DIFFERENT);
    assert_int_equal(result.group_count, 2);
    assert_string_equal(result.groups[0].kind, "status");
    assert_null(result.groups[0].example.value[TARGET]);
    assert_int_equal(result.latency_count, 1);
    assert_int_equal(result.latency[0].count, 6);
    replay_result_free(&result);
    outcome_free(outcome);
}

static void only_values_that_were_sent_are_counted_as_replaced(void **state)
{
    (void)state;
    static struct replacement items[] = {
        {.where = "field _token", .logged = "l", .value = {"s", "t"}, .secret = true},
        {.where = "path 2", .logged = "101", .value = {"9001", "9044"}, .is_id = true},
        {.where = "location", .logged = "", .value = {"9001", "9044"}, .is_id = true},
        {.where = "answer: a", .logged = "101", .value = {"9001", "9044"}, .is_id = true},
    };
    struct outcome *outcome = new_outcome();
    struct exchange *exchange = exchange_of(1, &good);
    exchange->replacements = items;
    exchange->replacement_count = COUNT(items);
    assert_int_equal(outcome_add(outcome, exchange, &(struct findings){.equal = true}, NULL),
                     FATE_EQUAL);
    struct replay_result result = result_of(outcome);
    assert_int_equal(result.replacements, 2);
    replay_result_free(&result);
    exchange_free(exchange);
    outcome_free(outcome);
}

/* ---- slower ---- */

static void a_route_that_is_surely_slower_is_a_finding(void **state)
{
    (void)state;
    struct outcome *outcome = outcome_new(&(struct outcome_settings){.slower = 2});
    for (uint64_t i = 1; i <= 60; i++) {
        struct sent given = good;
        given.route = i % 2 ? "GET /slow" : "GET /fine";
        struct exchange *exchange = exchange_of(i, &given);
        exchange->in[TARGET].total = i % 2 ? 0.031 : 0.012;
        outcome_add(outcome, exchange, &(struct findings){.equal = true}, NULL);
        exchange_free(exchange);
    }
    struct replay_result result = result_of(outcome);
    assert_int_equal(result.verdict, REPLAY_DIFFERENT);
    assert_int_equal(result.fates[FATE_EQUAL], 60);
    assert_int_equal(result.group_count, 1);
    assert_string_equal(result.groups[0].kind, "slower");
    assert_string_equal(result.groups[0].route, "GET /slow");
    assert_int_equal(result.groups[0].count, 30);
    replay_result_free(&result);
    outcome_free(outcome);
}

static void causes_stand_before_what_only_follows_from_them(void **state)
{
    (void)state;
    struct outcome *outcome = outcome_new(&(struct outcome_settings){.slower = 2});
    static const struct {
        const char *shape;
        uint64_t session;
        unsigned times; /* in the session, one after the other */
    } rows[] = {{"rare", 1, 1},  {"follows", 1, 60}, {"often", 2, 1},
                {"often", 3, 1}, {"often", 4, 30},   {"follows", 4, 1}};
    uint64_t number = 0;
    for (size_t i = 0; i < COUNT(rows); i++)
        for (unsigned k = 0; k < rows[i].times; k++) {
            struct found found = price_found(1);
            found.shape = found.path = rows[i].shape;
            struct sent given = good;
            given.session = rows[i].session;
            struct exchange *exchange = exchange_of(++number, &given);
            exchange->in[TARGET].total = 0.05;
            struct findings findings = {.items = &found, .count = 1, .total = 1};
            outcome_add(outcome, exchange, &findings, NULL);
            exchange_free(exchange);
        }
    struct replay_result result = result_of(outcome);
    static const char *const order[] = {"often", "rare", "time", "follows"};
    assert_int_equal(result.group_count, COUNT(order));
    for (size_t i = 0; i < COUNT(order); i++)
        assert_string_equal(result.groups[i].path, order[i]);
    replay_result_free(&result);
    outcome_free(outcome);
}

/* ---- bounded memory ---- */

static void memory_is_bounded_by_no_log(void **state)
{
    (void)state;
    struct outcome *outcome = new_outcome();
    for (uint64_t i = 1; i <= 60000; i++) {
        char route[64], target[300], shape[40] = "p.";
        snprintf(route, sizeof route, "GET /%llu", (unsigned long long)i);
        snprintf(target, sizeof target, "/%0250llu", (unsigned long long)i);
        for (uint64_t k = 0, n = i; k < 6; k++, n /= 10)
            shape[2 + k] = (char)('a' + n % 10);
        struct found found = price_found(i);
        found.shape = shape;
        struct sent given = good;
        given.route = route;
        given.target = target;
        given.session = i;
        add(outcome, i, &given, i % 3 == 0 ? &found : NULL);
    }
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    outcome_save(outcome, &bytes);
    assert_true(bytes.length < 30 << 20);
    struct replay_result result = result_of(outcome);
    assert_int_equal(result.group_count, OUTCOME_GROUPS);
    assert_int_equal(result.groups_left_out, 20000 - OUTCOME_GROUPS);
    assert_int_equal(result.fates[FATE_DIFFERENT], 20000);
    assert_int_equal(result.session_count, RESULT_SESSIONS);
    assert_int_equal(result.session_list[0].first_different, 3);
    assert_int_equal(result.session_list[999].first_different, 3000);
    replay_result_free(&result);
    struct outcome *again;
    struct err err;
    assert_true(outcome_load(bytes.data, bytes.length, &again, &err));
    outcome_free(again);
    outcome_free(outcome);
    buffer_free(&bytes);
}

static void a_session_keeps_the_beginning_of_its_story(void **state)
{
    (void)state;
    struct outcome *outcome = new_outcome();
    for (uint64_t i = 1000; i > 0; i--)
        leave_out(outcome, i, 1, "denied", false);
    struct replay_result result = result_of(outcome);
    assert_int_equal(result.session_list[0].requests, 1000);
    assert_int_equal(result.session_list[0].step_count, RESULT_STEPS);
    for (size_t i = 0; i < RESULT_STEPS; i++)
        assert_int_equal(result.session_list[0].steps[i].number, i + 1);
    replay_result_free(&result);
    outcome_free(outcome);
}

/* ---- bytes ---- */

/* A bit of everything. */
static void add_of_mixture(struct outcome *outcome, uint64_t i)
{
    char route[32];
    snprintf(route, sizeof route, "GET /r%llu", (unsigned long long)(i % 9));
    struct sent given = good;
    given.route = route;
    given.session = i % 41;
    struct found found = price_found(i);
    if (i % 13 == 0)
        leave_out(outcome, i, i % 41, i % 2 ? "body-missing" : "denied", i % 3 == 0);
    else if (i % 17 == 0)
        given.source = given.target_status = 500;
    else if (i % 19 == 0)
        given.logged = 302;
    if (i % 13)
        add(outcome, i, &given, i % 17 && i % 19 && i % 5 == 0 ? &found : NULL);
}

static void add_mixture(struct outcome *outcome, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++)
        add_of_mixture(outcome, i);
}

/* One session after the other, the last first, as if each had waited for the next. */
static void add_mixture_by_session(struct outcome *outcome, uint64_t from, uint64_t to)
{
    for (uint64_t session = 41; session-- > 0;)
        for (uint64_t i = from; i < to; i++)
            if (i % 41 == session)
                add_of_mixture(outcome, i);
}

static void the_same_is_said_whichever_session_is_answered_first(void **state)
{
    (void)state;
    struct buffer said[] = {BUFFER_INIT(BUFFER_NO_LIMIT), BUFFER_INIT(BUFFER_NO_LIMIT)};
    for (int turned = 0; turned < 2; turned++) {
        struct outcome *outcome = outcome_new(&(struct outcome_settings){.slower = 1.5});
        (turned ? add_mixture_by_session : add_mixture)(outcome, 1, 3000);
        struct replay_result result = result_of(outcome);
        assert_true(result.group_count && result.session_count && result.doubt_count &&
                    result.left_out_count);
        report_replay_json(&result, &said[turned]);
        replay_result_free(&result);
        outcome_free(outcome);
    }
    assert_string_equal((const char *)said[0].data, (const char *)said[1].data);
    buffer_free(&said[0]);
    buffer_free(&said[1]);
}

static void it_goes_on_after_it_was_bytes(void **state)
{
    (void)state;
    struct outcome *whole = outcome_new(&(struct outcome_settings){.slower = 1.5});
    struct outcome *half = outcome_new(&(struct outcome_settings){.slower = 1.5}), *rest;
    struct buffer one = BUFFER_INIT(BUFFER_NO_LIMIT), other = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct err err;
    add_mixture(whole, 1, 3000);
    add_mixture(half, 1, 1500);
    outcome_save(half, &other);
    assert_true(outcome_load(other.data, other.length, &rest, &err));
    add_mixture(rest, 1500, 3000);
    buffer_clear(&other);
    outcome_save(whole, &one);
    outcome_save(rest, &other);
    assert_int_equal(one.length, other.length);
    assert_memory_equal(one.data, other.data, one.length);
    struct replay_result result = result_of(rest);
    assert_true(result.group_count && result.session_count && result.doubt_count &&
                result.left_out_count && result.latency_count);
    replay_result_free(&result);
    outcome_free(whole);
    outcome_free(half);
    outcome_free(rest);
    buffer_free(&one);
    buffer_free(&other);
}

static void damaged_bytes_are_refused(void **state)
{
    (void)state;
    struct outcome *outcome = new_outcome(), *read = outcome;
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct err err;
    add_mixture(outcome, 1, 300);
    outcome_save(outcome, &bytes);
    for (size_t length = 0; length < bytes.length; length += length < 400 ? 1 : 53) {
        assert_false(outcome_load(bytes.data, length, &read, &err));
        assert_int_equal(err.code, ERR_USAGE);
        assert_null(read);
    }
    buffer_add_byte(&bytes, 0);
    assert_false(outcome_load(bytes.data, bytes.length, &read, &err));
    bytes.data[0] ^= 1;
    assert_false(outcome_load(bytes.data, bytes.length - 1, &read, &err));
    outcome_free(outcome);
    buffer_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_that_are_far_less_than_the_logged_one_say_nothing),
        cmocka_unit_test(redirects_to_another_route_than_the_logged_one_say_nothing),
        cmocka_unit_test(what_was_not_compared_is_never_called_equal),
        cmocka_unit_test(a_first_difference_names_the_write_that_it_may_follow_from),
        cmocka_unit_test(new_ids_are_listed_and_taint_nothing),
        cmocka_unit_test(a_verdict_is_only_ever_raised),
        cmocka_unit_test(after_a_sessions_first_difference_others_are_consequences),
        cmocka_unit_test(what_was_left_out_taints_what_follows_in_its_session),
        cmocka_unit_test(ten_thousand_pages_of_a_dozen_causes_are_a_dozen_groups),
        cmocka_unit_test(what_many_routes_share_is_one_group_that_says_how_many),
        cmocka_unit_test(unlike_pairs_of_statuses_are_unlike_groups),
        cmocka_unit_test(doubts_say_what_was_answered_and_where),
        cmocka_unit_test(one_side_is_held_against_the_log),
        cmocka_unit_test(only_values_that_were_sent_are_counted_as_replaced),
        cmocka_unit_test(a_route_that_is_surely_slower_is_a_finding),
        cmocka_unit_test(causes_stand_before_what_only_follows_from_them),
        cmocka_unit_test(memory_is_bounded_by_no_log),
        cmocka_unit_test(a_session_keeps_the_beginning_of_its_story),
        cmocka_unit_test(the_same_is_said_whichever_session_is_answered_first),
        cmocka_unit_test(it_goes_on_after_it_was_bytes),
        cmocka_unit_test(damaged_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
