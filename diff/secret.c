/* See secret.h. */
#include "secret.h"

#include "base/percent.h"
#include "date_text.h"
#include "value_class.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define TEXT_MOST 4096  /* bytes that are looked at; a longer text is judged by its beginning */
#define WORD_LONGEST 16 /* letters; more without a mark between them are no word of a path */
#define CODE_LEAST 6    /* bytes, digits: of a code that mails bring; fewer name a thing */

static const char *const *also;
static size_t also_count;

void secret_also(const char *const *names, size_t count)
{
    also = names;
    also_count = count;
}

/* A text with %XX decoded. */
struct plain {
    char text[TEXT_MOST];
    size_t length;
};

static void decode(struct plain *plain, const char *text, size_t length)
{
    plain->length = 0;
    for (size_t i = 0; i < length && plain->length < TEXT_MOST;)
        plain->text[plain->length++] = (char)percent_next(text, length, &i);
}

/* ---- shape ---- */

struct letters {
    size_t digits, lower, upper, marks, others; /* marks: - and _ */
    size_t turns;   /* letter beside digit, or a capital behind a small letter */
    size_t doubles; /* capitals behind capitals */
    bool hex, dots;
};

/* 1: digit, 2: small letter, 3: capital; 0: none of them. */
static int sort_of(char byte)
{
    return byte >= '0' && byte <= '9'   ? 1
           : byte >= 'a' && byte <= 'z' ? 2
           : byte >= 'A' && byte <= 'Z' ? 3
                                        : 0;
}

static struct letters letters_of(const char *text, size_t length)
{
    struct letters letters = {.hex = true};
    int before = 0;
    for (size_t i = 0; i < length; i++) {
        int sort = sort_of(text[i]);
        letters.digits += sort == 1;
        letters.lower += sort == 2;
        letters.upper += sort == 3;
        letters.marks += text[i] == '-' || text[i] == '_';
        letters.dots |= text[i] == '.';
        letters.others += !sort && !strchr("-_.+/", text[i] ? text[i] : ' ');
        letters.hex = letters.hex && hex_digit(text[i]) >= 0;
        letters.turns += sort && before && sort != before && !(before == 3 && sort == 2);
        letters.doubles += sort == 3 && before == 3;
        before = sort;
    }
    return letters;
}

/* What names a thing and is no secret: a number, a UUID, a date. */
static bool is_name(const char *text, size_t length)
{
    struct date_text date;
    struct letters letters = letters_of(text, length);
    return letters.digits == length ||
           date_text_read(text, length, DATE_ORDER_UNKNOWN, &date) == length ||
           value_class_of_text(NULL, text, length) == CLASS_UUID;
}

static bool looks(const char *text, size_t length)
{
    while (length && text[length - 1] == '=') /* base64 */
        length--;
    if (length < SECRET_LEAST)
        return false;
    struct letters letters = letters_of(text, length);
    if (letters.others)
        return false;
    if (memcmp(text, "eyJ", 3) == 0 && letters.dots) /* a JSON Web Token begins with {" */
        return true;
    if (letters.dots || letters.marks > length / 8 + 2 || is_name(text, length))
        return false;
    if (letters.hex)
        return letters.digits && (letters.lower != 0) != (letters.upper != 0);
    /* Words and numbers with marks between them (hotels-in-rome-2024) take few turns; names such as
     * FindAllUsersOfHotel no two capitals beside each other. */
    if (letters.digits)
        return letters.turns * 8 >= length && letters.lower + letters.upper >= 2;
    return letters.lower && letters.doubles >= 2 && letters.turns * 5 + 5 >= length;
}

bool secret_looks(const char *text, size_t length)
{
    struct plain plain;
    if (length < SECRET_LEAST)
        return false;
    decode(&plain, text, length);
    return looks(plain.text, plain.length);
}

/* ---- place ---- */

/* Words of a segment behind which mails' links have their token. */
static const char *const before_words[] = {
    "activate",    "activation", "autologin",   "claim",    "confirm",      "confirmation",
    "invite",      "invitation", "jsessionid",  "key",      "magic",        "magiclink",
    "onetime",     "optin",      "optout",      "passwd",   "password",     "passwordreset",
    "pwreset",     "recover",    "recovery",    "reset",    "resetlink",    "resetpassword",
    "secret",      "session",    "share",       "shared",   "sid",          "ticket",
    "token",       "unlock",     "unsubscribe", "validate", "verification", "verify",
    "verifyemail", "webhook",    "webhooks",    "hook",     "hooks",        "apikey"};
/* Words behind which any number is one. */
static const char *const code_words[] = {"otp", "pin", "passcode", "onetimecode"};

