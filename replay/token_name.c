/*
 * What names and values say: which fields hold tokens, which values look like ids, and of what kind
 * an id is. Input: names, values, targets. Pure; knows nothing of lanes.
 *
 *     /bookings/8812/edit       -> 8812 is a "booking"
 *     booking_id=8812           -> the same
 *     /booking.php?id=8812      -> the same
 *     /invoices?price=8812      -> a "price", which no redirect ever names
 */
#include "token_parts.h"

#include "../diff/base/stem.h"
#include "../diff/date_text.h"
#include "../diff/value.h"
#include "../diff/value_class.h"

#include <ctype.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define NAME_MOST 200
#define SHORTEST 8       /* bytes of what may be a token */
#define LETTERS_LEAST 24 /* of one without a digit */
#define RANDOM_LEAST 16  /* letters and digits of a token */

/* Names without case and marks: token_name_same(). */
static const char *const csrf_names[] = {"csrf",
                                         "csrftoken",
                                         "csrfmiddlewaretoken",
                                         "xsrf",
                                         "xsrftoken",
                                         "token",
                                         "_csrf",
                                         "authenticitytoken",
                                         "formtoken",
                                         "requestverificationtoken",
                                         "antiforgery",
                                         "csrfkey",
                                         "csrfhash",
                                         "csrfname",
                                         "csrfvalue",
                                         "formkey",
                                         "ftoken",
                                         "nonce",
                                         "wpnonce",
                                         "formbuildid",
                                         "antiforgerytoken"};
static const char *const token_names[] = {"viewstate",    "eventvalidation", "viewstategenerator",
                                          "state",        "executiontoken",  "accesstoken",
                                          "refreshtoken", "idtoken",         "authtoken",
                                          "apitoken",     "sessionid",       "sessid",
                                          "sid",          "phpsessid",       "jsessionid",
                                          "jwt",          "onetimetoken",    "formid",
                                          "samlrequest"};
static const char *const token_parts[] = {"csrf", "xsrf", "nonce", "token"};

/* Letters and digits alone, in lower case; brackets count only by what stands in the last. */
static void plain_name(const char *name, char plain[NAME_MOST])
{
    size_t used = 0, length = strlen(name);
    const char *open = length && name[length - 1] == ']' ? strrchr(name, '[') : NULL;
    if (open && open[1] != ']')
        name = open + 1;
    for (; *name && used + 1 < NAME_MOST; name++)
        if (isalnum((unsigned char)*name))
            plain[used++] = (char)tolower((unsigned char)*name);
    plain[used] = '\0';
}

static bool is_one_of(const char *plain, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(plain, words[i]) == 0)
            return true;
    return false;
}

bool token_name_same(const char *name, const char *other)
{
    char plain[NAME_MOST], plain_other[NAME_MOST];
    plain_name(name, plain);
    plain_name(other, plain_other);
    return *plain && strcmp(plain, plain_other) == 0;
}

bool token_name_is_csrf(const char *name)
{
    char plain[NAME_MOST];
    plain_name(name, plain);
    return is_one_of(plain, csrf_names, COUNT(csrf_names)) || strstr(plain, "csrf") ||
           strstr(plain, "xsrf");
}

bool token_name_is_token(const char *name)
{
    char plain[NAME_MOST];
    plain_name(name, plain);
    if (is_one_of(plain, csrf_names, COUNT(csrf_names)) ||
        is_one_of(plain, token_names, COUNT(token_names)))
        return true;
    for (size_t i = 0; i < COUNT(token_parts); i++)
        if (strstr(plain, token_parts[i]))
            return true;
    return false;
}

bool token_name_ends_token(const char *name)
{
    static const char *const endings[] = {"token", "nonce"};
    char plain[NAME_MOST];
    plain_name(name, plain);
    size_t length = strlen(plain);
    for (size_t i = 0; i < COUNT(endings); i++) {
        size_t size = strlen(endings[i]);
        if (length >= size && strcmp(plain + length - size, endings[i]) == 0)
            return true;
    }
    return token_name_is_csrf(name);
}

/* ---- values ---- */

/* Most values are none, and asking what class they are is dear: short ones, words, texts. */
static bool may_be_random(const char *value, size_t length, size_t digits)
{
    static const char marks[] = "-_.+/=:{}"; /* {}: of a UUID */
    if (length < SHORTEST || (!digits && length < LETTERS_LEAST))
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)value[i]) && !strchr(marks, value[i]))
            return false;
    return true;
}

bool token_looks_random(const char *value)
{
    size_t length = strlen(value), digits = 0, letters = 0;
    for (size_t i = 0; i < length; i++) {
        digits += isdigit((unsigned char)value[i]) != 0;
        letters += isalpha((unsigned char)value[i]) != 0;
    }
    if (digits == length || !may_be_random(value, length, digits))
        return false;
    enum value_class class = value_class_of_text(NULL, value, length);
    if (class == CLASS_UUID || class == CLASS_HASH || class == CLASS_SESSION_ID ||
        class == CLASS_TOKEN)
        return true;
    return digits >= 3 && letters >= 3 && digits + letters >= RANDOM_LEAST &&
           class != CLASS_TIMESTAMP && class != CLASS_DATE;
}

