/*
 * How many requests does one core send, beside a bare loop of libcurl's? Used by tests/bench/send.
 *
 *     send ROUNDS REQUESTS TOGETHER SOURCE_URL TARGET_URL
 *     send run REQUESTS PROGRAM ARGUMENT...
 *
 * Each round asks for REQUESTS answers in the bare loop, and for as many by replay/http.c, each
 * half of them from either site, TOGETHER at once, and takes turns in which goes first. Both speak
 * HTTP/1.1 on kept connections, send the same fields, and are driven by epoll.
 * The bare loop sets a handle up once; for each request it sets the URL alone, and it drops what
 * comes back. http.c does what a replay needs: fields of the log, a jar per lane, answers with
 * their fields and bodies, times, and the guards of http.h.
 *
 * Prints for both requests per second of this process's CPU time (which others on the machine do
 * not change) and of the clock (medians), and the median of the rounds' ratios. 1: an answer is
 * missing or wrong.
 *
 * The second form runs a program that sends so many, and prints the same of it, and its memory.
 */
#include "../../replay/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>

enum { ANSWER = 2048 /* bytes of a body: tests/bench/send writes it */ };

struct job {
    const char *url[SIDES];
    size_t requests, together;
    size_t started, good;
};

static double seconds_of(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "send: %s\n", what);
    exit(1);
}

static void write_target(char *target, size_t size, size_t number)
{
    snprintf(target, size, "/rates/%zu?from=2026-11-01&tab=2", number % 5000);
}

/* What browsers send, as the log has it. */
static const char *const sent[][2] = {
    {"Accept", "text/html,application/xhtml+xml"},
    {"Accept-Language", "de-DE,de;q=0.9,en;q=0.8"},
    {"Referer", "https://www.hotel.example/rates"},
    {"X-Requested-With", "XMLHttpRequest"},
};
enum { SENT = sizeof sent / sizeof *sent };

/* --- the bare loop --- */

struct bare {
    CURLM *multi;
    int poll;
    double due; /* seconds of CLOCK_MONOTONIC */
    struct curl_slist *headers;
    struct job *job;
};

struct handle {
    CURL *easy;
    int side;
    size_t got;
};

static int bare_watch(CURL *easy, curl_socket_t socket, int what, void *context, void *known)
{
    (void)easy;
    struct bare *bare = context;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(bare->poll, EPOLL_CTL_DEL, socket, NULL);
        return 0;
    }
    struct epoll_event event = {.events = (what & CURL_POLL_IN ? EPOLLIN : 0U) |
                                          (what & CURL_POLL_OUT ? EPOLLOUT : 0U),
                                .data.fd = socket};
    if (known && epoll_ctl(bare->poll, EPOLL_CTL_MOD, socket, &event) == 0)
        return 0;
    if (epoll_ctl(bare->poll, EPOLL_CTL_ADD, socket, &event) != 0 && errno != EEXIST)
        return -1;
    curl_multi_assign(bare->multi, socket, bare);
    return 0;
}

static int bare_set_due(CURLM *multi, long milliseconds, void *context)
{
    (void)multi;
    struct bare *bare = context;
    bare->due =
        milliseconds < 0 ? 1e300 : seconds_of(CLOCK_MONOTONIC) + (double)milliseconds / 1000;
    return 0;
}

static size_t drop(char *data, size_t one, size_t length, void *context)
{
    (void)data;
    ((struct handle *)context)->got += one * length;
    return one * length;
}

static void bare_start(struct bare *bare, struct handle *handle)
{
    char target[64], url[256];
    write_target(target, sizeof target, bare->job->started++);
    snprintf(url, sizeof url, "%s%s", bare->job->url[handle->side], target);
    handle->got = 0;
    curl_easy_setopt(handle->easy, CURLOPT_URL, url);
    curl_multi_add_handle(bare->multi, handle->easy);
}

static void bare_prepare(struct bare *bare, struct handle *handle, int side)
{
    *handle = (struct handle){.easy = curl_easy_init(), .side = side};
    curl_easy_setopt(handle->easy, CURLOPT_HTTPHEADER, bare->headers);
    curl_easy_setopt(handle->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(handle->easy, CURLOPT_USERAGENT, "tally-replay/" TALLY_VERSION);
    curl_easy_setopt(handle->easy, CURLOPT_ACCEPT_ENCODING, "identity");
    curl_easy_setopt(handle->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle->easy, CURLOPT_WRITEFUNCTION, drop);
    curl_easy_setopt(handle->easy, CURLOPT_WRITEDATA, handle);
    curl_easy_setopt(handle->easy, CURLOPT_PRIVATE, handle);
}

static void bare_collect(struct bare *bare)
{
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(bare->multi, &left));) {
        CURLcode result = message->data.result;
        char *private;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        struct handle *handle = (struct handle *)(void *)private;
        bare->job->good += result == CURLE_OK && handle->got == ANSWER;
        curl_multi_remove_handle(bare->multi, handle->easy);
        if (bare->job->started < bare->job->requests)
            bare_start(bare, handle);
        else
            handle->side = -1;
    }
}

