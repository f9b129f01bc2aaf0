/* See ledger_command.h. */
#include "ledger_command.h"

#include "command.h"
#include "explain_values.h"
#include "ids.h"
#include "look.h"
#include "report.h"
#include "result_ledger.h"

#include "../diff/base/display.h"
#include "../diff/base/nearest.h"
#include "../diff/base/option.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WIDTH 80
#define MOST_OPERANDS 40 /* a ledger, a table and as many key columns as PostgreSQL allows, 32 */

static const char what[] = "What to show", servers[] = "Where the row is read again",
                  types[] = "The two types", leniency[] = "As in the mapping", other[] = "Other";

struct ledger_options {
    struct verify_options verify;
    const char *source, *target; /* URIs */
    bool help;
};

#define FIELD(name) offsetof(struct ledger_options, name)
static const struct option_row ledger_rows[] = {
    {"verbose", 'v', OPTION_FLAG, NULL, FIELD(verify.verbose), NULL, 0, 0, what,
     "List every table and every column of a finding, however many."},
    {"source", 's', OPTION_TEXT, "URI", FIELD(source), NULL, 0, 0, servers,
     "The source, instead of the URI that the ledger holds, which has no password."},
    {"target", 't', OPTION_TEXT, "URI", FIELD(target), NULL, 0, 0, servers,
     "The target, likewise."},
    {"mapping", 'm', OPTION_TEXT, "FILE", FIELD(verify.mapping_path), NULL, 0, 0, servers,
     "The mapping, where it is not any more at the path that the ledger holds."},
    {"help", 'h', OPTION_FLAG, NULL, FIELD(help), NULL, 0, 0, other, "Show this help."},
    {0}};
#undef FIELD

struct explain_options {
    struct explain_question question;
    bool help;
};

#define FIELD(name) offsetof(struct explain_options, name)
static const struct option_row explain_rows[] = {
    {"source-type", 0, OPTION_TEXT, "TYPE", FIELD(question.type[0]), NULL, 0, 0, types,
     "The source's type, as CREATE TABLE spells it: tinyint(1). Where MySQL and PostgreSQL both "
     "have a type of the name it is MySQL's; postgresql:timestamp is the other's. Required."},
    {"target-type", 0, OPTION_TEXT, "TYPE", FIELD(question.type[1]), NULL, 0, 0, types,
     "The target's; where both have the name it is PostgreSQL's; mysql:timestamp. Required."},
    {"kind", 0, OPTION_TEXT, "KIND", FIELD(question.kind), NULL, 0, 0, leniency,
     "Compare as this kind: bool, number, text, instant, ..."},
    {"zone", 0, OPTION_TEXT, "ZONE", FIELD(question.zone), NULL, 0, 0, leniency,
     "What the clocks of a type without a zone showed: Europe/Paris."},
    {"source-zone", 0, OPTION_TEXT, "ZONE", FIELD(question.side_zone[0]), NULL, 0, 0, leniency,
     "The same, of the source alone."},
    {"target-zone", 0, OPTION_TEXT, "ZONE", FIELD(question.side_zone[1]), NULL, 0, 0, leniency,
     "The same, of the target alone."},
    {"precision", 0, OPTION_TEXT, "N", FIELD(question.precision), NULL, 0, 0, leniency,
     "Digits of a second's fraction that count."},
    {"tolerance", 0, OPTION_TEXT, "UNIT:N", FIELD(question.tolerance), NULL, 0, 0, leniency,
     "Numbers may differ by abs:0.005, or agree to digits:6, or be ulp:2 steps apart."},
    {"zero-date-null", 0, OPTION_FLAG, NULL, FIELD(question.zero_date_null), NULL, 0, 0, leniency,
     "0000-00-00 equals NULL."},
    {"strip-zero-padding", 0, OPTION_FLAG, NULL, FIELD(question.strip_zero_padding), NULL, 0, 0,
     leniency, "Zero bytes at the end do not count."},
    {"swapped", 0, OPTION_FLAG, NULL, FIELD(question.swapped), NULL, 0, 0, leniency,
     "The binary(16) uuid is UUID_TO_BIN(..., 1)."},
    {"separator", 0, OPTION_TEXT, "TEXT", FIELD(question.separator), NULL, 0, 0, leniency,
     "Between the elements of an array that is packed into text."},
    {"help", 'h', OPTION_FLAG, NULL, FIELD(help), NULL, 0, 0, other, "Show this help."},
    {0}};
