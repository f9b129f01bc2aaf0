/*
 * Every sentence of --help and of the man page that is not an option's stands in the tables here,
 * once.
 */
#include "command.h"
#include "replaced_command.h"
#include "report_again.h"
#include "reproduce.h"

#include "../diff/base/display.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct option_entry usage[] = {
    {"tally-replay", "[OPTIONS] --source-url URL [--target-url URL] LOG..."},
    {"tally-replay", "--inventory|--list [OPTIONS] LOG..."},
    {"tally-replay", "--advise NGINX.CONF"},
    {"tally-replay", "report [OPTIONS] LEDGER"},
    {"tally-replay", "replacements LEDGER"},
    {"tally-replay", "--reproduce N LEDGER [LOG...]"},
};

static const char summary[] = "do two versions of a web application answer alike?";

static const char *const description[] = {
    "Sends the requests of nginx access logs, each a LOG, to two running versions of an "
    "application, the source and the target, and says where their answers differ. Logs may be "
    "plain or gzip, rotated ones in any order, - for standard input.",
    "Requests that write are carried out again, on both sides: give it copies of production, never "
    "production itself. Hosts that the log names as its own, and public addresses, are refused "
    "unless --allow-host names them.",
    "What cannot be replayed or compared is never left out silently: it is counted by its reason, "
    "and makes the result inconclusive. An answer that does not come is no difference, and what "
    "was not compared is never called equal.",
};

/* For the man page. */
static const struct option_entry working[] = {
    {"Reading",
     "Bytes are restored exactly as they were on the wire. Requests are put in order of arrival as "
     "well as the log tells it."},
    {"Sessions",
     "The requests of one session follow each other, each after the answers to the one before. A "
     "session has a cookie jar of its own on each side. --tenant says whose data a request works "
     "on."},
    {"Values of its own",
     "Each side is sent its own session id, form tokens and generated ids in place of the logged "
     "ones, at places where the log or the answers prove what they are. What looks like a token "
     "and has no source is reported as uncorrelated."},
    {"Order",
     "Within a tenant, else within the log, requests that write keep the log's order and do not "
     "overlap, and reads see what the writes before them left (--order)."},
    {"Sending",
     "Both sides are asked at the same time, which first alternates. A request is sent once: one "
     "that got no whole answer is inconclusive, and not repeated. Redirects are not followed; the "
     "log says what came next."},
    {"Comparison",
     "Status, Location, headers that matter, cookies by name and attributes, and bodies by what "
     "they mean: HTML, JSON and XML as trees, by the rules of --rules. Alike differences are one "
     "group, shown by its smallest example; after a session's first difference its later ones are "
     "marked as consequences. A pair that both sides answer with an error of theirs is counted "
     "apart, not as equal."},
    {"One side alone",
     "Without --target-url the log is repeated on the source, for example to bring back what the "
     "new version took in. Nothing is compared but the class of each status with the logged one."},
};

static const struct option_entry files_read[] = {
    {"--tenants FILE",
     "YAML: for each tenant {source: URL, target: URL}, or instead of a URL {url: URL, host: "
     "HOST}; \"*\" stands for every other tenant, and {tenant} in a URL or host for its name. What "
     "is not said is the command line's. Requests of a tenant that the file does not name are left "
     "out as tenant-unknown."},
    {"--login FILE",
     "YAML: users: {by: EXPRESSION, NAME: {login: ..., password: ...}, \"*\": {...}}, where the "
     "expression over the log's variables says which user a session is; steps: [GET /login, "
     "{request: POST /login, form: {user: \"{login}\", pass: \"{password}\", _token: \"\"}}, "
     "{request: ..., json: TEXT, header: {NAME: VALUE}}]; succeeds: STATUS or a list, of the last "
     "step. {...} stands for what the user has under that name. An empty form field that the page "
     "before gave a value for is sent that one."},
    {"--deny ROUTE",
     "[METHOD[,METHOD...] ]PATH[?NAME=VALUE[&...]]: {name} stands for one part, * for any bytes "
     "but /, ** for anything. Paths are tried as they stand in the log, and decoded, without dots, "
     "doubled slashes and parameters. Fields are looked for in the query and in a form that is "
     "sent, multipart, too, in any order, and under the names that PHP gives them; without them "
     "the query does not count."},
};

static const struct option_entry keys[] = {
    {"$cookie_PHPSESSID", "the cookie, if the log holds it or $http_cookie"},
    {"PHPSESSID,sid", "the first of these cookies that was sent"},
    {"$remote_addr/$arg_user", "several values together; arguments are found in the request"},
};

static const struct option_entry exits[] = {
    {"0", "equal: both sides answered alike (without a target: as the log says; --inventory, "
          "--list: the logs were read to their ends)"},
    {"1", "different: answers or databases differ"},
    {"2", "inconclusive: nothing differs, but something could not be read, sent or compared"},
    {"64", "wrong usage: the command, the format or a file must be changed, or a host is refused"},
    {"69", "a side cannot be reached, or refuses us"},
    {"70",
     "internal error, or a local resource is exhausted; also when a report could not be written"},
    {"130", "interrupted; the ledger is resumable"},
};

