/* The script's functions, and texts of the log as a shell reads them. See reproduce_parts.h. */
#include "reproduce_parts.h"

#include <ctype.h>
#include <stdio.h>

#define COMMENT_MOST 200 /* bytes of a text in a comment */

static const struct {
    const char *text;
    enum helper needs[2]; /* itself: none */
} helpers[HELPERS] = {
    [HELP_GIVEN] = {"# given NUMBER WHAT: the value that comes in; says when there is none.\n"
                    "given() {\n"
                    "\tlocal value\n"
                    "\tvalue=$(cat)\n"
                    "\t[[ -n $value ]] || echo \"$side: the answer to request $1 gave no $2\" >&2\n"
                    "\tprintf '%s' \"$value\"\n"
                    "}\n",
                    {HELP_GIVEN, HELP_GIVEN}},
    [HELP_UNESCAPE] =
        {"unescape() {\n"
         "\tsed -e 's/&quot;/\"/g; s/&#0*34;/\"/g; s/&lt;/</g; s/&gt;/>/g; s/&#0*43;/+/g' \\\n"
         "\t\t-e 's/&#x2[fF];/\\//g; s/&#x2[bB];/+/g; s/&#x3[dD];/=/g' \\\n"
         "\t\t-e \"s/&#0*39;/'/g; s/&#x27;/'/g; s/&apos;/'/g\" -e 's/&amp;/\\&/g'\n"
         "}\n",
         {HELP_UNESCAPE, HELP_UNESCAPE}},
    [HELP_TAG] = {"# tag TEXT ELEMENT KEY PATTERN ATTRIBUTE: the attribute of the first element\n"
                  "# whose attribute KEY is like PATTERN.\n"
                  "tag() {\n"
                  "\tgrep -oiP \"<$2\\\\s(?=[^>]*(?<![\\\\w-])$3\\\\s*=\\\\s*(\\\"$4\\\"|'$4'|"
                  "$4[\\\\s>/]))[^>]*>\" <<<\"$1\" |\n"
                  "\t\thead -n 1 | grep -oiP \"(?<![\\\\w-])$5\\\\s*=\\\\s*(\\\"\\\\K[^\\\"]*|"
                  "'\\\\K[^']*|\\\\K[^\\\"'\\\\s>]+)\" |\n"
                  "\t\thead -n 1 | unescape\n"
                  "}\n",
                  {HELP_UNESCAPE, HELP_TAG}},
    [HELP_FIELD] = {"# field NUMBER NAME PATH: what that answer's form field holds, of the form\n"
                    "# that leads to PATH where there is one.\n"
                    "field() {\n"
                    "\tlocal page form\n"
                    "\tpage=$(tr '\\r\\n\\t\\0' '    ' <\"$work/$side.$1.body\")\n"
                    "\tform=$(grep -oiP \"<form\\\\s[^>]*action\\\\s*=\\\\s*[\\\"']?[^\\\"'> ]*"
                    "\\\\Q$3\\\\E[\\\"'?> ].*?</form>\" <<<\"$page\" | head -n 1)\n"
                    "\ttag \"${form:-$page}\" input name \"\\\\Q$2\\\\E\" value | "
                    "given \"$1\" \"field $2\"\n"
                    "}\n",
                    {HELP_TAG, HELP_GIVEN}},
    [HELP_META] =
        {"# meta NUMBER PATTERN: what that page's meta element holds.\n"
         "meta() {\n"
         "\ttag \"$(tr '\\r\\n\\t\\0' '    ' <\"$work/$side.$1.body\")\" meta name \"$2\" "
         "content | given \"$1\" 'meta element'\n"
         "}\n",
         {HELP_TAG, HELP_GIVEN}},
    [HELP_COOKIE] = {"# cookie NUMBER PATTERN: a cookie of the jar, decoded.\n"
                     "cookie() {\n"
                     "\tlocal value\n"
                     "\tvalue=$(awk -F '\\t' -v name=\"^$2\\$\" 'NF == 7 && tolower($6) ~ name "
                     "{ value = $7 }\n"
                     "\t\tEND { printf \"%s\", value }' \"$work/$side.cookies\")\n"
                     "\tprintf '%b' \"${value//%/\\\\x}\" | given \"$1\" cookie\n"
                     "}\n",
                     {HELP_GIVEN, HELP_COOKIE}},
    [HELP_MEMBER] = {"# member NUMBER NAME: that member of the answer's JSON.\n"
                     "member() {\n"
                     "\tjq -r --arg name \"$2\" '[.. | objects | select(has($name)) | .[$name] | "
                     "scalars][0] // empty' \\\n"
                     "\t\t\"$work/$side.$1.body\" | given \"$1\" \"member $2\"\n"
                     "}\n",
                     {HELP_GIVEN, HELP_MEMBER}},
    [HELP_LOCATION] = {"# redirected NUMBER: where that answer led, without host and prefix.\n"
                       "redirected() {\n"
                       "\tlocal to prefix\n"
                       "\tto=$(sed -n 's/^[Ll]ocation:[[:space:]]*//p' \"$work/$side.$1.head\" | "
                       "tr -d '\\r' | tail -n 1 |\n"
                       "\t\tsed -E 's|^[a-z]+://[^/]*||')\n"
                       "\tprefix=$(sed -E 's|^[a-z]+://[^/]*||; s|/$||' <<<\"$url\")\n"
                       "\tprintf '%s' \"${to#\"$prefix\"}\"\n"
                       "}\n",
                       {HELP_LOCATION, HELP_LOCATION}},
    [HELP_SEGMENT] = {"# segment NUMBER PLACE PATTERN: from the path that it led to.\n"
                      "segment() {\n"
                      "\tredirected \"$1\" | sed 's/[?#].*//' | cut -d / -f $(($2 + 1)) | "
                      "grep -oE \"$3\" | head -n 1 |\n"
                      "\t\tgiven \"$1\" 'id in a redirect'\n"
                      "}\n",
                      {HELP_LOCATION, HELP_GIVEN}},
    [HELP_ARGUMENT] =
        {"# argument NUMBER NAME: from the query that it led to.\n"
         "argument() {\n"
         "\tredirected \"$1\" | grep -oP \"[?&]\\\\Q$2\\\\E=\\\\K[^&#]*\" | head -n 1 "
         "| given \"$1\" \"$2 in a redirect\"\n"
         "}\n",
         {HELP_LOCATION, HELP_GIVEN}},
    [HELP_CREATED] = {"# created NUMBER: the id by which its JSON names what was made.\n"
                      "created() {\n"
                      "\tjq -r '[.. | objects | to_entries[] | select(.key | test(\"^(id|uuid)$\"; "
                      "\"i\"), test(\"(_id|Id|_uuid)$\")) |\n"
                      "\t\t.value | scalars][0] // empty' \"$work/$side.$1.body\" | "
                      "given \"$1\" 'id of a created thing'\n"
                      "}\n",
                      {HELP_GIVEN, HELP_CREATED}},
    [HELP_LINK] = {"# newest NUMBER PATTERN ID: the newest id in links of that page.\n"
                   "newest() {\n"
                   "\tgrep -oE \"$2\" \"$work/$side.$1.body\" | grep -oE \"$3\" | sort -n | "
                   "tail -n 1 | given \"$1\" 'id in a link'\n"
                   "}\n",
                   {HELP_GIVEN, HELP_LINK}},
    [HELP_URL] = {"# url TEXT: as a URL or form wants it.\n"
                  "url() {\n"
                  "\tlocal i c code text=''\n"
                  "\tfor ((i = 0; i < ${#1}; i++)); do\n"
                  "\t\tc=${1:i:1}\n"
                  "\t\tif [[ $c != [a-zA-Z0-9.~_-] ]]; then\n"
                  "\t\t\tprintf -v code '%d' \"'$c\"\n"
                  "\t\t\tprintf -v c '%%%02X' $((code & 255))\n"
                  "\t\tfi\n"
                  "\t\ttext+=$c\n"
                  "\tdone\n"
                  "\tprintf '%s' \"$text\"\n"
                  "}\n",
                  {HELP_URL, HELP_URL}},
    [HELP_JSON] = {"# json TEXT: as a string of JSON.\n"
                   "json() { jq -n --arg text \"$1\" '$text'; }\n",
                   {HELP_JSON, HELP_JSON}},
    [HELP_SEED] = {"# seed NAME VALUE: a cookie that no answer gave, as the browser had it.\n"
                   "seed() {\n"
                   "\tlocal host=${url#*://}\n"
                   "\thost=${name:-${host%%/*}}\n"
                   "\tprintf '%s\\tFALSE\\t/\\tFALSE\\t0\\t%s\\t%s\\n' \"${host%:*}\" "
                   "\"$1\" \"$2\" >>\"$work/$side.cookies\"\n"
                   "}\n",
                   {HELP_SEED, HELP_SEED}},
    [HELP_OWN] =
        {"# own SOURCE TARGET: the side's one.\n"
         "own() {\n"
         "\tif [[ $side == source ]]; then printf '%s' \"$1\"; else printf '%s' \"$2\"; fi\n"
         "}\n",
         {HELP_OWN, HELP_OWN}},
};