#undef FIELD

static const char ledger_text[] =
    "Shows what a finished run of tally-verify found: its verdict, tables, causes and findings; "
    "with TABLE, of either side's name, those of one table. With KEY, as a finding prints it (or a "
    "value per key column, each an operand), it reads the row again from both servers, now, and "
    "shows it column by column: both values, the bytes behind them, the rule that compares them, "
    "and where they first differ. Passwords come from where tally-verify takes them, or with the "
    "URIs of --source and --target.";

static const char explain_text[] =
    "Says whether two values of two types are equal, and why, without asking a server: the rule of "
    "the type contract, both canonical values with their bytes, and where they first differ. NULL "
    "is NULL; in single quotes a value is itself ('NULL', '', ' x'); -- stands before values that "
    "begin with a minus.";

/* ---- A ledger
 * ------------------------------------------------------------------------------------------ */

static bool is_named(const struct result_table *table, const char *name)
{
    for (int side = 0; side < 2; side++) {
        const char *label = table->name[side], *dot = strchr(label, '.');
        if (strcasecmp(label, name) == 0 || (dot && strcasecmp(dot + 1, name) == 0))
            return true;
    }
    return false;
}

static const struct result_table *find_table(const struct verify_result *result, const char *name,
                                             struct err *err)
{
    const struct result_table *found = NULL;
    const char **names = mem_zero(2 * result->table_count + 1, sizeof *names);
    size_t fits = 0, count = 0;
    for (size_t i = 0; i < result->table_count; i++) {
        const struct result_table *table = &result->tables[i];
        if (strcmp(table->name[0], name) == 0 || strcmp(table->name[1], name) == 0) {
            free(names);
            return table;
        }
        if (is_named(table, name)) {
            fits++;
            found = table;
        }
        names[count++] = table->name[0];
        names[count++] = table->name[1];
    }
    const char *near = nearest_word(name, names, count);
    free(names);
    if (fits == 1)
        return found;
    if (fits > 1)
        err_set(err, ERR_USAGE, "%zu tables of the run have the name \"%s\": give the schema, too.",
                fits, name);
    else if (near)
        err_set(err, ERR_USAGE, "the run compared no table \"%s\"; did you mean \"%s\"?", name,
                near);
    else
        err_set(err, ERR_USAGE, "the run compared no table \"%s\".", name);
    return NULL;
}

static int table_exit_code(const struct result_table *table)
{
    static const int codes[] = {
        [VERDICT_EQUAL] = 0, [VERDICT_DIFFERENT] = 1, [VERDICT_INCONCLUSIVE] = 2};
    return codes[table->verdict];
}

/* The URIs are those of the run, unless others are given. */
static bool look(const struct ledger_options *given, struct verify_options *kept,
                 const struct verify_result *result, const struct result_table *table,
                 const char *const *key, size_t key_count, struct buffer *out, int *exit_code,
                 struct err *err)
{
    const char *const uris[] = {given->source, given->target};
    for (int side = 0; side < 2; side++) {
        kept->uri[side] = uris[side] ? uris[side] : result->side[side].shown_uri;
        if (!kept->uri[side])
            return err_set(err, ERR_USAGE, "the ledger holds no URI: give --source and --target.");
    }
    if (given->verify.mapping_path)
        kept->mapping_path = given->verify.mapping_path;
    const struct look wanted = {kept, table, key_count, key};
    return look_at_row(&wanted, out, exit_code, err);
}

