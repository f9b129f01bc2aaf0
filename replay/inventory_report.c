/* The inventory as text and as JSON. */
#include "inventory.h"

#include "../diff/base/display.h"
#include "../diff/base/progress.h"
#include "json_text.h"
#include "list.h"

#include <stdio.h>

#define WIDTH 100
#define SHOWN_ROUTES 20
#define SHOWN_TENANTS 10
#define SHOWN_TAINTED 10

static const char *const clock_words[] = {
    [REQUEST_ARRIVAL] = "when requests arrived, to the millisecond ($msec less $request_time)",
    [REQUEST_END] = ("when requests ended ($msec; without $request_time a long request stands too "
                     "late)"),
    [REQUEST_SECONDS] = "whole seconds; within one only the order of the answers is known",
    [REQUEST_UNTIMED] = "none: the log has no time, its own order is taken",
};
static const char *const clock_names[] = {
    [REQUEST_ARRIVAL] = "arrival",
    [REQUEST_END] = "end",
    [REQUEST_SECONDS] = "seconds",
    [REQUEST_UNTIMED] = "none",
};

/* --- text
 * ---------------------------------------------------------------------------------------------- */

static void add_label(struct buffer *out, const char *label)
{
    display_add_left(out, label, 12);
}

static void add_count(struct buffer *out, uint64_t n)
{
    char text[32];
    buffer_add_text(out, human_count(n, text));
}

static void text_log(const struct inventory *inventory, const struct log_stream *stream,
                     struct buffer *out)
{
    char text[32];
    add_label(out, "log");
    buffer_printf(out, "%zu file%s, ", stream->file_count, stream->file_count == 1 ? "" : "s");
    add_count(out, stream->lines);
    buffer_printf(out, " lines, %s\n", human_bytes((double)stream->bytes, text));
    for (size_t i = 0; i < stream->file_count; i++)
        if (stream->files[i].problem) {
            add_label(out, "");
            display_add_cut(out, stream->files[i].path, 60);
            buffer_printf(out, ": %s; what follows was not read\n", stream->files[i].problem);
        }
    if (inventory->any_time && stream->parser.clock != REQUEST_UNTIMED) {
        add_label(out, "span");
        json_text_human_time(out, inventory->first);
        buffer_add_text(out, " to ");
        json_text_human_time(out, inventory->last);
        buffer_printf(out, " (%s)\n",
                      human_time((double)(inventory->last - inventory->first) / 1e6, text));
    }
    add_label(out, "times");
    buffer_printf(out, "%s\n", clock_words[stream->parser.clock]);
    if (stream->moved || inventory->unsure) {
        add_label(out, "order");
        add_count(out, stream->moved);
        buffer_add_text(out, " sorted to their place, ");
        add_count(out, inventory->unsure);
        buffer_add_text(out, " share their moment with another\n");
    }
}

static void text_reasons(const struct inventory *inventory, struct buffer *out)
{
    add_label(out, "requests");
    add_count(out, inventory->requests);
    buffer_add_text(out, ", of which ");
    add_count(out, inventory->replayable);
    buffer_add_text(out, " can be replayed\n");
    for (size_t i = 1; i < REQUEST_REASONS; i++) {
        char number[32];
        if (!inventory->reasons[i])
            continue;
        const struct request_reason_row *row = request_reason_row((enum request_reason)i);
        add_label(out, "");
        display_add_left(out, row->name, 15);
        display_add_number(out, human_count(inventory->reasons[i], number), 10);
        buffer_add_text(out, "  ");
        display_add_wrapped(out, row->text, 39, 39, WIDTH);
    }
}