void reproduce_use(struct script *script, enum helper helper)
{
    script->used[helper] = true;
    for (size_t i = 0; i < 2; i++)
        if (helpers[helper].needs[i] != helper && !script->used[helpers[helper].needs[i]])
            reproduce_use(script, helpers[helper].needs[i]);
}

void reproduce_add_helpers(const struct script *script, struct buffer *out)
{
    for (int helper = 0; helper < HELPERS; helper++)
        if (script->used[helper])
            buffer_add_text(out, helpers[helper].text);
}

/* ---- quoting ---- */

/* Text as one word: the shell reads these bytes. No NUL can stand in one. */
void reproduce_quote(struct buffer *out, const void *bytes, size_t length)
{
    const unsigned char *text = bytes;
    bool control = false;
    for (size_t i = 0; i < length; i++)
        control = control || text[i] < ' ' || text[i] == 0x7f;
    buffer_add_text(out, control ? "$'" : "'");
    for (size_t i = 0; i < length; i++) {
        if (control && (text[i] < ' ' || text[i] >= 0x7f))
            buffer_printf(out, "\\x%02x", text[i]);
        else if (control && (text[i] == '\'' || text[i] == '\\'))
            buffer_printf(out, "\\%c", text[i]);
        else if (text[i] == '\'')
            buffer_add_text(out, "'\\''");
        else
            buffer_add_byte(out, text[i]);
        /* \x1 and a digit behind it would be another byte: a new word begins. */
        if (control && (text[i] < ' ' || text[i] >= 0x7f) && i + 1 < length &&
            isxdigit(text[i + 1]))
            buffer_add_text(out, "'$'");
    }
    buffer_add_byte(out, '\'');
}

