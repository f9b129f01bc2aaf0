/* See reading.h. */
#include "reading.h"

#include "nginx_conf.h"
#include "session_guess.h"

static MUST_CHECK bool choose_format(const struct reading_options *options,
                                     struct log_format *format, struct err *err)
{
    if (!options->nginx_conf)
        return log_format_option(options->log_format ? options->log_format : "combined", format,
                                 err);
    struct nginx_conf conf;
    if (!nginx_conf_read(options->nginx_conf, &conf, err))
        return false;
    bool done = nginx_conf_format(&conf, options->format_name, format, err);
    nginx_conf_free(&conf);
    return done;
}

static MUST_CHECK bool compile_keys(struct reading *reading, struct err *err)
{
    const struct reading_options *options = &reading->options;
    const char *guess = session_key_guess(&reading->format);
    reading->session_text = options->session ? options->session : guess;
    reading->guessed = !options->session && guess;
    return (!reading->session_text ||
            session_key_compile("--session", reading->session_text, &reading->format,
                                &reading->session, err)) &&
           (!options->tenant || session_key_compile("--tenant", options->tenant, &reading->format,
                                                    &reading->tenant, err));
}

static void begin_sessions(struct reading *reading)
{
    session_table_free(reading->sessions);
    reading->sessions = session_table_new(reading->session, SESSION_MOST, reading->options.retire,
                                          reading->options.data);
    session_table_guess(reading->sessions, reading->guess);
    reading->unreadable = 0;
}

static void note_end(void *data, const struct session *session)
{
    session_guess_ended(data, session->login_last && !session->anonymous, session->last_place);
}

void reading_begin(struct reading *reading, const char *stage)
{
    reading->passed = 0;
    log_watch_begin(reading->options.watch, stage, "requests", reading->stream.records);
}

bool reading_look(struct reading *reading, struct err *err)
{
    struct log_watch *watch = reading->options.watch;
    if (!watch || ++reading->passed % LOG_WATCH_RECORDS != 0)
        return true;
    watch->done = reading->passed;
    return log_watch_look(watch, err);
}

/* Where the log proves nothing: goes through it once to see which ids end with a login. */
static MUST_CHECK bool prepare_guesses(struct reading *reading, struct err *err)
{
    if (!reading->session || session_sees_begin(reading->sessions, &reading->stream.parser))
        return true;
    reading->guess = session_guess_new(reading->session, &reading->format);
    struct session_table *scout =
        session_table_new(reading->session, SESSION_MOST, note_end, reading->guess);
    session_table_guess(scout, reading->guess);
    bool done = true, more = true;
    reading_begin(reading, "looking for logins");
    while (done && more) {
        struct request request;
        bool unsure;
        done = log_stream_next(&reading->stream, &request, &unsure, &more, err) &&
               reading_look(reading, err);
        if (done && more)
            (void)session_place(scout, &reading->stream.parser, &request);
    }
    session_table_finish(scout);
    session_table_free(scout);
    return done && reading_rewind(reading, err);
}

bool reading_open(const struct reading_options *options, struct reading *reading, struct err *err)
{
    reading->options = *options;
    buffer_init(&reading->tenant_text, LOG_MOST_BYTES);
    if (!choose_format(options, &reading->format, err) || !compile_keys(reading, err))
        return false;
    struct log_stream_options stream = {
        .paths = options->logs,
        .path_count = options->log_count,
        .format = &reading->format,
        .memory = options->memory,
        .disk_limit = (uint64_t)options->temp_limit << 30,
        .watch = options->watch,
    };
    if (!log_stream_open(&stream, &reading->stream, err))
        return false;
    begin_sessions(reading);
    return prepare_guesses(reading, err);
}

static MUST_CHECK bool check_format(const struct reading *reading, struct err *err)
{
    if (!reading->stream.records || reading->unreadable != reading->stream.records)
        return true;
    return err_set(err, ERR_USAGE,
                   "no line was written with the log format '%.300s': give the log's own with "
                   "--log-format, or with --nginx-conf and --format-name.",
                   reading->format.text);
}

/* Of a line that was taken apart. */
static void find_tenant(struct reading *reading, struct reading_item *item)
{
    bool present = false;
    buffer_clear(&reading->tenant_text);
    if (!session_key_value(reading->tenant, &reading->stream.parser, &reading->tenant_text,
                           &present))
        item->request.reason = REQUEST_AMBIGUOUS;
    else if (present)
        item->tenant = (struct slice){reading->tenant_text.data, reading->tenant_text.length};
}

bool reading_next(struct reading *reading, struct reading_item *item, bool *more, struct err *err)
{
    struct request *request = &item->request;
    if (!log_stream_next(&reading->stream, request, &item->unsure, more, err))
        return false;
    if (!*more) {
        session_table_finish(reading->sessions);
        return check_format(reading, err);
    }
    reading->unreadable += request->reason == REQUEST_UNREADABLE;
    if (reading->options.judge)
        reading->options.judge(reading->options.data, request);
    enum request_reason before = request->reason;
    item->session = session_place(reading->sessions, &reading->stream.parser, request);
    item->tenant = (struct slice){NULL, 0};
    if (reading->tenant && request->method.at && before != REQUEST_AMBIGUOUS &&
        before != REQUEST_BAD_ESCAPE)
        find_tenant(reading, item);
    return true;
}

bool reading_rewind(struct reading *reading, struct err *err)
{
    if (reading->guess)
        session_guess_begin(reading->guess);
    begin_sessions(reading);
    return log_stream_rewind(&reading->stream, err);
}

void reading_close(struct reading *reading)
{
    log_stream_close(&reading->stream);
    session_table_free(reading->sessions);
    session_guess_free(reading->guess);
    session_key_free(reading->session);
    session_key_free(reading->tenant);
    buffer_free(&reading->tenant_text);
    log_format_free(&reading->format);
}
