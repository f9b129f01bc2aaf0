/*
 * Gentleness without servers: rates, when a pause begins and ends, and how long a worker sleeps.
 * Bounds on time are coarse: nothing here may fail because the machine is slow.
 */
#include "../../verify/own_sessions.h"
#include "../../verify/pace.h"

#include "../../diff/base/memory.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void a_rate_without_a_known_unit_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {"",
                                        "50000",
                                        "rows/s",
                                        "-5rows/s",
                                        "0rows/s",
                                        "0.5 B/s",
                                        "inf rows/s",
                                        "5rows",
                                        "5 rows/m",
                                        "20Mb/s",
                                        "20mb/s",
                                        "20 MB",
                                        "0x10MB/s",
                                        "1e3rows/s",
                                        "5  B/s",
                                        "5rows/s ",
                                        " 5rows/s",
                                        "1.2.3MB/s",
                                        "1,5MB/s",
                                        ".rows/s.",
                                        "10MB/s/s",
                                        "kB/s",
                                        "5 k  rows/s",
                                        "9999999999999999999GB/s",
                                        "mysql://u:secret@h/d"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pace_rate rate;
        struct err err = {.code = ERR_NONE};
        if (pace_parse_rate(cases[i], &rate, &err))
            fail_msg("\"%s\" was taken", cases[i]);
        assert_int_equal(err.code, ERR_USAGE);
        assert_null(strstr(err.text, "secret"));
    }
}

static void a_rate_is_rows_or_bytes_a_second(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double rows, bytes;
    } cases[] = {{"50000rows/s", 50000, 0},  {"50000 rows/s", 50000, 0},  {"50k rows/s", 50000, 0},
                 {"50krows/s", 50000, 0},    {"1.5M rows/s", 1500000, 0}, {"1rows/s", 1, 0},
                 {"20MB/s", 0, 20e6},        {"20 MB/s", 0, 20e6},        {"20MiB/s", 0, 20971520},
                 {"0.5GiB/s", 0, 536870912}, {"64KiB/s", 0, 65536},       {"64kB/s", 0, 64000},
                 {"64KB/s", 0, 64000},       {"1000000B/s", 0, 1e6},      {"1GB/s", 0, 1e9},
                 {"007 rows/s", 7, 0},       {"5.rows/s", 5, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pace_rate rate;
        struct err err;
        assert_true(pace_parse_rate(cases[i].text, &rate, &err));
        assert_float_equal(rate.rows, cases[i].rows, 1e-6);
        assert_float_equal(rate.bytes, cases[i].bytes, 1e-6);
    }
}

