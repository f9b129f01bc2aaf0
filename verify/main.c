/*
 * The program tally-verify: parses the command line, runs verify_run(), writes the report. Input:
 * argv. Output: the report, sentences on standard error, an exit code. Must not know of engines or
 * the type contract.
 */
#include "../diff/base/file.h"
#include "../diff/base/buffer.h"
#include "../diff/base/interrupt.h"
#include "../diff/base/memory.h"
#include "../diff/base/output.h"
#include "../diff/base/thread.h"
#include "../diff/report_files.h"
#include "command.h"
#include "../diff/ledger.h"
#include "digest_command.h"
#include "report.h"
#include "report_command.h"
#include "result_ledger.h"
#include "verify.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void end_softly(void)
{
    verify_interrupt();
    digest_interrupt();
}

static int fail(const struct err *err)
{
    fprintf(stderr, "tally-verify: %s\n", err->text);
    /* Codes below 64 mean a table or a stream; as an exit code they would be a verdict. */
    return err->code >= ERR_USAGE ? (int)err->code : ERR_INTERNAL;
}

static MUST_CHECK bool open_output(const struct verify_options *options, struct output *output,
                                   struct err *err)
{
    if (!output_open(options->output_path, output, err))
        return false;
    struct stat mine, mapping;
    if (output->path && options->mapping_path && fstat(output->file, &mine) == 0 &&
        stat(options->mapping_path, &mapping) == 0 && mine.st_dev == mapping.st_dev &&
        mine.st_ino == mapping.st_ino)
        return err_set(err, ERR_USAGE, "\"%s\" is the mapping file: the report must go elsewhere.",
                       output->path);
    return true;
}

static void compose(const struct verify_result *result, const struct verify_options *options,
                    const struct output *output, struct buffer *text)
{
    struct verify_options shown = *options;
    shown.quiet = options->quiet && !output->path; /* a file is read later: it says everything */
    bool is_text = strcmp(options->format, "text") == 0 && !options->explain;
    if (!is_text || !shown.quiet || verify_exit_code(result) != 0)
        report_compose(options->format, result, &shown, output_has_colour(output), text);
}

/* What reports are made of. */
struct reported {
    const struct verify_result *result;
    const struct verify_options *options;
};

static void compose_file(const void *data, const char *format, struct buffer *out)
{
    const struct reported *reported = data;
    struct verify_options shown = *reported->options;
    shown.quiet = false; /* a file is read later: it says everything */
    report_compose(format, reported->result, &shown, false, out);
}

/* A result from a ledger; with its run's patterns and mapping in the options. */
static MUST_CHECK bool read_result(const char *ledger_path, struct verify_result *result,
                                   struct verify_options *options, struct err *err)
{
    struct ledger *ledger = NULL;
    bool done = ledger_open(ledger_path, "verify", false, &ledger, err) &&
                result_ledger_get(ledger, result, options, err);
    ledger_close(ledger);
    return done;
}

/* Where a result comes from: two databases, or one of these. */
struct origin {
    const char *const *digests; /* NULL, or two digest files */
    const char *ledger;         /* NULL, or that of a finished run */
};

static MUST_CHECK bool get_result(struct verify_options *options, const struct origin *origin,
                                  struct verify_result *result, struct err *err)
{
    if (origin->digests)
        return digest_compare(origin->digests, result, err);
    if (origin->ledger)
        return read_result(origin->ledger, result, options, err);
    return verify_run(options, result, err);
}

static MUST_CHECK bool run(struct verify_options *options, const struct origin *origin,
                           int *exit_code, struct err *err)
{
    struct output output = {.file = -1};
    struct report_files files = {0};
    struct verify_result result = {0};
    bool done = open_output(options, &output, err) &&
                report_files_open(&options->reports, REPORT_FORMATS, &files, err);
    if (done) {
        interrupt_install(end_softly);
        done = get_result(options, origin, &result, err);
    }
    if (done) {
        struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
        compose(&result, options, &output, &text);
        *exit_code = options->explain && !result.interrupted ? 0 : verify_exit_code(&result);
        struct err unwritten;
        const struct reported reported = {&result, options};
        done = report_files_write(&files, compose_file, &reported, &unwritten);
        if (!output_write(&output, &text, err))
            done = false;
        else if (!done)
            *err = unwritten;
        buffer_free(&text);
    } else {
        output_drop(&output);
    }
    report_files_drop(&files);
    verify_result_free(&result);
    return done;
}

