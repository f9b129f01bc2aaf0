/* See book_settings.h. */
#include "book_settings.h"

#include "../diff/base/bytes.h"
#include "../diff/base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define SAMPLE 65536         /* bytes of a log's beginning and of its end */
#define FILE_MOST (16 << 20) /* of a file of settings */
#define FORMAT_VERSION 1     /* of records; numbers of requests may change with the version, too */

/* How an option becomes text. */
enum shape {
    SHAPE_VERSION,
    SHAPE_LOGS,
    SHAPE_TEXT,
    SHAPE_URL,
    SHAPE_FLAG,
    SHAPE_NUMBER,
    SHAPE_ORDER,
    SHAPE_LIST,
    SHAPE_FILE,       /* its content: a moved file is still the same */
    SHAPE_TENANT_FILE /* the same, but "{tenant}" stands in its path: the path */
};

struct row {
    const char *name;
    enum shape shape;
    bool secret;
    size_t offset;
};

#define AT(field) offsetof(struct replay_options, field)

static const struct row rows[BOOK_SETTINGS] = {
    {"the version of Tally", SHAPE_VERSION, false, 0},
    {"the logs", SHAPE_LOGS, false, 0},
    {"--log-format", SHAPE_TEXT, false, AT(log_format)},
    {"the file of --nginx-conf", SHAPE_FILE, false, AT(nginx_conf)},
    {"--format-name", SHAPE_TEXT, false, AT(format_name)},
    {"--session", SHAPE_TEXT, false, AT(session)},
    {"--tenant", SHAPE_TEXT, false, AT(tenant)},
    {"--source-url", SHAPE_URL, false, AT(url[SOURCE])},
    {"--target-url", SHAPE_URL, false, AT(url[TARGET])},
    {"--source-host", SHAPE_TEXT, false, AT(host[SOURCE])},
    {"--target-host", SHAPE_TEXT, false, AT(host[TARGET])},
    {"--source-header", SHAPE_LIST, true, AT(headers[SOURCE])},
    {"--target-header", SHAPE_LIST, true, AT(headers[TARGET])},
    {"--resolve", SHAPE_LIST, false, AT(resolve)},
    {"the file of --tenants", SHAPE_FILE, false, AT(tenants_path)},
    {"--logged-host", SHAPE_TEXT, false, AT(logged_host)},
    {"--read-only", SHAPE_FLAG, false, AT(read_only)},
    {"--dry-run", SHAPE_FLAG, false, AT(dry_run)},
    {"--seed-cookies", SHAPE_FLAG, false, AT(seed_cookies)},
    {"--deny", SHAPE_LIST, false, AT(deny)},
    {"--route-query", SHAPE_LIST, false, AT(route_query)},
    {"the file of --login", SHAPE_FILE, true, AT(login_path)},
    {"--began-before", SHAPE_FLAG, false, AT(began_before_as_is)},
    {"--order", SHAPE_ORDER, false, AT(order)},
    {"the file of --rules", SHAPE_FILE, false, AT(rules_path)},
    {"--calibrate", SHAPE_URL, false, AT(calibrate_url)},
    {"--slower", SHAPE_NUMBER, false, AT(slower)},
    {"--verify", SHAPE_TEXT, true, AT(verify[SOURCE])},
    {"--verify", SHAPE_TEXT, true, AT(verify[TARGET])},
    {"--verify-before", SHAPE_FLAG, false, AT(verify_before)},
    {"the file of --mapping", SHAPE_TENANT_FILE, false, AT(mapping_path)},
    {"--keep-secrets", SHAPE_FLAG, false, AT(keep_secrets)},
    {"--secret", SHAPE_LIST, false, AT(secrets)},
    /* Passwords of the URLs: what stands before the '@'. */
    {"--source-url", SHAPE_TEXT, true, AT(url[SOURCE])},
    {"--target-url", SHAPE_TEXT, true, AT(url[TARGET])},
    {"--calibrate", SHAPE_TEXT, true, AT(calibrate_url)},
};

static void add_text(struct buffer *out, const char *text)
{
    buffer_add_byte(out, text ? '=' : '-'); /* "" is not NULL */
    if (text)
        buffer_add_text(out, text);
}

void book_settings_url(struct buffer *out, const char *url)
{
    const char *scheme = strstr(url, "://");
    const char *from = scheme ? scheme + 3 : url;
    const char *user = memrchr(from, '@', strcspn(from, "/?#"));
    buffer_add(out, url, (size_t)(from - url));
    buffer_add_text(out, user ? user + 1 : from);
}

