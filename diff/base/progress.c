/*
 * The progress of a run on standard error, and numbers for people. Input: snapshots of counters.
 * Knows nothing of tables or databases but the words it is given.
 *
 * Time is CLOCK_MONOTONIC, in seconds. Rates are smoothed exponentially, so that one slow split
 * does not make the ETA jump.
 */
#include "progress.h"

#include "buffer.h"
#include "clock.h"
#include "display.h"
#include "memory.h"
#include "file.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define REDRAW_SECONDS 0.1
#define LINE_SECONDS 30.0
#define RATE_SECONDS 5.0 /* time constant of the smoothing */
#define ETA_AFTER 2.0    /* no guess from the first moments */

struct progress {
    bool quiet;
    bool redraw; /* a terminal that understands \r */
    bool erase;  /* and ESC [ K */
    bool drawn;  /* a line stands there now */
    size_t drawn_columns;
    double started, shown, measured;
    uint64_t measured_rows, measured_bytes;
    double row_rate, byte_rate; /* per second, smoothed; < 0: not known yet */
};

/* A broken standard error must not end a run: the result is worth more than its progress. */
static void write_all(const struct buffer *text)
{
    (void)!file_write_all(STDERR_FILENO, text->data, text->length);
}

/* NO_COLOR (no-color.org) and TERM=dumb: people who want no escape sequences get none, blanks erase
 * too. */
struct progress *progress_new(bool quiet)
{
    struct progress *progress = mem_zero(1, sizeof *progress);
    const char *term = getenv("TERM");
    const char *no_color = getenv("NO_COLOR");
    progress->quiet = quiet;
    progress->redraw = isatty(STDERR_FILENO) && term && *term && strcmp(term, "dumb") != 0;
    progress->erase = !no_color || !*no_color;
    progress->started = progress->shown = progress->measured = clock_now();
    progress->row_rate = progress->byte_rate = -1;
    return progress;
}

void progress_begin(struct progress *progress)
{
    progress->started = progress->measured = clock_now();
    progress->measured_rows = progress->measured_bytes = 0;
    progress->row_rate = progress->byte_rate = -1;
}

/* Asked again for every line, so a resized window needs no signal handler. */
static size_t terminal_columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
        return size.ws_col;
    return 80;
}

static void erase_line(struct progress *progress, struct buffer *out)
{
    if (!progress->drawn)
        return;
    buffer_add_byte(out, '\r');
    if (progress->erase) {
        buffer_add_text(out, "\033[K");
    } else {
        display_add_blanks(out, progress->drawn_columns);
        buffer_add_byte(out, '\r');
    }
    progress->drawn = false;
}

static double smooth(double before, double value, double seconds)
{
    if (before < 0)
        return value;
    double weight = 1 - exp(-seconds / RATE_SECONDS);
    return before + (value - before) * weight;
}

static void measure(struct progress *progress, const struct progress_state *state, double time)
{
    double seconds = time - progress->measured;
    if (seconds < REDRAW_SECONDS)
        return;
    uint64_t rows =
        state->rows > progress->measured_rows ? state->rows - progress->measured_rows : 0;
    uint64_t bytes =
        state->bytes > progress->measured_bytes ? state->bytes - progress->measured_bytes : 0;
    progress->row_rate = smooth(progress->row_rate, (double)rows / seconds, seconds);
    progress->byte_rate = smooth(progress->byte_rate, (double)bytes / seconds, seconds);
    progress->measured = time;
    progress->measured_rows = state->rows;
    progress->measured_bytes = state->bytes;
}

/* Estimates come from catalogs and may be far off: 100% is left for what is done. */
static void add_percent(struct buffer *out, uint64_t rows, uint64_t estimate)
{
    if (!estimate)
        return;
    double share = 100 * (double)rows / (double)estimate;
    buffer_printf(out, " %d%%", share > 99 ? 99 : (int)share);
}

/* "210 k": three digits are enough for a rate. */
static void add_rate(struct buffer *out, double rate)
{
    static const char *const units[] = {"", " k", " M", " G"};
    size_t unit = 0;
    while (rate >= 999.5 && unit < 3) {
        rate /= 1000;
        unit++;
    }
    buffer_printf(out, rate < 9.95 && unit ? "%.1f%s" : "%.0f%s", rate, units[unit]);
}

static void add_whole_run(const struct progress *progress, const struct progress_state *state,
                          double time, struct buffer *out)
{
    char text[32];
    buffer_add_text(out, state->unit ? "" : "all");
    add_percent(out, state->rows, state->rows_estimate);
    if (progress->row_rate >= 0) {
        buffer_add_byte(out, ' ');
        add_rate(out, progress->row_rate);
        buffer_printf(out, " %s/s", state->unit ? state->unit : "rows");
    }
    if (progress->row_rate >= 0 && !state->unit)
        buffer_printf(out, " %s/s", human_bytes(progress->byte_rate, text));
    if (time - progress->started < ETA_AFTER || progress->row_rate <= 0 ||
        state->rows >= state->rows_estimate)
        return;
    double left = (double)(state->rows_estimate - state->rows) / progress->row_rate;
    if (left < 100.0 * 3600)
        buffer_printf(out, " ETA %s", human_time(left, text));
}

