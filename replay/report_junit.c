/*
 * A replay's result as JUnit XML (diff/junit.h): each group of differences is a failed case, what
 * was left out, could not be compared or failed on both sides is a case with an error, and a
 * tenant's databases are a case. Input: a finished result. Output: one document.
 *
 * Cases have names without counts, so that Jenkins and GitLab know them again tomorrow. The case
 * "the whole replay" has passed only when the verdict is "equal".
 */
#include "../diff/base/progress.h"
#include "../diff/junit.h"
#include "report.h"

#include <stdio.h>
#include <string.h>

static void add_lines(struct buffer *out, const uint64_t *lines, size_t count, uint64_t all)
{
    buffer_add_text(out, all == 1 ? "line " : "lines ");
    for (size_t i = 0; i < count; i++)
        buffer_printf(out, "%s%llu", i ? ", " : "", (unsigned long long)lines[i]);
    if (all > count)
        buffer_add_text(out, ", …");
}

static void add_requests(struct buffer *out, uint64_t count)
{
    char number[32];
    buffer_printf(out, "%s request%s", human_count(count, number), count == 1 ? "" : "s");
}

/* ---- cases ---- */

static void add_group(struct junit *junit, const struct replay_result *result,
                      const struct replay_group *group)
{
    struct buffer name = BUFFER_INIT(BUFFER_NO_LIMIT), message = BUFFER_INIT(BUFFER_NO_LIMIT),
                  text = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_printf(&name, "%s: %s", group->route_count > 1 ? "several routes" : group->route,
                  group->path);
    if (*group->cause && strcmp(group->kind, "slower") != 0) /* how much changes every time */
        buffer_printf(&name, ": %s", group->cause);
    add_requests(&message, group->count);
    if (*group->value_class)
        buffer_printf(&message, ", %s", group->value_class);
    if (*group->change)
        buffer_printf(&message, ", %s", group->change);
    report_replay_text_group(result, group, &text);
    junit_begin_case(junit, group->kind, (const char *)name.data, 0);
    if (strcmp(group->kind, "transport") == 0) /* an error is not a difference */
        junit_error(junit, (const char *)message.data, (const char *)text.data);
    else
        junit_fail(junit, group->kind, (const char *)message.data, (const char *)text.data);
    junit_end_case(junit);
    buffer_free(&name);
    buffer_free(&message);
    buffer_free(&text);
}

static void add_doubt(struct junit *junit, const struct replay_doubt *doubt)
{
    struct buffer name = BUFFER_INIT(BUFFER_NO_LIMIT), message = BUFFER_INIT(BUFFER_NO_LIMIT),
                  text = BUFFER_INIT(BUFFER_NO_LIMIT);
    buffer_printf(&name, "%s: %s", doubt->route, doubt->reason);
    add_requests(&message, doubt->count);
    buffer_printf(&message, ": %s", doubt->text);
    add_lines(&text, doubt->lines, doubt->line_count, doubt->count);
    junit_begin_case(junit, "not-compared", (const char *)name.data, 0);
    junit_error(junit, (const char *)message.data, (const char *)text.data);
    junit_end_case(junit);
    buffer_free(&name);
    buffer_free(&message);
    buffer_free(&text);
}

static void add_left_out(struct junit *junit, const struct replay_left_out *row)
{
    struct buffer message = BUFFER_INIT(BUFFER_NO_LIMIT), text = BUFFER_INIT(BUFFER_NO_LIMIT);
    add_requests(&message, row->count);
    buffer_printf(&message, " left out: %s", row->text);
    add_lines(&text, row->lines, row->line_count, row->count);
    junit_begin_case(junit, "left-out", row->reason, 0);
    if (row->harmless) /* the app never saw them: nothing is missing */
        junit_output(junit, (const char *)message.data);
    else
        junit_error(junit, (const char *)message.data, (const char *)text.data);
    junit_end_case(junit);
    buffer_free(&message);
    buffer_free(&text);
}

static void add_database(struct junit *junit, const struct replay_database *database)
{
    struct buffer message = BUFFER_INIT(BUFFER_NO_LIMIT), text = BUFFER_INIT(BUFFER_NO_LIMIT);
    size_t unequal = database->table_count;
    if (database->problem)
        buffer_add_text(&message, database->problem);
    else
        buffer_printf(&message, "%zu of %zu tables equal", database->equal_tables,
                      unequal + database->equal_tables);
    for (size_t i = 0; database->tables && i < unequal; i++) {
        const struct replay_table *table = &database->tables[i];
        const char *name = table->name[SOURCE] ? table->name[SOURCE] : table->name[TARGET];
        buffer_printf(&text, "%s: %s%s\n", name ? name : "?", replay_verdict_name[table->verdict],
                      table->before ? ", and was so before the replay" : "");
        for (size_t k = 0; k < table->text_count; k++)
            buffer_printf(&text, "  %s\n", table->texts[k]);
    }
    junit_begin_case(junit, "databases",
                     database->tenant && *database->tenant ? database->tenant : "the databases", 0);
    if (database->verdict == REPLAY_DIFFERENT)
        junit_fail(junit, "different", (const char *)message.data, (const char *)text.data);
    else if (database->verdict == REPLAY_INCONCLUSIVE)
        junit_error(junit, (const char *)message.data, (const char *)text.data);
    else if (text.length)
        junit_output(junit, (const char *)text.data);
    junit_end_case(junit);
    buffer_free(&message);
    buffer_free(&text);
}

/* What no other case says, too: that the run ended early, that nothing was replayed. */
static void add_whole(struct junit *junit, const struct replay_result *result)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    const char *meaning = replay_result_meaning(result);
    for (int fate = 0; fate < FATES; fate++)
        buffer_printf(&text, "%s: %llu\n", replay_fate_name[fate],
                      (unsigned long long)result->fates[fate]);
    if (result->ended)
        buffer_printf(&text, "%s\n", result->ended);
    junit_begin_case(junit, "run", "the whole replay", result->seconds);
    if (result->interrupted || result->verdict == REPLAY_INCONCLUSIVE)
        junit_error(junit, meaning, (const char *)text.data);
    else if (result->verdict == REPLAY_DIFFERENT)
        junit_fail(junit, "different", meaning, (const char *)text.data);
    else
        junit_output(junit, (const char *)text.data);
    junit_end_case(junit);
    buffer_free(&text);
}

void report_replay_junit(const struct replay_result *result, struct buffer *out)
{
    struct junit junit = JUNIT_INIT("tally-replay");
    add_whole(&junit, result);
    for (size_t i = 0; i < result->group_count; i++)
        add_group(&junit, result, &result->groups[i]);
    for (size_t i = 0; i < result->doubt_count; i++)
        add_doubt(&junit, &result->doubts[i]);
    for (size_t i = 0; i < result->left_out_count; i++)
        add_left_out(&junit, &result->left_out[i]);
    for (size_t i = 0; i < result->database_count; i++)
        add_database(&junit, &result->databases[i]);
    for (int side = 0; side < SIDES; side++)
        if (result->shown_url[side])
            junit_property(&junit, side_name[side], result->shown_url[side]);
    junit_property(&junit, "verdict", replay_verdict_name[result->verdict]);
    for (size_t i = 0; i < result->note_count; i++)
        junit_property(&junit, "note", result->notes[i]);
    junit_finish(&junit, result->started, result->seconds, out);
}
