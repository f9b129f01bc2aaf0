/* See diff_show.h. */
#include "diff_show.h"

#include "base/file.h"
#include "base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Answers that a rule leaves out are equal as far as anybody wants to know. */
static void leave_out(struct comparison *found, enum content_type type)
{
    *found = (struct comparison){.equal = true, .type = type, .masked = 1};
}

bool diff_show_compare(const struct diff_question *question, struct comparison *found,
                       struct err *err)
{
    const struct answer *answers = question->answers;
    struct rule_use use = {
        .rules = question->rules,
        .context = {.method = question->method,
                    .path = question->path,
                    .content_type = {answers[SOURCE].type, answers[TARGET].type}}};
    struct compare_rules hook = rules_for_compare(&use);
    if (question->known) {
        question->known->rules = question->rules ? hook : (struct compare_rules){0};
        hook = pair_known_for_compare(question->known);
    }
    if (!compare_answers(answers, question->type, question->rules || question->known ? &hook : NULL,
                         found, err))
        return false;
    /* Bytes have no tree that a rule could mark. */
    if (question->rules && !found->equal && !found->has_trees &&
        rules_ignore_answers(question->rules, &use.context, found->type)) {
        enum content_type type = found->type;
        comparison_free(found);
        leave_out(found, type);
        for (int side = 0; side < SIDES; side++)
            found->length[side] = answers[side].length;
    }
    return true;
}

enum content_type diff_show_type(const char *name)
{
    for (int type = 0; type < CONTENT_TYPES; type++)
        if (strcmp(name, content_type_name[type]) == 0)
            return (enum content_type)type;
    return CONTENT_AUTO;
}

void diff_show_compose(const char *format, const struct diff_report *report, struct buffer *out)
{
    static const struct {
        const char *format;
        void (*compose)(const struct diff_report *, struct buffer *);
    } formats[] = {
        {"text", diff_report_text}, {"json", diff_report_json}, {"html", diff_report_html}};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(format, formats[i].format) == 0)
            formats[i].compose(report, out);
}

void diff_show_note_rules(const struct rules *rules, const char *path)
{
    for (size_t i = 0; i < rules_count(rules); i++) {
        struct rule_count count = rules_count_of(rules, i);
        /* Bodies have no headers. */
        if (!count.header && count.applied[SOURCE] + count.applied[TARGET] == 0)
            fprintf(stderr, "tally-diff: %s:%d: %s: never matched%s.\n", path, count.line,
                    count.name, count.answers ? "" : ", for its conditions do not hold here");
    }
}

void diff_show_note_no_rule(const struct rules *rules, const char *path)
{
    for (size_t i = 0; i < rules_count(rules); i++) {
        struct rule_count count = rules_count_of(rules, i);
        if (count.applied[SOURCE] + count.applied[TARGET])
            return;
    }
    if (path)
        fprintf(stderr, "tally-diff: %s: no rule matched anything here.\n", path);
}

bool diff_show_is_input(const char *output, const char *input)
{
    struct stat one, two;
    return input && stat(output, &one) == 0 && stat(input, &two) == 0 && one.st_dev == two.st_dev &&
           one.st_ino == two.st_ino && S_ISREG(one.st_mode);
}

bool diff_show_write(const char *path, const struct buffer *text, struct err *err)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool good = file >= 0 && file_write_all(file, text->data, text->length);
    /* Some file systems tell only here that the disk is full. */
    if (file >= 0 && close(file) != 0)
        good = false;
    return good || err_set(err, ERR_USAGE, "cannot write to the output file \"%.500s\": %s.", path,
                           strerror(errno));
}

bool diff_show_colour(const char *output_path)
{
    return !output_path && output_has_colour(&(struct output){.file = STDOUT_FILENO});
}
