/*
 * A replay's result as JSON for programs: the interface that the README and
 * tally-replay.schema.json describe. Input: a finished result. Output: one document and a newline.
 *
 * What is not known is null, never 0: a ratio of too few pairs, times that the log does not hold.
 */
#include "../diff/base/json_string.h"
#include "json_text.h"
#include "report.h"

#include <math.h>
#include <time.h>

/* Where a value stands: the outer levels are broken into lines, so that the document can be read
 * and held against another one line by line. */
struct json {
    struct buffer *out;
    unsigned depth;
    bool first; /* nothing stands in the innermost object or list yet */
};

enum { JSON_LINES = 2 }; /* levels whose values have lines of their own */

static void begin_value(struct json *json, const char *name)
{
    if (!json->first)
        buffer_add_byte(json->out, ',');
    if (json->depth <= JSON_LINES) {
        buffer_add_byte(json->out, '\n');
        for (unsigned i = 0; i < json->depth; i++)
            buffer_add_text(json->out, "  ");
    } else if (!json->first) {
        buffer_add_byte(json->out, ' ');
    }
    json->first = false;
    if (name) {
        json_string_add_text(json->out, name);
        buffer_add_text(json->out, ": ");
    }
}

/* name: NULL in a list. bracket: '{' or '['. */
static void begin(struct json *json, const char *name, char bracket)
{
    begin_value(json, name);
    buffer_add_byte(json->out, (unsigned char)bracket);
    json->depth++;
    json->first = true;
}

static void end(struct json *json, char bracket)
{
    json->depth--;
    if (!json->first && json->depth < JSON_LINES) {
        buffer_add_byte(json->out, '\n');
        for (unsigned i = 0; i < json->depth; i++)
            buffer_add_text(json->out, "  ");
    }
    buffer_add_byte(json->out, (unsigned char)bracket);
    json->first = false;
}

static void add_text(struct json *json, const char *name, const char *text)
{
    begin_value(json, name);
    json_string_add_text(json->out, text);
}

static void add_count(struct json *json, const char *name, uint64_t n)
{
    begin_value(json, name);
    buffer_printf(json->out, "%llu", (unsigned long long)n);
}

static void add_bool(struct json *json, const char *name, bool is)
{
    begin_value(json, name);
    buffer_add_text(json->out, is ? "true" : "false");
}

static void add_null(struct json *json, const char *name)
{
    begin_value(json, name);
    buffer_add_text(json->out, "null");
}

static void add_number(struct json *json, const char *name, double n)
{
    if (!isfinite(n)) {
        add_null(json, name);
        return;
    }
    begin_value(json, name);
    buffer_printf(json->out, "%.6g", n);
}

/* 0 is not known. */
static void add_known(struct json *json, const char *name, double n)
{
    if (n > 0)
        add_number(json, name, n);
    else
        add_null(json, name);
}

static void add_known_count(struct json *json, const char *name, uint64_t n)
{
    if (n)
        add_count(json, name, n);
    else
        add_null(json, name);
}

static void add_lines(struct json *json, const char *name, const uint64_t *lines, size_t count)
{
    begin(json, name, '[');
    for (size_t i = 0; i < count; i++)
        add_count(json, NULL, lines[i]);
    end(json, ']');
}

static void add_texts(struct json *json, const char *name, const char *const *texts, size_t count)
{
    begin(json, name, '[');
    for (size_t i = 0; i < count; i++)
        add_text(json, NULL, texts[i]);
    end(json, ']');
}

/* ---- the parts ---- */