static bool show(const struct ledger_options *given, const char *const *operands, size_t count,
                 struct buffer *out, int *exit_code, struct err *err)
{
    struct verify_result result = {0};
    struct verify_options kept = {.verbose = given->verify.verbose};
    struct ids ids = {0};
    struct ledger *ledger = NULL;
    const struct result_table *table = NULL;
    bool ok = ledger_open(operands[0], "verify", false, &ledger, err) &&
              result_ledger_get(ledger, &result, &kept, err) && ids_ledger_get(ledger, &ids, err);
    ledger_close(ledger);
    kept.id_pairs = ids.pairs;
    kept.id_pair_count = ids.count;
    if (ok && count > 1) {
        table = find_table(&result, operands[1], err);
        ok = table != NULL;
    }
    if (ok && count > 2) {
        ok = look(given, &kept, &result, table, operands + 2, count - 2, out, exit_code, err);
    } else if (ok && table) {
        report_text_table(&result, &kept, table, out);
        *exit_code = table_exit_code(table);
    } else if (ok) {
        report_compose("text", &result, &kept, false, out);
        *exit_code = verify_exit_code(&result);
    }
    text_list_free(&kept.tables);
    text_list_free(&kept.excludes);
    verify_result_free(&result);
    ids_free(&ids);
    return ok;
}

bool ledger_command(int argc, char **argv, struct buffer *out, int *exit_code, struct err *err)
{
    struct ledger_options options = {0};
    const char *operands[MOST_OPERANDS];
    size_t count = 0;
    *exit_code = 0;
    bool ok = option_parse(ledger_rows, argc, argv, &options, operands, MOST_OPERANDS, &count, err);
    if (ok && options.help)
        ledger_command_help(out);
    else if (ok && !count)
        ok = err_set(err, ERR_USAGE, "give the ledger of a finished run.");
    else if (ok)
        ok = show(&options, operands, count, out, exit_code, err);
    if (!ok)
        command_hide_passwords(err->text);
    return ok;
}

/* ---- Two values
 * ------------------------------------------------------------------------------------------ */

bool explain_command(int argc, char **argv, struct buffer *out, int *exit_code, struct err *err)
{
    struct explain_options options = {0};
    const char *operands[2] = {NULL, NULL};
    size_t count = 0;
    *exit_code = 0;
    if (!option_parse(explain_rows, argc, argv, &options, operands, 2, &count, err))
        return false;
    if (options.help) {
        explain_command_help(out);
        return true;
    }
    if (!options.question.type[0] || !options.question.type[1])
        return err_set(err, ERR_USAGE, "explain: give --source-type and --target-type.");
    if (count != 2)
        return err_set(err, ERR_USAGE, "explain: give two values, the source's and the target's.");
    options.question.value[0] = operands[0];
    options.question.value[1] = operands[1];
    return explain_values(&options.question, out, exit_code, err);
}

/* ---- Help and manual
 * ------------------------------------------------------------------------------------------ */

void ledger_command_help(struct buffer *out)
{
    buffer_add_text(out, "Usage: tally-diff [OPTIONS] LEDGER [TABLE [KEY...]]\n\n");
    display_add_wrapped(out, ledger_text, 0, 0, WIDTH);
    buffer_add_byte(out, '\n');
    option_help(ledger_rows, WIDTH, out);
}

void explain_command_help(struct buffer *out)
{
    buffer_add_text(out,
                    "Usage: tally-diff explain --source-type TYPE --target-type TYPE V1 V2\n\n");
    display_add_wrapped(out, explain_text, 0, 0, WIDTH);
    buffer_add_byte(out, '\n');
    option_help(explain_rows, WIDTH, out);
}

void ledger_command_man(struct buffer *out)
{
    buffer_add_text(out, ".SH A RUN OF TALLY\\-VERIFY\n.SS tally\\-diff LEDGER [TABLE [KEY...]]\n");
    option_man_text(out, ledger_text);
    option_man(ledger_rows, out);
}

void explain_command_man(struct buffer *out)
{
    buffer_add_text(out, ".SH TWO VALUES\n.SS tally\\-diff explain ");
    option_man_text(out, "--source-type TYPE --target-type TYPE V1 V2");
    option_man_text(out, explain_text);
    option_man(explain_rows, out);
}