void reproduce_quote_text(struct buffer *out, const char *text)
{
    reproduce_quote(out, text, strlen(text));
}

/* Text in a comment, or between other words: on one line, and nothing that a shell reads. */
void reproduce_plain(struct buffer *out, const void *bytes, size_t length)
{
    const unsigned char *text = bytes;
    for (size_t i = 0; i < length && i < COMMENT_MOST; i++)
        buffer_add_byte(out, text[i] < ' ' || text[i] == 0x7f ? '?' : text[i]);
    if (length > COMMENT_MOST)
        buffer_add_text(out, "...");
}

/* For messages within "${…:?…}". */
void reproduce_words(struct buffer *out, const char *text)
{
    for (; *text; text++)
        buffer_add_byte(out, isalnum((unsigned char)*text) || strchr(" ._-", *text)
                                 ? (unsigned char)*text
                                 : '?');
}

/* For a pattern of extended regular expressions: letters, digits and '_' stand for themselves. */
void reproduce_pattern(struct buffer *out, const void *bytes, size_t length)
{
    const unsigned char *text = bytes;
    for (size_t i = 0; i < length; i++)
        if (isalnum(text[i]) || text[i] == '_' || text[i] == '/' || text[i] == '-')
            buffer_add_byte(out, text[i]);
        else
            buffer_add_byte(out, '.');
}
