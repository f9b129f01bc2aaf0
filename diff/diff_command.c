/*
 * The command on two files (diff_command.h): options, reading, comparing. What is printed is
 * diff_report.h's.
 */
#include "diff_command.h"

#include "diff_report.h"
#include "diff_show.h"
#include "route.h"
#include "rule.h"

#include "base/file.h"
#include "base/display.h"
#include "base/option.h"
#include "base/text_list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define WIDTH 80
#define FILE_MOST                                                                                  \
    ((size_t)1 << 30) /* bytes of one file; the tree of a page takes several times that */

struct diff_options {
    const char *type, *rules_path, *route, *format, *output_path;
    struct text_list headers[SIDES];
    bool help, version;
};

#define FIELD(name) offsetof(struct diff_options, name)

static const char compare[] = "What to compare", report_group[] = "What to report",
                  other[] = "Other";

static const struct option_row rows[] = {
    {"type", 't', OPTION_CHOICE, "auto|html|xml|json|text|bytes", FIELD(type), "auto", 0, 0,
     compare,
     "As what to compare the files. auto: by --source-header and --target-header, else by their "
     "first bytes."},
    {"rules", 'r', OPTION_TEXT, "FILE", FIELD(rules_path), NULL, 0, 0, compare,
     "Pass over what this YAML file says: see RULES FILE."},
    {"route", 0, OPTION_TEXT, "REQUEST", FIELD(route), NULL, 0, 0, compare,
     "The request that both files answer, \"GET /rates/8812?tab=2\", for rules that hold for "
     "certain routes."},
    {"source-header", 0, OPTION_LIST, "HEADER", FIELD(headers[SOURCE]), NULL, 0, 0, compare,
     "A header that the first file came with: \"Content-Type: text/html; charset=latin1\"."},
    {"target-header", 0, OPTION_LIST, "HEADER", FIELD(headers[TARGET]), NULL, 0, 0, compare,
     "The same of the second file."},
    {"format", 'f', OPTION_CHOICE, "text|json|html", FIELD(format), "text", 0, 0, report_group,
     "For people, for programs (see tally-diff.schema.json), or a page with both sides beside each "
     "other."},
    {"output", 'o', OPTION_TEXT, "FILE", FIELD(output_path), NULL, 0, 0, report_group,
     "Write the report to this file."},
    {"help", 'h', OPTION_FLAG, NULL, FIELD(help), NULL, 0, 0, other, "Show this help."},
    {"version", 'V', OPTION_FLAG, NULL, FIELD(version), NULL, 0, 0, other, "Show the version."},
    {0}};

static const char *const description[] = {
    "Says what differs between two files: pages of HTML, JSON, XML, texts by their lines, anything "
    "else by its bytes. Pages and data are compared as trees: the order of attributes, the "
    "spelling "
    "of entities and white space between blocks do not matter, nor does the order of an object's "
    "members. Each difference has a path, as in table#rates > tr[12] > td.price or "
    "$.items[3].price. "
    "One of the files may be -, standard input.",
    "What cannot be read as its type is compared as text or bytes, and the report says why: "
    "nothing "
    "is called equal because something was lost.",
};

