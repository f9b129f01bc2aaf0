/*
 * Every sentence of --help and of the man page that is not an option's stands in the tables here,
 * once.
 */
#include "command.h"

#include "../diff/base/display.h"
#include "digest_command.h"
#include "pace.h"
#include "report.h"
#include "report_command.h"
#include "schema_compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WIDTH 80
#define FIELD(name) offsetof(struct command, name)

static const char compare[] = "What to compare", gentle[] = "Gentleness", resuming[] = "Resuming",
                  since[] = "Since last time", report[] = "What to report", mending[] = "Repair",
                  other[] = "Other";

static const struct option_row rows[] = {
    {"mapping", 'm', OPTION_TEXT, "FILE", FIELD(verify.mapping_path), NULL, 0, 0, compare,
     "Read from this YAML file how tables, columns and values correspond."},
    {"ids", 0, OPTION_TEXT, "FILE", FIELD(verify.ids_path), NULL, 0, 0, compare,
     "Take ids of the target for those of the source where this file pairs them: JSON lines "
     "{\"kind\": \"booking\", \"source\": 4711, \"target\": 4712}, or CSV with these columns. A "
     "kind "
     "means the table that is named so, and what refers to it by a foreign key."},
    {"table", 't', OPTION_LIST, "PATTERN", FIELD(verify.tables), NULL, 0, 0, compare,
     "Compare only tables whose name, of either side, matches this glob; a view only when its name "
     "is given in full. Repeatable."},
    {"exclude", 'x', OPTION_LIST, "PATTERN", FIELD(verify.excludes), NULL, 0, 0, compare,
     "Leave out tables whose name, of either side, matches this glob. Repeatable."},
    {"no-schema", 0, OPTION_FLAG, NULL, FIELD(verify.no_schema), NULL, 0, 0, compare,
     "Compare the rows alone, not what the tables' definitions promise: keys, defaults, sequences "
     "and the like."},
    {"jobs", 'j', OPTION_INT, "N", FIELD(verify.jobs), "2", 1, 64, compare,
     "Use N connections and threads per side."},
    {"ledger", 0, OPTION_TEXT, "FILE", FIELD(verify.ledger_path), NULL, 0, 0, resuming,
     "Keep what was read in this new file, so that an interrupted run can be resumed. Default: a "
     "file in the state folder (see FILES), whose path is printed."},
    {"resume", 0, OPTION_FLAG, NULL, FIELD(verify.resume), NULL, 0, 0, resuming,
     "Go on with the run of --ledger FILE, else of the newest ledger in the state folder: what was "
     "read to its end is not read again. Refused when options, mapping, schema or databases have "
     "changed."},
    {"no-values", 0, OPTION_FLAG, NULL, FIELD(verify.no_values), NULL, 0, 0, resuming,
     "Keep only hashes in the ledger: its result names tables, columns and counts, but shows no "
     "value of a row."},
    {"baseline", 0, OPTION_TEXT, "LEDGER", FIELD(verify.baseline_path), NULL, 0, 0, since,
     "Say what is new, what persists and what is gone since the finished run of this ledger; last: "
     "since the newest run of the same databases in the state folder."},
    {"only-new", 0, OPTION_FLAG, NULL, FIELD(verify.only_new), NULL, 0, 0, since,
     "Exit with 1 only for differences that are new since the baseline, with 2 only for what is "
     "newly inconclusive, and report only these."},
    {"max-rate", 0, OPTION_TEXT, "RATE", FIELD(verify.max_rate), NULL, 0, 0, gentle,
     "Read each side no faster than this, all its connections together: 50000rows/s, 50k rows/s, "
     "20MB/s, 20MiB/s."},
    {"max-load", 0, OPTION_INT, "N", FIELD(verify.max_load), NULL, 1, 1000000, gentle,
     "Pause reading a side while more than N threads other than our own run on its server. "
     "PostgreSQL: needs pg_read_all_stats."},
    {"max-lag", 0, OPTION_INT, "SECONDS", FIELD(verify.max_lag), NULL, 1, 1000000, gentle,
     "Pause reading a side that is a replica while it is further behind its primary; for five "
     "minutes at most when that does not help. At least one side must be a replica. MySQL: needs "
     "REPLICATION CLIENT, MariaDB: REPLICA MONITOR."},
    {"format", 'f', OPTION_CHOICE, REPORT_FORMATS, FIELD(verify.format), "text", 0, 0, report,
     "Write the report for people, for programs, for a browser, for Jenkins or GitLab, or for "
     "node_exporter."},
    {"output", 'o', OPTION_TEXT, "FILE", FIELD(verify.output_path), NULL, 0, 0, report,
     "Write the report to FILE instead of standard output."},
    {"report", 0, OPTION_LIST, "FORMAT=FILE", FIELD(verify.reports), NULL, 0, 0, report,
     "Write a further report of the same run, whole or not at all. Repeatable."},
    {"findings", 'n', OPTION_INT, "N", FIELD(verify.findings), "10", 0, 100000, report,
     "Show up to N differing rows per table. Counts are exact whatever N is."},
    {"explain", 'e', OPTION_FLAG, NULL, FIELD(verify.explain), NULL, 0, 0, report,
     "Show which tables and columns pair, how they would be compared and why. Reads no row."},
    {"quiet", 'q', OPTION_FLAG, NULL, FIELD(verify.quiet), NULL, 0, 0, report,
     "No progress; no text at all when everything is equal, else the essential lines. JSON and "
     "files are always "
     "written whole."},
    {"verbose", 'v', OPTION_FLAG, NULL, FIELD(verify.verbose), NULL, 0, 0, report,
     "List every table and every column of a finding, however many."},
    {"repair-sql", 0, OPTION_TEXT, "FILE", FIELD(verify.repair_path), NULL, 0, 0, mending,
     "Write to FILE the SQL statements that make the target equal to the source. They are never "
     "run. FILE is there only when the run came to its end."},
    {"repair-source", 0, OPTION_FLAG, NULL, FIELD(verify.repair_source), NULL, 0, 0, mending,
     "With --repair-sql: make the source equal to the target instead."},
    {"help", 'h', OPTION_FLAG, NULL, FIELD(help), NULL, 0, 0, other, "Show this help."},
    {"version", 'V', OPTION_FLAG, NULL, FIELD(version), NULL, 0, 0, other, "Show the version."},
    {0}};

