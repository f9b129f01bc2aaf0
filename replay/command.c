/*
 * Every sentence of --help and of the man page that is not an option's stands in the tables here,
 * once.
 */
#include "command.h"

#include "../diff/base/display.h"
#include "../diff/base/memory.h"

#include <stdlib.h>
#include <string.h>

#define WIDTH 80
#define FIELD(name) offsetof(struct command, name)
#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char task[] = "What to do", log_group[] = "How to read the log",
                  whose[] = "Whose requests they are", report[] = "What to report",
                  other[] = "Other";

static const struct option_row rows[] = {
    {"inventory", 0, OPTION_FLAG, NULL, FIELD(inventory), NULL, 0, 0, task,
     "Tell what the logs hold: requests, sessions, tenants, routes, what cannot be replayed and "
     "why, and how fast a replay can be."},
    {"list", 0, OPTION_FLAG, NULL, FIELD(list), NULL, 0, 0, task,
     "Print every request as a line of JSON, in order of arrival."},
    {"advise", 0, OPTION_TEXT, "NGINX.CONF", FIELD(advise), NULL, 0, 0, task,
     "Say what the log of this configuration lacks for a replay, and print a log_format that lacks "
     "nothing."},
    {"log-format", 0, OPTION_TEXT, "STRING", FIELD(log_format), NULL, 0, 0, log_group,
     "How the log was written: nginx's log_format, as it stands in its configuration, with "
     "escape=... if it has that; or combined, or requestlog. (default: combined)"},
    {"nginx-conf", 0, OPTION_TEXT, "FILE", FIELD(nginx_conf), NULL, 0, 0, log_group,
     "Read the log format from this configuration, and from what it includes."},
    {"format-name", 0, OPTION_TEXT, "NAME", FIELD(format_name), NULL, 0, 0, log_group,
     "The name of the log_format in the configuration. Needed when several are used."},
    {"temp-limit", 0, OPTION_INT, "GB", FIELD(temp_limit), "100", 1, 1000000, log_group,
     "Take at most this much disk for sorting; logs over 128 MB need as much as they are long, "
     "uncompressed."},
    {"session", 0, OPTION_TEXT, "KEY", FIELD(session), NULL, 0, 0, whose,
     "What a session is known by: a cookie's name, several with commas between (the first that was "
     "sent counts), or an expression over the log's variables. Without it a cookie whose name is "
     "that of a session, else address and browser."},
    {"tenant", 0, OPTION_TEXT, "KEY", FIELD(tenant), NULL, 0, 0, whose,
     "What a tenant is known by, in the same way."},
    {"format", 'f', OPTION_CHOICE, "text|json", FIELD(format), "text", 0, 0, report,
     "Print the inventory for people or for programs."},
    {"keep-secrets", 0, OPTION_FLAG, NULL, FIELD(keep_secrets), NULL, 0, 0, report,
     "Print passwords, tokens and the like in --list as they are; without it their values are "
     "\"***\"."},
    {"verbose", 'v', OPTION_FLAG, NULL, FIELD(verbose), NULL, 0, 0, report,
     "List every route and tenant, and up to 1000 tainted sessions."},
    {"help", 'h', OPTION_FLAG, NULL, FIELD(help), NULL, 0, 0, other, "Show this help."},
    {"version", 'V', OPTION_FLAG, NULL, FIELD(version), NULL, 0, 0, other, "Show the version."},
    {0}};

struct entry {
    const char *term, *text;
};

static const struct entry exits[] = {
    {"0", "the logs were read to their ends"},
    {"2", "inconclusive: a part of the logs could not be read (--inventory says which)"},
    {"64", "wrong usage: the command, the format or a file must be changed"},
    {"70", "internal error, or a local resource is exhausted"},
};

static const struct entry examples[] = {
    {"What does the log of last week hold, and what of it can be replayed?",
     "tally-replay --inventory --nginx-conf /etc/nginx/nginx.conf access.log*"},
    {"The same, by the session's cookie and the customer's.",
     "tally-replay --inventory --session PHPSESSID --tenant opcode access.log*"},
    {"What should nginx log before the next capture?",
     "tally-replay --advise /etc/nginx/nginx.conf"},
    {"Which requests changed something?",
     "tally-replay --list access.log | jq -c 'select(.method != \"GET\")'"},
};

static const struct entry keys[] = {
    {"$cookie_PHPSESSID", "the cookie, if the log holds it or $http_cookie"},
    {"PHPSESSID,sid", "the first of these cookies that was sent"},
    {"$remote_addr/$arg_user", "several values together; arguments are found in the request"},
};

static const struct entry environment[] = {
    {"TMPDIR", "Folder of the temporary file that sorts logs over 128 MB; it has no name and "
               "vanishes with the process. Without it /tmp."},
};

static const char summary[] = "what captured traffic holds, and what can be replayed of it";
static const char *const description[] = {
    "Reads nginx access logs, each a LOG: plain or gzip, rotated ones in any order, - for standard "
    "input. This version reads logs only and sends nothing.",
    "Bytes are restored exactly as they were on the wire. Requests are put in order of arrival as "
    "well as the log tells it. What cannot be replayed is never left out silently: it is counted "
    "by its reason, and the sessions that lack it are named.",
};