static void add_log(struct json *json, const struct replay_result *result)
{
    begin(json, "log", '{');
    add_count(json, "lines", result->log_lines);
    add_count(json, "bytes", result->log_bytes);
    add_count(json, "requests", result->requests);
    add_count(json, "sessions", result->sessions);
    add_count(json, "tenants", result->tenants);
    begin(json, "skipped", '{');
    for (size_t i = 0; i < result->left_out_count; i++) {
        uint64_t count = 0;
        bool again = false; /* a reason may have been given with two sentences */
        for (size_t k = 0; k < result->left_out_count; k++)
            if (strcmp(result->left_out[k].reason, result->left_out[i].reason) == 0) {
                again |= k < i;
                count += result->left_out[k].count;
            }
        if (!again)
            add_count(json, result->left_out[i].reason, count);
    }
    end(json, '}');
    end(json, '}');
}

static void add_left_out(struct json *json, const struct replay_result *result)
{
    begin(json, "left_out", '[');
    for (size_t i = 0; i < result->left_out_count; i++) {
        const struct replay_left_out *row = &result->left_out[i];
        begin(json, NULL, '{');
        add_text(json, "reason", row->reason);
        add_text(json, "text", row->text);
        add_count(json, "count", row->count);
        add_bool(json, "harmless", row->harmless);
        add_lines(json, "lines", row->lines, row->line_count);
        end(json, '}');
    }
    end(json, ']');
}

static void add_counts(struct json *json, const struct replay_result *result)
{
    static const char *const names[SIDES] = {"source", "target"};
    add_count(json, "replayed", result->replayed);
    add_count(json, "writes", result->writes);
    add_count(json, "equal", result->fates[FATE_EQUAL]);
    add_count(json, "different", result->fates[FATE_DIFFERENT]);
    add_count(json, "consequences", result->fates[FATE_CONSEQUENCE]);
    add_count(json, "both_failed", result->fates[FATE_BOTH_FAILED]);
    add_count(json, "inconclusive", result->fates[FATE_INCONCLUSIVE]);
    add_count(json, "uncertain", result->uncertain);
    add_count(json, "tainted", result->tainted);
    begin(json, "unlike_log", '{');
    for (int side = 0; side < SIDES; side++)
        add_count(json, names[side], result->unlike_log[side]);
    add_count(json, "both", result->both_unlike_log);
    end(json, '}');
    add_count(json, "replacements", result->replacements);
    add_count(json, "masked", result->masked);
}

static void add_example(struct json *json, const struct replay_group *group)
{
    begin(json, "example", '{');
    add_known_count(json, "line", group->example.line);
    add_known_count(json, "number", group->example.number);
    add_text(json, "file", group->example.file);
    add_text(json, "method", group->example.method);
    add_text(json, "request", group->example.target);
    add_text(json, "path", group->example.path);
    add_text(json, "source", group->example.value[SOURCE]);
    add_text(json, "target", group->example.value[TARGET]);
    end(json, '}');
}

static void add_groups(struct json *json, const struct replay_result *result)
{
    begin(json, "groups", '[');
    for (size_t i = 0; i < result->group_count; i++) {
        const struct replay_group *group = &result->groups[i];
        begin(json, NULL, '{');
        add_text(json, "kind", group->kind);
        add_text(json, "route", group->route);
        add_count(json, "routes", group->route_count);
        add_count(json, "count", group->count);
        add_count(json, "differences", group->differences);
        add_count(json, "consequences", group->consequences);
        add_count(json, "tainted", group->tainted);
        add_text(json, "path", group->path);
        add_text(json, "change", group->change);
        add_text(json, "class", group->value_class);
        add_text(json, "cause", group->cause);
        add_example(json, group);
        if (group->follows) {
            begin(json, "perhaps_follows", '{');
            add_count(json, "line", group->follows_line);
            add_text(json, "text", group->follows);
            end(json, '}');
        }
        add_lines(json, "requests", group->lines, group->request_count);
        end(json, '}');
    }
    end(json, ']');
    add_count(json, "groups_left_out", result->groups_left_out);
}

static void add_doubts(struct json *json, const struct replay_result *result)
{
    begin(json, "doubts", '[');
    for (size_t i = 0; i < result->doubt_count; i++) {
        const struct replay_doubt *row = &result->doubts[i];
        begin(json, NULL, '{');
        add_text(json, "reason", row->reason);
        add_text(json, "route", row->route);
        add_text(json, "text", row->text);
        add_count(json, "count", row->count);
        add_lines(json, "lines", row->lines, row->line_count);
        end(json, '}');
    }
    end(json, ']');
}