static const struct option_entry uris[] = {
    {"postgresql://[USER[:PASSWORD]@][HOST][:PORT][/DATABASE][?NAME=VALUE&...]",
     "Everything that libpq accepts: several hosts, a socket directory, sslmode, passfile, "
     "service, and the PG* "
     "environment."},
    {"mysql://[USER[:PASSWORD]@][HOST][:PORT]/DATABASE[?NAME=VALUE&...]",
     "MySQL or MariaDB (mariadb:// is the same). Names: socket, ssl-mode, ssl-ca, ssl-cert, "
     "ssl-key, server-public-key, connect_timeout. What is missing comes from the [client] section "
     "of the usual my.cnf files, the password also from MYSQL_PWD."},
};

/* For the man page: the keys of the mapping file, in the order of mapping.h. */
static const struct option_entry mapping_keys[] = {
    {"schemas: {SOURCE: TARGET, ...}", "Schemas (MySQL: databases) that have another name."},
    {"exclude: [PATTERN, ...]", "Tables of either side to leave out."},
    {"rules: [RULE, ...]",
     "Options for every column that a rule's patterns match: table, column, types: {source: "
     "PATTERN, target: PATTERN}. For each option the most specific rule that gives it counts; of "
     "equal ones the later."},
    {"tables: {SOURCE: TARGET, ...}",
     "Tables of other names; instead of the target's name {target: NAME, key: [COLUMN, ...], "
     "where: "
     "CONDITION, ignore: [PATTERN, ...], ids: KIND, columns: {SOURCE: TARGET, ...}}, and instead "
     "of a target "
     "column's name {target: NAME, source_expr: SQL, target_expr: SQL} with options."},
    {"options of rules and columns",
     "kind, zone, separator and swapped say how to read a value; precision, tolerance: {abs: N}, "
     "{digits: N}, {ulp: N} or {seconds: N}, zero_date: null and strip_zero_padding: true are "
     "leniencies; "
     "ignore: "
     "true leaves a column out; mask: true compares it, but shows none of its values in any report "
     "or ledger, also where it is in the key; ids: KIND says that it holds ids which --ids pairs "
     "under this name, or several with commas between, or none. --explain shows which line decided "
     "what."},
};