static const struct {
    const char *key, *text;
} rule_keys[] = {
    {"route", "\"GET /rates/{id}\", or a list: {name} stands for a part between slashes, * for any "
              "bytes of one, ** for anything; /index.php?do=mail holds where the query has such a "
              "field. Quotes are needed inside {...}."},
    {"type", "html, xml, json, text, bytes, or a media type: text/csv, image/*."},
    {"css", "Elements: tag, *, #id, .class, [attr], [attr=value], ^= $= *= ~=, :first-child, "
            ":last-child, :nth-child(N), odd, even; a b, a > b, a + b, a ~ b and a, b."},
    {"json", "Values: $, .name, ['name'], [3], [*], .*, ..name, ..*."},
    {"xpath", "Elements: /a/b, //b, *, a[3], [@attr], [@attr='value'], a | b; an attribute: "
              "a/@attr."},
    {"attribute", "Of the elements found, or of all, this attribute instead of the texts."},
    {"header", "A header of the answer (tally-replay)."},
    {"cookie", "A cookie that the answer sets (tally-replay); with ignore: true."},
    {"side", "source, target or both."},
    {"ignore", "true: as if it were not there. With route or type alone, the whole answer. order: "
               "the children of what was found, in any order."},
    {"mask",
     "A regular expression (PCRE2): what matches does not count, but must be on both sides. "
     "true: the whole of what was found."},
    {"normalise", "number, date, date day first, date month first, white space or trailing "
                  "blanks, or a list: each has one spelling before it is compared."},
    {"round", "Digits behind the point."},
    {"sort", "words, lines or a separator: the parts of a text in any order."},
    {"key", "Elements of a JSON list are told apart by this member, not by their place."},
    {"equal", "Lists of values that are the same: [[0, false], [\"0000-00-00\", null]]; null is "
              "nothing."},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- files ---- */

static MUST_CHECK bool read_file(const char *path, struct buffer *bytes, struct err *err)
{
    bool standard = strcmp(path, "-") == 0;
    int file = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0)
        return err_set(err, ERR_USAGE, "cannot open \"%.500s\": %s.", path, strerror(errno));
    ssize_t length = 0;
    do {
        unsigned char *place = buffer_reserve(bytes, 1 << 16);
        if (!place) {
            err_set(err, ERR_USAGE, "\"%.500s\" is larger than %zu MB.", path, FILE_MOST >> 20);
            break;
        }
        length = read(file, place, 1 << 16);
        if (length > 0)
            bytes->length += (size_t)length;
    } while (length > 0 || (length < 0 && errno == EINTR));
    if (!buffer_overflowed(bytes) && length < 0)
        err_set(err, ERR_USAGE, "cannot read \"%.500s\": %s.", path, strerror(errno));
    bool good = !buffer_overflowed(bytes) && length == 0;
    buffer_terminate(bytes);
    if (!standard)
        close(file);
    return good;
}

/* ---- options ---- */

/* The value of Content-Type, or NULL; another header says nothing of a file. */
static const char *content_type_of(const struct text_list *headers)
{
    static const char name[] = "content-type:";
    for (size_t i = 0; i < headers->count; i++)
        if (strncasecmp(headers->items[i], name, sizeof name - 1) == 0)
            return headers->items[i] + sizeof name - 1 +
                   strspn(headers->items[i] + sizeof name - 1, " \t");
    return NULL;
}

static MUST_CHECK bool check_headers(const struct diff_options *options, struct err *err)
{
    for (int side = 0; side < SIDES; side++)
        for (size_t i = 0; i < options->headers[side].count; i++)
            if (!strchr(options->headers[side].items[i], ':'))
                return err_set(err, ERR_USAGE, "--%s-header must be NAME: VALUE.", side_name[side]);
    return true;
}

static MUST_CHECK bool check_options(const struct diff_options *options, const char *const *files,
                                     size_t count, struct err *err)
{
    if (count != SIDES)
        return err_set(err, ERR_USAGE, "two files are compared: give SOURCE and TARGET.");
    if (strcmp(files[SOURCE], "-") == 0 && strcmp(files[TARGET], "-") == 0)
        return err_set(err, ERR_USAGE, "only one of the files can be standard input.");
    if (options->output_path)
        for (int side = 0; side < SIDES; side++)
            if (diff_show_is_input(options->output_path, files[side]) ||
                diff_show_is_input(options->output_path, options->rules_path))
                return err_set(err, ERR_USAGE, "\"%.500s\" is read: the report must go elsewhere.",
                               options->output_path);
    return check_headers(options, err);
}

/* ---- the comparison ---- */

/* "GET /rates/8812", or the path alone. */
static void set_route(struct diff_question *question, char *request)
{
    char *blank = request ? strchr(request, ' ') : NULL;
    question->path = request;
    if (!blank)
        return;
    *blank = '\0';
    question->method = request;
    question->path = blank + 1 + strspn(blank + 1, " ");
}