static const struct option_entry examples[] = {
    {"What does the log of last week hold, and what of it can be replayed?",
     "tally-replay --inventory --nginx-conf /etc/nginx/nginx.conf access.log*"},
    {"Which of it would be sent where? Nothing is.",
     "tally-replay --dry-run -s http://10.0.0.8 -t http://10.0.0.9 access.log"},
    {"Do the two versions answer alike, and leave the same rows behind?",
     "tally-replay --session PHPSESSID -s http://10.0.0.8 -t http://10.0.0.9 \\\n"
     "        --verify mysql://10.0.0.8/hotel postgresql://10.0.0.9/hotel access.log*"},
    {"Many customers, each with a database of its own; nothing that mails.",
     "tally-replay --tenant opcode --tenants tenants.yaml --deny '/mail/**' \\\n"
     "        -s http://10.0.0.8 -t http://10.0.0.9 access.log*"},
    {"What should nginx log before the next capture?",
     "tally-replay --advise /etc/nginx/nginx.conf"},
    {"Which requests changed something?",
     "tally-replay --list access.log | jq -c 'select(.method != \"GET\")'"},
};

static const struct option_entry environment[] = {
    {"TMPDIR", "Folder of the temporary file that sorts logs over 32 MB; it has no name and "
               "vanishes with the process. Without it /tmp."},
    {"NO_COLOR", "When set and not empty, no colour and no escape sequence is written."},
    {"TERM", "When unset or dumb, no colour is written and no progress line is redrawn."},
};

static const struct option_entry files[] = {
    {"$XDG_STATE_HOME/tally, else ~/.local/state/tally",
     "The ledgers of the last 20 runs, readable by their owner alone."},
    {"LEDGER.lanes",
     "While a run is not over: cookies and tokens of its open sessions, as they are, for --resume. "
     "Readable by its owner alone, and removed at the end; without it, resumed sessions are left "
     "out."},
};

void command_help(struct buffer *out)
{
    for (size_t i = 0; i < COUNT(usage); i++)
        buffer_printf(out, "%s%s %s\n", i ? "       " : "Usage: ", usage[i].term, usage[i].text);
    buffer_printf(out, "\ntally-replay: %s\n\n", summary);
    display_add_wrapped(out, description[1], 0, 0, COMMAND_WIDTH);
    buffer_add_text(out, "\nExamples:\n");
    for (size_t i = 0; i < COUNT(examples); i++)
        buffer_printf(out, "  %s\n    %s\n", examples[i].term, examples[i].text);
    buffer_add_byte(out, '\n');
    option_help(command_rows, COMMAND_WIDTH, out);
    option_help_entries(out, "KEY", keys, COUNT(keys), 26, COMMAND_WIDTH);
    option_help_entries(out, "Exit codes", exits, COUNT(exits), 8, COMMAND_WIDTH);
    buffer_add_text(out, "\nThe whole manual: man tally-replay\n");
}

/* A command of one or more lines, as it stands. */
static void man_command(struct buffer *out, const char *text)
{
    struct buffer line = BUFFER_INIT(1000);
    while (*text) {
        size_t length = strcspn(text, "\n");
        buffer_clear(&line);
        buffer_add(&line, text, length);
        option_man_text(out, (const char *)line.data);
        text += length + (text[length] == '\n');
    }
    buffer_free(&line);
}

void command_man(struct buffer *out)
{
    buffer_printf(out,
                  ".TH TALLY\\-REPLAY 1 \"\" \"Tally %s\" \"User Commands\"\n"
                  ".nh\n.ad l\n.SH NAME\ntally\\-replay \\- ",
                  TALLY_VERSION);
    option_man_text(out, summary);
    buffer_add_text(out, ".SH SYNOPSIS\n");
    for (size_t i = 0; i < COUNT(usage); i++) {
        buffer_add_text(out, i ? ".br\n.B " : ".B ");
        option_man_text(out, usage[i].term);
        option_man_text(out, usage[i].text);
    }
    buffer_add_text(out, ".SH DESCRIPTION\n");
    for (size_t i = 0; i < COUNT(description); i++) {
        buffer_add_text(out, i ? ".PP\n" : "");
        option_man_text(out, description[i]);
    }
    buffer_add_text(out, ".SH OPTIONS\n");
    option_man(command_rows, out);
    report_again_man(out);
    reproduce_man(out);
    replaced_command_man(out);
    option_man_entries(out, "KEYS", keys, COUNT(keys));
    option_man_entries(out, "HOW A REPLAY WORKS", working, COUNT(working));
    option_man_entries(out, "FILES AND ROUTES", files_read, COUNT(files_read));
    option_man_entries(out, "EXIT STATUS", exits, COUNT(exits));
    option_man_entries(out, "ENVIRONMENT", environment, COUNT(environment));
    option_man_entries(out, "FILES", files, COUNT(files));
    buffer_add_text(out, ".SH EXAMPLES\n");
    for (size_t i = 0; i < COUNT(examples); i++) {
        buffer_add_text(out, ".PP\n");
        option_man_text(out, examples[i].term);
        buffer_add_text(out, ".PP\n.RS 4\n.nf\n");
        man_command(out, examples[i].text);
        buffer_add_text(out, ".fi\n.RE\n");
    }
}