static void add_step(struct json *json, const struct replay_step *step)
{
    begin(json, NULL, '{');
    add_count(json, "number", step->number);
    add_count(json, "line", step->line);
    begin_value(json, "time");
    if (step->arrival)
        json_text_time(json->out, step->arrival);
    else
        buffer_add_text(json->out, "null");
    add_text(json, "method", step->method);
    add_text(json, "request", step->target);
    add_text(json, "fate", replay_fate_name[step->fate]);
    add_text(json, "why", step->why);
    add_known_count(json, "logged_status", (uint64_t)step->logged_status);
    add_known_count(json, "source_status", (uint64_t)step->status[SOURCE]);
    add_known_count(json, "target_status", (uint64_t)step->status[TARGET]);
    end(json, '}');
}

/* Those with a difference: others have nothing to tell. */
static void add_sessions(struct json *json, const struct replay_result *result)
{
    begin(json, "sessions", '[');
    for (size_t i = 0; i < result->session_count; i++) {
        const struct replay_session *session = &result->session_list[i];
        if (!session->first_different)
            continue;
        begin(json, NULL, '{');
        add_text(json, "name", session->name);
        add_text(json, "tenant", *session->tenant ? session->tenant : NULL);
        add_count(json, "requests", session->requests);
        add_count(json, "first_different", session->first_different);
        add_known_count(json, "tainted", session->tainted);
        begin(json, "steps", '[');
        for (size_t k = 0; k < session->step_count; k++)
            add_step(json, &session->steps[k]);
        end(json, ']');
        end(json, '}');
    }
    end(json, ']');
}

static void add_uncorrelated(struct json *json, const struct replay_result *result)
{
    begin(json, "uncorrelated", '[');
    for (size_t i = 0; i < result->uncorrelated_count; i++) {
        const struct replay_uncorrelated *row = &result->uncorrelated[i];
        begin(json, NULL, '{');
        add_text(json, "route", row->route);
        add_text(json, "where", row->where);
        add_count(json, "count", row->count);
        add_count(json, "line", row->line);
        end(json, '}');
    }
    end(json, ']');
}

static void add_latency(struct json *json, const struct replay_result *result)
{
    begin(json, "latency", '[');
    for (size_t i = 0; i < result->latency_count; i++) {
        const struct replay_latency *row = &result->latency[i];
        begin(json, NULL, '{');
        add_text(json, "route", row->route);
        add_count(json, "count", row->count);
        add_known(json, "source_p50", row->p50[SOURCE]);
        add_known(json, "target_p50", row->p50[TARGET]);
        add_known(json, "ratio", row->ratio);
        add_known(json, "ratio_low", row->ratio_low);
        add_known(json, "ratio_high", row->ratio_high);
        add_bool(json, "slower", row->slower);
        add_known(json, "source_p95", row->p95[SOURCE]);
        add_known(json, "target_p95", row->p95[TARGET]);
        add_known(json, "source_p99", row->p99[SOURCE]);
        add_known(json, "target_p99", row->p99[TARGET]);
        add_known(json, "logged_p50", row->logged_p50);
        add_known(json, "logged_p95", row->logged_p95);
        add_known(json, "logged_p99", row->logged_p99);
        end(json, '}');
    }
    end(json, ']');
}

static void add_rules(struct json *json, const struct replay_result *result)
{
    begin(json, "rules", '[');
    for (size_t i = 0; i < result->rule_count; i++) {
        const struct replay_rule *rule = &result->rules[i];
        begin(json, NULL, '{');
        add_text(json, "name", rule->name);
        add_count(json, "line", (uint64_t)rule->line);
        add_count(json, "answers", rule->answers);
        add_count(json, "source", rule->applied[SOURCE]);
        add_count(json, "target", rule->applied[TARGET]);
        end(json, '}');
    }
    end(json, ']');
}