static const struct option_entry exits[] = {
    {"0", "equal: both sides hold the same rows (--explain: the plan was made)"},
    {"1",
     "different: rows, or tables or columns that one side lacks, or a target whose next insert "
     "will fail"},
    {"2", "inconclusive: nothing differs, but something could not be compared"},
    {"64", "wrong usage: the command, the mapping or a file must be changed"},
    {"69", "a server cannot be reached, or refuses us"},
    {"70",
     "internal error, or a local resource is exhausted; also when the report could not be written"},
    {"130", "interrupted; the report says what was compared"},
};

static const struct option_entry examples[] = {
    {"Tonight is the cutover. Do the two sides tally?",
     "tally-verify --jobs 4 mysql://app@db1/hotel postgresql://app@db2/hotel"},
    {"Every night, from cron: silent when all is well.",
     "tally-verify --quiet --mapping hotel.yaml mysql://db1/hotel postgresql://db2/hotel"},
    {"Why does that booking differ? First how it is compared, then every finding.",
     "tally-verify --explain --table bookings mysql://db1/hotel postgresql://db2/hotel"},
    {NULL, "tally-verify -t bookings -n 1000 mysql://db1/hotel postgresql://db2/hotel"},
};

static const struct option_entry environment[] = {
    {"PGHOST, PGPASSWORD, PGPASSFILE, PGSERVICE, ...", "Defaults of libpq for postgresql:// URIs."},
    {"MYSQL_PWD", "Password for mysql:// URIs that have none."},
    {"NO_COLOR", "When set and not empty, no colour and no escape sequence is written."},
    {"TMPDIR",
     "Folder of the temporary files that hold rows while differences are looked for; they have no "
     "name and vanish with the process. Without it /tmp."},
    {"TERM", "When unset or dumb, no colour is written and no progress line is redrawn."},
};