static MUST_CHECK bool run(const struct diff_options *options, const char *const *files,
                           struct buffer *out, int *exit_code, struct err *err)
{
    struct buffer bytes[SIDES] = {BUFFER_INIT(FILE_MOST), BUFFER_INIT(FILE_MOST)};
    struct rules *rules = NULL;
    struct comparison found = {0};
    struct answer answers[SIDES];
    char *request = options->route ? mem_copy_string(options->route) : NULL;
    struct diff_question question = {.answers = answers, .type = diff_show_type(options->type)};
    bool good = !options->rules_path || rules_read(options->rules_path, &rules, err);
    for (int side = 0; good && side < SIDES; side++) {
        good = read_file(files[side], &bytes[side], err);
        answers[side] = (struct answer){bytes[side].data, bytes[side].length,
                                        content_type_of(&options->headers[side])};
    }
    question.rules = rules;
    set_route(&question, request);
    good = good && diff_show_compare(&question, &found, err);
    if (good) {
        struct diff_report report = {.found = &found,
                                     .name = {files[SOURCE], files[TARGET]},
                                     .colour = diff_show_colour(options->output_path)};
        diff_show_compose(options->format, &report, out);
        *exit_code = found.equal ? 0 : 1;
        /* Files of the same bytes are not looked into. */
        if (found.has_trees)
            diff_show_note_rules(rules, options->rules_path);
        if (options->output_path) {
            good = diff_show_write(options->output_path, out, err);
            buffer_clear(out);
        }
    }
    comparison_free(&found);
    rules_free(rules);
    free(request);
    for (int side = 0; side < SIDES; side++)
        buffer_free(&bytes[side]);
    return good;
}

bool diff_command(int argc, char **argv, struct buffer *out, int *exit_code, struct err *err)
{
    struct diff_options options = {0};
    const char *files[SIDES];
    size_t count = 0;
    *exit_code = 0;
    bool good = option_parse(rows, argc, argv, &options, files, SIDES, &count, err);
    if (good && options.help)
        diff_command_help(out);
    else if (good && options.version)
        buffer_add_text(out, "tally-diff " TALLY_VERSION "\n");
    else
        good = good && check_options(&options, files, count, err) &&
               run(&options, files, out, exit_code, err);
    for (int side = 0; side < SIDES; side++)
        text_list_free(&options.headers[side]);
    return good;
}

/* ---- help ---- */

void diff_command_help(struct buffer *out)
{
    buffer_add_text(out, "Usage: tally-diff [OPTIONS] SOURCE TARGET\n\n");
    for (size_t i = 0; i < COUNT(description); i++) {
        display_add_wrapped(out, description[i], 0, 0, WIDTH);
        buffer_add_byte(out, '\n');
    }
    option_help(rows, WIDTH, out);
    buffer_add_text(out, "\nRules file: conditions and one action for each rule, in YAML:\n"
                         "  rules:\n"
                         "  - {css: 'input[name=_token]', attribute: value, mask: true}\n"
                         "  - {json: $..updated_at, ignore: true}\n\n");
    for (size_t i = 0; i < COUNT(rule_keys); i++) {
        buffer_printf(out, "  %s", rule_keys[i].key);
        display_add_blanks(out, 13 - 2 - strlen(rule_keys[i].key));
        display_add_wrapped(out, rule_keys[i].text, 13, 13, WIDTH);
    }
}

void diff_command_man(struct buffer *out)
{
    buffer_add_text(out, ".SH COMPARING TWO FILES\n.B tally\\-diff\n[\\fIOPTIONS\\fR] \\fISOURCE "
                         "TARGET\\fR\n.PP\n");
    for (size_t i = 0; i < COUNT(description); i++) {
        buffer_add_text(out, i ? ".PP\n" : "");
        option_man_text(out, description[i]);
    }
    option_man(rows, out);
    buffer_add_text(out, ".SH RULES FILE\n");
    option_man_text(
        out, "One YAML file holds everything that a comparison passes over. A rule holds where "
             "all its conditions hold and has one action; rules act in the file's order. A "
             "rule that never matched is reported.");
    for (size_t i = 0; i < COUNT(rule_keys); i++) {
        buffer_add_text(out, ".TP\n.B ");
        option_man_text(out, rule_keys[i].key);
        option_man_text(out, rule_keys[i].text);
    }
}