/* Answers come once a second; after each, is the side held ('|') or not ('.')? */
static void a_pause_begins_at_once_and_ends_with_three_good_answers(void **state)
{
    (void)state;
    static const struct {
        double limit, patience;
        double answers[24];
        const char *held;
        double seconds;
        size_t holds, given_up;
    } cases[] = {
        {8, 0, {8, 8, 0}, "...", 0, 0, 0},
        {8, 0, {9, 8, 8, 8, 8}, "|||..", 3, 1, 0},
        {8, 0, {9, 8, 8, 9, 8, 8, 8}, "||||||.", 6, 1, 0},
        {8, 0, {9, 1, 1, 1, 9, 1, 1, 1}, "|||.|||.", 6, 2, 0},
        {8, 0, {99, 99, 99, 99, 99, 99, 99, 99}, "||||||||", 0, 1, 0}, /* however long */
        {-1, 0, {99, 99}, "..", 0, 0, 0},
        /* Without relief for three seconds it is ignored, until it was good once. */
        {8, 3, {50, 50, 50, 50, 50, 9, 8, 9, 9}, "|||....||", 3, 2, 1},
        {8, 3, {50, 60, 40, 50, 50, 39, 39, 39, 8, 8, 8}, "||||||||||.", 10, 1, 0},
        {8, 3, {INFINITY, INFINITY, INFINITY, INFINITY, 1, 1}, "|||...", 3, 1, 1},
        {8, 3, {INFINITY, INFINITY, 50, 50, 50, 50}, "|||||.", 5, 1, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pace_gate gate = {.limit = cases[i].limit, .patience = cases[i].patience};
        char held[32] = "";
        for (size_t a = 0; cases[i].held[a]; a++) {
            pace_gate_answer(&gate, cases[i].answers[a], 1000 + (double)a);
            held[a] = gate.held ? '|' : '.';
        }
        assert_string_equal(held, cases[i].held);
        assert_float_equal(gate.seconds, cases[i].seconds, 1e-6);
        assert_int_equal(gate.holds, cases[i].holds);
        assert_int_equal(gate.given_up, cases[i].given_up);
    }
}

/* ---- Servers in memory: how they fare is a global variable ---- */

static atomic_uint fake_running;
static atomic_uint fake_blips; /* so many looks still find a hundred more */
static atomic_int fake_replica, fake_behind;
static atomic_int fake_connections, fake_connects;
static _Atomic enum err_code fake_failure; /* of every question */

static bool fake_connect(const char *uri, struct connection **connection, struct server_info *info,
                         struct err *err)
{
    (void)uri, (void)info, (void)err;
    *connection = mem_alloc(1);
    atomic_fetch_add(&fake_connections, 1);
    atomic_fetch_add(&fake_connects, 1);
    return true;
}

static void fake_disconnect(struct connection *connection)
{
    atomic_fetch_sub(&fake_connections, 1);
    free(connection);
}

static bool fake_answers(struct err *err)
{
    enum err_code failure = atomic_load(&fake_failure);
    return failure == ERR_NONE || err_set(err, failure, "no answer");
}

static bool fake_load(struct connection *connection, unsigned *running, struct err *err)
{
    (void)connection;
    *running = atomic_load(&fake_running);
    if (atomic_load(&fake_blips)) {
        atomic_fetch_sub(&fake_blips, 1);
        *running += 100;
    }
    return fake_answers(err);
}

static bool fake_lag(struct connection *connection, enum replica_state *replica, double *seconds,
                     struct err *err)
{
    (void)connection;
    *replica = (enum replica_state)atomic_load(&fake_replica);
    *seconds = atomic_load(&fake_behind);
    return fake_answers(err);
}

static void fake_cancel(struct connection *connection)
{
    (void)connection;
}

static const struct engine engine_fake = {.name = "memory",
                                          .connect = fake_connect,
                                          .disconnect = fake_disconnect,
                                          .load = fake_load,
                                          .lag = fake_lag,
                                          .cancel = fake_cancel};
static const struct engine engine_mute = {
    .name = "mute", .connect = fake_connect, .disconnect = fake_disconnect};

static const struct engine *const fakes[SIDES] = {&engine_fake, &engine_fake};
static const struct engine *const mutes[SIDES] = {&engine_mute, &engine_mute};

static int begin(void **state)
{
    (void)state;
    atomic_store(&fake_running, 0);
    atomic_store(&fake_blips, 0);
    atomic_store(&fake_replica, REPLICA_NONE);
    atomic_store(&fake_behind, 0);
    atomic_store(&fake_failure, ERR_NONE);
    atomic_store(&fake_connects, 0);
    return 0;
}

/* All are closed: at the latest when a watcher wakes that pace_free() did not wait for. */
static int end(void **state)
{
    (void)state;
    for (double begun = now(); atomic_load(&fake_connections) && now() - begun < 60;)
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    return atomic_load(&fake_connections);
}

static struct pace *start(struct verify_options options)
{
    struct pace *pace;
    struct err err;
    options.uri[SOURCE] = options.uri[TARGET] = "memory://";
    if (!pace_new(&options, fakes, &pace, &err))
        fail_msg("%s", err.text);
    return pace;
}

static void what_cannot_be_watched_is_refused_at_the_start(void **state)
{
    (void)state;
    static const struct {
        struct verify_options options;
        const struct engine *const *engines;
        enum err_code failure;
        const char *sentence;
        enum err_code code;
    } cases[] = {
        {{.max_rate = "50000"}, fakes, ERR_NONE, "--max-rate must be", ERR_USAGE},
        {{.max_lag = 5},
         fakes,
         ERR_NONE,
         "neither the source nor the target is a replica",
         ERR_USAGE},
        {{.max_lag = 5}, mutes, ERR_NONE, "--max-lag does not work with mute", ERR_USAGE},
        {{.max_load = 5}, mutes, ERR_NONE, "--max-load does not work with mute", ERR_USAGE},
        {{.max_load = 5}, fakes, ERR_USAGE, "source: --max-load: no answer", ERR_USAGE},
        {{.max_load = 5}, fakes, ERR_TABLE, "source: --max-load: no answer", ERR_USAGE},
        {{.max_lag = 5}, fakes, ERR_TABLE, "source: --max-lag: no answer", ERR_USAGE},
        {{.max_load = 5}, fakes, ERR_LOST, "source: --max-load: no answer", ERR_UNREACHABLE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct verify_options options = cases[i].options;
        struct pace *pace;
        struct err err = {.code = ERR_NONE};
        options.uri[SOURCE] = options.uri[TARGET] = "memory://";
        atomic_store(&fake_failure, cases[i].failure);
        assert_false(pace_new(&options, cases[i].engines, &pace, &err));
        assert_null(pace);
        assert_int_equal(err.code, cases[i].code);
        if (!strstr(err.text, cases[i].sentence))
            fail_msg("\"%s\" is not in \"%s\"", cases[i].sentence, err.text);
    }
}

static void without_options_there_is_no_pace_and_no_connection(void **state)
{
    (void)state;
    struct text_list notes = {0};
    atomic_bool stop = false;
    struct pace *pace = start((struct verify_options){0});
    assert_null(pace);
    pace_pay(pace, SOURCE, 1000000, 1000000, &stop);
    assert_false(pace_held(pace, SOURCE, NULL));
    pace_note(pace, &notes);
    assert_int_equal(notes.count, 0);
    pace_free(pace);
    assert_int_equal(atomic_load(&fake_connects), 0);
}

struct payer {
    struct pace *pace;
    enum side side;
    uint64_t rows, bytes;
    int times;
    atomic_bool *stop;
};

static void *pay(void *argument)
{
    const struct payer *payer = argument;
    for (int i = 0; i < payer->times; i++)
        pace_pay(payer->pace, payer->side, payer->rows, payer->bytes, payer->stop);
    return NULL;
}

static void workers_of_a_side_share_its_rate(void **state)
{
    (void)state;
    static const struct {
        const char *rate;
        uint64_t rows, bytes; /* per payment, of which each of two workers makes ten */
        double least; /* seconds: all that was paid, at the rate, less the credit of 0.1 s */
    } cases[] = {{"10k rows/s", 300, 1u << 30, 0.5}, {"1MB/s", 1u << 30, 30000, 0.5}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        atomic_bool stop = false;
        struct pace *pace = start((struct verify_options){.max_rate = cases[i].rate});
        struct payer payer = {pace, SOURCE, cases[i].rows, cases[i].bytes, 10, &stop};
        pthread_t thread;
        double begun = now();
        assert_int_equal(pthread_create(&thread, NULL, pay, &payer), 0);
        pay(&payer);
        pthread_join(thread, NULL);
        assert_true(now() - begun >= cases[i].least);
        pace_free(pace);
    }
    assert_int_equal(atomic_load(&fake_connects), 0); /* a rate needs none */
}

static void the_sides_do_not_share_a_rate(void **state)
{
    (void)state;
    atomic_bool stop = false, never = true;
    struct pace *pace = start((struct verify_options){.max_rate = "1rows/s"});
    pace_pay(pace, SOURCE, 3600, 0, &never); /* an hour's worth, not waited for */
    double begun = now();
    pace_pay(pace, TARGET, 0, 5, &stop);
    assert_true(now() - begun < 60);
    pace_free(pace);
}

static void stopping_wakes_whoever_sleeps_for_the_rate_or_for_the_load(void **state)
{
    (void)state;
    atomic_store(&fake_running, 12);
    static const struct verify_options cases[] = {{.max_rate = "1rows/s"}, {.max_load = 8}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        atomic_bool stop = false;
        struct pace *pace = start(cases[i]);
        struct payer payer = {pace, SOURCE, 1000000, 1, 1, &stop};
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, pay, &payer), 0);
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
        atomic_store(&stop, true);
        pthread_join(thread, NULL); /* else it would sleep for days */
        pace_free(pace);
    }
}

