/* Words, quotes, comments and blocks are read as ngx_conf_file.c (ngx_conf_read_token) reads them.
 */
#include "nginx_conf.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_DEPTH 16
#define MOST_FILES 1000
#define MOST_FILE_BYTES (16U << 20)
#define MOST_BLOCKS 64
#define MOST_WORDS 4096

/* The directives that --advise looks at. */
static const char *const wanted[] = {
    "access_log",
    "client_body_buffer_size",
    "client_body_in_file_only",
    "client_body_in_single_buffer",
    "client_max_body_size",
    "fastcgi_pass",
    "fastcgi_request_buffering",
    "grpc_pass",
    "proxy_pass",
    "proxy_request_buffering",
    "scgi_pass",
    "scgi_request_buffering",
    "uwsgi_pass",
    "uwsgi_request_buffering",
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct walker {
    struct nginx_conf *conf;
    const char *folder; /* of the first file: what relative includes start from */
    size_t files, depth;
    size_t block_count;
    const char *blocks[MOST_BLOCKS];
};

/* One file being read. */
struct scanner {
    struct walker *walker;
    const char *path;
    const char *at, *end;
    unsigned line;
    size_t word_count, word_room;
    const char **words; /* owned list of texts in the arena */
    struct buffer word;
};

static MUST_CHECK bool scan(struct walker *walker, const char *path, const char *text,
                            size_t length, struct err *err);

static bool refuse(const struct scanner *scanner, struct err *err, const char *text)
{
    return err_set(err, ERR_USAGE, "%s:%u: %s.", scanner->path, scanner->line, text);
}

/* --- what is kept
 * -------------------------------------------------------------------------------------- */

static void *grow(struct arena *arena, void *items, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return items;
    *room = *room ? *room * 2 : 16;
    void *more = arena_alloc(arena, *room * size);
    if (count)
        memcpy(more, items, count * size);
    return more;
}

static const char *join(struct arena *arena, const char *const *words, size_t count,
                        const char *between)
{
    struct buffer text = BUFFER_INIT(MOST_FILE_BYTES);
    for (size_t i = 0; i < count; i++) {
        buffer_add_text(&text, i ? between : "");
        buffer_add_text(&text, words[i]);
    }
    char *copy = arena_copy(arena, (const char *)text.data);
    buffer_free(&text);
    return copy;
}

static bool keep_format(struct scanner *scanner, struct err *err)
{
    struct nginx_conf *conf = scanner->walker->conf;
    size_t next = 2;
    struct nginx_format format = {.place = {scanner->path, scanner->line}};
    if (scanner->word_count < 3)
        return refuse(scanner, err, "log_format needs a name and a text");
    format.name = scanner->words[1];
    if (strncmp(scanner->words[2], "escape=", 7) == 0) {
        if (!log_escape_find(scanner->words[2] + 7, &format.escape))
            return refuse(scanner, err, "log_format knows escape=default, json and none");
        next = 3;
    }
    format.text = join(&conf->arena, scanner->words + next, scanner->word_count - next, "");
    conf->formats = grow(&conf->arena, conf->formats, conf->format_count, &conf->format_room,
                         sizeof *conf->formats);
    conf->formats[conf->format_count++] = format;
    return true;
}

/* access_log PATH [FORMAT] [buffer=…] [gzip…] [flush=…] [if=…]; access_log off; */
static const char *access_log_format(const struct scanner *scanner)
{
    if (scanner->word_count < 2 || strcmp(scanner->words[1], "off") == 0)
        return NULL;
    if (scanner->word_count < 3)
        return "combined";
    const char *word = scanner->words[2];
    if (strchr(word, '=') || strcmp(word, "gzip") == 0)
        return "combined";
    return word;
}

static void keep_setting(struct scanner *scanner)
{
    struct nginx_conf *conf = scanner->walker->conf;
    const struct walker *walker = scanner->walker;
    conf->settings = grow(&conf->arena, conf->settings, conf->setting_count, &conf->setting_room,
                          sizeof *conf->settings);
    struct nginx_setting *setting = &conf->settings[conf->setting_count++];
    *setting = (struct nginx_setting){
        .name = scanner->words[0],
        .value = join(&conf->arena, scanner->words + 1, scanner->word_count - 1, " "),
        .block = walker->block_count ? walker->blocks[walker->block_count - 1] : "",
        .place = {scanner->path, scanner->line},
    };
    if (strcmp(setting->name, "access_log") == 0)
        setting->log_format = access_log_format(scanner);
}

/* --- files
 * --------------------------------------------------------------------------------------------- */

static bool read_file(const char *path, struct buffer *text, struct err *err)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0)
        return err_set(err, ERR_USAGE, "cannot read \"%s\": %s.", path, strerror(errno));
    struct stat what;
    ssize_t got = 0;
    if (fstat(file, &what) == 0 && S_ISDIR(what.st_mode)) {
        errno = EISDIR;
        got = -1;
    }
    while (got >= 0) {
        unsigned char *place = buffer_reserve(text, 1 << 16);
        if (!place)
            break;
        got = read(file, place, 1 << 16);
        if (got < 0 && errno == EINTR) {
            got = 0;
            continue;
        }
        if (got <= 0)
            break;
        text->length += (size_t)got;
    }
    int error = errno;
    close(file);
    buffer_terminate(text);
    if (got < 0)
        return err_set(err, ERR_USAGE, "cannot read \"%s\": %s.", path, strerror(error));
    if (buffer_overflowed(text))
        return err_set(err, ERR_USAGE, "\"%s\" is longer than 16 MB: no nginx configuration.",
                       path);
    return true;
}

