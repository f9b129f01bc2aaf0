/* The options of tally-replay, and which of them go together. What they say to people beside that
 * stands in command_help.c. */
#include "command.h"

#include "../diff/base/memory.h"
#include "../diff/route.h"
#include "mask.h"
#include "pace.h"
#include "report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FIELD(name) offsetof(struct command, name)
#define REPLAY(name) offsetof(struct command, replay.name)
#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char task[] = "What to do", log_group[] = "How to read the log",
                  whose[] = "Whose requests they are", where[] = "Where to send",
                  safety[] = "Safety", sessions[] = "Sessions", how[] = "How fast, in what order",
                  compare[] = "What is compared", databases[] = "The databases",
                  ledger[] = "Ledger", report[] = "What to report", other[] = "Other";

const struct option_row command_rows[] = {
    {"inventory", 0, OPTION_FLAG, NULL, FIELD(inventory), NULL, 0, 0, task,
     "Send nothing; tell what the logs hold: requests, sessions, tenants, routes, what cannot be "
     "replayed and why, and how fast a replay can be."},
    {"list", 0, OPTION_FLAG, NULL, FIELD(list), NULL, 0, 0, task,
     "Send nothing; print every request as a line of JSON, in order of arrival."},
    {"advise", 0, OPTION_TEXT, "NGINX.CONF", FIELD(advise), NULL, 0, 0, task,
     "Say what the log of this configuration lacks for a replay, and print a log_format that lacks "
     "nothing."},
    {"log-format", 0, OPTION_TEXT, "STRING", REPLAY(log_format), NULL, 0, 0, log_group,
     "How the log was written: nginx's log_format, as it stands in its configuration, with "
     "escape=... if it has that; or combined, or requestlog. (default: combined)"},
    {"nginx-conf", 0, OPTION_TEXT, "FILE", REPLAY(nginx_conf), NULL, 0, 0, log_group,
     "Read the log format from this configuration, and from what it includes."},
    {"format-name", 0, OPTION_TEXT, "NAME", REPLAY(format_name), NULL, 0, 0, log_group,
     "The name of the log_format in the configuration. Needed when several are used."},
    {"temp-limit", 0, OPTION_INT, "GB", REPLAY(temp_limit), "100", 1, 1000000, log_group,
     "Take at most this much disk for sorting; logs over 32 MB (--inventory, --list: 128 MB) need "
     "as much as they are long, uncompressed."},
    {"session", 0, OPTION_TEXT, "KEY", REPLAY(session), NULL, 0, 0, whose,
     "What a session is known by: a cookie's name, several with commas between (the first that was "
     "sent counts), or an expression over the log's variables. Without it a cookie whose name is "
     "that of a session, else address and browser."},
    {"tenant", 0, OPTION_TEXT, "KEY", REPLAY(tenant), NULL, 0, 0, whose,
     "What a tenant is known by, in the same way."},
    {"logged-host", 0, OPTION_TEXT, "HOST", REPLAY(logged_host), NULL, 0, 0, whose,
     "The host at which production was reached, for cookies and links that name it. Without it the "
     "one that the log names most often."},
    {"route-query", 0, OPTION_LIST, "NAME", REPLAY(route_query), NULL, 0, 0, whose,
     "The query's field NAME chooses the page, as \"do\" in /index.php?do=mail: times, groups and "
     "learnt rules are told apart by its value. Repeatable."},

    {"source-url", 's', OPTION_TEXT, "URL", REPLAY(url[SOURCE]), NULL, 0, 0, where,
     "The version before the move: http:// or https://, with a port if need be; a path is put "
     "before every logged one."},
    {"target-url", 't', OPTION_TEXT, "URL", REPLAY(url[TARGET]), NULL, 0, 0, where,
     "The version after the move. Without it the source alone is sent the log, and nothing is "
     "compared but each status with the logged one."},
    {"source-host", 0, OPTION_TEXT, "HOST", REPLAY(host[SOURCE]), NULL, 0, 0, where,
     "The Host header that the source is sent; without it that of its URL."},
    {"target-host", 0, OPTION_TEXT, "HOST", REPLAY(host[TARGET]), NULL, 0, 0, where,
     "The same for the target."},
    {"source-header", 0, OPTION_LIST, "'NAME: VALUE'", REPLAY(headers[SOURCE]), NULL, 0, 0, where,
     "A header that the source is sent beside, or instead of, the logged ones. Repeatable."},
    {"target-header", 0, OPTION_LIST, "'NAME: VALUE'", REPLAY(headers[TARGET]), NULL, 0, 0, where,
     "The same for the target."},
    {"resolve", 0, OPTION_LIST, "HOST:PORT:ADDRESS", REPLAY(resolve), NULL, 0, 0, where,
     "Connect to this address when a URL names this host and port. Repeatable."},
    {"tenants", 0, OPTION_TEXT, "FILE", REPLAY(tenants_path), NULL, 0, 0, where,
     "Read from this YAML file to which URL and Host each tenant's requests go."},
    {"ca", 0, OPTION_TEXT, "FILE", REPLAY(ca), NULL, 0, 0, where,
     "Trust the certificates that this PEM file signs, instead of the system's."},
    {"insecure", 0, OPTION_FLAG, NULL, REPLAY(insecure), NULL, 0, 0, where,
     "Trust any certificate."},
    {"http2", 0, OPTION_FLAG, NULL, REPLAY(http2), NULL, 0, 0, where,
     "Speak HTTP/2 with https:// sides that offer it; without it HTTP/1.1."},

    {"allow-host", 0, OPTION_LIST, "HOST", REPLAY(allow_hosts), NULL, 0, 0, safety,
     "Send to this host though the log names it as its own, or its address is public. One host, "
     "without wildcards. Repeatable."},
    {"read-only", 0, OPTION_FLAG, NULL, REPLAY(read_only), NULL, 0, 0, safety,
     "Send only GET, HEAD, OPTIONS and TRACE."},
    {"deny", 0, OPTION_LIST, "ROUTE", REPLAY(deny), NULL, 0, 0, safety,
     "Leave out requests of this route, as those that mail or pay: '/mail/**', 'POST /pay/{id}', "
     "'/index.php?do=mail'. Repeatable."},
    {"dry-run", 0, OPTION_FLAG, NULL, REPLAY(dry_run), NULL, 0, 0, safety,
     "Do everything but send: check hosts, tenants and rules, and count what would be sent."},

    {"began-before", 0, OPTION_CHOICE, "leave-out|as-is", FIELD(began_before), "leave-out", 0, 0,
     sessions,
     "What to do with sessions that began before the log, so that their login is not in it. as-is "
     "sends them with what cookies they get."},
    {"login", 0, OPTION_TEXT, "FILE", REPLAY(login_path), NULL, 0, 0, sessions,
     "Log those sessions in first, by the requests in this YAML file."},
    {"seed-cookies", 0, OPTION_FLAG, NULL, REPLAY(seed_cookies), NULL, 0, 0, sessions,
     "Begin each session with the logged cookies: for sides whose store of sessions was restored "
     "with the databases."},

    {"order", 0, OPTION_CHOICE, "tenant|log|session", FIELD(order), NULL, 0, 0, how,
     "Within what a request that writes waits for all before it, and a reading one for writes: its "
     "tenant, the whole log, or only its own session. (default: tenant with --tenant, else log)"},
    {"speed", 0, OPTION_TEXT, "FACTOR", REPLAY(speed), NULL, 0, 0, how,
     "Keep the log's own times, this many times as fast: 10x. Without it as fast as the order "
     "allows."},
    {"connections", 0, OPTION_INT, "N", REPLAY(connections), "64", 1, 10000, how,
     "Connections to each side at most."},
    {"timeout", 0, OPTION_INT, "SECONDS", FIELD(timeout), "60", 1, 86400, how,
     "Wait this long for an answer."},
    {"connect-timeout", 0, OPTION_INT, "SECONDS", FIELD(connect_timeout), "10", 1, 3600, how,
     "Wait this long for a connection."},
    {"patience", 0, OPTION_INT, "SECONDS", REPLAY(patience), "60", 0, 86400, how,
     "When a side cannot be reached, try again for this long before the run ends, resumable."},
    {"warm-up", 0, OPTION_INT, "N", REPLAY(warm_up), "0", 0, 100000, how,
     "Send N of the log's safe requests before, without counting them."},
    {"jobs", 'j', OPTION_INT, "N", REPLAY(jobs), "2", 1, 64, how,
     "Compare answers on N threads; one more sends."},

    {"rules", 'r', OPTION_TEXT, "FILE", REPLAY(rules_path), NULL, 0, 0, compare,
     "Read from this YAML file what may differ, and which values are tokens (see tally-diff)."},
    {"calibrate", 0, OPTION_TEXT, "URL", REPLAY(calibrate_url), NULL, 0, 0, compare,
     "Send everything to this second copy of the source, too, and learn what differs by itself."},
    {"learn", 0, OPTION_TEXT, "FILE", REPLAY(calibrate_path), NULL, 0, 0, compare,
     "With --calibrate: write what was learnt to this file, as rules to be read and edited."},
    {"slower", 0, OPTION_TEXT, "FACTOR", FIELD(slower), NULL, 0, 0, compare,
     "Call a route different that takes this many times as long on the target: 2x."},
    {"body-limit", 0, OPTION_INT, "MB", REPLAY(body_limit), "16", 1, 1024, compare,
     "Take an answer up to this length; a longer one is not compared."},

    {"verify", 0, OPTION_PAIR, "SOURCE_DB TARGET_DB", REPLAY(verify), NULL, 0, 0, databases,
     "At the end compare both databases' rows, as tally-verify does. {tenant} in a URI stands for "
     "each tenant in turn."},
    {"verify-before", 0, OPTION_FLAG, NULL, REPLAY(verify_before), NULL, 0, 0, databases,
     "Compare them before the first request, too, so that what differed already is not blamed on "
     "the replay."},
    {"mapping", 'm', OPTION_TEXT, "FILE", REPLAY(mapping_path), NULL, 0, 0, databases,
     "tally-verify's mapping file."},

    {"ledger", 0, OPTION_TEXT, "FILE", REPLAY(ledger_path), NULL, 0, 0, ledger,
     "Keep in this new file what was sent and found. Default: a file in the state folder (see "
     "FILES), whose path is printed."},
    {"resume", 0, OPTION_FLAG, NULL, REPLAY(resume), NULL, 0, 0, ledger,
     "Go on with the run of --ledger FILE, else of the newest ledger of a replay in the state "
     "folder. No request that writes is sent twice."},
    {"answers-limit", 0, OPTION_INT, "MB", REPLAY(answers_limit), "1024", 0, 1000000, ledger,
     "Keep at most this much of answers that differ."},
    {"keep-secrets", 0, OPTION_FLAG, NULL, REPLAY(keep_secrets), NULL, 0, 0, ledger,
     "Keep passwords, tokens and the like in the ledger, and print them in --list, as they are; "
     "without it \"***\" or a hash stands for them."},
    {"secret", 0, OPTION_LIST, "NAME", REPLAY(secrets), NULL, 0, 0, ledger,
     "Take what has this name for a secret, too: a field, header, cookie or parameter, or what "
     "follows the name in a path. Repeatable."},

    {"format", 'f', OPTION_CHOICE, REPORT_REPLAY_FORMATS, REPLAY(format), "text", 0, 0, report,
     "Write the report for people, for programs, for a browser, or for Jenkins or GitLab; of "
     "--inventory: text or json."},
    {"output", 'o', OPTION_TEXT, "FILE", REPLAY(output_path), NULL, 0, 0, report,
     "Write the report to FILE instead of standard output."},
    {"report", 0, OPTION_LIST, "FORMAT=FILE", REPLAY(reports), NULL, 0, 0, report,
     "Write a further report of the same run, whole or not at all. Repeatable."},
    {"quiet", 'q', OPTION_FLAG, NULL, REPLAY(quiet), NULL, 0, 0, report,
     "No progress; text only of what is not equal. JSON and files are always written whole."},
    {"verbose", 'v', OPTION_FLAG, NULL, REPLAY(verbose), NULL, 0, 0, report,
     "Of --inventory: list every route and tenant, and up to 1000 tainted sessions."},
    {"help", 'h', OPTION_FLAG, NULL, FIELD(help), NULL, 0, 0, other, "Show this help."},
    {"version", 'V', OPTION_FLAG, NULL, FIELD(version), NULL, 0, 0, other, "Show the version."},
    {0}};

