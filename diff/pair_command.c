/* See pair_command.h. */
#include "pair_command.h"

#include "diff_show.h"
#include "ledger.h"
#include "pair_show.h"

#include "base/display.h"
#include "base/option.h"
#include "base/side.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 80
#define MOST_OPERANDS 3

struct pair_options {
    const char *type, *rules_path, *format, *body, *output_path;
    bool help;
};

#define FIELD(name) offsetof(struct pair_options, name)

static const char compare[] = "How to compare the bodies", report_group[] = "What to report",
                  other[] = "Other";

static const struct option_row rows[] = {
    {"type", 't', OPTION_CHOICE, "auto|html|xml|json|text|bytes", FIELD(type), "auto", 0, 0,
     compare, "As what to compare them. auto: by their Content-Type."},
    {"rules", 'r', OPTION_TEXT, "FILE", FIELD(rules_path), NULL, 0, 0, compare,
     "Pass over what this YAML file says, as the replay did."},
    {"format", 'f', OPTION_CHOICE, "text|json|html", FIELD(format), "text", 0, 0, report_group,
     "For people, for programs (see tally-request.schema.json), or a page with both sides beside "
     "each other."},
    {"body", 0, OPTION_CHOICE, "source|target", FIELD(body), NULL, 0, 0, report_group,
     "Write the body of this side's answer, as it is kept, and nothing else."},
    {"output", 'o', OPTION_TEXT, "FILE", FIELD(output_path), NULL, 0, 0, report_group,
     "Write to this file."},
    {"help", 'h', OPTION_FLAG, NULL, FIELD(help), NULL, 0, 0, other, "Show this help."},
    {0}};

static const char what[] =
    "Shows both answers to the request of this number of a run of tally-replay: what was asked, "
    "both statuses and times, the headers, and how the bodies differ. Reports give the numbers; "
    "without N all requests are listed of which the ledger keeps the answers: those that were not "
    "equal, as far as --answers-limit goes. \"***\" and hex digits stand for a secret, the same "
    "for the same one; the two sides' values of one have one mark. What the replay took as each "
    "side's own (tokens, ids that stand for each other, hosts), and what its rules made equal in "
    "one "
    "value, is no difference here, either: it is counted and listed apart. Headers that differ and "
    "that the replay does not compare begin "
    "with \"~\".";

/* ---- the list ---- */

struct list {
    struct buffer *out;
    size_t count;
};

static bool take(void *context, int64_t id, int64_t part, const unsigned char *bytes, size_t length,
                 struct err *err)
{
    struct list *list = context;
    struct pair pair;
    (void)id;
    (void)part;
    if (!pair_decode(bytes, length, &pair, err))
        return false;
    pair_show_line(&pair, list->out);
    pair_free(&pair);
    list->count++;
    return true;
}

static MUST_CHECK bool show_list(struct ledger *ledger, struct buffer *out, struct err *err)
{
    struct list list = {out, 0};
    if (!ledger_each(ledger, PAIR_KIND, take, &list, err))
        return false;
    if (!list.count)
        buffer_add_text(out, "No answers are kept: all that were compared were equal.\n");
    return true;
}

/* ---- one pair ---- */

static MUST_CHECK bool compare_bodies(const struct pair_options *options, const struct pair *pair,
                                      struct rules *rules, struct pair_use *known,
                                      struct comparison *found, struct err *err)
{
    struct answer answers[SIDES];
    for (int side = 0; side < SIDES; side++) {
        const struct pair_answer *of = &pair->answers[side];
        answers[side] = (struct answer){of->body, of->length, pair_find(of, "Content-Type")};
    }
    struct diff_question question = {.answers = answers,
                                     .type = diff_show_type(options->type),
                                     .rules = rules,
                                     .known = known,
                                     .method = pair->method,
                                     .path = pair->target};
    bool good = diff_show_compare(&question, found, err);
    if (good && found->has_trees)
        diff_show_note_no_rule(rules, options->rules_path);
    return good;
}

/* What a cut body equals is only its beginning; and what is equal by ids that nothing proves to
 * belong together may not be. */
static int exit_code_of(const struct pair *pair, const struct comparison *found,
                        const struct pair_use *known)
{
    const struct pair_answer *answers = pair->answers;
    if (!found)
        return 2;
    if (answers[SOURCE].status != answers[TARGET].status || !found->equal ||
        (pair->judged && pair->judgement.header_count))
        return 1;
    return answers[SOURCE].cut || answers[TARGET].cut || known->counts[PAIR_KNOWN_NEW] ? 2 : 0;
}

static const char *why_not(const struct pair *pair)
{
    if (!pair->answers[TARGET].asked)
        return "one side alone was asked.";
    for (int side = 0; side < SIDES; side++)
        if (pair->answers[side].failure)
            return side == SOURCE ? "the source gave no whole answer."
                                  : "the target gave no whole answer.";
    return NULL;
}

static void show_body(const struct pair *pair, const char *name, struct buffer *out)
{
    const struct pair_answer *answer =
        &pair->answers[strcmp(name, side_name[SOURCE]) == 0 ? SOURCE : TARGET];
    buffer_add(out, answer->body, answer->length);
}

