/*
 * How fast are access logs read? Input: a log and its format. Output: a line of JSON with what each
 * stage makes of the log in a second, on one core: lines and bytes.
 *
 *     read_log FILE FORMAT [ROUNDS]
 *
 * "scan" only looks for newlines with memchr, as the fastest that can be had from this file;
 * "match" takes lines apart; "parse" makes requests of them, with every value decoded that decides
 * whether they can be replayed. Each stage reads the file from the page cache; the best of ROUNDS
 * (5) counts, for other programs can only slow it.
 */
#include "../../replay/request.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void fail(const char *text)
{
    fprintf(stderr, "read_log: %s\n", text);
    exit(1);
}

struct counts {
    uint64_t lines, bytes, good;
};

static struct counts scan(const char *path)
{
    static char block[256 << 10];
    struct counts counts = {0};
    ssize_t got;
    int file = open(path, O_RDONLY);
    if (file < 0)
        fail("cannot read the log");
    while ((got = read(file, block, sizeof block)) > 0) {
        const char *at = block, *end = block + got;
        while ((at = memchr(at, '\n', (size_t)(end - at)))) {
            counts.lines++;
            at++;
        }
        counts.bytes += (uint64_t)got;
    }
    close(file);
    return counts;
}

static struct counts read_records(const char *path, const struct log_format *format, bool parse)
{
    static struct log_match match;
    static struct request_parser parser;
    struct counts counts = {0};
    struct log_reader *reader;
    struct err err;
    bool more = true;
    if (!request_parser_init(&parser, format, &err) ||
        !log_read_open(path, format, LOG_MOST_BYTES, NULL, &reader, &err))
        fail(err.text);
    for (;;) {
        struct log_record record;
        struct request request;
        if (!log_read_next(reader, &record, &match, &more, &err))
            fail(err.text);
        if (!more)
            break;
        if (parse) {
            request_parse(&parser, &record, &match, 0, &request);
            counts.good += request.reason == REQUEST_GOOD;
        } else {
            counts.good += record.state == LOG_MATCHED;
        }
    }
    counts.lines = log_read_lines(reader);
    counts.bytes = log_read_bytes(reader);
    log_read_close(reader);
    request_parser_free(&parser);
    return counts;
}

int main(int argc, char **argv)
{
    static const char *const stages[] = {"scan", "match", "parse"};
    static struct log_format format;
    struct err err;
    if (argc < 3)
        fail("usage: read_log FILE FORMAT [ROUNDS]");
    if (!log_format_option(argv[2], &format, &err))
        fail(err.text);
    int rounds = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 5;
    for (int stage = 0; stage < 3; stage++) {
        struct counts counts = {0};
        double best = 0;
        for (int i = 0; i < rounds; i++) {
            double start = now();
            counts = stage ? read_records(argv[1], &format, stage == 2) : scan(argv[1]);
            double seconds = now() - start;
            if (!best || seconds < best)
                best = seconds;
        }
        printf("%s\"%s\":{\"lines\":%llu,\"good\":%llu,\"lines_per_second\":%.0f,"
               "\"mb_per_second\":%.1f}",
               stage ? "," : "{", stages[stage], (unsigned long long)counts.lines,
               (unsigned long long)counts.good, (double)counts.lines / best,
               (double)counts.bytes / best / 1e6);
    }
    puts("}");
    log_format_free(&format);
    return 0;
}