static bool is_one_of(const char *word, size_t length, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(words[i]) == length && strncasecmp(words[i], word, length) == 0)
            return true;
    return false;
}

bool secret_is_also(const char *name, size_t length)
{
    return is_one_of(name, length, also, also_count);
}

/* Is a word of the segment among them? Words end at marks and where a capital follows a small
 * letter: verify_email, verifyEmail. */
static bool has_word(const char *segment, size_t length, const char *const *words, size_t count)
{
    if (is_one_of(segment, length, words, count))
        return true;
    for (size_t from = 0; from < length;) {
        size_t to = from + 1;
        while (to < length && isalpha((unsigned char)segment[to]) &&
               !(isupper((unsigned char)segment[to]) && islower((unsigned char)segment[to - 1])))
            to++;
        if (is_one_of(segment + from, to - from, words, count))
            return true;
        from = to + (to < length && !isalpha((unsigned char)segment[to]));
    }
    return false;
}

bool secret_follows(const char *segment, size_t length)
{
    return secret_is_also(segment, length) ||
           has_word(segment, length, before_words, COUNT(before_words)) ||
           has_word(segment, length, code_words, COUNT(code_words));
}

/* Letters in runs that words have, such as "done", "by-email", "Email", "oauth2". */
static bool is_words(const char *text, size_t length)
{
    struct letters letters = letters_of(text, length);
    size_t run = 0;
    if (letters.others || letters.digits > 1 || (letters.digits && sort_of(text[length - 1]) != 1))
        return false;
    for (size_t i = 0; i < length; i++) {
        run = sort_of(text[i]) > 1 ? run + 1 : 0;
        if (run > WORD_LONGEST)
            return false;
    }
    /* kXpQwZ is none: capitals behind small letters, and beside each other. */
    return !letters.lower || !letters.upper || !letters.turns || !letters.doubles;
}

bool secret_behind(const char *before, size_t before_length, const char *text, size_t length)
{
    struct plain plain;
    struct date_text date;
    if (!length || !before_length)
        return false;
    if (secret_is_also(before, before_length))
        return true;
    /* Few texts may be one, and asking for words is dear. */
    decode(&plain, text, length);
    struct letters letters = letters_of(plain.text, plain.length);
    if (letters.digits == plain.length)
        return plain.length >= CODE_LEAST
                   ? secret_follows(before, before_length)
                   : has_word(before, before_length, code_words, COUNT(code_words));
    if (plain.length < CODE_LEAST || memchr(plain.text, '@', plain.length))
        return false; /* v2, 2fa; whose it is */
    return !is_words(plain.text, plain.length) && secret_follows(before, before_length) &&
           date_text_read(plain.text, plain.length, DATE_ORDER_UNKNOWN, &date) != plain.length;
}

size_t secret_ending(const char *segment, size_t length)
{
    size_t size = 1;
    while (size < length && size <= 6 && segment[length - size] != '.')
        size++;
    if (size < 2 || size >= length || size > 6 || segment[length - size] != '.')
        return 0;
    return isdigit((unsigned char)segment[length - size + 1]) ? 0 : size;
}

/* What a page is made of has its hash in its name, and no secret. */
static bool is_asset(const char *path, size_t length)
{
    static const char *const endings[] = {".js",   ".mjs",   ".css",  ".map",  ".png",  ".jpg",
                                          ".jpeg", ".gif",   ".webp", ".avif", ".svg",  ".ico",
                                          ".woff", ".woff2", ".ttf",  ".otf",  ".wasm", ".mp4"};
    for (size_t i = 0; i < COUNT(endings); i++) {
        size_t size = strlen(endings[i]);
        if (length > size && strncasecmp(path + length - size, endings[i], size) == 0)
            return true;
    }
    return false;
}

static size_t without_parameters(const char *segment, size_t length)
{
    const char *end = memchr(segment, ';', length);
    return end ? (size_t)(end - segment) : length;
}

bool secret_in_path(const char *path, size_t length, size_t at, size_t size)
{
    size_t end = at ? at - 1 : 0, from = end; /* of the segment before */
    while (from && path[from - 1] != '/')
        from--;
    if (at &&
        secret_behind(path + from, without_parameters(path + from, end - from), path + at, size))
        return true;
    const char *slash = memrchr(path, '/', length);
    size_t last = slash ? (size_t)(slash - path) + 1 : 0;
    if (size < SECRET_LEAST ||
        is_asset(path + last, without_parameters(path + last, length - last)))
        return false;
    size_t ending = secret_ending(path + at, size);
    return secret_looks(path + at, size) || (ending && secret_looks(path + at, size - ending));
}
