/*
 * See pair_secret.h. All spellings of all secrets are looked for in one walk over the bytes: a
 * table of the first two bytes says where one may begin, and of those that do the longest counts.
 */
#include "pair_secret.h"

#include "value_class.h"

#include "base/siphash.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/random.h>

#define SPELLING_MOST (64U << 10) /* bytes; a longer secret is no token */
#define WORD 8    /* bytes; a shorter secret counts only where it is a word of its own */
#define PARTIAL 6 /* bytes of a secret that an answer's end may cut */

/* One way to write a secret. */
struct needle {
    char *text;
    size_t length;
    char mark[PAIR_MARK_SIZE];
    uint32_t next; /* with the same first two bytes and not longer, +1; 0: none */
};

struct pair_hider {
    const struct pair_secrets *secrets;
    size_t count, room;
    struct needle *needles;     /* longest first */
    uint32_t begins[256 * 256]; /* by the first two bytes: the longest, +1; 0: none */
};

bool pair_key(unsigned char key[PAIR_KEY_SIZE], struct err *err)
{
    return getrandom(key, PAIR_KEY_SIZE, 0) == PAIR_KEY_SIZE ||
           err_set(err, ERR_INTERNAL, "the system gives no random numbers.");
}

/* ---- marks ---- */

void pair_mark(const unsigned char key[PAIR_KEY_SIZE], const void *value, size_t length,
               char mark[PAIR_MARK_SIZE])
{
    snprintf(mark, PAIR_MARK_SIZE, "***%0*x", PAIR_MARK_DIGITS,
             (unsigned)(siphash_64(key, value, length) >> 32));
}

static void make_mark(const struct pair_secrets *secrets, const char *value, size_t length,
                      char mark[PAIR_MARK_SIZE])
{
    pair_mark(secrets->key, value, length, mark);
}

/* ---- spellings ---- */

static bool is_plain(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c && strchr("-._~", c));
}

static void spell_plain(struct buffer *out, unsigned char c)
{
    buffer_add_byte(out, c);
}

static void spell_url(struct buffer *out, unsigned char c)
{
    if (is_plain(c))
        buffer_add_byte(out, c);
    else
        buffer_printf(out, "%%%02X", c);
}

static void spell_url_lower(struct buffer *out, unsigned char c)
{
    if (is_plain(c))
        buffer_add_byte(out, c);
    else
        buffer_printf(out, "%%%02x", c);
}

static void spell_html(struct buffer *out, unsigned char c)
{
    static const struct {
        unsigned char c;
        const char *text;
    } table[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#039;"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].c == c) {
            buffer_add_text(out, table[i].text);
            return;
        }
    buffer_add_byte(out, c);
}

/* What template engines escape beside that. */
static void spell_html_more(struct buffer *out, unsigned char c)
{
    static const struct {
        unsigned char c;
        const char *text;
    } table[] = {{'\'', "&#39;"}, {'"', "&#34;"},  {'+', "&#43;"},
                 {'=', "&#x3D;"}, {'/', "&#x2F;"}, {'`', "&#x60;"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].c == c) {
            buffer_add_text(out, table[i].text);
            return;
        }
    spell_html(out, c);
}

static void spell_json(struct buffer *out, unsigned char c)
{
    if (c == '"' || c == '\\' || c == '/')
        buffer_add_byte(out, '\\');
    buffer_add_byte(out, c);
}

static void spell_json_plain(struct buffer *out, unsigned char c)
{
    if (c == '"' || c == '\\')
        buffer_add_byte(out, '\\');
    buffer_add_byte(out, c);
}

/* For scripts within pages. */
static void spell_json_hex(struct buffer *out, unsigned char c)
{
    if (c && strchr("<>&'\"/+=", c))
        buffer_printf(out, "\\u%04X", c);
    else
        spell_json_plain(out, c);
}

static void spell_json_hex_lower(struct buffer *out, unsigned char c)
{
    if (c && strchr("<>&'\"/+=", c))
        buffer_printf(out, "\\u%04x", c);
    else
        spell_json_plain(out, c);
}

static void (*const spellings[])(struct buffer *, unsigned char) = {
    spell_plain,      spell_url,  spell_url_lower, spell_html,          spell_html_more,
    spell_json_plain, spell_json, spell_json_hex,  spell_json_hex_lower};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void add_needle(struct pair_hider *hider, const char *text, size_t length,
                       const char mark[PAIR_MARK_SIZE])
{
    for (size_t i = 0; i < hider->count; i++)
        if (hider->needles[i].length == length && memcmp(hider->needles[i].text, text, length) == 0)
            return; /* the first one's mark counts */
    if (hider->count == hider->room) {
        hider->room = hider->room ? 2 * hider->room : 32;
        hider->needles = mem_resize(hider->needles, hider->room, sizeof *hider->needles);
    }
    struct needle *needle = &hider->needles[hider->count++];
    *needle = (struct needle){.text = mem_copy_bytes(text, length), .length = length};
    memcpy(needle->mark, mark, PAIR_MARK_SIZE);
}