/* ---- the databases ---- */

static void add_table(struct json *json, const struct replay_table *table)
{
    begin(json, NULL, '{');
    add_text(json, "source", table->name[SOURCE]);
    add_text(json, "target", table->name[TARGET]);
    add_text(json, "verdict", replay_verdict_name[table->verdict]);
    add_bool(json, "before", table->before);
    add_texts(json, "texts", table->texts, table->text_count);
    end(json, '}');
}

/* tally-verify's object, with one member more. */
static void add_database(struct json *json, const struct replay_database *database)
{
    const char *report = database->json ? strchr(database->json, '{') : NULL;
    begin(json, database->tenant ? database->tenant : "", '{');
    begin(json, "replay", '{');
    add_text(json, "verdict", replay_verdict_name[database->verdict]);
    add_text(json, "problem", database->problem);
    add_text(json, "source", database->uri[SOURCE]);
    add_text(json, "target", database->uri[TARGET]);
    add_count(json, "tables", database->table_count + database->equal_tables);
    add_count(json, "equal_tables", database->equal_tables);
    add_count(json, "ids", database->ids);
    add_text(json, "ledger", database->ledger_path);
    begin(json, "unequal", '[');
    for (size_t i = 0; i < database->table_count; i++)
        add_table(json, &database->tables[i]);
    end(json, ']');
    end(json, '}');
    if (!report) {
        end(json, '}');
        return;
    }
    /* It ends in its own brace. */
    const char *rest = report + 1 + strspn(report + 1, " \t\r\n");
    size_t length = strlen(rest);
    while (length && strchr(" \t\r\n", rest[length - 1]))
        length--;
    buffer_add_text(json->out, *rest == '}' ? "" : ", ");
    buffer_add(json->out, rest, length);
    json->depth--;
    json->first = false;
}

static void add_databases(struct json *json, const struct replay_result *result)
{
    if (!result->database_count) {
        add_null(json, "database");
        return;
    }
    begin(json, "database", '{');
    for (size_t i = 0; i < result->database_count; i++)
        add_database(json, &result->databases[i]);
    end(json, '}');
}

/* ---- the whole ---- */

static void add_run(struct json *json, const struct replay_result *result)
{
    char started[64];
    struct tm utc;
    add_bool(json, "interrupted", result->interrupted);
    add_text(json, "ended", result->ended);
    add_bool(json, "one_side", result->one_side);
    add_bool(json, "resumed", result->resumed);
    add_bool(json, "dry_run", result->dry_run);
    add_text(json, "source", result->shown_url[SOURCE]);
    add_text(json, "target", result->shown_url[TARGET]);
    add_text(json, "ledger", result->ledger_path);
    if (result->started && gmtime_r(&result->started, &utc) &&
        strftime(started, sizeof started, "%Y-%m-%dT%H:%M:%SZ", &utc))
        add_text(json, "started", started);
    else
        add_null(json, "started");
}

void report_replay_json(const struct replay_result *result, struct buffer *out)
{
    struct json json = {.out = out, .first = true};
    buffer_add_byte(out, '{');
    json.depth = 1;
    add_count(&json, "tally", 1);
    add_text(&json, "verdict", replay_verdict_name[result->verdict]);
    add_run(&json, result);
    add_log(&json, result);
    add_left_out(&json, result);
    add_counts(&json, result);
    add_groups(&json, result);
    add_doubts(&json, result);
    add_uncorrelated(&json, result);
    add_latency(&json, result);
    add_sessions(&json, result);
    add_rules(&json, result);
    add_texts(&json, "notes", result->notes, result->note_count);
    add_number(&json, "behind", result->behind);
    add_number(&json, "seconds", result->seconds);
    add_databases(&json, result);
    end(&json, '}');
    buffer_add_byte(out, '\n');
}