static void add_hash(struct buffer *out, const void *bytes, size_t length)
{
    struct hash128 hash = hash_128(bytes, length);
    buffer_printf(out, "%016llx%016llx", (unsigned long long)hash.high,
                  (unsigned long long)hash.low);
}

/* Reads up to `most` bytes at a place. */
static bool read_at(int file, off_t place, size_t most, struct buffer *bytes)
{
    buffer_clear(bytes);
    while (bytes->length < most) {
        unsigned char *room = buffer_reserve(bytes, most - bytes->length);
        ssize_t got =
            room ? pread(file, room, most - bytes->length, place + (off_t)bytes->length) : -1;
        if (got < 0 && room && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0;
        bytes->length += (size_t)got;
    }
    return true;
}

static bool is_stream(const char *path)
{
    struct stat status;
    return strcmp(path, "-") == 0 || (stat(path, &status) == 0 && !S_ISREG(status.st_mode));
}

bool book_settings_streams(const struct replay_options *options)
{
    for (size_t i = 0; i < options->log_count; i++)
        if (is_stream(options->logs[i]))
            return true;
    return options->log_count == 0;
}

/* By size, beginning and end: a file that has grown, or was rotated away, is another one. */
static bool add_log(struct buffer *out, const char *path, struct err *err)
{
    struct stat status;
    struct buffer bytes = BUFFER_INIT(SAMPLE);
    if (is_stream(path)) {
        buffer_add_text(out, "stream\n"); /* nothing may be read from it here */
        return true;
    }
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    bool ok = file >= 0 && fstat(file, &status) == 0;
    if (ok) {
        off_t end = status.st_size > SAMPLE ? status.st_size - SAMPLE : 0;
        buffer_printf(out, "%lld ", (long long)status.st_size);
        ok = read_at(file, 0, SAMPLE, &bytes);
        add_hash(out, bytes.data, bytes.length);
        ok = ok && read_at(file, end, SAMPLE, &bytes);
        add_hash(out, bytes.data, bytes.length);
        buffer_add_byte(out, '\n');
    }
    if (!ok)
        err_set(err, ERR_USAGE, "%s: %s", path, strerror(errno));
    if (file >= 0)
        close(file);
    buffer_free(&bytes);
    return ok;
}

static bool add_file(struct buffer *out, const char *path, struct err *err)
{
    if (!path || is_stream(path)) { /* a stream can be read once: not here */
        buffer_add_text(out, path ? "stream" : "-");
        return true;
    }
    struct buffer bytes = BUFFER_INIT(FILE_MOST);
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    bool ok = file >= 0 && read_at(file, 0, FILE_MOST, &bytes);
    if (!ok)
        err_set(err, ERR_USAGE, "%s: %s", path, strerror(errno));
    add_hash(out, bytes.data, bytes.length);
    if (file >= 0)
        close(file);
    buffer_free(&bytes);
    return ok;
}

static bool fill(const struct replay_options *options, const struct row *row, struct buffer *out,
                 struct err *err)
{
    const void *field = (const char *)options + row->offset;
    const char *text = NULL;
    if (row->shape == SHAPE_TEXT || row->shape == SHAPE_URL || row->shape == SHAPE_FILE ||
        row->shape == SHAPE_TENANT_FILE)
        text = *(const char *const *)field;
    switch (row->shape) {
    case SHAPE_VERSION:
        buffer_printf(out, "%s, %d", TALLY_VERSION, FORMAT_VERSION);
        return true;
    case SHAPE_LOGS:
        for (size_t i = 0; i < options->log_count; i++)
            if (!add_log(out, options->logs[i], err))
                return false;
        return true;
    case SHAPE_TEXT:
        add_text(out, text);
        return true;
    case SHAPE_URL:
        if (text)
            book_settings_url(out, text);
        return true;
    case SHAPE_FLAG:
        buffer_add_byte(out, *(const bool *)field ? '1' : '0');
        return true;
    case SHAPE_NUMBER:
        buffer_printf(out, "%.17g", *(const double *)field);
        return true;
    case SHAPE_ORDER:
        buffer_printf(out, "%d", (int)options->order);
        return true;
    case SHAPE_LIST:
        for (size_t i = 0; i < ((const struct text_list *)field)->count; i++)
            buffer_printf(out, "%s\n", ((const struct text_list *)field)->items[i]);
        return true;
    case SHAPE_TENANT_FILE:
        if (text && strstr(text, "{tenant}")) {
            add_text(out, text);
            return true;
        }
        return add_file(out, text, err);
    case SHAPE_FILE:
        return add_file(out, text, err);
    }
    return true;
}

bool book_settings_fill(const struct replay_options *options,
                        struct book_setting settings[BOOK_SETTINGS], struct err *err)
{
    for (size_t i = 0; i < BOOK_SETTINGS; i++) {
        settings[i] = (struct book_setting){.name = rows[i].name, .secret = rows[i].secret};
        buffer_init(&settings[i].value, BUFFER_NO_LIMIT);
    }
    for (size_t i = 0; i < BOOK_SETTINGS; i++)
        if (!fill(options, &rows[i], &settings[i].value, err))
            return false;
    return true;
}

void book_settings_free(struct book_setting settings[BOOK_SETTINGS])
{
    for (size_t i = 0; i < BOOK_SETTINGS; i++)
        buffer_free(&settings[i].value);
}

/* ---- what reading the logs again needs ---- */

static const size_t kept_texts[] = {
    AT(log_format),   AT(nginx_conf),   AT(format_name),  AT(session),     AT(tenant),
    AT(host[SOURCE]), AT(host[TARGET]), AT(tenants_path), AT(logged_host), AT(login_path)};
static const size_t kept_flags[] = {AT(read_only), AT(dry_run), AT(seed_cookies),
                                    AT(began_before_as_is), AT(keep_secrets)};

static void save_texts(struct buffer *out, const struct text_list *list)
{
    bytes_put_size(out, list->count);
    for (size_t i = 0; i < list->count; i++)
        bytes_put_text(out, list->items[i]);
}

void book_settings_save(struct buffer *out, const struct replay_options *options)
{
    const char *base = (const char *)options;
    for (size_t i = 0; i < sizeof kept_texts / sizeof *kept_texts; i++)
        bytes_put_text(out, *(const char *const *)(const void *)(base + kept_texts[i]));
    for (size_t i = 0; i < sizeof kept_flags / sizeof *kept_flags; i++)
        buffer_add_byte(out, *(const bool *)(const void *)(base + kept_flags[i]));
    for (int side = 0; side < SIDES; side++) {
        struct buffer url = BUFFER_INIT(BUFFER_NO_LIMIT);
        if (options->url[side])
            book_settings_url(&url, options->url[side]);
        bytes_put_text(out, options->url[side] ? (const char *)url.data : NULL);
        buffer_free(&url);
    }
    buffer_add_u32(out, (uint32_t)options->order);
    buffer_add_u32(out, (uint32_t)options->temp_limit);
    bytes_put_size(out, options->log_count);
    for (size_t i = 0; i < options->log_count; i++)
        bytes_put_text(out, options->logs[i]);
    save_texts(out, &options->deny);
    save_texts(out, &options->route_query);
    save_texts(out, &options->secrets);
}

static const char **load_list(struct bytes *in, struct arena *arena, size_t *count)
{
    *count = bytes_count(in, 4);
    const char **items = arena_alloc(arena, (*count + 1) * sizeof *items);
    for (size_t i = 0; i < *count; i++)
        items[i] = bytes_name(in, arena);
    return items;
}

static void load_texts(struct bytes *in, struct arena *arena, struct text_list *list)
{
    size_t count;
    const char **items = load_list(in, arena, &count);
    list->count = count;
    list->items = arena_alloc(arena, (count + 1) * sizeof *list->items);
    for (size_t i = 0; i < count; i++)
        list->items[i] = arena_copy(arena, items[i]);
}

bool book_settings_load(const struct buffer *bytes, struct arena *arena,
                        struct replay_options *options)
{
    struct bytes in = bytes_of(bytes);
    char *base = (char *)options;
    for (size_t i = 0; i < sizeof kept_texts / sizeof *kept_texts; i++)
        *(const char **)(void *)(base + kept_texts[i]) = bytes_text(&in, arena);
    for (size_t i = 0; i < sizeof kept_flags / sizeof *kept_flags; i++)
        *(bool *)(void *)(base + kept_flags[i]) = bytes_bool(&in);
    for (int side = 0; side < SIDES; side++)
        options->url[side] = bytes_text(&in, arena);
    options->order = (enum replay_order)bytes_below(&in, REPLAY_ORDER_LOG + 1);
    options->temp_limit = (int)bytes_below(&in, INT32_MAX);
    options->logs = load_list(&in, arena, &options->log_count);
    load_texts(&in, arena, &options->deny);
    load_texts(&in, arena, &options->route_query);
    load_texts(&in, arena, &options->secrets);
    return bytes_at_end(&in);
}