static void add_secret(struct pair_hider *hider, const char *value, size_t length,
                       const char mark[PAIR_MARK_SIZE])
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (length < PAIR_SECRET_LEAST || length > SPELLING_MOST ||
        hider->count >= PAIR_SECRETS_MOST * COUNT(spellings))
        return;
    for (size_t i = 0; i < COUNT(spellings); i++) {
        buffer_clear(&text);
        for (size_t k = 0; k < length; k++)
            spellings[i](&text, (unsigned char)value[k]);
        add_needle(hider, (const char *)text.data, text.length, mark);
    }
    buffer_free(&text);
}

/* ---- cookies ---- */

/* The value of "NAME=VALUE; Path=/", without quotes. */
static const char *cookie_value(const char *field, size_t *length)
{
    size_t end = strcspn(field, ";"), from = strcspn(field, "=;");
    from = from < end ? from + 1 : 0; /* a nameless one is its value */
    while (from < end && (field[from] == ' ' || field[from] == '\t'))
        from++;
    while (end > from && (field[end - 1] == ' ' || field[end - 1] == '\t'))
        end--;
    *length = end - from;
    return field + from;
}

/* The other side's cookie of the same name, in the same place among those; NULL: none. */
static const char *same_cookie(const struct pair_answer *answer, const char *field, size_t times)
{
    size_t name = strcspn(field, "=;");
    for (size_t i = 0; i < answer->field_count; i++) {
        const char *other = answer->fields[i].value;
        if (strcasecmp(answer->fields[i].name, "Set-Cookie") == 0 && strcspn(other, "=;") == name &&
            memcmp(other, field, name) == 0 && times-- == 0)
            return other;
    }
    return NULL;
}

static size_t times_before(const struct pair_answer *answer, size_t at)
{
    const char *field = answer->fields[at].value;
    size_t name = strcspn(field, "=;"), times = 0;
    for (size_t i = 0; i < at; i++)
        times += strcasecmp(answer->fields[i].name, "Set-Cookie") == 0 &&
                 strcspn(answer->fields[i].value, "=;") == name &&
                 memcmp(answer->fields[i].value, field, name) == 0;
    return times;
}

/* A session's id or a token, and no word such as "de" or "Anna", of which pages may be full. Only
 * what is one on both sides stands for each other. */
static bool is_token(const char *field, const char *value, size_t length)
{
    static const enum value_class classes[] = {CLASS_SESSION_ID, CLASS_TOKEN, CLASS_HASH,
                                               CLASS_UUID};
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(field, "=;"), field);
    enum value_class class = value_class_of_text(name, value, length);
    size_t digits = 0, letters = 0;
    for (size_t i = 0; i < length; i++) {
        digits += isdigit((unsigned char)value[i]) != 0;
        letters += isalpha((unsigned char)value[i]) != 0;
    }
    for (size_t i = 0; length >= WORD && i < COUNT(classes); i++)
        if (class == classes[i])
            return true;
    return length >= 16 && digits >= 3 && letters >= 3;
}

static void add_cookies(struct pair_hider *hider, const struct pair *pair, enum side side)
{
    const struct pair_answer *answer = &pair->answers[side];
    for (size_t i = 0; i < answer->field_count; i++) {
        size_t length, other_length = 0;
        char mark[PAIR_MARK_SIZE];
        if (strcasecmp(answer->fields[i].name, "Set-Cookie") != 0)
            continue;
        const char *field = answer->fields[i].value, *value = cookie_value(field, &length);
        const char *other = same_cookie(&pair->answers[!side], field, times_before(answer, i));
        if (other)
            other = cookie_value(other, &other_length);
        if (!is_token(field, value, length))
            continue;
        /* The source's value makes the mark. */
        if (side == TARGET && other && is_token(field, other, other_length))
            make_mark(hider->secrets, other, other_length, mark);
        else
            make_mark(hider->secrets, value, length, mark);
        add_secret(hider, value, length, mark);
    }
}

/* ---- a side ---- */

static int by_length(const void *one, const void *other)
{
    size_t a = ((const struct needle *)one)->length, b = ((const struct needle *)other)->length;
    return (a < b) - (a > b);
}

static size_t first_two(const void *text)
{
    const unsigned char *at = text;
    return (size_t)at[0] << 8 | at[1];
}