static void a_side_is_held_while_its_load_is_high_and_the_notes_say_so(void **state)
{
    (void)state;
    atomic_store(&fake_running, 12);
    atomic_bool stop = false;
    struct text_list notes = {0};
    struct buffer why = BUFFER_INIT(1000);
    struct pace *pace = start((struct verify_options){.max_load = 8});
    assert_true(pace_held(pace, TARGET, &why));
    assert_string_equal((char *)why.data, "12 threads running, limit 8");
    double begun = now();
    atomic_store(&fake_running, 8);
    pace_pay(pace, SOURCE, 0, 0, &stop);
    assert_true(now() - begun > 1.5); /* three answers, of which the first comes within a second */
    assert_false(pace_held(pace, SOURCE, &why));
    pace_note(pace, &notes);
    assert_true(notes.count >= 1);
    assert_memory_equal(notes.items[0], "source: paused for ", 19);
    assert_non_null(strstr(notes.items[0], " s in all: server load above 8"));
    text_list_free(&notes);
    buffer_free(&why);
    pace_free(pace);
}

/* A query of ours that ended between the server's two answers looks like somebody's. */
static void a_load_that_another_look_does_not_find_is_no_reason_to_pause(void **state)
{
    (void)state;
    static const struct {
        unsigned blips;
        bool held;
    } cases[] = {{1, false}, {4, false}, {5, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer why = BUFFER_INIT(1000);
        atomic_store(&fake_running, 8);
        atomic_store(&fake_blips, cases[i].blips);
        struct pace *pace = start((struct verify_options){.max_load = 8});
        assert_int_equal(pace_held(pace, SOURCE, &why), cases[i].held);
        assert_int_equal(atomic_load(&fake_blips), 0);
        assert_false(pace_held(pace, TARGET, &why));
        buffer_free(&why);
        pace_free(pace);
    }
}

static void a_side_that_lags_is_read_at_a_trickle(void **state)
{
    (void)state;
    static const struct {
        enum replica_state replica;
        const char *why;
    } cases[] = {{REPLICA_FOLLOWS, "replica 35 s behind, limit 10 s"},
                 {REPLICA_STOPPED, "replica lag unknown (is replication running?), limit 10 s"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        atomic_bool stop = false;
        struct buffer why = BUFFER_INIT(1000);
        atomic_store(&fake_replica, (int)cases[i].replica);
        atomic_store(&fake_behind, 35);
        struct pace *pace = start((struct verify_options){.max_lag = 10});
        assert_true(pace_held(pace, SOURCE, &why));
        assert_string_equal((char *)why.data, cases[i].why);
        double begun = now();
        pace_pay(pace, SOURCE, 1, 1, &stop);
        assert_true(now() - begun >= 0.9);
        assert_true(pace_held(pace, SOURCE, &why));
        buffer_free(&why);
        pace_free(pace);
    }
}

static void a_watcher_that_lost_its_connection_gets_another(void **state)
{
    (void)state;
    struct text_list notes = {0};
    struct pace *pace = start((struct verify_options){.max_load = 8});
    assert_int_equal(atomic_load(&fake_connects), 2);
    atomic_store(&fake_failure, ERR_LOST);
    for (double begun = now(); atomic_load(&fake_connects) < 3 && now() - begun < 60;)
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    assert_true(atomic_load(&fake_connects) >= 3);
    atomic_store(&fake_failure, ERR_NONE);
    pace_note(pace, &notes);
    assert_true(notes.count >= 1);
    assert_non_null(strstr(notes.items[0], "could not be asked: no answer"));
    text_list_free(&notes);
    pace_free(pace);
}

static void own_sessions_are_listed_by_server(void **state)
{
    (void)state;
    struct buffer list = BUFFER_INIT(1000);
    own_sessions_add("one", "12");
    own_sessions_add("one", "14");
    own_sessions_add("other", "12");
    own_sessions_list("one", &list);
    buffer_add_text(&list, " | ");
    own_sessions_remove("one", "14");
    own_sessions_remove("one", "15");
    own_sessions_list("one", &list);
    own_sessions_remove("one", "12");
    buffer_add_text(&list, " | ");
    own_sessions_list("one", &list);
    buffer_add_text(&list, " | ");
    own_sessions_list("other", &list);
    own_sessions_remove("other", "12");
    assert_string_equal((char *)list.data, "14, 12 | 12 | 0 | 12");
    buffer_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rate_without_a_known_unit_is_refused),
        cmocka_unit_test(a_rate_is_rows_or_bytes_a_second),
        cmocka_unit_test(a_pause_begins_at_once_and_ends_with_three_good_answers),
        cmocka_unit_test_setup_teardown(what_cannot_be_watched_is_refused_at_the_start, begin, end),
        cmocka_unit_test_setup_teardown(without_options_there_is_no_pace_and_no_connection, begin,
                                        end),
        cmocka_unit_test_setup_teardown(workers_of_a_side_share_its_rate, begin, end),
        cmocka_unit_test_setup_teardown(the_sides_do_not_share_a_rate, begin, end),
        cmocka_unit_test_setup_teardown(stopping_wakes_whoever_sleeps_for_the_rate_or_for_the_load,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_side_is_held_while_its_load_is_high_and_the_notes_say_so,
                                        begin, end),
        cmocka_unit_test_setup_teardown(
            a_load_that_another_look_does_not_find_is_no_reason_to_pause, begin, end),
        cmocka_unit_test_setup_teardown(a_side_that_lags_is_read_at_a_trickle, begin, end),
        cmocka_unit_test_setup_teardown(a_watcher_that_lost_its_connection_gets_another, begin,
                                        end),
        cmocka_unit_test(own_sessions_are_listed_by_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