static MUST_CHECK bool scan_path(struct walker *walker, const char *path, struct err *err)
{
    if (++walker->files > MOST_FILES)
        return err_set(err, ERR_USAGE, "%s: more than %d files are included.", path, MOST_FILES);
    struct buffer text = BUFFER_INIT(MOST_FILE_BYTES);
    bool done = read_file(path, &text, err) &&
                scan(walker, path, (const char *)text.data, text.length, err);
    buffer_free(&text);
    return done;
}

static MUST_CHECK bool include(struct scanner *scanner, struct err *err)
{
    struct walker *walker = scanner->walker;
    struct arena *arena = &walker->conf->arena;
    if (scanner->word_count != 2)
        return refuse(scanner, err, "include takes one file or pattern");
    const char *name = scanner->words[1];
    const char *pattern = *name == '/' ? name : arena_format(arena, "%s/%s", walker->folder, name);
    /* Two files that include each other end here. */
    if (walker->depth >= MOST_DEPTH)
        return refuse(scanner, err, "files include each other more than 16 deep");
    if (!strpbrk(pattern, "*?["))
        return scan_path(walker, pattern, err);
    glob_t found = {0};
    bool done = true;
    if (glob(pattern, 0, NULL, &found) == 0)
        for (size_t i = 0; done && i < found.gl_pathc; i++)
            done = scan_path(walker, arena_copy(arena, found.gl_pathv[i]), err);
    globfree(&found);
    return done;
}

/* --- words
 * --------------------------------------------------------------------------------------------- */

static bool keep_word(struct scanner *scanner, struct err *err)
{
    if (scanner->word_count >= MOST_WORDS)
        return refuse(scanner, err, "too many words for one directive");
    if (scanner->word_count == scanner->word_room) {
        scanner->word_room = scanner->word_room ? scanner->word_room * 2 : 16;
        scanner->words = mem_resize(scanner->words, scanner->word_room, sizeof *scanner->words);
    }
    scanner->words[scanner->word_count++] =
        arena_copy(&scanner->walker->conf->arena, (const char *)scanner->word.data);
    return true;
}

/* A backslash takes the next byte along; of those in the table it leaves only what they mean. */
static void add_escaped(struct scanner *scanner)
{
    static const char from[] = "\"'\\trn", to[] = "\"'\\\t\r\n";
    char next = scanner->at[1];
    const char *known = memchr(from, next, sizeof from - 1);
    if (known) {
        buffer_add_byte(&scanner->word, (unsigned char)to[known - from]);
    } else {
        buffer_add_byte(&scanner->word, '\\');
        buffer_add_byte(&scanner->word, (unsigned char)next);
    }
    scanner->line += next == '\n';
    scanner->at += 2;
}