/* ---- what goes together ---- */

/* Is the option set, by the default that the table gives it? */
static bool is_set(const struct command *command, const struct option_row *row)
{
    const void *field = (const char *)command + row->field;
    switch (row->type) {
    case OPTION_FLAG:
        return *(const bool *)field;
    case OPTION_INT:
        return *(const int *)field != (row->fallback ? (int)strtol(row->fallback, NULL, 10) : 0);
    case OPTION_LIST:
        return ((const struct text_list *)field)->count > 0;
    case OPTION_TEXT:
    case OPTION_PAIR:
        return *(const char *const *)field != NULL;
    case OPTION_CHOICE: {
        const char *text = *(const char *const *)field;
        return text && (!row->fallback || strcmp(text, row->fallback) != 0);
    }
    }
    return false;
}

static bool is_set_by_name(const struct command *command, const char *name)
{
    for (const struct option_row *row = command_rows; row->name; row++)
        if (strcmp(row->name, name) == 0)
            return is_set(command, row);
    return false;
}

/* An option that says nothing without another one. */
struct need {
    const char *option, *needed, *why;
};

static const struct need needs[] = {
    {"format-name", "nginx-conf FILE", "it chooses a format of that configuration"},
    {"target-host", "target-url URL", "there is no target"},
    {"target-header", "target-url URL", "there is no target"},
    {"calibrate", "target-url URL", "noise matters only where two sides are compared"},
    {"slower", "target-url URL", "slower than what?"},
    {"calibrate", "learn FILE", "where shall the rules be written?"},
    {"learn", "calibrate URL", "rules are learnt from a second copy of the source"},
    {"tenants", "tenant KEY", "how is a tenant known?"},
    {"verify-before", "verify SOURCE_DB TARGET_DB", "which databases?"},
    {"mapping", "verify SOURCE_DB TARGET_DB", "it says how databases correspond"},
};

