/*
 * What a replay remembers on disk: a write is finished or listed, never sent twice; settings that
 * have changed are refused by name; no secret is in the file; and a run that was killed at any
 * moment goes on from what it had been told was saved.
 */
#include "../../replay/book.h"
#include "../../replay/book_lanes.h"
#include "../../replay/book_marks.h"
#include "../../replay/outcome.h"
#include "../../replay/replaced.h"

#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static char folder[256], path[300], lanes_path[320], log_path[300], file_path[300];

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static int remove_one(const char *name, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(name);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "%s/tally-book-XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/l", folder);
    snprintf(lanes_path, sizeof lanes_path, "%s.lanes", path);
    snprintf(log_path, sizeof log_path, "%s/access.log", folder);
    snprintf(file_path, sizeof file_path, "%s/file", folder);
    write_file(log_path, "one\ntwo\n");
    write_file(file_path, "a\n");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static bool is_there(const char *name)
{
    return access(name, F_OK) == 0;
}

static const char *logs[1];

static struct replay_options options_of(bool resume)
{
    logs[0] = log_path;
    return (struct replay_options){.logs = logs,
                                   .log_count = 1,
                                   .url = {"http://anna:secret-url@127.0.0.1:1", "http://[::1]:2"},
                                   .ledger_path = path,
                                   .answers_limit = 1,
                                   .resume = resume};
}

static struct book *open_book(bool resume)
{
    struct replay_options options = options_of(resume);
    struct err err = {0};
    struct book *book;
    if (!book_open(&options, &book, &err))
        fail_msg("%s", err.text);
    return book;
}

static void save(struct book *book, const char *outcome)
{
    struct buffer bytes = BUFFER_INIT(1 << 20);
    struct err err = {0};
    buffer_add_text(&bytes, outcome);
    assert_true(book_save(book, &bytes, &err));
    buffer_free(&bytes);
}

static void intend(struct book *book, uint64_t number)
{
    struct err err = {0};
    assert_true(book_intend(book, &number, 1, &err));
}

static void put_lane(struct book *book, uint64_t session, const char *text)
{
    struct err err = {0};
    assert_true(book_put_lane(book, session, text, strlen(text), &err));
}

static void assert_outcome(struct book *book, const char *expected)
{
    struct buffer bytes = BUFFER_INIT(1 << 20);
    struct err err = {0};
    bool found;
    assert_true(book_outcome(book, &bytes, &found, &err));
    assert_int_equal(found, expected != NULL);
    if (expected)
        assert_string_equal((const char *)bytes.data, expected);
    buffer_free(&bytes);
}

static void assert_lane(struct book *book, uint64_t session, const char *expected)
{
    struct buffer bytes = BUFFER_INIT(1 << 20);
    struct err err = {0};
    bool found;
    assert_true(book_lane(book, session, &bytes, &found, &err));
    assert_int_equal(found, expected != NULL);
    if (expected)
        assert_string_equal((const char *)bytes.data, expected);
    buffer_free(&bytes);
}

static void an_interrupted_run_goes_on_from_its_last_save(void **state)
{
    (void)state;
    struct book *book = open_book(false);
    assert_int_equal(book_state(book, 1), BOOK_NEW);
    assert_outcome(book, NULL);
    intend(book, 2);
    book_finish(book, 1);
    book_finish(book, 2);
    put_lane(book, 7, "jar-1");
    put_lane(book, 8, "jar-2");
    save(book, "after 2");
    intend(book, 3); /* sent, perhaps */
    book_finish(book, 4);
    put_lane(book, 7, "not saved");
    assert_int_equal(book_state(book, 2), BOOK_NEW); /* of earlier runs it tells */
    book_close(book);
    for (int round = 0; round < 2; round++) {
        book = open_book(true);
        assert_int_equal(book_state(book, 1), BOOK_FINISHED);
        assert_int_equal(book_state(book, 2), BOOK_FINISHED);
        assert_int_equal(book_state(book, 3), BOOK_UNCERTAIN);
        assert_int_equal(book_state(book, 4), BOOK_NEW);
        assert_int_equal(book_state(book, 0), BOOK_NEW);
        assert_int_equal(book_state(book, UINT64_C(1) << 40), BOOK_NEW);
        assert_outcome(book, "after 2");
        assert_true(book_has_lanes(book));
        assert_lane(book, 7, "jar-1");
        assert_lane(book, 8, "jar-2");
        assert_lane(book, 9, NULL);
        book_close(book);
    }
    book = open_book(true);
    book_finish(book, 3); /* listed */
    struct err err = {0};
    assert_true(book_put_lane(book, 8, NULL, 0, &err)); /* over */
    save(book, "after 3");
    book_close(book);
    book = open_book(true);
    assert_int_equal(book_state(book, 3), BOOK_FINISHED);
    assert_lane(book, 8, NULL);
    book_close(book);
}