static bool take_quoted(struct scanner *scanner, struct err *err)
{
    unsigned line = scanner->line;
    char quote = *scanner->at++;
    while (scanner->at < scanner->end && *scanner->at != quote) {
        if (*scanner->at == '\\' && scanner->end - scanner->at > 1) {
            add_escaped(scanner);
            continue;
        }
        scanner->line += *scanner->at == '\n';
        buffer_add_byte(&scanner->word, (unsigned char)*scanner->at++);
    }
    if (scanner->at == scanner->end) {
        scanner->line = line;
        return refuse(scanner, err, "a quoted string does not end");
    }
    scanner->at++;
    if (scanner->at < scanner->end && !isspace((unsigned char)*scanner->at) &&
        !strchr(";{)", *scanner->at))
        return refuse(scanner, err, "a blank or ; must follow a quoted string");
    return true;
}

static void take_bare(struct scanner *scanner)
{
    while (scanner->at < scanner->end) {
        char byte = *scanner->at;
        if (byte == '\\' && scanner->end - scanner->at > 1) {
            add_escaped(scanner);
            continue;
        }
        /* The brace of ${name} opens no block. */
        bool name = byte == '$' && scanner->end - scanner->at > 1 && scanner->at[1] == '{';
        if (!name && (isspace((unsigned char)byte) || byte == ';' || byte == '{'))
            return;
        buffer_add_byte(&scanner->word, (unsigned char)byte);
        scanner->at++;
        if (name)
            buffer_add_byte(&scanner->word, (unsigned char)*scanner->at++);
    }
}

/* Reads words up to `;`, `{` or `}`. *end: that byte, '\0' at the file's end. */
static MUST_CHECK bool take_words(struct scanner *scanner, char *end, struct err *err)
{
    scanner->word_count = 0;
    for (;;) {
        while (scanner->at < scanner->end && isspace((unsigned char)*scanner->at))
            scanner->line += *scanner->at++ == '\n';
        *end = '\0';
        if (scanner->at == scanner->end)
            return true;
        char byte = *scanner->at;
        if (byte == '#') {
            const char *newline = memchr(scanner->at, '\n', (size_t)(scanner->end - scanner->at));
            scanner->at = newline ? newline : scanner->end;
            continue;
        }
        if (byte == ';' || byte == '{' || (byte == '}' && !scanner->word_count)) {
            *end = byte;
            scanner->at++;
            return true;
        }
        if (byte == '\0')
            return refuse(scanner, err, "a NUL byte: no nginx configuration");
        buffer_clear(&scanner->word);
        if (byte == '"' || byte == '\'') {
            if (!take_quoted(scanner, err))
                return false;
        } else {
            take_bare(scanner);
        }
        if (!keep_word(scanner, err))
            return false;
    }
}

/* A block of Lua: nginx's Lua module reads it, up to the brace that closes it. */
static MUST_CHECK bool skip_lua(struct scanner *scanner, struct err *err)
{
    size_t depth = 1;
    for (; scanner->at < scanner->end && depth; scanner->at++) {
        scanner->line += *scanner->at == '\n';
        depth += *scanner->at == '{';
        depth -= *scanner->at == '}';
    }
    return depth ? refuse(scanner, err, "a block does not end") : true;
}

/* --- directives
 * ---------------------------------------------------------------------------------------- */

static MUST_CHECK bool directive(struct scanner *scanner, char end, size_t floor, struct err *err)
{
    struct walker *walker = scanner->walker;
    if (end == '}') {
        if (walker->block_count == floor)
            return refuse(scanner, err, "a } without its {");
        walker->block_count--;
        return true;
    }
    if (!scanner->word_count)
        return refuse(scanner, err, "a ; or { without a directive");
    const char *name = scanner->words[0];
    size_t length = strlen(name);
    if (end == '{') {
        static const char lua[] = "_by_lua_block";
        if (length >= sizeof lua && strcmp(name + length - (sizeof lua - 1), lua) == 0)
            return skip_lua(scanner, err);
        if (walker->block_count == MOST_BLOCKS)
            return refuse(scanner, err, "blocks are nested too deep");
        walker->blocks[walker->block_count++] =
            join(&walker->conf->arena, scanner->words, scanner->word_count, " ");
        return true;
    }
    /* In a map or geo block words are values, not directives; include works there, too, but no
     * log format comes of it. */
    if (walker->block_count) {
        const char *block = walker->blocks[walker->block_count - 1];
        if (strncmp(block, "map ", 4) == 0 || strncmp(block, "geo ", 4) == 0 ||
            strcmp(block, "types") == 0 || strncmp(block, "split_clients ", 14) == 0)
            return true;
    }
    if (strcmp(name, "include") == 0)
        return include(scanner, err);
    if (strcmp(name, "log_format") == 0)
        return keep_format(scanner, err);
    for (size_t i = 0; i < COUNT(wanted); i++)
        if (strcmp(name, wanted[i]) == 0)
            keep_setting(scanner);
    return true;
}