bool token_is_own_cookie(const char *name, const char *value)
{
    return token_name_is_token(name) || token_looks_random(value);
}

static bool all_digits(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!isdigit((unsigned char)text[i]))
            return false;
    return length > 0;
}

size_t token_id_length(const char *segment, size_t length)
{
    struct date_text date;
    char text[NAME_MOST];
    size_t digits = 0;
    if (!length || length >= sizeof text)
        return 0;
    while (digits < length && isdigit((unsigned char)segment[digits]))
        digits++;
    if (digits == length)
        return length <= 20 ? length : 0;
    bool any = digits > 0;
    for (size_t i = 0; i < length && !any; i++)
        any = isdigit((unsigned char)segment[i]) != 0;
    if (!any && length < LETTERS_LEAST)
        return 0; /* as most segments */
    if (date_text_read(segment, length, DATE_ORDER_UNKNOWN, &date) == length)
        return 0;
    bool word = digits && length - digits > 1 && isalpha((unsigned char)segment[digits + 1]);
    if (word && digits <= 20 && (segment[digits] == '-' || segment[digits] == '.')) {
        /* 8812-a-title and 8812.json; a UUID may begin like the first */
        memcpy(text, segment, length);
        text[length] = '\0';
        return value_class_of_text(NULL, text, length) == CLASS_UUID ? length : digits;
    }
    const char *dot = memrchr(segment, '.', length);
    if (dot && (size_t)(segment + length - dot) <= 6)
        length = (size_t)(dot - segment);
    memcpy(text, segment, length);
    text[length] = '\0';
    return token_looks_random(text) ? length : 0;
}

bool token_looks_id(const char *value)
{
    size_t length = strlen(value);
    return (all_digits(value, length) && length <= 20) || token_looks_random(value);
}

/* Digits of that many places; 0 for none. */
static unsigned digits_at(const char *text, size_t from, size_t count)
{
    unsigned number = 0;
    for (size_t i = from; i < from + count; i++)
        number = 10 * number + (unsigned)(text[i] - '0');
    return number;
}

bool token_read_moment(const char *value, int64_t *at)
{
    const int64_t second = 1000000;
    size_t length = strlen(value);
    struct date_text date = {0};
    if (all_digits(value, length) && length == 14) {
        date = (struct date_text){.year = digits_at(value, 0, 4),
                                  .month = digits_at(value, 4, 2),
                                  .day = digits_at(value, 6, 2),
                                  .hour = digits_at(value, 8, 2),
                                  .minute = digits_at(value, 10, 2),
                                  .second = digits_at(value, 12, 2)};
        if (date.year < 1970 || date.year > 2200 || date.month < 1 || date.month > 12 ||
            date.day < 1 || date.day > 31)
            return false;
    } else if (all_digits(value, length) && (length == 10 || length == 13)) {
        *at = (int64_t)strtoll(value, NULL, 10) * (length == 10 ? second : second / 1000);
        return *value != '0';
    } else if (date_text_read(value, length, DATE_ORDER_UNKNOWN, &date) != length || !length ||
               !date.has_seconds || date.year < 1970 || date.year > 2200) {
        return false;
    }
    if (date.hour > 23 || date.minute > 59 || date.second > 60)
        return false;
    *at = ((civil_to_days(date.year, date.month, date.day) * 24 + date.hour) * 60 + date.minute -
           (date.has_zone ? date.offset : 0)) *
              60 * second +
          date.second * second;
    return true;
}

/* ---- kinds ---- */

struct words {
    size_t count;
    char word[8][TOKEN_KIND_SIZE / 2];
};

/* At marks and where a capital follows a small letter. */
static void split(struct words *words, const char *text, size_t length)
{
    size_t used = 0;
    words->count = 0;
    for (size_t i = 0; i <= length; i++) {
        unsigned char byte = i < length ? (unsigned char)text[i] : 0;
        bool part = isalnum(byte) || byte >= 0x80;
        bool begins = part && i && isupper(byte) && islower((unsigned char)text[i - 1]);
        char *word = words->word[words->count];
        if (used && (!part || begins)) {
            word[used] = '\0';
            used = 0;
            if (++words->count == COUNT(words->word))
                return;
            word = words->word[words->count];
        }
        if (part && used + 1 < sizeof words->word[0])
            word[used++] = (char)tolower(byte);
    }
}

static void join(char kind[TOKEN_KIND_SIZE], const struct words *words, size_t count)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        for (const char *at = words->word[i]; *at && used + 4 < TOKEN_KIND_SIZE; at++)
            kind[used++] = *at;
    kind[used] = '\0';
    stem_word(kind);
}