static MUST_CHECK bool run_plan(const struct verify_options *options, int *exit_code,
                                struct err *err)
{
    struct verify_result result = {0};
    interrupt_install(end_softly);
    bool done = verify_run(options, &result, err);
    if (done && result.interrupted)
        done = err_set(err, ERR_INTERRUPTED, "interrupted; no plan was written");
    size_t unread = 0;
    for (size_t i = 0; done && i < result.table_count; i++)
        unread += result.tables[i].inconclusive;
    if (done && !options->quiet) {
        fprintf(stderr, "%s: a plan of %zu table%s", options->plan_path, result.table_count,
                result.table_count == 1 ? "" : "s");
        if (unread)
            fprintf(stderr, ", of which %zu cannot be compared wholly (--explain says why)",
                    unread);
        fputc('\n', stderr);
    }
    *exit_code = 0;
    verify_result_free(&result);
    return done;
}

static MUST_CHECK bool run_digest(const struct digest_options *options, int *exit_code,
                                  struct err *err)
{
    struct text_list failed = {0};
    interrupt_install(end_softly);
    bool done = digest_read(options, &failed, err);
    for (size_t i = 0; done && i < failed.count; i++)
        fprintf(stderr, "tally-verify: not read: %s\n", failed.items[i]);
    *exit_code = failed.count ? 2 : 0;
    text_list_free(&failed);
    return done;
}

/* The commands on plan and digest files. */
static int run_command(int argc, char **argv)
{
    struct digest_command command;
    struct err err = {0};
    int exit_code = 0;
    bool done = true;
    if (!digest_command_parse(argc, argv, &command, &err)) {
        exit_code = fail(&err);
        fprintf(stderr, "Try 'tally-verify %s --help'.\n", argv[0]);
    } else if (command.help) {
        struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
        struct output output = {.file = STDOUT_FILENO};
        digest_command_help(command.verb, &text);
        done = output_write(&output, &text, &err);
        buffer_free(&text);
    } else if (command.verb == DIGEST_PLAN) {
        done = run_plan(&command.digest.verify, &exit_code, &err);
    } else if (command.verb == DIGEST_READ) {
        done = run_digest(&command.digest, &exit_code, &err);
    } else if (command.verb == DIGEST_MERGE) {
        done = digest_merge_files(command.files, command.file_count,
                                  command.digest.verify.output_path, &err);
    } else {
        const struct origin origin = {.digests = command.files};
        done = run(&command.digest.verify, &origin, &exit_code, &err);
    }
    digest_command_free(&command);
    return done ? exit_code : fail(&err);
}

static int run_report(int argc, char **argv)
{
    struct report_command command;
    struct err err = {0};
    int exit_code = 0;
    bool done = report_command_parse(argc, argv, &command, &err);
    if (!done) {
        fail(&err);
        fputs("Try 'tally-verify report --help'.\n", stderr);
        exit_code = (int)err.code;
    } else if (command.help) {
        struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
        struct output output = {.file = STDOUT_FILENO};
        report_command_help(&text);
        if (!output_write(&output, &text, &err))
            exit_code = fail(&err);
        buffer_free(&text);
    } else {
        const struct origin origin = {.ledger = command.ledger};
        if (!run(&command.verify, &origin, &exit_code, &err))
            exit_code = fail(&err);
    }
    report_command_free(&command);
    return exit_code;
}

/* Help, version and man page. */
static int print(void (*compose_text)(struct buffer *))
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct output output = {.file = STDOUT_FILENO};
    struct err err = {0};
    compose_text(&text);
    bool done = output_write(&output, &text, &err);
    buffer_free(&text);
    return done ? 0 : fail(&err);
}

static void add_version(struct buffer *out)
{
    buffer_add_text(out, "tally-verify " TALLY_VERSION "\n");
}

int main(int argc, char **argv)
{
    char **arguments = command_take_arguments(argc, argv);
    struct command command;
    struct err err = {0};
    int exit_code = ERR_INTERNAL;
    file_fill_standard_streams();
    /* Large blocks go back to the system when freed, instead of staying in every thread's heap. */
    mallopt(M_MMAP_THRESHOLD, 256 << 10);
    mallopt(M_TRIM_THRESHOLD, 512 << 10);
    signal(SIGPIPE, SIG_IGN);
    if (argc > 1 && digest_command_is(arguments[1])) {
        exit_code = run_command(argc - 1, arguments + 1);
    } else if (argc > 1 && strcmp(arguments[1], "report") == 0) {
        exit_code = run_report(argc - 1, arguments + 1);
    } else if (argc == 2 &&
               strcmp(arguments[1], "--man") == 0) { /* for the build: not an option of the user */
        exit_code = print(command_man);
    } else if (!command_parse(argc, arguments, &command, &err)) {
        exit_code = fail(&err);
        fputs("Try 'tally-verify --help'.\n", stderr);
        command_free(&command);
    } else {
        if (command.help)
            exit_code = print(command_help);
        else if (command.version)
            exit_code = print(add_version);
        else if (!run(&command.verify, &(const struct origin){0}, &exit_code, &err))
            exit_code = fail(&err);
        command_free(&command);
    }
    command_drop_arguments(argc, arguments);
    return thread_end_program(exit_code);
}