static const struct option_entry files[] = {
    {"/etc/mysql/my.cnf, /etc/my.cnf, ~/.my.cnf",
     "Their [client] section: defaults for mysql:// URIs."},
    {"$XDG_STATE_HOME/tally, else ~/.local/state/tally",
     "The ledgers of the last 20 runs, readable by their owner alone."},
    {"~/.pgpass, ~/.pg_service.conf", "Passwords and services for postgresql:// URIs."},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char summary[] = "do two databases hold the same rows?";
static const char *const description[] = {
    "Reads every row of SOURCE and TARGET, each a MySQL, MariaDB or PostgreSQL database, and says "
    "which tables are "
    "equal, which are different and in which rows and columns, and which could not be compared and "
    "why.",
    "Values are compared by what they mean, not by how an engine spells them: 1.10 equals 1.1, "
    "tinyint(1) equals "
    "boolean, JSON members may stand in any order. What was not compared is never called equal, "
    "and an error is "
    "never called a difference.",
    "Sessions are read only and nothing is created on either server. Passwords in a URI are hidden "
    "from every "
    "output and from tally-verify's entry in the process list, though not from that of a program "
    "that "
    "starts it (sudo, timeout); a password file keeps them out of both and of the shell's history.",
};

bool command_parse(int argc, char **argv, struct command *command, struct err *err)
{
    const char *operands[2] = {NULL, NULL};
    size_t count = 0;
    memset(command, 0, sizeof *command);
    if (!option_parse(rows, argc, argv, command, operands, COUNT(operands), &count, err)) {
        command_hide_passwords(err->text);
        return false;
    }
    if (command->help || command->version)
        return true;
    if (count == 0)
        return err_set(err, ERR_USAGE, "SOURCE and TARGET are missing.");
    if (count == 1)
        return err_set(err, ERR_USAGE, "TARGET is missing: give two databases, SOURCE and TARGET.");
    command->verify.uri[0] = operands[0];
    command->verify.uri[1] = operands[1];
    if (command->verify.explain && command->verify.reports.count)
        return err_set(err, ERR_USAGE, "--report: with --explain there is no result to report.");
    if (command->verify.only_new && !command->verify.baseline_path)
        return err_set(err, ERR_USAGE, "--only-new needs --baseline LEDGER: new since when?");
    if (command->verify.explain && command->verify.baseline_path)
        return err_set(err, ERR_USAGE, "--baseline: --explain finds no differences to compare.");
    const char *format = command->verify.format;
    if (command->verify.explain && strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
        return err_set(err, ERR_USAGE, "--explain can be written as text or json, not as %s.",
                       format);
    if (command->verify.quiet && command->verify.verbose)
        return err_set(err, ERR_USAGE, "--quiet and --verbose contradict each other.");
    const struct verify_options *verify = &command->verify;
    if (verify->repair_source && !verify->repair_path)
        return err_set(err, ERR_USAGE, "--repair-source needs --repair-sql FILE.");
    if (verify->repair_path && verify->explain)
        return err_set(err, ERR_USAGE,
                       "--explain reads no row, so that --repair-sql has nothing to write.");
    struct pace_rate rate;
    return !command->verify.max_rate || pace_parse_rate(command->verify.max_rate, &rate, err);
}

void command_free(struct command *command)
{
    text_list_free(&command->verify.tables);
    text_list_free(&command->verify.excludes);
    text_list_free(&command->verify.reports);
}

/* --- help
 * --------------------------------------------------------------------------------------------- */

void command_help(struct buffer *out)
{
    buffer_printf(out,
                  "Usage: tally-verify [OPTIONS] SOURCE TARGET\n"
                  "       tally-verify plan|digest|merge|compare|report --help\n\ntally-verify: "
                  "%s\n\nExamples:\n",
                  summary);
    for (size_t i = 0; i < COUNT(examples); i++) {
        if (examples[i].term)
            buffer_printf(out, "  %s\n", examples[i].term);
        display_add_blanks(out, 4);
        /* A backslash at a line's end, so that an example can be pasted. */
        const char *text = examples[i].text;
        const char *split = strlen(text) > WIDTH - 4 ? strstr(text, " mysql://") : NULL;
        if (split)
            buffer_printf(out, "%.*s \\\n       ", (int)(split - text), text);
        buffer_printf(out, "%s\n", split ? split : text);
    }
    buffer_add_byte(out, '\n');
    option_help(rows, WIDTH, out);
    option_help_entries(out, "SOURCE and TARGET", uris, COUNT(uris), 6, WIDTH);
    option_help_entries(out, "Exit codes", exits, COUNT(exits), 8, WIDTH);
    buffer_add_text(out, "\nThe whole manual: man tally-verify\n");
}

/* --- man page
 * ----------------------------------------------------------------------------------------- */

/* The kinds of findings in definitions, from their own table. */
static void man_definitions(struct buffer *out)
{
    buffer_add_text(out, ".SH DEFINITIONS\n");
    option_man_text(out, "The definitions of the tables are compared as well, for what can hurt. "
                         "Kinds marked with (!) make a table different when they are found on the "
                         "target; the others are only said.");
    for (const struct schema_kind *kind = schema_kinds; kind->name; kind++) {
        buffer_add_text(out, ".TP\n.B ");
        char *term = mem_format("%s%s", kind->name, kind->breaks ? " (!)" : "");
        option_man_text(out, term);
        free(term);
        option_man_text(out, kind->help);
    }
}

void command_man(struct buffer *out)
{
    buffer_printf(out,
                  ".TH TALLY\\-VERIFY 1 \"\" \"Tally %s\" \"User Commands\"\n"
                  ".nh\n.ad l\n.SH NAME\ntally\\-verify \\- ",
                  TALLY_VERSION);
    option_man_text(out, summary);
    buffer_add_text(out,
                    ".SH SYNOPSIS\n.B tally\\-verify\n[\\fIOPTIONS\\fR] \\fISOURCE TARGET\\fR\n"
                    ".SH DESCRIPTION\n");
    for (size_t i = 0; i < COUNT(description); i++) {
        buffer_add_text(out, i ? ".PP\n" : "");
        option_man_text(out, description[i]);
    }
    buffer_add_text(out, ".SH OPTIONS\n");
    option_man(rows, out);
    digest_command_man(out);
    report_command_man(out);
    option_man_entries(out, "URIS", uris, COUNT(uris));
    option_man_entries(out, "MAPPING FILE", mapping_keys, COUNT(mapping_keys));
    man_definitions(out);
    option_man_entries(out, "EXIT STATUS", exits, COUNT(exits));
    option_man_entries(out, "ENVIRONMENT", environment, COUNT(environment));
    option_man_entries(out, "FILES", files, COUNT(files));
    buffer_add_text(out, ".SH EXAMPLES\n");
    for (size_t i = 0; i < COUNT(examples); i++) {
        if (examples[i].term) {
            buffer_add_text(out, ".PP\n");
            option_man_text(out, examples[i].term);
        }
        buffer_add_text(out, ".PP\n.RS 4\n.nf\n");
        option_man_text(out, examples[i].text);
        buffer_add_text(out, ".fi\n.RE\n");
    }
}

/* --- passwords
 * ---------------------------------------------------------------------------------------- */

/* Does a parameter's name say that its value is a secret? A name with %XX in it is not trusted. */
static bool is_secret(const char *name, size_t length)
{
    static const char *const words[] = {"password", "passwd", "pwd", "secret", "token"};
    for (size_t i = 0; i < length; i++) {
        if (name[i] == '%')
            return true;
        for (size_t w = 0; w < COUNT(words); w++)
            if (strlen(words[w]) <= length - i &&
                strncasecmp(name + i, words[w], strlen(words[w])) == 0)
                return true;
    }
    return false;
}

/* Generous rather than exact: what might be a password goes. */
void command_hide_passwords(char *text)
{
    char *start = strstr(text, "://");
    char *word = strcasestr(text, "password=");
    if (!start) { /* libpq's other form, "host=… password=…", which is refused, but was typed */
        if (word)
            memset(word + 9, 'x', strlen(word + 9));
        return;
    }
    start += 3;
    for (char *name = strchr(start, '?'); name; name = strchr(name, '&')) {
        name++;
        size_t length = strcspn(name, "=&");
        size_t size = name[length] == '=' ? strcspn(name + length + 1, "&") : 0;
        if (size && is_secret(name, length))
            memset(name + length + 1, 'x', size);
    }
    /* Up to the last '@' of all, so that a password with an unencoded '/', '?' or '@' goes whole.
     */
    char *at = strrchr(start, '@');
    char *colon = strchr(start, ':');
    if (at && colon && colon < at)
        memset(colon + 1, 'x', (size_t)(at - colon - 1));
}

char **command_take_arguments(int argc, char **argv)
{
    char **copies = mem_zero((size_t)argc + 1, sizeof *copies);
    for (int i = 0; i < argc; i++) {
        copies[i] = mem_copy_string(argv[i]);
        command_hide_passwords(argv[i]);
    }
    return copies;
}

void command_drop_arguments(int argc, char **arguments)
{
    for (int i = 0; i < argc; i++) {
        explicit_bzero(arguments[i], strlen(arguments[i]));
        free(arguments[i]);
    }
    free(arguments);
}