static void what_was_intended_and_never_sent_can_be_taken_back(void **state)
{
    (void)state;
    struct book *book = open_book(false);
    uint64_t numbers[4097]; /* a whole block, and one more */
    for (uint64_t i = 0; i < 4097; i++)
        numbers[i] = i + 1;
    struct err err = {0};
    assert_true(book_intend(book, numbers, 4097, &err));
    book_withdraw(book, 17);
    book_withdraw(book, 4097);
    book_withdraw(book, 5000); /* nobody said so */
    save(book, "none");
    book_close(book);
    book = open_book(true);
    assert_int_equal(book_state(book, 16), BOOK_UNCERTAIN);
    assert_int_equal(book_state(book, 17), BOOK_NEW);
    assert_int_equal(book_state(book, 4096), BOOK_UNCERTAIN);
    assert_int_equal(book_state(book, 4097), BOOK_NEW);
    assert_int_equal(book_state(book, 5000), BOOK_NEW);
    book_close(book);
}

static bool add_piece(void *context, const unsigned char *bytes, size_t length, struct err *err)
{
    (void)err;
    buffer_add(context, bytes, length);
    return true;
}

static void what_sessions_know_in_common_comes_back_in_order(void **state)
{
    (void)state;
    struct err err = {0};
    struct book *book = open_book(false);
    assert_true(book_put_shared(book, "a", 1, false, &err));
    assert_true(book_put_shared(book, "b", 1, false, &err));
    save(book, "");
    book_close(book);
    static const struct {
        const char *expected, *put;
        bool whole;
    } rounds[] = {{"ab", "c", false}, {"abc", "D", true}, {"D", "e", false}, {"De", "", false}};
    for (size_t i = 0; i < COUNT(rounds); i++) {
        struct buffer got = BUFFER_INIT(100);
        book = open_book(true);
        assert_true(book_each_shared(book, add_piece, &got, &err));
        assert_string_equal((const char *)got.data, rounds[i].expected);
        if (*rounds[i].put)
            assert_true(book_put_shared(book, rounds[i].put, 1, rounds[i].whole, &err));
        save(book, "");
        book_close(book);
        buffer_free(&got);
    }
}

/* ---- settings ---- */

static const char *other_logs[] = {"/dev/null/none", NULL};

static void change_log(struct replay_options *options)
{
    (void)options;
    write_file(log_path, "one\ntwo\nthree\n");
}
static void change_log_end(struct replay_options *options)
{
    (void)options;
    write_file(log_path, "one\ntwO\n");
}
static void add_log(struct replay_options *options)
{
    other_logs[0] = other_logs[1] = log_path;
    options->logs = other_logs;
    options->log_count = 2;
}
static void change_session(struct replay_options *options)
{
    options->session = "$cookie_other";
}
static void change_tenant(struct replay_options *options)
{
    options->tenant = "";
}
static void change_url(struct replay_options *options)
{
    options->url[TARGET] = "http://[::1]:3";
}
static void drop_url(struct replay_options *options)
{
    options->url[TARGET] = NULL;
}
static void change_password(struct replay_options *options)
{
    options->url[SOURCE] = "http://anna:other@127.0.0.1:1";
}
static void change_header(struct replay_options *options)
{
    static char *items[] = {(char *)"Authorization: Bearer secret-header-2"};
    options->headers[SOURCE] = (struct text_list){.count = 1, .items = items};
}
static void change_order(struct replay_options *options)
{
    options->order = REPLAY_ORDER_SESSION;
}
static void change_rules(struct replay_options *options)
{
    (void)options;
    write_file(file_path, "b\n");
}
static void change_database(struct replay_options *options)
{
    options->verify[TARGET] = "postgresql://u:other@h/d";
}
static void keep_secrets(struct replay_options *options)
{
    options->keep_secrets = true;
}
static void read_only(struct replay_options *options)
{
    options->read_only = true;
}
static void deny(struct replay_options *options)
{
    static char *items[] = {(char *)"POST /pay"};
    options->deny = (struct text_list){.count = 1, .items = items};
}
static void route_query(struct replay_options *options)
{
    static char *items[] = {(char *)"do"};
    options->route_query = (struct text_list){.count = 1, .items = items};
}
static void change_slower(struct replay_options *options)
{
    options->slower = 1.5;
}
static void change_nothing_that_matters(struct replay_options *options)
{
    options->speed = "10x";
    options->jobs = 7;
    options->timeout = 1;
    options->answers_limit = 3;
    options->format = "json";
}