/* Options that contradict each other. */
static const struct need contradictions[] = {
    {"log-format", "nginx-conf", "give one of them"},
    {"insecure", "ca", "trust any certificate, or those of the file"},
    {"login", "seed-cookies", "sessions are logged in, or restored"},
    {"login", "began-before", "sessions that began before the log are logged in, or sent as is"},
    {"dry-run", "resume", "a dry run begins anew"},
    {"dry-run", "calibrate", "a dry run learns nothing"},
    {"dry-run", "verify", "a dry run changes no database"},
    {"quiet", "verbose", "they say the opposite"},
};

static MUST_CHECK bool check_pairs(const struct command *command, struct err *err)
{
    for (size_t i = 0; i < COUNT(needs); i++) {
        char needed[40];
        size_t length = strcspn(needs[i].needed, " ");
        memcpy(needed, needs[i].needed, length);
        needed[length] = '\0';
        if (is_set_by_name(command, needs[i].option) && !is_set_by_name(command, needed))
            return err_set(err, ERR_USAGE, "--%s needs --%s: %s%s", needs[i].option,
                           needs[i].needed, needs[i].why, strchr(needs[i].why, '?') ? "" : ".");
    }
    for (size_t i = 0; i < COUNT(contradictions); i++)
        if (is_set_by_name(command, contradictions[i].option) &&
            is_set_by_name(command, contradictions[i].needed))
            return err_set(err, ERR_USAGE, "--%s and --%s contradict each other: %s.",
                           contradictions[i].option, contradictions[i].needed,
                           contradictions[i].why);
    return true;
}

