/*
 * libFuzzer driver of log lines: the first byte chooses a format, the rest is a record. It becomes
 * a request, gets a session, and is listed, masked and not. Whatever the bytes: no crash, no leak,
 * and what is listed is one line of UTF-8. Seeds: corpus/log_line. Run by tests/fuzz/run.
 */
#include "../../replay/inventory.h"
#include "../../diff/base/utf8.h"
#include "../../replay/list.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const formats[] = {
    "requestlog",
    "combined",
    "escape=json '{\"s\":$status,\"t\":\"$msec\",\"d\":\"$request_time\",\"c\":\"$http_cookie\","
    "\"k\":\"$sent_http_set_cookie\",\"r\":\"$request\",\"b\":\"$request_body\"}'",
    "escape=none '$status $time_local \"$cookie_s\" \"$upstream_cookie_s\" \"$request\" "
    "\"$request_body\"'",
    "$msec $request_time $connection \"$content_length\" \"$upstream_status\" \"$cookie_s\" "
    "\"$request_method\" \"$request_uri\" \"$request_body\"",
};
#define FORMATS (sizeof formats / sizeof *formats)

static void check_list(const struct list_entry *entry)
{
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    list_add(&out, entry);
    if (!out.length || memchr(out.data, '\n', out.length) != out.data + out.length - 1 ||
        !utf8_is_valid(out.data, out.length))
        abort();
    buffer_free(&out);
}

/* Compiled once: a table of sessions takes longer to make than a line to read. */
struct reading {
    struct log_format format;
    struct request_parser parser;
    struct session_key *key;
    struct session_table *table;
};

static struct inventory inventory;
static const struct text_list no_names;

static struct reading *reading_of(unsigned char choice)
{
    static struct reading readings[FORMATS];
    struct reading *reading = &readings[choice % FORMATS];
    struct err err;
    if (reading->table)
        return reading;
    if (!log_format_option(formats[choice % FORMATS], &reading->format, &err) ||
        !request_parser_init(&reading->parser, &reading->format, &err))
        abort();
    const char *guess = session_key_guess(&reading->format);
    if (guess && !session_key_compile("--session", guess, &reading->format, &reading->key, &err))
        abort();
    if (!inventory.tainted_list)
        inventory_init(&inventory, &no_names);
    inventory.by_tenant = true;
    reading->table = session_table_new(reading->key, 4, inventory_retire, &inventory);
    return reading;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct log_match match;
    if (!size)
        return 0;
    struct reading *reading = reading_of(data[0]);
    struct request_parser *parser = &reading->parser;
    struct log_record record = {.bytes = data + 1, .length = size - 1, .line = 1};
    bool matched = log_format_match(&reading->format, record.bytes, record.length, &match);
    record.state = matched ? LOG_MATCHED : LOG_UNMATCHED;
    for (int i = 0; i < 2; i++) { /* the second time its session is known */
        struct request request;
        request_parse(parser, &record, &match, 0, &request);
        const struct session *session = session_place(reading->table, parser, &request);
        inventory_add(&inventory, &request, session, (struct slice){NULL, 0}, false);
        struct list_entry entry = {.request = &request,
                                   .path = "x",
                                   .session = session,
                                   .timed = matched,
                                   .keep_secrets = i};
        check_list(&entry);
        if (request.reason == REQUEST_GOOD && (!request.method.at || !request.target.length))
            abort();
    }
    session_table_finish(reading->table);
    return 0;
}