static struct replay_options full_options(bool resume)
{
    static char *items[] = {(char *)"Authorization: Bearer secret-header-1"};
    struct replay_options options = options_of(resume);
    options.session = "$cookie_PHPSESSID";
    options.rules_path = file_path;
    options.slower = 2;
    options.headers[SOURCE] = (struct text_list){.count = 1, .items = items};
    options.verify[SOURCE] = "mysql://u:secret-database@h/d";
    options.verify[TARGET] = "postgresql://u:secret-database@h/d";
    return options;
}

static void what_a_run_was_told_may_not_change_and_the_refusal_names_it(void **state)
{
    (void)state;
    static const struct {
        void (*change)(struct replay_options *options);
        const char *says; /* NULL: it goes on */
    } cases[] = {
        {change_nothing_that_matters, NULL},       {change_log, "the logs changed"},
        {change_log_end, "the logs changed"},      {add_log, "the logs changed"},
        {change_session, "--session changed"},     {change_tenant, "--tenant changed"},
        {change_url, "--target-url changed"},      {drop_url, "--target-url changed"},
        {change_password, "--source-url changed"}, {change_header, "--source-header changed"},
        {change_order, "--order changed"},         {change_rules, "the file of --rules changed"},
        {change_database, "--verify changed"},     {keep_secrets, "--keep-secrets changed"},
        {read_only, "--read-only changed"},        {deny, "--deny changed"},
        {route_query, "--route-query changed"},    {change_slower, "--slower changed"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct replay_options options = full_options(false);
        struct err err = {0};
        struct book *book;
        write_file(log_path, "one\ntwo\n");
        write_file(file_path, "a\n");
        assert_true(book_open(&options, &book, &err));
        intend(book, 1);
        book_close(book);
        options = full_options(true);
        cases[i].change(&options);
        bool good = book_open(&options, &book, &err);
        print_message("  %s\n", good ? "goes on" : err.text);
        assert_int_equal(good, cases[i].says == NULL);
        if (!good) {
            assert_int_equal(err.code, ERR_USAGE);
            assert_non_null(strstr(err.text, cases[i].says));
            assert_non_null(strstr(err.text, path));
            assert_null(strstr(err.text, "secret-"));
            assert_null(book);
            /* and it can still be resumed as it was */
            write_file(log_path, "one\ntwo\n");
            write_file(file_path, "a\n");
            options = full_options(true);
            assert_true(book_open(&options, &book, &err));
        }
        assert_int_equal(book_state(book, 1), BOOK_UNCERTAIN);
        book_close(book);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(unlink(lanes_path), 0);
    }
}

static void refuse(struct replay_options options, const char *says)
{
    struct err err = {0};
    struct book *book;
    assert_false(book_open(&options, &book, &err));
    print_message("  %s\n", err.text);
    assert_null(book);
    assert_int_equal(err.code, ERR_USAGE);
    assert_non_null(strstr(err.text, says));
}

static void what_cannot_be_resumed_is_refused(void **state)
{
    (void)state;
    struct replay_options options = options_of(true);
    struct err err = {0};
    refuse(options, "No such file");
    struct book *book = open_book(false);
    refuse(options_of(false), "exists already");
    refuse(options_of(true), "in use");
    book_close(book);
    options.logs = (const char *const[]){"-"};
    refuse(options, "standard input");
    options.log_count = 0;
    refuse(options, "standard input");
    /* of a run that is over nothing is left to do */
    book = open_book(true);
    struct replay_result result = {.seconds = 1};
    save(book, "all");
    char *kept = mem_format("%s-kept", lanes_path);
    assert_int_equal(link(lanes_path, kept), 0);
    assert_true(book_end(book, &result, &err));
    book_close(book);
    assert_false(is_there(lanes_path));
    refuse(options_of(true), "its run is over");
    assert_false(is_there(lanes_path));
    assert_int_equal(rename(kept, lanes_path), 0); /* killed just before they were removed */
    refuse(options_of(true), "its run is over");
    assert_false(is_there(lanes_path));
    free(kept);
    /* cookies of another run */
    assert_int_equal(unlink(path), 0);
    book_close(open_book(false));
    char *other = mem_format("%s-other", lanes_path);
    assert_int_equal(rename(lanes_path, other), 0);
    assert_int_equal(unlink(path), 0);
    book_close(open_book(false));
    assert_int_equal(rename(other, lanes_path), 0);
    refuse(options_of(true), "another run");
    free(other);
    write_file(lanes_path, "no ledger");
    refuse(options_of(true), lanes_path);
    assert_int_equal(unlink(lanes_path), 0);
    book = open_book(true);
    assert_false(book_has_lanes(book));
    book_close(book);
}

static void an_interrupted_end_can_be_resumed_and_ends_again(void **state)
{
    (void)state;
    struct err err = {0};
    struct book *book = open_book(false);
    struct replay_database databases[2] = {{.tenant = "a"}, {.tenant = "b"}};
    struct replay_result result = {
        .interrupted = true, .database_count = 2, .databases = databases};
    book_finish(book, 1);
    put_lane(book, 1, "jar");
    save(book, "one");
    assert_true(book_end(book, &result, &err));
    book_close(book);
    assert_true(is_there(lanes_path));
    book = open_book(true);
    assert_int_equal(book_state(book, 1), BOOK_FINISHED);
    assert_lane(book, 1, "jar");
    result = (struct replay_result){.seconds = 2};
    save(book, "two");
    assert_true(book_end(book, &result, &err));
    book_close(book);
    assert_false(is_there(lanes_path));
}

/* ---- killed ---- */

static void copy_file(const char *from, const char *to)
{
    char block[65536];
    FILE *in = fopen(from, "rb"), *out;
    if (!in)
        return; /* there is none yet */
    assert_non_null(out = fopen(to, "wb"));
    for (size_t got; (got = fread(block, 1, sizeof block, in)) > 0;)
        assert_int_equal(fwrite(block, 1, got, out), got);
    assert_int_equal(fclose(out), 0);
    fclose(in);
}

/* What a kill -9 right now would leave. */
static void copy_run(const char *to)
{
    static const char *const files[] = {"", "-wal", ".lanes", ".lanes-wal"};
    for (size_t i = 0; i < COUNT(files); i++) {
        char *source = mem_format("%s%s", path, files[i]);
        char *copy = mem_format("%s%s", to, files[i]);
        copy_file(source, copy);
        free(source);
        free(copy);
    }
}

#define STEPS 60

/* The run's own word for what is on disk. */
struct told {
    uint64_t intended, finished; /* numbers up to these */
};

static void check_killed(const char *copy, struct told told)
{
    struct replay_options options = options_of(true);
    struct buffer outcome = BUFFER_INIT(1 << 20), lane = BUFFER_INIT(1 << 20);
    struct err err = {0};
    struct book *book;
    bool found;
    options.ledger_path = copy;
    if (!book_open(&options, &book, &err))
        fail_msg("%s", err.text);
    assert_true(book_outcome(book, &outcome, &found, &err));
    uint64_t in_outcome = found ? strtoull((char *)outcome.data, NULL, 10) : 0;
    assert_true(in_outcome >= told.finished);
    for (uint64_t n = 1; n <= STEPS * 3 + 1; n++) {
        enum book_state now = book_state(book, n);
        /* finished and outcome are one: nothing is counted twice or lost */
        assert_int_equal(now == BOOK_FINISHED, n <= in_outcome);
        if (n <= told.intended)
            assert_int_not_equal(now, BOOK_NEW);
    }
    assert_true(book_lane(book, 1, &lane, &found, &err));
    uint64_t in_lane = found ? strtoull((char *)lane.data, NULL, 10) : 0;
    assert_true(in_lane >= in_outcome);
    book_close(book);
    buffer_free(&outcome);
    buffer_free(&lane);
}

static void whenever_it_is_killed_no_write_is_forgotten_and_nothing_counted_twice(void **state)
{
    (void)state;
    struct book *book = open_book(false);
    struct told told = {0, 0};
    char *copy = mem_format("%s/copy", folder);
    for (uint64_t step = 0; step < STEPS; step++) {
        uint64_t from = step * 3 + 1;
        char text[32];
        struct err err = {0};
        const uint64_t writes[] = {from, from + 1, from + 2};
        assert_true(book_intend(book, writes, 3, &err));
        told.intended = from + 2;
        copy_run(copy);
        check_killed(copy, told);
        for (uint64_t n = from; n < from + 3; n++)
            book_finish(book, n);
        snprintf(text, sizeof text, "%llu", (unsigned long long)from + 2);
        put_lane(book, 1, text);
        if (step % 3 == 0) {
            save(book, text);
            told.finished = from + 2;
        }
        copy_run(copy);
        check_killed(copy, told);
    }
    book_close(book);
    free(copy);
}

static void run_for_ever(int told)
{
    struct book *book = open_book(is_there(path));
    struct buffer bytes = BUFFER_INIT(100);
    struct err err = {0};
    bool found;
    uint64_t n = 0;
    if (book_outcome(book, &bytes, &found, &err) && found)
        n = strtoull((char *)bytes.data, NULL, 10);
    for (;;) {
        char text[32];
        uint64_t pair[2] = {n + 1, n + 2};
        if (!book_intend(book, pair, 2, &err) || write(told, &pair[1], 8) != 8)
            _exit(1);
        book_finish(book, ++n);
        book_finish(book, ++n);
        snprintf(text, sizeof text, "%llu", (unsigned long long)n);
        buffer_clear(&bytes);
        buffer_add_text(&bytes, text);
        if (!book_put_lane(book, 1, text, strlen(text), &err) || !book_save(book, &bytes, &err))
            _exit(1);
    }
}

static void killed_at_twenty_moments_it_knows_what_it_was_told(void **state)
{
    (void)state;
    uint64_t last = 0;
    book_close(open_book(false));
    for (int round = 0; round < 20; round++) {
        int told[2], status;
        uint64_t number, intended = last;
        assert_int_equal(pipe(told), 0);
        fflush(NULL);
        pid_t child = fork();
        if (child == 0)
            run_for_ever(told[1]);
        close(told[1]);
        /* Every second one has saved something: a pair is told when the last is saved. */
        for (int i = 0; i <= round % 2; i++)
            assert_int_equal(read(told[0], &number, 8), 8);
        intended = number;
        usleep((useconds_t)(rand() % 40000));
        kill(child, SIGKILL);
        while (read(told[0], &number, 8) == 8)
            intended = number;
        close(told[0]);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        struct book *book = open_book(true);
        struct buffer outcome = BUFFER_INIT(100);
        struct err err = {0};
        bool found;
        assert_true(book_outcome(book, &outcome, &found, &err));
        last = found ? strtoull((char *)outcome.data, NULL, 10) : 0;
        for (uint64_t n = 1; n <= intended + 10; n++) {
            enum book_state now = book_state(book, n);
            assert_int_equal(now == BOOK_FINISHED, n <= last);
            if (n <= intended)
                assert_int_not_equal(now, BOOK_NEW);
        }
        assert_true(last + 2 >= intended);
        buffer_free(&outcome);
        book_close(book);
    }
    assert_true(last > 10);
}

/* ---- a full disk ---- */

static const char *fill_disk(void)
{
    struct err err = {0};
    struct book *book = open_book(false);
    struct buffer outcome = BUFFER_INIT(1 << 20);
    uint64_t number = 1, saved = 0;
    bool kept, good = true;
    char *block = mem_zero(1, 20000);
    for (; good && number < 1000; number++) {
        good = book_intend(book, &number, 1, &err) &&
               book_pair(book, number, block, 20000, &kept, &err);
        book_finish(book, number);
        buffer_clear(&outcome);
        buffer_printf(&outcome, "%llu", (unsigned long long)number);
        good = good && book_save(book, &outcome, &err);
        saved = good ? number : saved;
    }
    if (good || err.code != ERR_INTERNAL || !strstr(err.text, "full"))
        return "the disk never was full";
    number = 5000;
    if (book_intend(book, &number, 1, &err)) /* it takes nothing more */
        return "an intent was taken by a full disk";
    book_close(book);
    if (!is_there(lanes_path))
        return "the lanes are gone";
    struct replay_options options = options_of(true);
    if (!book_open(&options, &book, &err))
        return "it cannot be resumed";
    buffer_clear(&outcome);
    if (!book_outcome(book, &outcome, &kept, &err) || !kept ||
        strtoull((char *)outcome.data, NULL, 10) != saved)
        return "it is not the last save";
    if (book_state(book, saved) != BOOK_FINISHED || book_state(book, 5000) != BOOK_NEW)
        return "what it says of requests is wrong";
    book_close(book);
    return NULL;
}

static void a_full_disk_is_an_error_and_leaves_the_last_save(void **state)
{
    (void)state;
    int status;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount("tally", folder, "tmpfs", 0, "size=512k") != 0)
            _exit(77);
        write_file(log_path, "one\ntwo\n");
        const char *wrong = fill_disk();
        if (wrong)
            fprintf(stderr, "%s\n", wrong);
        _exit(wrong ? 1 : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- secrets ---- */

static bool holds(const char *name, const char *text)
{
    struct stat status;
    int file = open(name, O_RDONLY);
    if (file < 0)
        return false;
    assert_int_equal(fstat(file, &status), 0);
    char *bytes = mem_alloc((size_t)status.st_size + 1);
    assert_int_equal(read(file, bytes, (size_t)status.st_size), status.st_size);
    bool found = memmem(bytes, (size_t)status.st_size, text, strlen(text)) != NULL;
    free(bytes);
    close(file);
    return found;
}

static struct exchange *secret_exchange(void)
{
    static struct replacement items[] = {
        {.where = "field _token",
         .logged = "secret-logged",
         .value = {"secret-source", "secret-target"},
         .secret = true,
         .kind = "",
         .from = 3,
         .given = GIVEN_FIELD,
         .given_name = "_token"},
        {.where = "field _token",
         .logged = "other-secret",
         .value = {"secret-source", "secret-target"},
         .secret = true},
        {.where = "path 2",
         .logged = "8812",
         .value = {"9001", "9044"},
         .is_id = true,
         .kind = "booking"},
        {.where = "query password", .logged = "secret-word", .value = {"secret-word", "x"}},
        {.where = "path 3",
         .logged = "3f2b8c1d9e4a5b6c7d8e9f0a1b2c3d4e",
         .value = {"aa2b8c1d9e4a5b6c7d8e9f0a1b2c3d4e", "bb2b8c1d9e4a5b6c7d8e9f0a1b2c3d4e"},
         .is_id = true},
        {.where = "answer", .logged = "8812", .value = {"9001", "9044"}, .is_id = true},
        {.where = "header Location", .logged = "", .value = {"1", "2"}, .is_id = true}};
    struct exchange *exchange = exchange_new();
    exchange->number = 7;
    exchange->logged.line = 17;
    exchange->logged.file = "a.log";
    exchange->logged.route = "POST /x/{id}";
    exchange->replacements = items;
    exchange->replacement_count = COUNT(items);
    static const char cookie[] = "PHPSESSID=secret-cookie; Path=/";
    for (int side = 0; side < SIDES; side++)
        fields_add(&exchange->in[side].headers, &exchange->arena, "Set-Cookie", cookie,
                   strlen(cookie));
    return exchange;
}

static void no_secret_is_in_the_ledger_and_the_other_file_is_its_owners_alone(void **state)
{
    (void)state;
    static const char *const secrets[] = {"secret-", "other-secret", "2b8c1d9e4a5b6c7d8e9f"};
    char *wal = mem_format("%s-wal", path), *lanes_wal = mem_format("%s-wal", lanes_path);
    for (int keep = 0; keep < 2; keep++) {
        struct replay_options options = full_options(false);
        struct exchange *exchange = secret_exchange();
        struct err err = {0};
        struct book *book;
        struct stat status;
        options.keep_secrets = keep;
        assert_true(book_open(&options, &book, &err));
        book_replaced(book, exchange);
        book_finish(book, 7);
        put_lane(book, 1, "secret-jar");
        save(book, "");
        for (size_t i = 0; i < COUNT(secrets); i++)
            assert_int_equal(holds(path, secrets[i]) || holds(wal, secrets[i]), keep);
        assert_true(holds(lanes_path, "secret-jar") || holds(lanes_wal, "secret-jar"));
        assert_false(holds(lanes_path, "secret-database") || holds(lanes_wal, "secret-database"));
        assert_int_equal(stat(lanes_path, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
        struct replay_result result = {.seconds = 1};
        assert_true(book_end(book, &result, &err));
        book_close(book);
        assert_false(is_there(lanes_path));
        assert_false(is_there(lanes_wal));
        for (size_t i = 0; i < COUNT(secrets); i++)
            assert_int_equal(holds(path, secrets[i]), keep);
        assert_false(holds(path, "secret-url"));
        assert_false(holds(path, "secret-database"));
        assert_false(holds(path, "secret-header"));
        exchange_free(exchange);
        assert_int_equal(unlink(path), 0);
    }
    free(wal);
    free(lanes_wal);
}

static void replacements_can_be_listed(void **state)
{
    (void)state;
    struct exchange *exchange = secret_exchange();
    struct err err = {0};
    char text[4096] = "";
    struct book *book = open_book(false);
    book_replaced(book, exchange);
    book_finish(book, 7);
    save(book, "");
    book_close(book);
    int file = open(file_path, O_RDWR | O_TRUNC);
    assert_true(replaced_list(path, file, &err));
    ssize_t length = pread(file, text, sizeof text - 1, 0);
    close(file);
    assert_true(length > 0);
    print_message("%s", text);
    assert_non_null(strstr(text, "{\"line\": 17, \"file\": \"a.log\", \"request\": 7, \"route\": "
                                 "\"POST /x/{id}\", \"where\": \"path 2\", \"kind\": "
                                 "\"booking\", \"logged\": \"8812\", \"source\": \"9001\", "
                                 "\"target\": \"9044\"}\n"));
    assert_null(strstr(text, "secret-"));
    /* the same value has the same mark */
    const char *first = strstr(text, "\"source\": \"masked #"), *second;
    assert_non_null(first);
    assert_non_null(second = strstr(first + 1, "\"source\": \"masked #"));
    assert_memory_equal(first, second, strlen("\"source\": \"masked #12345678"));
    assert_false(replaced_list(log_path, 1, &err));
    assert_int_equal(err.code, ERR_USAGE);
    exchange_free(exchange);
}

static bool count_request(void *context, const struct replaced_request *request, struct err *err)
{
    (void)err;
    *(size_t *)context += request->count;
    assert_int_equal(request->cookie_count, 1);
    assert_string_equal(request->cookies[0], "PHPSESSID");
    return true;
}

static void damaged_lists_are_refused(void **state)
{
    (void)state;
    struct exchange *exchange = secret_exchange();
    struct buffer bytes = BUFFER_INIT(1 << 16);
    struct err err = {0};
    size_t count = 0;
    replaced_add(&bytes, exchange, NULL);
    assert_true(replaced_each(bytes.data, bytes.length, count_request, &count, &err));
    assert_int_equal(count, 5);
    for (size_t length = bytes.length; --length > 0;)
        assert_false(replaced_each(bytes.data, length, count_request, &count, &err));
    assert_true(replaced_each(bytes.data, 0, count_request, &count, &err));
    buffer_free(&bytes);
    exchange_free(exchange);
}

/* ---- bounds ---- */

static void answers_are_kept_up_to_their_limit(void **state)
{
    (void)state;
    struct err err = {0};
    struct book *book = open_book(false);
    char *block = mem_zero(1, 400000);
    bool kept[3];
    for (uint64_t i = 0; i < 3; i++)
        assert_true(book_pair(book, i + 1, block, 400000, &kept[i], &err));
    assert_true(kept[0] && kept[1] && !kept[2]);
    save(book, "");
    book_close(book);
    book = open_book(true);
    assert_true(book_pair(book, 4, block, 400000, &kept[0], &err));
    assert_false(kept[0]);
    book_close(book);
    free(block);
}

static bool load_block(void *context, size_t block, const void *bytes, size_t length,
                       struct err *err)
{
    (void)err;
    return marks_load(context, block, bytes, length);
}

static void marks_are_numbers_and_full_blocks_take_a_byte(void **state)
{
    (void)state;
    struct marks marks = {0}, copy = {0};
    struct err err = {0};
    uint64_t most = 5 * MARKS_OF_BLOCK;
    bool *expected = mem_zero(most + 2, sizeof *expected);
    for (int i = 0; i < 4000; i++) {
        uint64_t n = (uint64_t)rand() % most + 1;
        expected[n] = true;
        (void)marks_set(&marks, n);
    }
    for (uint64_t n = MARKS_OF_BLOCK + 1; n <= 2 * MARKS_OF_BLOCK; n++) {
        expected[n] = true;
        (void)marks_set(&marks, n);
    }
    assert_false(marks_set(&marks, 1) || marks_set(&marks, 0));
    expected[1] = true;
    assert_true(marks_set(&marks, 2 * MARKS_OF_BLOCK));
    assert_null(marks.blocks[1].words);
    assert_true(marks_save(&marks, load_block, &copy, &err));
    for (uint64_t n = 0; n <= most + 1; n++) {
        assert_int_equal(marks_has(&marks, n), expected[n]);
        assert_int_equal(marks_has(&copy, n), expected[n]);
    }
    assert_false(marks_load(&copy, 0, (const unsigned char *)"", 0));
    assert_false(marks_load(&copy, 9, (const unsigned char *)"\2", 1));
    assert_false(marks_load(&copy, UINT64_C(1) << 50, (const unsigned char *)"\1", 1));
    assert_false(marks_load(&copy, 1, (const unsigned char *)"\1", 1)); /* twice */
    marks_free(&marks);
    marks_free(&copy);
    free(expected);
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void saving_is_due_some_times_a_second(void **state)
{
    (void)state;
    struct book *book = open_book(false);
    double before;
    bool due;
    assert_true(book_is_due(book));
    do { /* where the machine stood still in between, it is due again */
        before = seconds_now();
        save(book, "");
        due = book_is_due(book);
    } while (due && seconds_now() - before >= 0.1);
    assert_false(due);
    book_close(book);
}

/* ---- reports ---- */

static void a_ledger_is_a_result_again(void **state)
{
    (void)state;
    struct err err = {0};
    const char *notes[] = {"a note", "ä"}, *texts[] = {"a cause"};
    struct replay_rule rules[] = {{.name = "r", .line = 3, .answers = 5, .applied = {1, 2}}};
    struct replay_table tables[] = {{.name = {"a", NULL},
                                     .verdict = REPLAY_DIFFERENT,
                                     .rows = {1, 2},
                                     .changed = 3,
                                     .before = true,
                                     .text_count = 1,
                                     .texts = texts}};
    struct replay_database databases[] = {{.tenant = "", .problem = "p"},
                                          {.tenant = "t",
                                           .uri = {"u", "v"},
                                           .verdict = REPLAY_DIFFERENT,
                                           .table_count = 1,
                                           .tables = tables,
                                           .ids = 9,
                                           .json = "{}"}};
    struct replay_result result = {.verdict = REPLAY_DIFFERENT,
                                   .seconds = 1.5,
                                   .behind = 0.25,
                                   .log_lines = 12,
                                   .log_bytes = 13,
                                   .replacements = 14,
                                   .note_count = 2,
                                   .notes = notes,
                                   .rule_count = 1,
                                   .rules = rules,
                                   .database_count = 2,
                                   .databases = databases},
                         got;
    for (int ended = 0; ended < 2; ended++) {
        struct outcome *outcome = outcome_new(&(struct outcome_settings){0});
        struct buffer bytes = BUFFER_INIT(1 << 20);
        struct book *book = open_book(false);
        outcome_save(outcome, &bytes);
        assert_true(book_save(book, &bytes, &err));
        if (ended)
            assert_true(book_end(book, &result, &err));
        book_close(book);
        if (!book_result(path, &got, &err))
            fail_msg("%s", err.text);
        assert_string_equal(got.shown_url[SOURCE], "http://127.0.0.1:1");
        assert_string_equal(got.ledger_path, path);
        assert_int_equal(got.interrupted, !ended);
        assert_int_equal(got.verdict, ended ? REPLAY_DIFFERENT : REPLAY_INCONCLUSIVE);
        if (ended) {
            assert_int_equal(got.log_lines, 12);
            assert_int_equal(got.replacements, 14);
            assert_int_equal(got.note_count, 2);
            assert_string_equal(got.notes[1], "ä");
            assert_int_equal(got.rules[0].applied[TARGET], 2);
            assert_int_equal(got.database_count, 2);
            assert_string_equal(got.databases[0].problem, "p");
            assert_string_equal(got.databases[1].json, "{}");
            assert_int_equal(got.databases[1].ids, 9);
            assert_null(got.databases[1].tables[0].name[TARGET]);
            assert_string_equal(got.databases[1].tables[0].texts[0], "a cause");
        }
        replay_result_free(&got);
        outcome_free(outcome);
        buffer_free(&bytes);
        assert_int_equal(unlink(path), 0);
        (void)unlink(lanes_path);
    }
}

static void a_ledger_says_which_logs_it_was_made_of(void **state)
{
    (void)state;
    struct arena arena = ARENA_INIT;
    struct replay_options options = full_options(false), got;
    struct err err = {0};
    struct book *book;
    deny(&options);
    route_query(&options);
    assert_true(book_open(&options, &book, &err));
    book_close(book);
    assert_true(book_options(path, &arena, &got, &err));
    assert_int_equal(got.log_count, 1);
    assert_string_equal(got.logs[0], log_path);
    assert_string_equal(got.session, "$cookie_PHPSESSID");
    assert_null(got.tenant);
    assert_int_equal(got.deny.count, 1);
    assert_string_equal(got.deny.items[0], "POST /pay");
    assert_int_equal(got.route_query.count, 1);
    assert_string_equal(got.route_query.items[0], "do");
    assert_string_equal(got.url[SOURCE], "http://127.0.0.1:1");
    arena_free(&arena);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_interrupted_run_goes_on_from_its_last_save),
        TEST(what_was_intended_and_never_sent_can_be_taken_back),
        TEST(what_sessions_know_in_common_comes_back_in_order),
        TEST(what_a_run_was_told_may_not_change_and_the_refusal_names_it),
        TEST(what_cannot_be_resumed_is_refused),
        TEST(an_interrupted_end_can_be_resumed_and_ends_again),
        TEST(whenever_it_is_killed_no_write_is_forgotten_and_nothing_counted_twice),
        TEST(killed_at_twenty_moments_it_knows_what_it_was_told),
        TEST(a_full_disk_is_an_error_and_leaves_the_last_save),
        TEST(no_secret_is_in_the_ledger_and_the_other_file_is_its_owners_alone),
        TEST(replacements_can_be_listed),
        TEST(damaged_lists_are_refused),
        TEST(answers_are_kept_up_to_their_limit),
        TEST(marks_are_numbers_and_full_blocks_take_a_byte),
        TEST(saving_is_due_some_times_a_second),
        TEST(a_ledger_is_a_result_again),
        TEST(a_ledger_says_which_logs_it_was_made_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