/* The values of --route-query's fields stand in every report. */
static MUST_CHECK bool check_names(const struct replay_options *options, struct err *err)
{
    for (size_t i = 0; i < options->route_query.count; i++) {
        const char *name = options->route_query.items[i];
        if (!route_name_check(name, err))
            return err_prefix(err, "--route-query");
        bool secret = mask_is_secret((struct slice){(const unsigned char *)name, strlen(name)});
        for (size_t k = 0; k < options->secrets.count; k++)
            secret |= strcasecmp(name, options->secrets.items[k]) == 0;
        if (secret)
            return err_set(err, ERR_USAGE,
                           "--route-query %s: that is the name of a secret, which would stand in "
                           "the reports.",
                           name);
    }
    return true;
}

/* --inventory, --list, --advise: what is about sending has no meaning there. */
static MUST_CHECK bool check_reading(const struct command *command, struct err *err)
{
    static const char *const reads[] = {"inventory",   "list",        "advise",       "log-format",
                                        "nginx-conf",  "format-name", "session",      "tenant",
                                        "route-query", "format",      "keep-secrets", "secret",
                                        "verbose",     "quiet",       "temp-limit"};
    const char *name = command->inventory ? "inventory" : command->list ? "list" : "advise";
    for (const struct option_row *row = command_rows; row->name; row++) {
        bool read = false;
        for (size_t i = 0; i < COUNT(reads); i++)
            read |= strcmp(row->name, reads[i]) == 0;
        if (!read && is_set(command, row))
            return err_set(err, ERR_USAGE, "--%s sends nothing: --%s is for a replay.", name,
                           row->name);
    }
    const char *format = command->replay.format;
    if (strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
        return err_set(err, ERR_USAGE, "--inventory can be written as text or json, not as %s.",
                       format);
    return true;
}

static bool mentions_tenant(const char *text)
{
    return text && strstr(text, "{tenant}");
}

static MUST_CHECK bool check_tenants(const struct replay_options *options, struct err *err)
{
    static const char *const names[] = {"source-url",  "target-url", "source-host",
                                        "target-host", "calibrate",  "verify"};
    const char *texts[] = {options->url[SOURCE],  options->url[TARGET],   options->host[SOURCE],
                           options->host[TARGET], options->calibrate_url, options->verify[SOURCE]};
    for (size_t i = 0; !options->tenant && i < COUNT(names); i++)
        if (mentions_tenant(texts[i]))
            return err_set(err, ERR_USAGE,
                           "--%s holds {tenant}: how is a tenant known? Give "
                           "--tenant KEY, too.",
                           names[i]);
    if (options->verify[SOURCE] &&
        mentions_tenant(options->verify[SOURCE]) != mentions_tenant(options->verify[TARGET]))
        return err_set(err, ERR_USAGE, "--verify: {tenant} must stand in both URIs, or in none.");
    return true;
}

/* "2x", "1.5" */
static MUST_CHECK bool read_slower(const char *text, double *factor, struct err *err)
{
    struct pace pace;
    if (!text)
        return true;
    if (!pace_init(&pace, text, err) || pace.speed < 1)
        return err_set(err, ERR_USAGE,
                       "--slower must be how many times as long a route may take, as 2x or 1.5x.");
    *factor = pace.speed;
    return true;
}

static MUST_CHECK bool read_values(struct command *command, struct err *err)
{
    struct replay_options *options = &command->replay;
    struct pace pace;
    options->timeout = command->timeout;
    options->connect_timeout = command->connect_timeout;
    options->began_before_as_is = strcmp(command->began_before, "as-is") == 0;
    if (command->order)
        options->order = strcmp(command->order, "tenant") == 0 ? REPLAY_ORDER_TENANT
                         : strcmp(command->order, "log") == 0  ? REPLAY_ORDER_LOG
                                                               : REPLAY_ORDER_SESSION;
    if (options->order == REPLAY_ORDER_TENANT && !options->tenant)
        return err_set(err, ERR_USAGE, "--order tenant needs --tenant KEY: how is a tenant known?");
    return pace_init(&pace, options->speed, err) &&
           read_slower(command->slower, &options->slower, err);
}

/* Files that several parts of a replay read, each for itself: of a pipe the second would see none
 * of it. One that is not there is said by who reads it. */
static MUST_CHECK bool check_files(const struct replay_options *options, struct err *err)
{
    const char *const files[][2] = {{"rules", options->rules_path},
                                    {"login", options->login_path},
                                    {"tenants", options->tenants_path}};
    struct stat status;
    for (size_t i = 0; i < COUNT(files); i++)
        if (files[i][1] && stat(files[i][1], &status) == 0 && !S_ISREG(status.st_mode))
            return err_set(err, ERR_USAGE,
                           "--%s: %s is no regular file, and it is read more than once.",
                           files[i][0], files[i][1]);
    return true;
}

/* Else every connection would fail, one by one. */
static MUST_CHECK bool check_ca(const char *path, struct err *err)
{
    FILE *file = path ? fopen(path, "re") : NULL;
    if (!file)
        return !path ||
               err_set(err, ERR_USAGE, "--ca: cannot read \"%.300s\": %s.", path, strerror(errno));
    char *line = NULL;
    size_t room = 0;
    bool found = false;
    while (!found && getline(&line, &room, file) >= 0)
        found = strncmp(line, "-----BEGIN ", 11) == 0 && strstr(line, "CERTIFICATE-----");
    int why = ferror(file) ? errno : 0;
    free(line);
    fclose(file);
    return found || err_set(err, ERR_USAGE, "--ca: \"%.300s\" %s%s.", path,
                            why ? "cannot be read: " : "holds no certificate in PEM",
                            why ? strerror(why) : " (-----BEGIN CERTIFICATE-----)");
}

static MUST_CHECK bool check_replay(struct command *command, struct err *err)
{
    if (!command->replay.url[SOURCE])
        return err_set(err, ERR_USAGE,
                       "--source-url is missing: where is the version before the move? (Or say "
                       "what to do without sending: --inventory, --list or --advise.)");
    return read_values(command, err) && check_tenants(&command->replay, err) &&
           check_files(&command->replay, err) && check_ca(command->replay.ca, err);
}

bool command_parse(int argc, char **argv, struct command *command, struct err *err)
{
    memset(command, 0, sizeof *command);
    command->logs = mem_zero(COMMAND_MOST_LOGS, sizeof *command->logs);
    struct replay_options *options = &command->replay;
    if (!option_parse(command_rows, argc, argv, command, command->logs, COMMAND_MOST_LOGS,
                      &options->log_count, err))
        return false;
    options->logs = command->logs;
    if (command->help || command->version)
        return true;
    int tasks = command->inventory + command->list + (command->advise != NULL);
    if (tasks > 1)
        return err_set(err, ERR_USAGE, "--inventory, --list and --advise are one task each.");
    if (tasks && !check_reading(command, err))
        return false;
    if (command->advise) {
        if (options->log_count)
            return err_set(err, ERR_USAGE, "--advise reads a configuration, and no log.");
        return true;
    }
    if (!check_pairs(command, err) || !check_names(options, err) ||
        (!tasks && !check_replay(command, err)))
        return false;
    if (!options->log_count)
        return err_set(err, ERR_USAGE,
                       "LOG is missing: give access logs, or - for standard input.");
    return true;
}

void command_free(struct command *command)
{
    struct replay_options *options = &command->replay;
    for (int side = 0; side < SIDES; side++)
        text_list_free(&options->headers[side]);
    text_list_free(&options->resolve);
    text_list_free(&options->allow_hosts);
    text_list_free(&options->deny);
    text_list_free(&options->route_query);
    text_list_free(&options->reports);
    free(command->logs);
    command->logs = NULL;
}

/* ---- passwords in the list of processes ---- */

/* Generous rather than exact: what might be a password goes. */
static void hide_password(char *text)
{
    char *start = strstr(text, "://");
    if (!start)
        return;
    start += 3;
    char *query = strchr(start, '?');
    if (query)
        memset(query + 1, 'x', strlen(query + 1));
    char *at = strrchr(start, '@'), *colon = strchr(start, ':');
    if (at && colon && colon < at)
        memset(colon + 1, 'x', (size_t)(at - colon - 1));
}

char **command_take_arguments(int argc, char **argv)
{
    static const char *const headers[] = {"--source-header", "--target-header"};
    char **copies = mem_zero((size_t)argc + 1, sizeof *copies);
    for (int i = 0; i < argc; i++)
        copies[i] = mem_copy_string(argv[i]);
    for (int i = 1; i < argc; i++) {
        bool header = false;
        for (size_t k = 0; k < COUNT(headers); k++)
            header |= strcmp(copies[i - 1], headers[k]) == 0 ||
                      strncmp(copies[i], headers[k], strlen(headers[k])) == 0;
        char *colon = header ? strchr(argv[i], ':') : NULL;
        if (colon)
            memset(colon + 1, 'x', strlen(colon + 1));
        else
            hide_password(argv[i]);
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