static MUST_CHECK bool scan(struct walker *walker, const char *path, const char *text,
                            size_t length, struct err *err)
{
    struct scanner scanner = {
        .walker = walker,
        .path = arena_copy(&walker->conf->arena, path),
        .at = text,
        .end = text + length,
        .line = 1,
        .word = BUFFER_INIT(MOST_FILE_BYTES),
    };
    size_t floor = walker->block_count;
    bool done = true;
    char end = '\0';
    walker->depth++;
    do {
        done = take_words(&scanner, &end, err);
        if (done && !end && scanner.word_count)
            done = refuse(&scanner, err, "the file ends within a directive: a ; is missing");
        if (done && end)
            done = directive(&scanner, end, floor, err);
    } while (done && end);
    if (done && walker->block_count != floor)
        done = refuse(&scanner, err, "a block does not end: a } is missing");
    walker->depth--;
    free(scanner.words);
    buffer_free(&scanner.word);
    return done;
}

static const char *folder_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return ".";
    return slash == path ? "" : arena_copy_bytes(arena, path, (size_t)(slash - path));
}

bool nginx_conf_read(const char *path, struct nginx_conf *conf, struct err *err)
{
    memset(conf, 0, sizeof *conf);
    struct walker walker = {.conf = conf, .folder = folder_of(&conf->arena, path)};
    if (scan_path(&walker, path, err))
        return true;
    nginx_conf_free(conf);
    return false;
}

bool nginx_conf_parse(const char *path, const char *text, size_t length, struct nginx_conf *conf,
                      struct err *err)
{
    memset(conf, 0, sizeof *conf);
    struct walker walker = {.conf = conf, .folder = folder_of(&conf->arena, path), .files = 1};
    if (scan(&walker, path, text, length, err))
        return true;
    nginx_conf_free(conf);
    return false;
}

void nginx_conf_free(struct nginx_conf *conf)
{
    arena_free(&conf->arena);
    memset(conf, 0, sizeof *conf);
}

/* --- choosing a format
 * --------------------------------------------------------------------------------- */

const char *nginx_conf_only_format(const struct nginx_conf *conf)
{
    const char *used = NULL;
    for (size_t i = 0; i < conf->setting_count; i++) {
        const char *name = conf->settings[i].log_format;
        if (!name)
            continue;
        if (used && strcmp(used, name) != 0)
            return NULL;
        used = name;
    }
    if (used)
        return used;
    return conf->format_count == 1 ? conf->formats[0].name : NULL;
}

static void list_names(const struct nginx_conf *conf, struct buffer *out)
{
    for (size_t i = 0; i < conf->format_count; i++) {
        buffer_add_text(out, i ? ", " : "");
        buffer_add_text(out, conf->formats[i].name);
    }
    if (!conf->format_count)
        buffer_add_text(out, "none but nginx's own, combined");
}

static bool no_such_format(const struct nginx_conf *conf, const char *name, struct err *err)
{
    struct buffer names = BUFFER_INIT(600);
    list_names(conf, &names);
    if (name)
        err_set(err, ERR_USAGE, "the configuration has no log_format \"%.100s\"; it has: %s.", name,
                (const char *)names.data);
    else
        err_set(err, ERR_USAGE,
                "the configuration uses several log formats: choose one with --format-name: %s.",
                (const char *)names.data);
    buffer_free(&names);
    return false;
}

bool nginx_conf_format(const struct nginx_conf *conf, const char *name, struct log_format *format,
                       struct err *err)
{
    memset(format, 0, sizeof *format);
    const char *chosen = name ? name : nginx_conf_only_format(conf);
    for (size_t i = 0; chosen && i < conf->format_count; i++) {
        const struct nginx_format *found = &conf->formats[i];
        if (strcmp(found->name, chosen) != 0)
            continue;
        if (log_format_compile(found->text, found->escape, format, err))
            return true;
        return err_prefix(err, "%s:%u", found->place.path, found->place.line);
    }
    if (chosen && strcmp(chosen, "combined") == 0)
        return log_format_compile(log_format_preset("combined"), LOG_ESCAPE_DEFAULT, format, err);
    return no_such_format(conf, chosen, err);
}