static void add_kind(struct token_kinds *kinds, const struct words *words, size_t from)
{
    struct words some = {0};
    char kind[TOKEN_KIND_SIZE];
    while (from < words->count)
        memcpy(some.word[some.count++], words->word[from++], sizeof some.word[0]);
    join(kind, &some, some.count);
    for (size_t i = 0; i < kinds->count; i++)
        if (strcmp(kinds->name[i], kind) == 0)
            return;
    if (*kind && kinds->count < TOKEN_KINDS)
        memcpy(kinds->name[kinds->count++], kind, sizeof kind);
}

/* Words of a path that say what is done, not to what. */
static const char *const verbs[] = {
    "edit",  "show",  "view", "new",     "create", "delete",  "remove", "update", "cancel",
    "list",  "index", "api",  "admin",   "detail", "details", "get",    "add",    "save",
    "store", "print", "copy", "confirm", "ajax",   "search",  "by",     "id",     "destroy"};

static void drop_verbs(struct words *words)
{
    size_t kept = 0;
    for (size_t i = 0; i < words->count; i++)
        if (!is_one_of(words->word[i], verbs, COUNT(verbs)))
            memmove(words->word[kept++], words->word[i], sizeof words->word[0]);
    words->count = kept;
}

/* The nearest segment before `end` that names a thing; *ids: ids between it and there. */
static void kind_of_path(struct token_kinds *kinds, struct slice target, size_t end, size_t *ids)
{
    const char *path = (const char *)target.at;
    struct words words, nearest = {0};
    size_t to = end;
    *ids = 0;
    while (to > 0) {
        const char *slash = memrchr(path, '/', to);
        size_t from = slash ? (size_t)(slash - path) + 1 : 0;
        size_t length = to - from;
        if (token_id_length(path + from, length)) {
            ++*ids;
        } else if (length) {
            const char *dot = memchr(path + from, '.', length);
            split(&words, path + from, dot ? (size_t)(dot - path) - from : length);
            if (!nearest.count)
                nearest = words;
            drop_verbs(&words);
            if (words.count) {
                add_kind(kinds, &words, 0);
                return;
            }
        }
        to = from ? from - 1 : 0;
    }
    add_kind(kinds, &nearest, 0); /* /show.php?id=1 */
}

static bool is_id_word(const char *word)
{
    static const char *const words[] = {"id", "ids", "uuid", "guid"};
    return is_one_of(word, words, COUNT(words));
}

/* user[booking_id] -> booking_id; bookings[] -> bookings */
static struct slice inner_name(const char *name)
{
    size_t length = strlen(name);
    while (length > 2 && name[length - 1] == ']' && name[length - 2] == '[')
        length -= 2;
    const char *open = length && name[length - 1] == ']' ? memrchr(name, '[', length) : NULL;
    if (open)
        return (struct slice){(const unsigned char *)open + 1,
                              (size_t)(name + length - 1 - (open + 1))};
    return (struct slice){(const unsigned char *)name, length};
}

bool token_name_is_id(const char *name)
{
    struct words words;
    struct slice inner = inner_name(name);
    split(&words, (const char *)inner.at, inner.length);
    return words.count && is_id_word(words.word[words.count - 1]);
}

void token_kinds_of(struct token_kinds *kinds, const struct token_part *part, struct slice target)
{
    struct words words;
    size_t ids, path = 0;
    kinds->count = 0;
    while (path < target.length && target.at[path] != '?' && target.at[path] != '#')
        path++;
    if (part->place == PLACE_PATH) {
        size_t end = part->from ? part->from - 1 : 0;
        kind_of_path(kinds, target, end, &ids);
        if (!kinds->count) {
            memcpy(kinds->name[0], "/", 2);
            kinds->count = 1;
        }
        char *kind = kinds->name[0];
        size_t length = strlen(kind);
        if (ids && length + 3 <= TOKEN_KIND_SIZE) { /* /bookings/1/2: the second of a booking */
            kind[length] = '#';
            kind[length + 1] = (char)('0' + (ids < 9 ? ids : 9));
            kind[length + 2] = '\0';
        }
        return;
    }
    struct slice inner = inner_name(part->name);
    split(&words, (const char *)inner.at, inner.length);
    bool id = words.count && is_id_word(words.word[words.count - 1]);
    if (id)
        words.count--;
    if (words.count) {
        add_kind(kinds, &words, 0);
        if (id) /* parent_booking_id is the id of a booking, too */
            add_kind(kinds, &words, words.count - 1);
        return;
    }
    if (part->parent) {
        split(&words, part->parent, strlen(part->parent));
        static const char *const covers[] = {"data", "item", "items", "result", "results", "rows"};
        if (words.count && !is_one_of(words.word[0], covers, COUNT(covers))) {
            add_kind(kinds, &words, 0);
            return;
        }
    }
    kind_of_path(kinds, target, path, &ids);
}