static void text_tainted(const struct inventory *inventory, bool verbose, struct buffer *out,
                         const struct log_stream *stream)
{
    if (!inventory->tainted && !inventory->homeless)
        return;
    add_label(out, "tainted");
    add_count(out, inventory->tainted);
    buffer_add_text(out, inventory->tainted == 1
                             ? " session lacks a request that the app may have run; it holds "
                             : " sessions lack a request that the app may have run; they hold ");
    add_count(out, inventory->tainted_requests);
    buffer_add_text(out, inventory->tainted_requests == 1 ? " other\n" : " others\n");
    size_t shown = verbose ? inventory->tainted_count : SHOWN_TAINTED;
    for (size_t i = 0; i < inventory->tainted_count && i < shown; i++) {
        const struct session *session = &inventory->tainted_list[i];
        add_label(out, "");
        buffer_printf(out, SESSION_NAME "  from line %llu", (unsigned long long)session->name,
                      (unsigned long long)session->taint_line);
        if (stream->file_count > 1) {
            buffer_add_text(out, " of ");
            display_add_cut(out, stream->files[session->taint_file].path, 40);
        }
        buffer_printf(out, ": %s\n", request_reason_row(session->taint)->name);
    }
    if (inventory->tainted > shown && shown < inventory->tainted_count) {
        add_label(out, "");
        buffer_add_text(out, "… (--verbose lists more)\n");
    }
    if (inventory->homeless) {
        add_label(out, "");
        add_count(out, inventory->homeless);
        buffer_add_text(out, " more were left out, and the log does not tell of which sessions\n");
    }
}