bool command_parse(int argc, char **argv, struct command *command, struct err *err)
{
    memset(command, 0, sizeof *command);
    command->logs = mem_zero(COMMAND_MOST_LOGS, sizeof *command->logs);
    if (!option_parse(rows, argc, argv, command, command->logs, COMMAND_MOST_LOGS,
                      &command->log_count, err))
        return false;
    if (command->help || command->version)
        return true;
    int tasks = command->inventory + command->list + (command->advise != NULL);
    if (tasks > 1)
        return err_set(err, ERR_USAGE, "--inventory, --list and --advise are one task each.");
    if (!tasks)
        return err_set(err, ERR_USAGE,
                       "this version reads logs only and cannot send requests yet: say what to do "
                       "with the logs, --inventory, --list or --advise.");
    if (command->log_format && command->nginx_conf)
        return err_set(err, ERR_USAGE,
                       "--log-format and --nginx-conf both say how the log was written.");
    if (command->advise) {
        if (command->log_count || command->log_format || command->nginx_conf)
            return err_set(err, ERR_USAGE, "--advise reads a configuration, and no log.");
        return true;
    }
    if (command->format_name && !command->nginx_conf)
        return err_set(err, ERR_USAGE,
                       "--format-name chooses a format of --nginx-conf, which is missing.");
    if (!command->log_count)
        return err_set(err, ERR_USAGE,
                       "LOG is missing: give access logs, or - for standard input.");
    return true;
}

void command_free(struct command *command)
{
    free(command->logs);
    command->logs = NULL;
}

/* --- help
 * --------------------------------------------------------------------------------------------- */

static void help_entries(struct buffer *out, const char *heading, const struct entry *entries,
                         size_t count, size_t column)
{
    buffer_printf(out, "\n%s:\n", heading);
    for (size_t i = 0; i < count; i++) {
        size_t at = 2 + strlen(entries[i].term);
        buffer_printf(out, "  %s", entries[i].term);
        if (at + 2 > column) {
            buffer_add_byte(out, '\n');
            at = 0;
        }
        display_add_blanks(out, column - at);
        display_add_wrapped(out, entries[i].text, column, column, WIDTH);
    }
}

void command_help(struct buffer *out)
{
    buffer_printf(out,
                  "Usage: tally-replay --inventory|--list [OPTIONS] LOG...\n"
                  "       tally-replay --advise NGINX.CONF\n\ntally-replay: %s\n\n",
                  summary);
    display_add_wrapped(out, description[0], 0, 0, WIDTH);
    buffer_add_text(out, "\nExamples:\n");
    for (size_t i = 0; i < COUNT(examples); i++)
        buffer_printf(out, "  %s\n    %s\n", examples[i].term, examples[i].text);
    buffer_add_byte(out, '\n');
    option_help(rows, WIDTH, out);
    help_entries(out, "KEY", keys, COUNT(keys), 26);
    help_entries(out, "Exit codes", exits, COUNT(exits), 8);
    buffer_add_text(out, "\nThe whole manual: man tally-replay\n");
}

/* --- man page
 * ----------------------------------------------------------------------------------------- */

static void man_entries(struct buffer *out, const char *heading, const struct entry *entries,
                        size_t count)
{
    buffer_printf(out, ".SH %s\n", heading);
    for (size_t i = 0; i < count; i++) {
        buffer_add_text(out, ".TP\n.B ");
        option_man_text(out, entries[i].term);
        option_man_text(out, entries[i].text);
    }
}

void command_man(struct buffer *out)
{
    buffer_printf(out,
                  ".TH TALLY\\-REPLAY 1 \"\" \"Tally %s\" \"User Commands\"\n"
                  ".nh\n.ad l\n.SH NAME\ntally\\-replay \\- ",
                  TALLY_VERSION);
    option_man_text(out, summary);
    buffer_add_text(out, ".SH SYNOPSIS\n.B tally\\-replay\n\\-\\-inventory|\\-\\-list "
                         "[\\fIOPTIONS\\fR] \\fILOG\\fR...\n.br\n.B tally\\-replay\n\\-\\-advise "
                         "\\fINGINX.CONF\\fR\n.SH DESCRIPTION\n");
    for (size_t i = 0; i < COUNT(description); i++) {
        buffer_add_text(out, i ? ".PP\n" : "");
        option_man_text(out, description[i]);
    }
    buffer_add_text(out, ".SH OPTIONS\n");
    option_man(rows, out);
    man_entries(out, "KEYS", keys, COUNT(keys));
    man_entries(out, "EXIT STATUS", exits, COUNT(exits));
    man_entries(out, "ENVIRONMENT", environment, COUNT(environment));
    buffer_add_text(out, ".SH EXAMPLES\n");
    for (size_t i = 0; i < COUNT(examples); i++) {
        buffer_add_text(out, ".PP\n");
        option_man_text(out, examples[i].term);
        buffer_add_text(out, ".PP\n.RS 4\n.nf\n");
        option_man_text(out, examples[i].text);
        buffer_add_text(out, ".fi\n.RE\n");
    }
}
