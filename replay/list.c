#include "list.h"

#include "json_text.h"
#include "mask.h"

static void add_target(struct buffer *out, const struct list_entry *entry, bool *masked)
{
    const struct request *request = entry->request;
    struct buffer text = BUFFER_INIT(LOG_MOST_BYTES * 2);
    if (entry->keep_secrets)
        buffer_add(&text, request->target.at, request->target.length);
    else
        *masked |= mask_target(&text, request->target);
    buffer_add_byte(out, ',');
    json_text_bytes(out, "target", (struct slice){text.data, text.length});
    buffer_free(&text);
}

static void add_body(struct buffer *out, const struct list_entry *entry, bool *masked)
{
    struct slice body = entry->request->body;
    struct buffer text = BUFFER_INIT(LOG_MOST_BYTES * 2);
    enum mask_result result = MASK_CLEAN;
    if (entry->keep_secrets)
        buffer_add(&text, body.at, body.length);
    else
        result = mask_body(&text, body);
    if (result == MASK_WITHHELD) {
        buffer_printf(out, ",\"body_withheld\":%zu", body.length);
    } else {
        buffer_add_byte(out, ',');
        json_text_bytes(out, "body", (struct slice){text.data, text.length});
        *masked |= result == MASK_MASKED;
    }
    buffer_free(&text);
}

void list_add(struct buffer *out, const struct list_entry *entry)
{
    const struct request *request = entry->request;
    bool masked = false;
    buffer_add_text(out, "{\"file\":");
    json_text_string(out, slice_of(entry->path));
    buffer_printf(out, ",\"line\":%llu", (unsigned long long)request->line);
    if (entry->timed) {
        buffer_add_text(out, ",\"time\":");
        json_text_time(out, request->arrival);
    }
    if (entry->session)
        buffer_printf(out, ",\"session\":\"" SESSION_NAME "\"",
                      (unsigned long long)entry->session->name);
    if (entry->tenant.at) {
        buffer_add_byte(out, ',');
        json_text_bytes(out, "tenant", entry->tenant);
    }
    if (request->method.at) {
        buffer_add_text(out, ",\"method\":");
        json_text_string(out, request->method);
        add_target(out, entry, &masked);
    }
    if (request->status)
        buffer_printf(out, ",\"status\":%d", request->status);
    if (request->duration >= 0)
        buffer_printf(out, ",\"seconds\":%lld.%03d", (long long)(request->duration / 1000000),
                      (int)(request->duration % 1000000 / 1000));
    if (request->body.at)
        add_body(out, entry, &masked);
    if (masked)
        buffer_add_text(out, ",\"masked\":true");
    if (entry->unsure)
        buffer_add_text(out, ",\"order\":\"unsure\"");
    if (request->reason != REQUEST_GOOD)
        buffer_printf(out, ",\"left_out\":\"%s\"", request_reason_row(request->reason)->name);
    if (request->reason == REQUEST_GOOD && entry->session && entry->session->taint != REQUEST_GOOD)
        buffer_add_text(out, ",\"tainted\":true");
    buffer_add_text(out, "}\n");
}