struct pair_hider *pair_hider_new(const struct pair *pair, const struct pair_secrets *secrets,
                                  enum side side)
{
    struct pair_hider *hider = mem_zero(1, sizeof *hider);
    hider->secrets = secrets;
    add_cookies(hider, pair, side); /* first: the first mark of a value counts */
    for (size_t i = 0; i < secrets->count && i < PAIR_SECRETS_MOST; i++) {
        const struct pair_secret *secret = &secrets->items[i];
        const char *named = secret->value[SOURCE] ? secret->value[SOURCE] : secret->value[TARGET];
        char mark[PAIR_MARK_SIZE];
        if (!secret->value[side])
            continue;
        make_mark(secrets, named, strlen(named), mark);
        add_secret(hider, secret->value[side], strlen(secret->value[side]), mark);
    }
    if (hider->count)
        qsort(hider->needles, hider->count, sizeof *hider->needles, by_length);
    for (size_t i = hider->count; i-- > 0;) {
        uint32_t *head = &hider->begins[first_two(hider->needles[i].text)];
        hider->needles[i].next = *head;
        *head = (uint32_t)i + 1;
    }
    return hider;
}

void pair_hider_free(struct pair_hider *hider)
{
    if (!hider)
        return;
    for (size_t i = 0; i < hider->count; i++)
        free(hider->needles[i].text);
    free(hider->needles);
    free(hider);
}

static bool is_word(const unsigned char *text, size_t at, size_t size, size_t length)
{
    return (at == 0 || !isalnum(text[at - 1])) &&
           (at + size == length || !isalnum(text[at + size]));
}

/* The secret that begins there and how many bytes of it there are: at the end of an answer that was
 * cut there may be less than all of it. */
static const struct needle *needle_at(const struct pair_hider *hider, const unsigned char *text,
                                      size_t at, size_t length, size_t *size)
{
    size_t left = length - at;
    if (left < PAIR_SECRET_LEAST)
        return NULL;
    for (uint32_t i = hider->begins[first_two(text + at)]; i; i = hider->needles[i - 1].next) {
        const struct needle *needle = &hider->needles[i - 1];
        bool whole = needle->length <= left;
        *size = whole ? needle->length : left;
        if (memcmp(needle->text, text + at, *size) == 0 && (whole || left >= PARTIAL) &&
            (needle->length >= WORD || is_word(text, at, *size, length)))
            return needle;
    }
    return NULL;
}

void pair_hide(const struct pair_hider *hider, const void *bytes, size_t length, size_t most,
               struct buffer *out)
{
    const unsigned char *text = bytes;
    size_t done = 0, end = length < most ? length : most, size = 0;
    for (size_t at = 0; at < end;) {
        const struct needle *needle = needle_at(hider, text, at, length, &size);
        if (!needle) {
            at++;
            continue;
        }
        buffer_add(out, text + done, at - done);
        buffer_add_text(out, needle->mark);
        at += size;
        done = at;
    }
    if (done < end)
        buffer_add(out, text + done, end - done);
}

/* ---- fields ---- */

/* Fields that are secret as a whole. */
static bool is_secret_field(const char *name)
{
    static const char *const names[] = {
        "Authorization", "Proxy-Authorization", "Cookie", "Cookie2", "X-Auth-Token",
        "X-Api-Key",     "Authentication-Info"};
    for (size_t i = 0; i < COUNT(names); i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

/* Deleted cookies have the value that says so. */
static bool is_deleted(const char *value, size_t length)
{
    return length == 0 || (length == 7 && strncasecmp(value, "deleted", 7) == 0);
}

static void hide_cookie(const struct pair_hider *hider, const char *field, size_t most,
                        struct buffer *out)
{
    size_t length;
    const char *value = cookie_value(field, &length);
    const struct needle *known = NULL;
    char mark[PAIR_MARK_SIZE];
    if (is_deleted(value, length)) {
        pair_hide(hider, field, strlen(field), most, out);
        return;
    }
    for (size_t i = 0; i < hider->count && !known; i++)
        if (hider->needles[i].length == length &&
            memcmp(hider->needles[i].text, value, length) == 0)
            known = &hider->needles[i];
    make_mark(hider->secrets, value, length, mark);
    size_t before = (size_t)(value - field);
    pair_hide(hider, field, before, most, out);
    buffer_add_text(out, known ? known->mark : mark);
    pair_hide(hider, value + length, strlen(value + length), most, out);
}

void pair_hide_field(const struct pair_hider *hider, const struct pair_field *field, size_t most,
                     struct buffer *out)
{
    char mark[PAIR_MARK_SIZE];
    if (strcasecmp(field->name, "Set-Cookie") == 0) {
        hide_cookie(hider, field->value, most, out);
    } else if (is_secret_field(field->name)) {
        make_mark(hider->secrets, field->value, strlen(field->value), mark);
        buffer_add_text(out, mark);
    } else {
        pair_hide(hider, field->value, strlen(field->value), most, out);
    }
}
