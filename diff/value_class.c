/*
 * Value classes (value_class.h): a table of recognisers, the most telling first. A recogniser looks
 * at one whole value; which part of two texts is looked at is found before.
 */
#include "value_class.h"

#include "date_text.h"

#include <strings.h>

#define LONGEST 400 /* bytes of a part; what is longer is text */

const char *const value_class_name[VALUE_CLASSES] = {
    [CLASS_TEXT] = "text",
    [CLASS_TIMESTAMP] = "timestamp",
    [CLASS_RELATIVE_TIME] = "relative time",
    [CLASS_DATE] = "date",
    [CLASS_MONEY] = "money",
    [CLASS_NUMBER] = "number",
    [CLASS_UUID] = "uuid",
    [CLASS_SESSION_ID] = "session id",
    [CLASS_TOKEN] = "token",
    [CLASS_HASH] = "hash",
    [CLASS_SORTING] = "sorting",
};

struct text {
    const char *at;
    size_t length;
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static bool is_hex(char byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static struct text trim(struct text text)
{
    while (text.length && is_blank(*text.at)) {
        text.at++;
        text.length--;
    }
    while (text.length && is_blank(text.at[text.length - 1]))
        text.length--;
    return text;
}

/* ---- what a name says ---- */

enum hint { HINT_TIME = 1, HINT_MONEY = 2, HINT_TOKEN = 4, HINT_SESSION = 8, HINT_HASH = 16 };

static const struct {
    const char *word; /* whole, between marks or changes of case */
    enum hint hint;
} hint_words[] = {
    {"time", HINT_TIME},
    {"timestamp", HINT_TIME},
    {"date", HINT_TIME},
    {"at", HINT_TIME},
    {"expires", HINT_TIME},
    {"created", HINT_TIME},
    {"updated", HINT_TIME},
    {"modified", HINT_TIME},
    {"ts", HINT_TIME},
    {"price", HINT_MONEY},
    {"amount", HINT_MONEY},
    {"total", HINT_MONEY},
    {"cost", HINT_MONEY},
    {"balance", HINT_MONEY},
    {"fee", HINT_MONEY},
    {"tax", HINT_MONEY},
    {"subtotal", HINT_MONEY},
    {"prix", HINT_MONEY},
    {"montant", HINT_MONEY},
    {"preis", HINT_MONEY},
    {"betrag", HINT_MONEY},
    {"precio", HINT_MONEY},
    {"importe", HINT_MONEY},
    {"currency", HINT_MONEY},
    {"csrf", HINT_TOKEN},
    {"xsrf", HINT_TOKEN},
    {"token", HINT_TOKEN},
    {"nonce", HINT_TOKEN},
    {"authenticity", HINT_TOKEN},
    {"csrfmiddlewaretoken", HINT_TOKEN},
    {"requestverificationtoken", HINT_TOKEN},
    {"viewstate", HINT_TOKEN},
    {"wpnonce", HINT_TOKEN},
    {"state", HINT_TOKEN},
    {"jwt", HINT_TOKEN},
    {"session", HINT_SESSION},
    {"sessionid", HINT_SESSION},
    {"sess", HINT_SESSION},
    {"sid", HINT_SESSION},
    {"phpsessid", HINT_SESSION},
    {"jsessionid", HINT_SESSION},
    {"hash", HINT_HASH},
    {"etag", HINT_HASH},
    {"checksum", HINT_HASH},
    {"digest", HINT_HASH},
    {"integrity", HINT_HASH},
    {"md5", HINT_HASH},
    {"sha1", HINT_HASH},
    {"sha256", HINT_HASH},
    {"fingerprint", HINT_HASH},
};

static unsigned hint_of_word(struct text word)
{
    for (size_t i = 0; i < COUNT(hint_words); i++)
        if (strlen(hint_words[i].word) == word.length &&
            strncasecmp(hint_words[i].word, word.at, word.length) == 0)
            return hint_words[i].hint;
    return 0;
}

/* The hints of a name's words: "csrf-token", "createdAt", "td.price". */
static unsigned hints_of(const char *name)
{
    unsigned hints = 0;
    for (const char *at = name; at && *at;) {
        const char *start = at;
        while (is_letter(*at) || is_digit(*at))
            at++;
        const char *end = at;
        hints |= hint_of_word((struct text){start, (size_t)(end - start)});
        for (const char *part = start; part < end;) { /* createdAt: created, At */
            const char *stop;
            /* A capital begins a word when a small letter stands before it. */
            for (stop = part + 1; stop < end; stop++)
                if (stop[0] >= 'A' && stop[0] <= 'Z' && stop[-1] >= 'a' && stop[-1] <= 'z')
                    break;
            hints |= hint_of_word((struct text){part, (size_t)(stop - part)});
            part = stop;
        }
        at = end + (*end != '\0');
    }
    return hints;
}

/* ---- recognisers of one whole value ---- */

static bool is_uuid(struct text text, unsigned hints)
{
    static const size_t groups[] = {8, 4, 4, 4, 12};
    (void)hints;
    if (text.length > 9 && strncasecmp(text.at, "urn:uuid:", 9) == 0)
        text = (struct text){text.at + 9, text.length - 9};
    if (text.length == 38 && text.at[0] == '{' && text.at[37] == '}')
        text = (struct text){text.at + 1, 36};
    if (text.length != 36)
        return false;
    const char *at = text.at;
    for (size_t i = 0; i < COUNT(groups); i++) {
        for (size_t k = 0; k < groups[i]; k++)
            if (!is_hex(*at++))
                return false;
        if (i + 1 < COUNT(groups) && *at++ != '-')
            return false;
    }
    return true;
}

static bool all_digits(struct text text)
{
    for (size_t i = 0; i < text.length; i++)
        if (!is_digit(text.at[i]))
            return false;
    return text.length > 0;
}

/* Seconds or milliseconds since 1970, of 2001 to 2033; only a name tells them from a number. */
static bool is_epoch(struct text text, unsigned hints)
{
    return (hints & HINT_TIME) && (text.length == 10 || text.length == 13) && text.at[0] == '1' &&
           all_digits(text);
}

static bool is_timestamp(struct text text, unsigned hints)
{
    struct date_text date;
    if (date_text_read(text.at, text.length, DATE_ORDER_UNKNOWN, &date) == text.length)
        return date.has_time;
    return date_text_read_time(text.at, text.length, &date) == text.length || is_epoch(text, hints);
}

static bool is_date(struct text text, unsigned hints)
{
    struct date_text date;
    (void)hints;
    return date_text_read(text.at, text.length, DATE_ORDER_UNKNOWN, &date) == text.length &&
           !date.has_time;
}

/* A word of the text that begins at *at, in any case; moves behind it and the blanks. */
static struct text next_word(const char **at, const char *end)
{
    const char *start = *at;
    while (*at < end && !is_blank(**at))
        (*at)++;
    struct text word = {start, (size_t)(*at - start)};
    while (*at < end && is_blank(**at))
        (*at)++;
    return word;
}

static bool is_one_of(struct text word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(words[i]) == word.length && strncasecmp(words[i], word.at, word.length) == 0)
            return true;
    return false;
}

static const char *const relative_words[] = {
    "just now", "now",   "yesterday",    "tomorrow",    "today",    "gerade eben",
    "gestern",  "heute", "morgen",       "hier",        "demain",   "aujourd'hui",
    "ayer",     "hoy",   "a moment ago", "moments ago", "right now"};
static const char *const amounts[] = {"a",      "an",   "one",  "few",  "about",   "several",
                                      "almost", "over", "less", "than", "ein",     "einer",
                                      "einem",  "eine", "un",   "une",  "wenigen", "half"};
static const char *const units[] = {
    "s",       "sec",      "secs",    "second",   "seconds", "m",       "min",      "mins",
    "minute",  "minutes",  "h",       "hr",       "hrs",     "hour",    "hours",    "d",
    "day",     "days",     "w",       "week",     "weeks",   "month",   "months",   "y",
    "year",    "years",    "sekunde", "sekunden", "minuten", "stunde",  "stunden",  "tag",
    "tage",    "tagen",    "woche",   "wochen",   "monat",   "monate",  "monaten",  "jahr",
    "jahre",   "jahren",   "seconde", "secondes", "heure",   "heures",  "jour",     "jours",
    "semaine", "semaines", "mois",    "an",       "ans",     "segundo", "segundos", "minuto",
    "minutos", "hora",     "horas",   "día",      "días",    "semana",  "semanas",  "mes",
    "meses",   "año",      "años"};

/* "5m", "2h": a number with its unit. */
static bool is_joined_span(struct text word)
{
    size_t digits = 0;
    while (digits < word.length && is_digit(word.at[digits]))
        digits++;
    return digits && digits < word.length &&
           is_one_of((struct text){word.at + digits, word.length - digits}, units, COUNT(units));
}

/* Spans only: "3 minutes", "1 hour 5 minutes", "about an hour". A unit must be there. */
static bool is_span(const char *at, const char *end)
{
    bool unit = false, amount = false;
    while (at < end) {
        struct text word = next_word(&at, end);
        if (word.length && (word.at[word.length - 1] == ',' || word.at[word.length - 1] == '.'))
            word.length--;
        if (is_joined_span(word)) {
            unit = true;
        } else if (amount && is_one_of(word, units, COUNT(units))) {
            unit = true;
            amount = false;
        } else if (all_digits(word) || is_one_of(word, amounts, COUNT(amounts))) {
            amount = true;
        } else if (!is_one_of(word, (const char *const[]){"and", "und", "et", "y"}, 4) || !unit) {
            return false;
        }
    }
    return unit && !amount;
}

static bool is_relative_time(struct text text, unsigned hints)
{
    static const char *const before[] = {"in ",   "vor ",  "in etwa ", "il y a ",
                                         "dans ", "hace ", "en "};
    static const char *const after[] = {" ago", " from now", " later", " left", " old"};
    const char *end = text.at + text.length;
    (void)hints;
    if (is_one_of(text, relative_words, COUNT(relative_words)))
        return true;
    for (size_t i = 0; i < COUNT(before); i++) {
        size_t length = strlen(before[i]);
        if (text.length > length && strncasecmp(text.at, before[i], length) == 0 &&
            is_span(text.at + length, end))
            return true;
    }
    for (size_t i = 0; i < COUNT(after); i++) {
        size_t length = strlen(after[i]);
        if (text.length > length && strncasecmp(end - length, after[i], length) == 0 &&
            is_span(text.at, end - length))
            return true;
    }
    return false;
}

/* Digits with points, commas, blanks or apostrophes between groups; a sign; a per cent sign. */
static bool is_number(struct text text, unsigned hints)
{
    (void)hints;
    if (text.length && (text.at[0] == '-' || text.at[0] == '+'))
        text = (struct text){text.at + 1, text.length - 1};
    if (text.length && text.at[text.length - 1] == '%')
        text = trim((struct text){text.at, text.length - 1});
    if (!text.length || text.length > 60)
        return false;
    size_t digits = 0, points = 0, commas = 0;
    for (size_t i = 0; i < text.length; i++) {
        char byte = text.at[i];
        bool between =
            i > 0 && i + 1 < text.length && is_digit(text.at[i - 1]) && is_digit(text.at[i + 1]);
        if (is_digit(byte)) {
            digits++;
        } else if ((byte == 'e' || byte == 'E') && digits && i + 1 < text.length) {
            struct text power = {text.at + i + 1, text.length - i - 1};
            if (power.length > 1 && (*power.at == '-' || *power.at == '+'))
                power = (struct text){power.at + 1, power.length - 1};
            return all_digits(power) && power.length <= 4;
        } else if (between && (byte == '.' || byte == ',')) {
            points += byte == '.';
            commas += byte == ',';
        } else if (!(between && (byte == ' ' || byte == '\''))) {
            return false;
        }
    }
    return digits > 0 && (points < 2 || commas < 2) && !(points > 1 && commas == 0 && digits < 7);
}

static const char *const currencies[] = {"€",   "$",   "£",   "¥",   "EUR", "USD", "GBP", "CHF",
                                         "JPY", "CAD", "AUD", "SEK", "NOK", "DKK", "PLN", "CZK",
                                         "HUF", "CNY", "INR", "BRL", "MXN", "US$", "Fr.", "kr"};

/* A number beside a currency; under a name that speaks of money, a number alone. */
static bool is_money(struct text text, unsigned hints)
{
    bool negative = text.length && text.at[0] == '-';
    if (negative)
        text = trim((struct text){text.at + 1, text.length - 1});
    for (size_t i = 0; i < COUNT(currencies); i++) {
        size_t length = strlen(currencies[i]);
        if (text.length <= length)
            continue;
        struct text rest = {text.at, text.length - length};
        if (strncasecmp(text.at + rest.length, currencies[i], length) == 0 &&
            is_number(trim(rest), 0))
            return true;
        rest.at += length;
        if (strncasecmp(text.at, currencies[i], length) == 0 && is_number(trim(rest), 0))
            return true;
    }
    return (hints & HINT_MONEY) && is_number(text, 0) && text.at[text.length - 1] != '%';
}

/* How a value without blanks is made. */
struct letters {
    size_t digits, lower, upper, marks, others; /* marks: - _ + / = . */
    bool hex;
    size_t turns; /* between letters and digits, or from small to capital letters */
};

static int sort_of(char byte)
{
    return is_digit(byte) ? 1 : byte >= 'a' && byte <= 'z' ? 2 : byte >= 'A' && byte <= 'Z' ? 3 : 0;
}

static struct letters letters_of(struct text text)
{
    struct letters letters = {.hex = text.length > 0};
    for (size_t i = 0; i < text.length; i++) {
        char byte = text.at[i];
        int sort = sort_of(byte);
        letters.digits += sort == 1;
        letters.lower += sort == 2;
        letters.upper += sort == 3;
        bool mark = !sort && byte && strchr("-_+/=.", byte);
        letters.marks += mark;
        letters.others += !sort && !mark;
        letters.hex = letters.hex && is_hex(byte);
        int before = i ? sort_of(text.at[i - 1]) : sort;
        letters.turns += sort && before && sort != before && !(before == 3 && sort == 2);
    }
    return letters;
}

/* Looks random: letters and digits that take turns as no word, name or number does. */
static bool is_random(struct text text, size_t least)
{
    struct letters letters = letters_of(text);
    if (text.length < least || letters.others || letters.marks > text.length / 8 + 2)
        return false;
    return letters.turns * 8 >= text.length && letters.digits && letters.lower + letters.upper >= 2;
}

static bool is_session_id(struct text text, unsigned hints)
{
    struct letters letters = letters_of(text);
    return (hints & HINT_SESSION) && text.length >= 8 && !letters.others &&
           (letters.digits || is_random(text, 8));
}

static bool is_token(struct text text, unsigned hints)
{
    struct letters letters = letters_of(text);
    if (text.length > 20 && memcmp(text.at, "eyJ", 3) == 0 && !letters.others) /* a JWT */
        return true;
    if (hints & HINT_TOKEN)
        return text.length >= 8 && !letters.others && (letters.digits || letters.upper > 1);
    return is_random(text, 16);
}

static bool is_hash_length(size_t length)
{
    return length == 32 || length == 40 || length == 56 || length == 64 || length == 96 ||
           length == 128;
}

/* MD5 to SHA-512 in hex, $2y$10$…, sha256-…, a git commit or ETag where the name says so. */
static bool is_hash(struct text text, unsigned hints)
{
    static const char *const schemes[] = {"sha256-", "sha384-", "sha512-", "sha256:", "md5:",
                                          "$2a$",    "$2b$",    "$2y$",    "$argon2", "$6$"};
    for (size_t i = 0; i < COUNT(schemes); i++)
        if (text.length > strlen(schemes[i]) + 16 &&
            memcmp(text.at, schemes[i], strlen(schemes[i])) == 0 &&
            !memchr(text.at, ' ', text.length))
            return true;
    if (hints & HINT_HASH) {
        if (text.length > 2 && text.at[0] == 'W' && text.at[1] == '/') /* a weak ETag */
            text = (struct text){text.at + 2, text.length - 2};
        if (text.length > 2 && text.at[0] == '"' && text.at[text.length - 1] == '"')
            text = (struct text){text.at + 1, text.length - 2};
    }
    struct letters letters = letters_of(text);
    bool hex = letters.hex && letters.digits && letters.lower + letters.upper &&
               !(letters.lower && letters.upper);
    return hex && (is_hash_length(text.length) || ((hints & HINT_HASH) && text.length >= 7));
}

/* Names decide first what only they can tell. */
static const struct {
    enum value_class class;
    bool (*is)(struct text text, unsigned hints);
} recognisers[] = {
    {CLASS_UUID, is_uuid},
    {CLASS_SESSION_ID, is_session_id},
    {CLASS_TIMESTAMP, is_timestamp},
    {CLASS_DATE, is_date},
    {CLASS_RELATIVE_TIME, is_relative_time},
    {CLASS_MONEY, is_money},
    {CLASS_NUMBER, is_number},
    {CLASS_HASH, is_hash},
    {CLASS_TOKEN, is_token},
};

static enum value_class class_of(struct text text, unsigned hints)
{
    text = trim(text);
    if (!text.length || text.length > LONGEST)
        return CLASS_TEXT;
    /* A hash is a token where the name says so. */
    if ((hints & HINT_TOKEN) && !is_uuid(text, 0) && is_token(text, hints))
        return CLASS_TOKEN;
    for (size_t i = 0; i < COUNT(recognisers); i++)
        if (recognisers[i].is(text, hints))
            return recognisers[i].class;
    return CLASS_TEXT;
}

enum value_class value_class_of_text(const char *name, const char *text, size_t length)
{
    return class_of((struct text){text, length}, hints_of(name));
}

/* ---- the part that differs ---- */

#define PARTS_MOST 8 /* words that a part may be widened by, on each end */

/* Where a part may end: at blanks, and at brackets, quotes, '=' and the like. */
static bool parts(char byte)
{
    return is_blank(byte) || (byte && strchr("\"'()[]{}<>=;&?|", byte));
}

/* [start, end) of a text. */
struct span {
    size_t start, end;
};

/* One word more at the start; false when there is none. */
static bool widen_left(struct text text, struct span *span)
{
    size_t at = span->start;
    while (at && parts(text.at[at - 1]))
        at--;
    if (!at)
        return false;
    while (at && !parts(text.at[at - 1]))
        at--;
    span->start = at;
    return true;
}

static bool widen_right(struct text text, struct span *span)
{
    size_t at = span->end;
    while (at < text.length && parts(text.at[at]))
        at++;
    if (at == text.length)
        return false;
    while (at < text.length && !parts(text.at[at]))
        at++;
    span->end = at;
    return true;
}

/* The smallest spans that differ, out to whole words. */
static void find_spans(struct text source, struct text target, struct span *one, struct span *other)
{
    size_t least = source.length < target.length ? source.length : target.length;
    size_t start = 0, tail = 0;
    while (start < least && source.at[start] == target.at[start])
        start++;
    while (tail < least - start &&
           source.at[source.length - tail - 1] == target.at[target.length - tail - 1])
        tail++;
    while (start && !parts(source.at[start - 1]))
        start--;
    while (tail && !parts(source.at[source.length - tail]))
        tail--;
    *one = (struct span){start, source.length - tail};
    *other = (struct span){start, target.length - tail};
}

static struct text part_of(struct text text, struct span span)
{
    struct text part = {text.at + span.start, span.end - span.start};
    part = trim(part);
    /* What ends a sentence does not belong to its last value. */
    while (part.length > 1 && strchr(".,:!", part.at[part.length - 1]) && part.at[part.length - 1])
        part.length--;
    return part;
}

static enum value_class class_of_both(struct text source, struct text target, unsigned hints)
{
    enum value_class class = class_of(source, hints);
    if (class != CLASS_TEXT && class_of(target, hints) == class)
        return class;
    /* A price that lost its currency is money still. */
    enum value_class other = class_of(target, hints);
    if ((class == CLASS_MONEY && other == CLASS_NUMBER) ||
        (class == CLASS_NUMBER && other == CLASS_MONEY))
        return CLASS_MONEY;
    if ((class == CLASS_DATE && other == CLASS_TIMESTAMP) ||
        (class == CLASS_TIMESTAMP && other == CLASS_DATE))
        return CLASS_TIMESTAMP;
    return CLASS_TEXT;
}

/* main.3f2a9c1d.js and main.77ce01ab.js: the same but for a hex word with digits and letters. */
static bool differ_by_fingerprint(struct text source, struct text target)
{
    size_t start = 0, end = source.length;
    if (source.length != target.length)
        return false;
    while (start < end && source.at[start] == target.at[start])
        start++;
    while (end > start && source.at[end - 1] == target.at[end - 1])
        end--;
    while (start && is_hex(source.at[start - 1]))
        start--;
    while (end < source.length && is_hex(source.at[end]))
        end++;
    struct letters one = letters_of((struct text){source.at + start, end - start});
    struct letters other = letters_of((struct text){target.at + start, end - start});
    bool bounded = (!start || !is_letter(source.at[start - 1])) &&
                   (end == source.length || !is_letter(source.at[end]));
    return bounded && end - start >= 8 && end - start < source.length && one.hex && other.hex &&
           one.digits && other.digits && one.lower + one.upper && other.lower + other.upper;
}

/* Widened by some words on each end, the most telling class wins; a bare number tells least. */
static enum value_class class_of_parts(struct text source, struct text target, unsigned hints)
{
    struct span one, other;
    enum value_class found = CLASS_TEXT;
    find_spans(source, target, &one, &other);
    for (int left = 0; left <= 4; left++) {
        struct span wide_one = one, wide_other = other;
        for (int right = 0; right <= PARTS_MOST - left; right++) {
            enum value_class class =
                class_of_both(part_of(source, wide_one), part_of(target, wide_other), hints);
            if (class != CLASS_TEXT && (found == CLASS_TEXT || found == CLASS_NUMBER))
                found = class;
            if (!widen_right(source, &wide_one) || !widen_right(target, &wide_other))
                break;
        }
        if ((found != CLASS_TEXT && found != CLASS_NUMBER) || !widen_left(source, &one) ||
            !widen_left(target, &other))
            break;
    }
    return found;
}

enum value_class value_class_of(enum diff_kind kind, const char *name, const char *source,
                                size_t source_length, const char *target, size_t target_length)
{
    unsigned hints = hints_of(name);
    if (kind == DIFF_REORDERED || kind == DIFF_MOVED)
        return CLASS_SORTING;
    if (!source || !target)
        return source   ? class_of((struct text){source, source_length}, hints)
               : target ? class_of((struct text){target, target_length}, hints)
                        : CLASS_TEXT;
    struct text one = {source, source_length}, other = {target, target_length};
    enum value_class class = class_of_both(one, other, hints);
    if ((class == CLASS_TEXT || class == CLASS_TOKEN) && !(hints & HINT_TOKEN)) {
        struct span part_one, part_other;
        find_spans(one, other, &part_one, &part_other);
        if (differ_by_fingerprint(part_of(one, part_one), part_of(other, part_other)))
            return CLASS_HASH;
    }
    if (class != CLASS_TEXT && class != CLASS_NUMBER)
        return class;
    enum value_class part = class_of_parts(one, other, hints);
    return part != CLASS_TEXT ? part : class;
}