static void bare_step(struct bare *bare)
{
    struct epoll_event events[64];
    double left = bare->due - seconds_of(CLOCK_MONOTONIC);
    int running, wait = left <= 0 ? 0 : left > 1 ? 1000 : (int)(left * 1000) + 1;
    int count = epoll_wait(bare->poll, events, sizeof events / sizeof *events, wait);
    for (int i = 0; i < count; i++)
        curl_multi_socket_action(bare->multi, events[i].data.fd,
                                 (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                                     (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0),
                                 &running);
    if (bare->due <= seconds_of(CLOCK_MONOTONIC)) {
        bare->due = 1e300;
        curl_multi_socket_action(bare->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    bare_collect(bare);
}

static void run_bare(struct job *job)
{
    struct bare bare = {.multi = curl_multi_init(), .poll = epoll_create1(0), .job = job};
    struct handle *handles = mem_zero(job->together, sizeof *handles);
    bare.due = 1e300;
    for (size_t i = 0; i < SENT; i++) {
        char line[128];
        snprintf(line, sizeof line, "%s: %s", sent[i][0], sent[i][1]);
        bare.headers = curl_slist_append(bare.headers, line);
    }
    bare.headers = curl_slist_append(bare.headers, "Cookie: PHPSESSID=0123456789abcdef01234567");
    curl_multi_setopt(bare.multi, CURLMOPT_MAXCONNECTS, (long)job->together);
    curl_multi_setopt(bare.multi, CURLMOPT_SOCKETFUNCTION, bare_watch);
    curl_multi_setopt(bare.multi, CURLMOPT_SOCKETDATA, &bare);
    curl_multi_setopt(bare.multi, CURLMOPT_TIMERFUNCTION, bare_set_due);
    curl_multi_setopt(bare.multi, CURLMOPT_TIMERDATA, &bare);
    for (size_t i = 0; i < job->together; i++) {
        bare_prepare(&bare, &handles[i], i % SIDES);
        bare_start(&bare, &handles[i]);
    }
    for (bool open = true; open;) {
        bare_step(&bare);
        open = false;
        for (size_t i = 0; i < job->together && !open; i++)
            open = handles[i].side >= 0;
    }
    for (size_t i = 0; i < job->together; i++)
        curl_easy_cleanup(handles[i].easy);
    curl_multi_cleanup(bare.multi);
    curl_slist_free_all(bare.headers);
    close(bare.poll);
    free(handles);
}

/* --- as a replay sends --- */

struct lane {
    struct sender *sender;
    struct exchange *exchange;
    struct jar *jar;
    enum side side;
};

struct sender {
    struct http *http;
    struct http_site *sites[SIDES];
    struct job *job;
    size_t open;
};

static void lane_start(struct lane *lane)
{
    struct sender *sender = lane->sender;
    struct err err;
    char target[64];
    write_target(target, sizeof target, sender->job->started++);
    struct exchange *exchange = lane->exchange = exchange_new();
    struct outgoing *out = &exchange->out[lane->side];
    buffer_add_text(&out->target, target);
    for (size_t i = 0; i < SENT; i++)
        fields_add(&out->headers, &exchange->arena, sent[i][0], sent[i][1], strlen(sent[i][1]));
    if (!http_start(sender->http, sender->sites[lane->side], "GET", out, lane->jar,
                    &exchange->in[lane->side], &exchange->arena, lane, &err))
        fail(err.text);
}

static void lane_done(void *context, void *tag)
{
    struct sender *sender = context;
    struct lane *lane = tag;
    const struct incoming *in = &lane->exchange->in[lane->side];
    sender->job->good += !in->failure && in->status == 200 && in->body.length == ANSWER;
    exchange_free(lane->exchange);
    if (sender->job->started < sender->job->requests)
        lane_start(lane);
    else
        sender->open--;
}

static void run_http(struct job *job)
{
    const struct http_settings settings = {
        .timeout = 30, .connect_timeout = 10, .body_limit = 1 << 20, .connections = job->together};
    struct sender sender = {.job = job, .open = job->together};
    struct lane *lanes = mem_zero(job->together, sizeof *lanes);
    struct jar_home homes[SIDES];
    struct err err;
    if (!http_new(&settings, &sender.http, &err))
        fail(err.text);
    for (int side = SOURCE; side < SIDES; side++) {
        const struct http_origin origin = {.url = job->url[side]};
        homes[side] = (struct jar_home){.url = job->url[side]};
        if (!http_site_new(sender.http, &origin, &sender.sites[side], &err))
            fail(err.text);
    }
    for (size_t i = 0; i < job->together; i++) {
        lanes[i] = (struct lane){.sender = &sender, .side = (enum side)(i % SIDES)};
        lanes[i].jar = jar_new(&homes[lanes[i].side]);
        jar_take(lanes[i].jar, slice_of("/"),
                 slice_of("PHPSESSID=0123456789abcdef01234567; Path=/; HttpOnly"));
        lane_start(&lanes[i]);
    }
    while (sender.open)
        if (!http_run(sender.http, 1, lane_done, &sender, &err))
            fail(err.text);
    http_free(sender.http);
    for (size_t i = 0; i < job->together; i++)
        jar_free(lanes[i].jar);
    free(lanes);
}

/* --- measuring --- */

static int order_doubles(const void *one, const void *other)
{
    double first = *(const double *)one, second = *(const double *)other;
    return (first > second) - (first < second);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, order_doubles);
    return values[count / 2];
}

enum { BARE, HTTP, LOOPS };
static void (*const loops[LOOPS])(struct job *job) = {run_bare, run_http};
static const char *const loop_name[LOOPS] = {"bare libcurl", "replay/http.c"};

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static int run_program(double requests, char **argv)
{
    double start = seconds_of(CLOCK_MONOTONIC);
    struct rusage usage;
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        execv(argv[0], argv);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) != child || status)
        fail("the program did not end well");
    printf("%-26s %18.0f %18.0f %11ld\n", "as a whole",
           requests / (seconds(usage.ru_utime) + seconds(usage.ru_stime)),
           requests / (seconds_of(CLOCK_MONOTONIC) - start), usage.ru_maxrss);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 3 && strcmp(argv[1], "run") == 0)
        return run_program(strtod(argv[2], NULL), argv + 3);
    size_t rounds = argc == 6 ? strtoul(argv[1], NULL, 10) : 0;
    const struct job job = {.url = {argc == 6 ? argv[4] : NULL, argc == 6 ? argv[5] : NULL},
                            .requests = argc == 6 ? strtoul(argv[2], NULL, 10) : 0,
                            .together = argc == 6 ? strtoul(argv[3], NULL, 10) : 0};
    if (!rounds || !job.together || job.requests < job.together) {
        fprintf(stderr, "usage: send ROUNDS REQUESTS TOGETHER SOURCE_URL TARGET_URL\n");
        return 64;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    double *cpu[LOOPS], *clock[LOOPS], *ratio = mem_zero(rounds, sizeof *ratio);
    for (int loop = 0; loop < LOOPS; loop++) {
        cpu[loop] = mem_zero(rounds, sizeof **cpu);
        clock[loop] = mem_zero(rounds, sizeof **clock);
    }
    for (size_t round = 0; round < rounds; round++) {
        for (size_t turn = 0; turn < LOOPS; turn++) {
            size_t loop = (turn + round) % LOOPS;
            struct job now = job;
            double cpu_start = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
            double start = seconds_of(CLOCK_MONOTONIC);
            loops[loop](&now);
            cpu[loop][round] =
                (double)job.requests / (seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu_start);
            clock[loop][round] = (double)job.requests / (seconds_of(CLOCK_MONOTONIC) - start);
            if (now.good != job.requests)
                fail("an answer is missing or wrong");
        }
        ratio[round] = cpu[HTTP][round] / cpu[BARE][round];
    }
    double share = median(ratio, rounds);
    for (int loop = 0; loop < LOOPS; loop++)
        printf("%-16s %8zu %18.0f %18.0f %8.2f\n", loop_name[loop], job.together,
               median(cpu[loop], rounds), median(clock[loop], rounds), loop == BARE ? 1 : share);
    for (int loop = 0; loop < LOOPS; loop++) {
        free(cpu[loop]);
        free(clock[loop]);
    }
    free(ratio);
    curl_global_cleanup();
    return 0;
}