static MUST_CHECK bool show_pair(const struct pair_options *options, const struct pair *pair,
                                 struct buffer *out, int *exit_code, struct err *err)
{
    static const struct {
        const char *format;
        void (*show)(const struct pair_show *, struct buffer *);
    } formats[] = {{"text", pair_show_text}, {"json", pair_show_json}, {"html", pair_show_html}};
    struct rules *rules = NULL;
    struct comparison found = {0};
    struct pair_use known = {.judgement = pair->judged ? &pair->judgement : NULL};
    struct pair_show show = {.pair = pair,
                             .known = &known,
                             .why = why_not(pair),
                             .rules = options->rules_path != NULL,
                             .colour = diff_show_colour(options->output_path)};
    if (options->body) {
        show_body(pair, options->body, out);
        return true;
    }
    if (options->rules_path && !rules_read(options->rules_path, &rules, err))
        return false;
    bool good = show.why || compare_bodies(options, pair, rules, &known, &found, err);
    if (good) {
        show.found = show.why ? NULL : &found;
        *exit_code = exit_code_of(pair, show.found, &known);
        for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
            if (strcmp(options->format, formats[i].format) == 0)
                formats[i].show(&show, out);
    }
    pair_use_free(&known);
    comparison_free(&found);
    rules_free(rules);
    return good;
}

static MUST_CHECK bool read_number(const char *text, int64_t *number, struct err *err)
{
    char *end;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (errno || *end || end == text || n < 1)
        return err_set(err, ERR_USAGE, "a request has a number, as reports and the list give it.");
    *number = n;
    return true;
}

static MUST_CHECK bool show_request(const struct pair_options *options, struct ledger *ledger,
                                    const char *text, struct buffer *out, int *exit_code,
                                    struct err *err)
{
    struct buffer bytes = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct pair pair = {0};
    int64_t number = 0;
    bool there = false;
    bool good = read_number(text, &number, err) &&
                ledger_get(ledger, PAIR_KIND, number, 0, &bytes, &there, err) &&
                (!there || pair_decode(bytes.data, bytes.length, &pair, err));
    if (good && there) {
        good = show_pair(options, &pair, out, exit_code, err);
    } else if (good) {
        *exit_code = 2;
        if (strcmp(options->format, "json") == 0)
            buffer_printf(out, "{\"tally\": 1, \"request\": {\"number\": %lld}, \"kept\": false}\n",
                          (long long)number);
        else if (strcmp(options->format, "text") != 0 || options->body)
            good =
                err_set(err, ERR_USAGE, "no answers to request %lld are kept.", (long long)number);
        else
            buffer_printf(out,
                          "No answers to request %lld are kept: they were equal, it was left out, "
                          "or --answers-limit was reached.\n",
                          (long long)number);
    }
    pair_free(&pair);
    buffer_free(&bytes);
    return good;
}

static MUST_CHECK bool run(const struct pair_options *options, const char *const *operands,
                           size_t count, struct buffer *out, int *exit_code, struct err *err)
{
    struct ledger *ledger = NULL;
    if (count < 2 || strcmp(operands[1], "request") != 0)
        return err_set(err, ERR_USAGE,
                       "\"%.500s\" is the ledger of a replay: give LEDGER request N; tally-replay "
                       "report LEDGER shows all that it found.",
                       count ? operands[0] : "");
    if (options->output_path && (diff_show_is_input(options->output_path, operands[0]) ||
                                 diff_show_is_input(options->output_path, options->rules_path)))
        return err_set(err, ERR_USAGE, "\"%.500s\" is read: the report must go elsewhere.",
                       options->output_path);
    bool good = ledger_open(operands[0], "replay", false, &ledger, err);
    if (good && count < 3)
        good = show_list(ledger, out, err);
    else if (good)
        good = show_request(options, ledger, operands[2], out, exit_code, err);
    ledger_close(ledger);
    if (good && options->output_path) {
        good = diff_show_write(options->output_path, out, err);
        buffer_clear(out);
    }
    return good;
}

bool pair_command(int argc, char **argv, struct buffer *out, int *exit_code, struct err *err)
{
    struct pair_options options = {0};
    const char *operands[MOST_OPERANDS];
    size_t count = 0;
    *exit_code = 0;
    if (!option_parse(rows, argc, argv, &options, operands, MOST_OPERANDS, &count, err))
        return false;
    if (options.help) {
        pair_command_help(out);
        return true;
    }
    return run(&options, operands, count, out, exit_code, err);
}

/* ---- help ---- */

void pair_command_help(struct buffer *out)
{
    buffer_add_text(out, "Usage: tally-diff [OPTIONS] LEDGER request [N]\n\n");
    display_add_wrapped(out, what, 0, 0, WIDTH);
    buffer_add_byte(out, '\n');
    option_help(rows, WIDTH, out);
}

void pair_command_man(struct buffer *out)
{
    buffer_add_text(out, ".SH A RUN OF TALLY\\-REPLAY\n.SS tally\\-diff LEDGER request [N]\n");
    option_man_text(out, what);
    option_man(rows, out);
}