static void text_sessions(const struct inventory *inventory, struct buffer *out)
{
    add_label(out, "sessions");
    add_count(out, inventory->sessions);
    if (inventory->session_key) {
        buffer_add_text(out, ", by ");
        display_add_cut(out, inventory->session_key, 30);
        buffer_add_text(out, inventory->guessed ? " (guessed from its name; --session sets it)\n"
                                                : "\n");
    } else if (inventory->by_visitor) {
        buffer_add_text(out, ", by address and browser (--session sets a cookie)\n");
    } else {
        buffer_add_text(out, ": each request is one, for the log has no session cookie, address or "
                             "browser\n");
    }
    struct {
        uint64_t count;
        const char *text;
    } rows[] = {
        {inventory->anonymous, "without an id"},
        {inventory->began_before,
         inventory->sees_answers ? "that began before the log"
                                 : "whose first request has an id already: they began before the "
                                   "log, or it does not hold the answer that set it"},
        {inventory->joined, "whose first request had no id yet"},
        {inventory->rotated, "that changed their id"},
        {inventory->likely, "of which the log does not prove that: likely by time and login"},
        {inventory->forgotten, "idle so long that they were forgotten: an id that came again was "
                               "counted again"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char number[32];
        if (!rows[i].count)
            continue;
        add_label(out, "");
        display_add_number(out, human_count(rows[i].count, number), 10);
        buffer_add_text(out, "  ");
        display_add_wrapped(out, rows[i].text, 24, 24, WIDTH);
    }
}

static void text_counter(const char *label, struct counter *counter, size_t shown,
                         struct buffer *out)
{
    counter_sort(counter);
    bool first = true;
    size_t rows = 0;
    for (size_t i = 0; i < counter->count; i++) {
        const struct counter_entry *entry = &counter->entries[i];
        char number[32];
        if (!entry->count)
            continue;
        if (++rows > shown)
            continue;
        add_label(out, first ? label : "");
        first = false;
        display_add_number(out, human_count(entry->count, number), 10);
        buffer_add_text(out, "  ");
        display_add_cut(out, entry->name, WIDTH - 24);
        buffer_add_byte(out, '\n');
    }
    if (rows > shown) {
        add_label(out, "");
        buffer_printf(out, "         …  %zu more (--verbose)\n", rows - shown);
    }
}

static void text_path(const struct inventory *inventory, struct buffer *out)
{
    char text[32], other[32];
    struct inventory_path path = inventory_path(inventory);
    add_label(out, "speed");
    if (!path.known) {
        buffer_add_text(out, "not known: the log has no $request_time\n");
        return;
    }
    buffer_printf(out, "the app was busy for %s in all; ",
                  human_time((double)inventory->busy / 1e6, text));
    buffer_printf(out, "the longest chain takes %s:\n",
                  human_time((double)path.micros / 1e6, other));
    add_label(out, "");
    if (path.tenant) {
        buffer_add_text(out, "the writes of tenant ");
        display_add_cut(out, path.tenant, 40);
    } else {
        buffer_printf(out, "session " SESSION_NAME ", %llu requests",
                      (unsigned long long)inventory->longest.name,
                      (unsigned long long)inventory->longest.requests);
    }
    if (path.micros > 0)
        buffer_printf(out, "; at most %.1f at a time, %.1f times the speed of the log",
                      path.parallelism, path.speed);
    buffer_add_byte(out, '\n');
}

void inventory_text(struct inventory *inventory, const struct log_stream *stream, bool verbose,
                    struct buffer *out)
{
    text_log(inventory, stream, out);
    text_reasons(inventory, out);
    text_sessions(inventory, out);
    text_tainted(inventory, verbose, out, stream);
    text_path(inventory, out);
    if (inventory->by_tenant)
        text_counter("tenants", &inventory->tenants, verbose ? SIZE_MAX : SHOWN_TENANTS, out);
    text_counter("methods", &inventory->methods, SIZE_MAX, out);
    text_counter("routes", &inventory->routes, verbose ? SIZE_MAX : SHOWN_ROUTES, out);
}

/* --- JSON
 * ---------------------------------------------------------------------------------------------- */

static void json_count(struct buffer *out, const char *name, uint64_t n)
{
    buffer_printf(out, "\"%s\":%llu", name, (unsigned long long)n);
}

static void json_files(const struct log_stream *stream, struct buffer *out)
{
    buffer_add_text(out, "\"files\":[");
    for (size_t i = 0; i < stream->file_count; i++) {
        const struct log_file *file = &stream->files[i];
        buffer_add_text(out, i ? ",{\"path\":" : "{\"path\":");
        json_text_string(out, slice_of(file->path));
        buffer_printf(out, ",\"lines\":%llu,\"bytes\":%llu,\"problem\":",
                      (unsigned long long)file->lines, (unsigned long long)file->bytes);
        if (file->problem)
            json_text_string(out, slice_of(file->problem));
        else
            buffer_add_text(out, "null");
        buffer_add_byte(out, '}');
    }
    buffer_add_byte(out, ']');
}

static void json_log(const struct inventory *inventory, const struct log_stream *stream,
                     struct buffer *out)
{
    bool first = true;
    buffer_add_text(out, "\"log\":{");
    json_files(stream, out);
    buffer_add_byte(out, ',');
    json_count(out, "lines", stream->lines);
    buffer_add_byte(out, ',');
    json_count(out, "requests", inventory->requests);
    buffer_add_byte(out, ',');
    json_count(out, "sessions", inventory->sessions);
    buffer_add_text(out, ",\"skipped\":{");
    for (size_t i = 1; i < REQUEST_REASONS; i++) {
        if (!inventory->reasons[i])
            continue;
        buffer_add_text(out, first ? "" : ",");
        json_count(out, request_reason_row((enum request_reason)i)->name, inventory->reasons[i]);
        first = false;
    }
    buffer_add_text(out, "}}");
}

static void json_time(const struct inventory *inventory, const struct log_stream *stream,
                      struct buffer *out)
{
    bool timed = inventory->any_time && stream->parser.clock != REQUEST_UNTIMED;
    buffer_printf(out, "\"time\":{\"clock\":\"%s\",\"from\":", clock_names[stream->parser.clock]);
    if (timed) {
        json_text_time(out, inventory->first);
        buffer_add_text(out, ",\"to\":");
        json_text_time(out, inventory->last);
        buffer_printf(out, ",\"seconds\":%.3f", (double)(inventory->last - inventory->first) / 1e6);
    } else {
        buffer_add_text(out, "null,\"to\":null,\"seconds\":null");
    }
    buffer_printf(out, ",\"moved\":%llu,\"unsure\":%llu}", (unsigned long long)stream->moved,
                  (unsigned long long)inventory->unsure);
}

static void json_sessions(const struct inventory *inventory, const struct log_stream *stream,
                          struct buffer *out)
{
    buffer_add_text(out, "\"sessions\":{\"key\":");
    if (inventory->session_key)
        json_text_string(out, slice_of(inventory->session_key));
    else
        buffer_add_text(out, "null");
    buffer_printf(out, ",\"guessed\":%s,", inventory->guessed ? "true" : "false");
    struct {
        const char *name;
        uint64_t count;
    } rows[] = {
        {"count", inventory->sessions},
        {"anonymous", inventory->anonymous},
        {"began_before", inventory->began_before},
        {"joined", inventory->joined},
        {"rotated", inventory->rotated},
        {"likely", inventory->likely},
        {"forgotten", inventory->forgotten},
        {"tainted", inventory->tainted},
        {"tainted_requests", inventory->tainted_requests},
        {"unassigned", inventory->homeless},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_count(out, rows[i].name, rows[i].count);
        buffer_add_byte(out, ',');
    }
    buffer_add_text(out, "\"tainted_list\":[");
    for (size_t i = 0; i < inventory->tainted_count; i++) {
        const struct session *session = &inventory->tainted_list[i];
        buffer_printf(out, "%s{\"session\":\"" SESSION_NAME "\",\"file\":", i ? "," : "",
                      (unsigned long long)session->name);
        json_text_string(out, slice_of(stream->files[session->taint_file].path));
        buffer_printf(out, ",\"line\":%llu,\"reason\":\"%s\",\"requests\":%llu}",
                      (unsigned long long)session->taint_line,
                      request_reason_row(session->taint)->name,
                      (unsigned long long)session->requests);
    }
    buffer_add_text(out, "]}");
}

static void json_counter(const char *list, const char *name, struct counter *counter,
                         struct buffer *out)
{
    bool first = true;
    counter_sort(counter);
    buffer_printf(out, "\"%s\":[", list);
    for (size_t i = 0; i < counter->count; i++) {
        const struct counter_entry *entry = &counter->entries[i];
        if (!entry->count)
            continue;
        buffer_printf(out, "%s{\"%s\":", first ? "" : ",", name);
        json_text_string(out, slice_of(entry->name));
        buffer_printf(out, ",\"count\":%llu,\"left_out\":%llu}", (unsigned long long)entry->count,
                      (unsigned long long)entry->left_out);
        first = false;
    }
    buffer_add_byte(out, ']');
}

static void json_path(const struct inventory *inventory, struct buffer *out)
{
    struct inventory_path path = inventory_path(inventory);
    buffer_add_text(out, "\"critical_path\":");
    if (!path.known) {
        buffer_add_text(out, "null");
        return;
    }
    buffer_printf(out, "{\"seconds\":%.3f,\"busy_seconds\":%.3f,", (double)path.micros / 1e6,
                  (double)inventory->busy / 1e6);
    if (path.tenant) {
        buffer_add_text(out, "\"tenant\":");
        json_text_string(out, slice_of(path.tenant));
    } else {
        buffer_printf(out, "\"session\":\"" SESSION_NAME "\",\"requests\":%llu",
                      (unsigned long long)inventory->longest.name,
                      (unsigned long long)inventory->longest.requests);
    }
    buffer_printf(out, ",\"parallelism\":%.2f,\"speed\":%.2f}", path.parallelism, path.speed);
}

void inventory_json(struct inventory *inventory, const struct log_stream *stream,
                    struct buffer *out)
{
    buffer_add_text(out, "{\"tally\":1,");
    json_log(inventory, stream, out);
    buffer_printf(out, ",\"replayable\":%llu,", (unsigned long long)inventory->replayable);
    json_time(inventory, stream, out);
    buffer_add_byte(out, ',');
    json_sessions(inventory, stream, out);
    buffer_add_byte(out, ',');
    json_path(inventory, out);
    buffer_add_byte(out, ',');
    if (inventory->by_tenant) {
        json_counter("tenants", "tenant", &inventory->tenants, out);
        buffer_add_byte(out, ',');
    }
    json_counter("methods", "method", &inventory->methods, out);
    buffer_add_byte(out, ',');
    json_counter("routes", "route", &inventory->routes, out);
    buffer_add_text(out, "}\n");
}