static void add_rest(const struct progress *progress, const struct progress_state *state,
                     double time, struct buffer *out)
{
    char text[32];
    if (state->current) {
        add_percent(out, state->current_rows, state->current_estimate);
        buffer_printf(out, " %s rows", human_count(state->current_rows, text));
    }
    if (state->unit)
        buffer_printf(out, " %s %s", human_count(state->rows, text), state->unit);
    else
        buffer_add_text(out, " | ");
    add_whole_run(progress, state, time, out);
    if (state->unit) {
        buffer_printf(out, state->tail && *state->tail ? " | %s" : "%s",
                      state->tail ? state->tail : "");
        return;
    }
    buffer_printf(out, " | %zu/%zu tables", state->tables_done, state->tables);
    if (state->tables_different)
        buffer_printf(out, ", %zu different", state->tables_different);
}

/* orders 45% 1,350,000 rows | all 32% 210 k rows/s 48.1 MB/s ETA 0:42 | 3/15 tables, 1 different
 * replaying 1,350 requests 32% 210 requests/s ETA 0:42 | 3 different */
static void compose(const struct progress *progress, const struct progress_state *state,
                    double time, size_t columns, struct buffer *out)
{
    struct buffer rest = BUFFER_INIT(BUFFER_NO_LIMIT);
    add_rest(progress, state, time, &rest);
    /* The name gives way first, for the numbers are what one watches. */
    const char *name = state->current ? state->current : state->stage ? state->stage : "";
    size_t taken = display_width((const char *)rest.data);
    size_t room = columns > taken + 8 ? columns - taken : 8;
    struct buffer line = BUFFER_INIT(BUFFER_NO_LIMIT);
    display_add_cut(&line, name, room);
    buffer_add(&line, rest.data, rest.length);
    display_add_cut(out, (const char *)line.data, columns);
    buffer_free(&line);
    buffer_free(&rest);
}

void progress_show(struct progress *progress, const struct progress_state *state)
{
    if (progress->quiet)
        return;
    double time = clock_now();
    measure(progress, state, time);
    if (time - progress->shown < (progress->redraw ? REDRAW_SECONDS : LINE_SECONDS))
        return;
    progress->shown = time;
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (progress->redraw) {
        struct buffer line = BUFFER_INIT(BUFFER_NO_LIMIT);
        /* One column stays free: a full line makes some terminals wrap. */
        compose(progress, state, time, terminal_columns() - 1, &line);
        erase_line(progress, &out);
        buffer_add(&out, line.data, line.length);
        progress->drawn = true;
        progress->drawn_columns = display_width((const char *)line.data);
        buffer_free(&line);
    } else {
        compose(progress, state, time, 200, &out);
        buffer_add_byte(&out, '\n');
    }
    write_all(&out);
    buffer_free(&out);
}

void progress_log(struct progress *progress, const char *format, ...)
{
    if (progress->quiet)
        return;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    char line[1000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    erase_line(progress, &text);
    display_add_cut(&text, line, sizeof line);
    buffer_add_byte(&text, '\n');
    write_all(&text);
    buffer_free(&text);
    progress->shown = 0; /* draw again at once */
    if (!progress->redraw)
        progress->shown = clock_now();
}

void progress_free(struct progress *progress)
{
    if (!progress)
        return;
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    erase_line(progress, &out);
    write_all(&out);
    buffer_free(&out);
    free(progress);
}

char *human_count(uint64_t n, char text[32])
{
    char digits[24];
    size_t length = (size_t)snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    char *place = text;
    for (size_t i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            *place++ = ',';
        *place++ = digits[i];
    }
    *place = '\0';
    return text;
}

/* Powers of 1000, as disks and networks are sold. */
char *human_bytes(double n, char text[32])
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    size_t unit = 0;
    if (!(n > 0))
        n = 0;
    while (n >= (unit ? 999.95 : 999.5) && unit + 1 < sizeof units / sizeof *units) {
        n /= 1000;
        unit++;
    }
    snprintf(text, 32, unit ? "%.1f %s" : "%.0f %s", n, units[unit]);
    return text;
}

char *human_time(double seconds, char text[32])
{
    if (!(seconds > 0))
        seconds = 0;
    if (seconds > 1e9)
        seconds = 1e9;
    unsigned long whole = (unsigned long)(seconds + 0.5);
    if (whole >= 3600)
        snprintf(text, 32, "%lu:%02lu:%02lu", whole / 3600, whole / 60 % 60, whole % 60);
    else
        snprintf(text, 32, "%lu:%02lu", whole / 60, whole % 60);
    return text;
}
