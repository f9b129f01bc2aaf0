/*
 * The program tally-diff: what exactly differs here? Decides by its operands which command is
 * meant: a finished run of tally-verify or tally-replay (a file that is an SQLite database is a
 * ledger, and its purpose says whose), two values, or two files. Input: argv. Output: text on
 * standard output, sentences on standard error, an exit code.
 */
#include "../diff/base/file.h"
#include "../diff/base/display.h"
#include "../diff/compare.h"
#include "../diff/diff_command.h"
#include "../diff/ledger.h"
#include "../diff/pair_command.h"
#include "command.h"
#include "ledger_command.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WIDTH 80

static const char summary[] = "what exactly differs here?";

static const struct {
    const char *code, *text;
} exits[] = {
    {"0", "equal"},
    {"1", "different"},
    {"2",
     "inconclusive: something could not be compared, or is not there; of two files: trouble, as "
     "with diff(1)"},
    {"64", "wrong usage: the command, the mapping or a file must be changed"},
    {"69", "a server cannot be reached, or refuses us"},
    {"70", "internal error, or a local resource is exhausted"},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int fail(const struct err *err)
{
    fprintf(stderr, "tally-diff: %s\n", err->text);
    return err->code >= ERR_USAGE ? (int)err->code : ERR_INTERNAL;
}

/* The first bytes of every SQLite 3 file: SQLite, Database File Format, 1.2. */
static bool is_ledger(const char *path)
{
    static const char magic[16] = "SQLite format 3";
    char first[sizeof magic];
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    /* What is read from a pipe is gone for those who compare it. */
    bool good = file >= 0 && fstat(file, &status) == 0 && S_ISREG(status.st_mode) &&
                read(file, first, sizeof first) == (ssize_t)sizeof first &&
                memcmp(first, magic, sizeof magic) == 0;
    if (file >= 0)
        close(file);
    return good;
}

/* NULL: no operand is one. */
static const char *find_ledger(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (*argv[i] != '-' && is_ledger(argv[i]))
            return argv[i];
    return NULL;
}

/* Each of the two commands says what is wrong with its own. */
static MUST_CHECK bool ask_ledger(const char *path, int argc, char **argv, struct buffer *out,
                                  int *exit_code, struct err *err)
{
    struct ledger *ledger = NULL;
    struct err unread = {0};
    bool replay = ledger_open(path, NULL, false, &ledger, &unread) &&
                  strcmp(ledger_purpose(ledger), "replay") == 0;
    ledger_close(ledger);
    if (!replay)
        return ledger_command(argc, argv, out, exit_code, err);
    compare_setup();
    return pair_command(argc, argv, out, exit_code, err);
}

static void add_help(struct buffer *out)
{
    diff_command_help(out);
    buffer_add_byte(out, '\n');
    ledger_command_help(out);
    buffer_add_byte(out, '\n');
    pair_command_help(out);
    buffer_add_byte(out, '\n');
    explain_command_help(out);
    buffer_add_text(out, "\nExit codes:\n");
    for (size_t i = 0; i < COUNT(exits); i++)
        buffer_printf(out, "  %-4s  %s\n", exits[i].code, exits[i].text);
    buffer_add_text(out, "\nThe whole manual: man tally-diff\n");
}

static void add_man(struct buffer *out)
{
    buffer_printf(out,
                  ".TH TALLY\\-DIFF 1 \"\" \"Tally %s\" \"User Commands\"\n"
                  ".SH NAME\ntally\\-diff \\- ",
                  TALLY_VERSION);
    option_man_text(out, summary);
    buffer_add_text(out,
                    ".SH SYNOPSIS\n.B tally\\-diff\n[\\fIOPTIONS\\fR] \\fISOURCE "
                    "TARGET\\fR\n.br\n.B tally\\-diff\n[\\fIOPTIONS\\fR] \\fILEDGER\\fR "
                    "[\\fITABLE\\fR [\\fIKEY\\fR...]]\n.br\n.B tally\\-diff\n[\\fIOPTIONS\\fR] "
                    "\\fILEDGER\\fR request [\\fIN\\fR]\n.br\n.B tally\\-diff explain\n"
                    "[\\fIOPTIONS\\fR] \\fIV1 V2\\fR\n");
    diff_command_man(out);
    ledger_command_man(out);
    pair_command_man(out);
    explain_command_man(out);
    buffer_add_text(out, ".SH EXIT STATUS\n");
    for (size_t i = 0; i < COUNT(exits); i++) {
        buffer_printf(out, ".TP\n.B %s\n", exits[i].code);
        option_man_text(out, exits[i].text);
    }
    buffer_add_text(out, ".SH SEE ALSO\n.BR tally\\-verify (1)\n");
}

/* Two files. Scripts know the exit codes of diff(1): 2 is trouble. */
static MUST_CHECK bool compare_files(int argc, char **argv, struct buffer *out, int *exit_code,
                                     struct err *err)
{
    compare_setup();
    if (diff_command(argc, argv, out, exit_code, err))
        return true;
    if (err->code == ERR_INTERRUPTED || err->code == ERR_INTERNAL)
        return false;
    (void)fail(err);
    if (err->code == ERR_USAGE)
        fputs("Try 'tally-diff --help'.\n", stderr);
    *exit_code = 2;
    return true;
}

static MUST_CHECK bool run(int argc, char **argv, struct buffer *out, int *exit_code,
                           struct err *err)
{
    const char *first = argc > 1 ? argv[1] : "", *ledger = find_ledger(argc, argv);
    *exit_code = 0;
    if (argc == 2 && strcmp(first, "--man") == 0)
        add_man(out);
    else if (argc == 2 && (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0))
        add_help(out);
    else if (argc == 2 && (strcmp(first, "--version") == 0 || strcmp(first, "-V") == 0))
        buffer_add_text(out, "tally-diff " TALLY_VERSION "\n");
    else if (strcmp(first, "explain") == 0)
        return explain_command(argc - 1, argv + 1, out, exit_code, err);
    else if (ledger)
        return ask_ledger(ledger, argc, argv, out, exit_code, err);
    else
        return compare_files(argc, argv, out, exit_code, err);
    return true;
}

int main(int argc, char **argv)
{
    struct buffer out = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct err err = {0};
    int exit_code = 0;
    char **arguments = command_take_arguments(argc, argv);
    file_fill_standard_streams();
    signal(SIGPIPE, SIG_IGN);
    if (!run(argc, arguments, &out, &exit_code, &err)) {
        exit_code = fail(&err);
        if (err.code == ERR_USAGE)
            fputs("Try 'tally-diff --help'.\n", stderr);
    } else if (!file_write_all(STDOUT_FILENO, out.data, out.length)) {
        err_set(&err, ERR_INTERNAL, "cannot write to standard output: %s.", strerror(errno));
        exit_code = fail(&err);
    }
    buffer_free(&out);
    command_drop_arguments(argc, arguments);
    return exit_code;
}
