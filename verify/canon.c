/*
 * The type contract: which pair of types is compared as which kind. The table `pairings` is the
 * contract's code. Input: two types and the options of the mapping. Output: struct canon, and why
 * in words. Must not know: cells and values (canon_cell.c, canon_judge.c).
 */
#include "canon.h"

#include "../diff/base/nearest.h"

#include <stdlib.h>
#include <string.h>

#define CLASS(name) (1u << TYPE_##name)
#define NUMBERS (CLASS(INT) | CLASS(DECIMAL))
#define FLOATS (CLASS(FLOAT) | CLASS(DOUBLE))
#define LABELS (CLASS(TEXT) | CLASS(ENUM))
#define WORDS (LABELS | CLASS(BYTES)) /* what can spell a value of another kind */
#define NAIVE                                                                                      \
    (CLASS(DATE) | CLASS(DATETIME) | NUMBERS | WORDS) /* may hold a time without its zone */

/* One row per kind: its name, and the classes whose every cell form it can read. */
static const struct {
    const char *name;
    uint32_t readable;
} kinds[KINDS] = {
    [KIND_NONE] = {"none", UINT32_MAX},
    [KIND_BOOL] = {"bool", CLASS(BOOL) | CLASS(BITS) | NUMBERS | FLOATS | WORDS},
    [KIND_NUMBER] = {"number", CLASS(BOOL) | CLASS(BITS) | NUMBERS | WORDS},
    [KIND_FLOAT] = {"float", CLASS(BITS) | NUMBERS | FLOATS | WORDS},
    [KIND_TEXT] = {"text",
                   WORDS | CLASS(INT) | CLASS(SET) | CLASS(JSON) | CLASS(UUID) | CLASS(OTHER)},
    [KIND_BYTES] = {"bytes", WORDS | CLASS(SET) | CLASS(UUID)},
    [KIND_DATE] = {"date", NAIVE | CLASS(INSTANT)},
    [KIND_TIME] = {"time", WORDS | CLASS(TIME) | CLASS(INTERVAL)},
    [KIND_DATETIME] = {"datetime", NAIVE | CLASS(INSTANT)},
    [KIND_INSTANT] = {"instant", NAIVE | CLASS(INSTANT)},
    [KIND_JSON] = {"json", WORDS | CLASS(JSON)},
    [KIND_UUID] = {"uuid", WORDS | CLASS(UUID)},
    [KIND_BITS] = {"bits", WORDS | CLASS(BITS)},
    [KIND_SET] = {"set", WORDS | CLASS(SET) | CLASS(JSON) | CLASS(ARRAY)},
    [KIND_ARRAY] = {"array", WORDS | CLASS(SET) | CLASS(JSON) | CLASS(ARRAY)},
    [KIND_INTERVAL] = {"interval", WORDS | CLASS(INTERVAL) | CLASS(TIME)},
    [KIND_INET] = {"inet", WORDS | CLASS(INET)},
    [KIND_GEOMETRY] = {"geometry", CLASS(GEOMETRY)},
};

/* ---- The pairs ---------------------------------------------------------------------------------
 */

static bool is_one_bit(const struct type *one, const struct type *bits)
{
    (void)one;
    return bits->length == 1;
}

static bool is_number_of_bits(const struct type *bits, const struct type *number)
{
    (void)number;
    return bits->length >= 1 && bits->length <= 64;
}

static bool has_text_elements(const struct type *set, const struct type *array)
{
    (void)set;
    return array->element == TYPE_TEXT || array->element == TYPE_ENUM;
}

static bool is_sixteen_bytes(const struct type *uuid, const struct type *bytes)
{
    (void)uuid;
    return bytes->length == 16;
}

static bool has_same_base(const struct type *one, const struct type *other)
{
    return one->base && other->base && strcmp(one->base, other->base) == 0;
}

static bool has_paired_elements(const struct type *one, const struct type *other);

/* Each row holds for both orders of the sides. The first that fits decides. */
struct pairing {
    uint32_t one, other;                                            /* sets of classes */
    bool (*fits)(const struct type *one, const struct type *other); /* NULL: always */
    enum kind kind;
    const char *rule; /* a phrase for --explain */
};

static const struct pairing pairings[] = {
    {CLASS(BOOL), CLASS(BOOL), NULL, KIND_BOOL, "same truth"},
    {CLASS(BOOL), CLASS(INT), NULL, KIND_BOOL,
     "0 is false, 1 is true, any other number equals neither"},
    {CLASS(BOOL), CLASS(BITS), is_one_bit, KIND_BOOL, "the bit is the truth"},
    {NUMBERS, NUMBERS, NULL, KIND_NUMBER, "same exact number"},
    {CLASS(BITS), NUMBERS, is_number_of_bits, KIND_NUMBER, "the bits as an unsigned number"},
    {CLASS(BITS), CLASS(BITS), NULL, KIND_BITS, "same bits"},
    {FLOATS, FLOATS, NULL, KIND_FLOAT, "same floating point number"},
    {FLOATS, NUMBERS, NULL, KIND_FLOAT, "the exact number as its nearest floating point number"},
    {LABELS, LABELS, NULL, KIND_TEXT, "same characters"},
    {CLASS(SET), CLASS(SET) | LABELS, NULL, KIND_SET,
     "same members in any order, separated by commas"},
    {CLASS(SET), CLASS(ARRAY), has_text_elements, KIND_SET, "same members in any order"},
    {CLASS(BYTES), CLASS(BYTES), NULL, KIND_BYTES, "same bytes"},
    {CLASS(DATE), CLASS(DATE), NULL, KIND_DATE, "same day"},
    {CLASS(TIME), CLASS(TIME) | CLASS(INTERVAL), NULL, KIND_TIME, "same duration"},
    {CLASS(DATETIME), CLASS(DATETIME), NULL, KIND_DATETIME, "same civil time"},
    {CLASS(INSTANT), CLASS(INSTANT) | CLASS(DATETIME), NULL, KIND_INSTANT, "same point in time"},
    {CLASS(JSON), CLASS(JSON) | CLASS(TEXT), NULL, KIND_JSON, "same JSON value"},
    {CLASS(UUID), CLASS(UUID) | CLASS(TEXT), NULL, KIND_UUID, "same 16 bytes in any spelling"},
    {CLASS(UUID), CLASS(BYTES), is_sixteen_bytes, KIND_UUID, "same 16 bytes"},
    {CLASS(ARRAY), CLASS(ARRAY), has_paired_elements, KIND_ARRAY, "element by element"},
    {CLASS(INTERVAL), CLASS(INTERVAL), NULL, KIND_INTERVAL, "same months, days and microseconds"},
    {CLASS(INET), CLASS(INET) | CLASS(TEXT), NULL, KIND_INET, "same address and prefix"},
    {CLASS(GEOMETRY), CLASS(GEOMETRY), NULL, KIND_GEOMETRY, "same SRID and coordinates"},
    {CLASS(OTHER), CLASS(OTHER), has_same_base, KIND_TEXT, "the server's own text of both"},
    {CLASS(OTHER), CLASS(TEXT), NULL, KIND_TEXT, "the server's own text"},
};

static bool pairing_fits(const struct pairing *row, const struct type *one,
                         const struct type *other)
{
    return row->one >> one->class & 1u && row->other >> other->class & 1u &&
           (!row->fits || row->fits(one, other));
}

static const struct pairing *find_pairing(const struct type *source, const struct type *target)
{
    for (size_t i = 0; i < sizeof pairings / sizeof *pairings; i++)
        if (pairing_fits(&pairings[i], source, target) ||
            pairing_fits(&pairings[i], target, source))
            return &pairings[i];
    return NULL;
}

static struct type element_type(const struct type *array)
{
    return (struct type){
        .class = array->element, .precision = -1, .name = array->name, .base = array->base};
}

static bool has_paired_elements(const struct type *one, const struct type *other)
{
    struct type elements[] = {element_type(one), element_type(other)};
    return one->element != TYPE_ARRAY && other->element != TYPE_ARRAY &&
           find_pairing(&elements[0], &elements[1]);
}

/* ---- Choosing ----------------------------------------------------------------------------------
 */

const char *kind_name(enum kind kind)
{
    return (unsigned)kind < KINDS ? kinds[kind].name : "none";
}

bool kind_from_name(const char *name, enum kind *kind)
{
    for (int i = 0; i < KINDS; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            *kind = (enum kind)i;
            return true;
        }
    }
    return false;
}

/* A pair while its kind is being chosen. */
struct choice {
    const struct type *type[SIDES];
    const struct pairing *pairing; /* NULL: the contract has none */
    enum kind kind, element;
    bool forced; /* by the mapping */
    const char *zone[SIDES];
    unsigned misfits;
};

static bool is_readable(enum kind kind, const struct type *type)
{
    return type->class != TYPE_UNKNOWN && kinds[kind].readable >> type->class & 1u;
}

static bool choice_has(const struct choice *choice, uint32_t classes)
{
    return (1u << choice->type[SOURCE]->class | 1u << choice->type[TARGET]->class) & classes;
}

/* What the elements of two arrays are compared as, or of an array beside packed text. */
static bool choose_element(const struct choice *choice, enum kind *element)
{
    const struct type *source = choice->type[SOURCE], *target = choice->type[TARGET];
    *element = KIND_TEXT; /* both packed */
    if (source->class != TYPE_ARRAY && target->class != TYPE_ARRAY)
        return true;
    struct type one = element_type(source->class == TYPE_ARRAY ? source : target), other = one;
    if (source->class == TYPE_ARRAY && target->class == TYPE_ARRAY)
        other = element_type(target);
    const struct pairing *pairing = find_pairing(&one, &other);
    struct type text = {.class = TYPE_TEXT};
    if (!pairing || one.class == TYPE_ARRAY)
        return false;
    *element = pairing->kind;
    return source->class == target->class || is_readable(pairing->kind, &text);
}

/* The zones that the options give, by side; false: they fit no side. */
static bool choose_zones(struct choice *choice, const struct column_options *options)
{
    bool naive[SIDES], zoned = false;
    for (int side = 0; side < SIDES; side++)
        naive[side] = 1u << choice->type[side]->class & NAIVE;
    for (int side = 0; side < SIDES; side++) {
        choice->zone[side] = options->zone[side];
        /* `zone: X` is for the one side that has none of its own */
        if (!choice->zone[side] && naive[side] && !naive[!side])
            choice->zone[side] = options->zone_any;
        if (choice->zone[side] && !naive[side])
            return false;
        zoned = zoned || choice->zone[side];
    }
    /* One zone on both sides: the same clock, so the civil times tell. As instants, a time that the
     * clock skipped and the one that it showed instead would become one. */
    if (choice->zone[SOURCE] && choice->zone[TARGET] &&
        strcmp(choice->zone[SOURCE], choice->zone[TARGET]) == 0) {
        choice->zone[SOURCE] = choice->zone[TARGET] = NULL;
        return true;
    }
    if (choice->kind == KIND_DATETIME && zoned && !choice->forced)
        choice->kind = KIND_INSTANT;
    return zoned && choice->kind == KIND_INSTANT;
}

static void choose_misfits(struct choice *choice, const struct column_options *options)
{
    enum kind kind = choice->kind;
    bool timed = kind == KIND_DATETIME || kind == KIND_INSTANT;
    bool one_binary =
        (choice->type[SOURCE]->class == TYPE_BYTES) != (choice->type[TARGET]->class == TYPE_BYTES);
    const struct {
        enum canon_option option;
        bool given, fits;
    } checks[] = {
        {CANON_PRECISION, options->precision >= 0, timed || kind == KIND_TIME},
        {CANON_TOLERANCE, options->tolerance != TOLERANCE_NONE,
         options->tolerance == TOLERANCE_SECONDS
             ? timed || kind == KIND_TIME
             : kind == KIND_FLOAT || (kind == KIND_NUMBER && options->tolerance != TOLERANCE_ULP)},
        {CANON_ZERO_DATE, options->zero_date_null > 0, timed || kind == KIND_DATE},
        {CANON_STRIP, options->strip_zero_padding > 0,
         choice_has(choice, CLASS(BYTES)) && kind != KIND_UUID},
        {CANON_SWAPPED, options->swapped > 0, kind == KIND_UUID && one_binary},
        {CANON_SEPARATOR, options->separator != NULL,
         (kind == KIND_ARRAY || kind == KIND_SET) && choice_has(choice, WORDS)},
    };
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        if (checks[i].given && !checks[i].fits)
            choice->misfits |= checks[i].option;
}

static void choose(const struct type *source, const struct type *target,
                   const struct column_options *options, struct choice *choice)
{
    *choice = (struct choice){.type = {source, target}, .pairing = find_pairing(source, target)};
    choice->kind = choice->pairing ? choice->pairing->kind : KIND_NONE;
    enum kind wanted;
    if (options->kind && kind_from_name(options->kind, &wanted)) {
        enum kind own = choice->kind;
        choice->kind = wanted;
        choice->forced = true;
        bool fits = is_readable(wanted, source) && is_readable(wanted, target);
        if (wanted == KIND_NONE ||
            (fits && (wanted != KIND_ARRAY || choose_element(choice, &choice->element)))) {
            choice->pairing = NULL;
        } else {
            choice->kind = own;
            choice->forced = false;
            choice->misfits |= CANON_KIND;
        }
    }
    if (choice->kind == KIND_ARRAY && !choice->forced)
        (void)choose_element(choice, &choice->element);
    if (choice->kind == KIND_NONE)
        return;
    bool zoned = options->zone_any || options->zone[SOURCE] || options->zone[TARGET];
    if (zoned && !choose_zones(choice, options)) {
        choice->misfits |= CANON_ZONE;
        choice->zone[SOURCE] = choice->zone[TARGET] = NULL;
    }
    choose_misfits(choice, options);
}

unsigned canon_misfits(const struct type *source, const struct type *target,
                       const struct column_options *options)
{
    struct choice choice;
    choose(source, target, options, &choice);
    return choice.misfits;
}

void canon_drop_options(struct column_options *options, unsigned dropped)
{
    if (dropped & CANON_KIND)
        options->kind = NULL;
    if (dropped & CANON_ZONE)
        options->zone[SOURCE] = options->zone[TARGET] = options->zone_any = NULL;
    if (dropped & CANON_PRECISION)
        options->precision = -1;
    if (dropped & CANON_TOLERANCE) {
        options->tolerance = TOLERANCE_NONE;
        options->tolerance_amount = NULL;
    }
    if (dropped & CANON_ZERO_DATE)
        options->zero_date_null = -1;
    if (dropped & CANON_STRIP)
        options->strip_zero_padding = -1;
    if (dropped & CANON_SWAPPED)
        options->swapped = -1;
    if (dropped & CANON_SEPARATOR)
        options->separator = NULL;
}

/* ---- What is wrong with the options ------------------------------------------------------------
 */

static bool report_misfit(const struct choice *choice, const struct column_options *options,
                          struct err *err)
{
    static const struct {
        enum canon_option option;
        const char *sentence; /* after "source type beside target type, compared as KIND: " */
    } misfits[] = {
        {CANON_ZONE,
         "a zone is for a pair of an instant and a time that has no zone of its own; where both "
         "have none, say which side it is for: zone: {source: …} or {target: …}"},
        {CANON_PRECISION, "precision is for times and date-times"},
        {CANON_TOLERANCE,
         "tolerance is for numbers and floats (ulp for floats only), seconds for times and "
         "date-times"},
        {CANON_ZERO_DATE, "zero_date is for dates and date-times"},
        {CANON_STRIP, "strip_zero_padding is for binary types"},
        {CANON_SWAPPED, "swapped is for a uuid in 16 bytes beside a uuid that is not"},
        {CANON_SEPARATOR, "separator is for arrays and sets packed in text"},
    };
    const char *source = choice->type[SOURCE]->name, *target = choice->type[TARGET]->name;
    if (choice->misfits & CANON_KIND)
        return err_set(err, ERR_USAGE, "%s beside %s cannot be compared as kind %s", source, target,
                       options->kind);
    for (size_t i = 0; i < sizeof misfits / sizeof *misfits; i++)
        if (choice->misfits & misfits[i].option)
            return err_set(err, ERR_USAGE, "%s beside %s, compared as %s: %s", source, target,
                           kind_name(choice->kind), misfits[i].sentence);
    return true;
}

static bool check_kind(const struct column_options *options, struct err *err)
{
    const char *names[KINDS];
    enum kind kind;
    if (!options->kind || kind_from_name(options->kind, &kind))
        return true;
    for (int i = 0; i < KINDS; i++)
        names[i] = kinds[i].name;
    const char *near = nearest_word(options->kind, names, KINDS);
    if (near)
        return err_set(err, ERR_USAGE, "unknown kind \"%s\": did you mean \"%s\"?", options->kind,
                       near);
    return err_set(err, ERR_USAGE,
                   "unknown kind \"%s\": kinds are bool, number, float, text, bytes, date, time, "
                   "datetime, instant, json, uuid, bits, set, array, interval, inet and geometry",
                   options->kind);
}

/* Digits only, between least and most. */
static bool read_count(const char *text, int least, int most, int *count)
{
    int n = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || n > most / 10)
            return false;
        n = n * 10 + (*text - '0');
    }
    *count = n;
    return n >= least && n <= most;
}

static bool read_amount(const char *text, double *amount)
{
    struct buffer encoded = BUFFER_INIT(BUFFER_NO_LIMIT);
    struct value value;
    bool ok = value_add_decimal(&encoded, text, strlen(text));
    const unsigned char *place = encoded.data;
    ok = ok && value_read(&place, encoded.data + encoded.length, &value);
    *amount = ok ? value_to_double(&value) : -1;
    buffer_free(&encoded);
    return *amount >= 0 && *amount <= 1e300;
}

static bool choose_tolerance(const struct column_options *options, struct canon *canon,
                             struct err *err)
{
    enum { ULP_MOST = 1000000000, NUMBER_DIGITS = 100, DOUBLE_DIGITS = 17 };
    const char *text = options->tolerance_amount ? options->tolerance_amount : "";
    int most = canon->kind == KIND_FLOAT ? DOUBLE_DIGITS : NUMBER_DIGITS, count = 0;
    canon->tolerance = options->tolerance;
    switch (options->tolerance) {
    case TOLERANCE_NONE:
        return true;
    case TOLERANCE_ABS:
        canon->tolerance_exact = text;
        if (!read_amount(text, &canon->tolerance_amount))
            return err_set(err, ERR_USAGE, "tolerance abs: \"%s\" is not a number of 0 or more",
                           text);
        return true;
    case TOLERANCE_DIGITS:
        if (!read_count(text, 1, most, &canon->tolerance_digits))
            return err_set(err, ERR_USAGE,
                           "tolerance digits: \"%s\" is not a whole number from 1 to %d", text,
                           most);
        return true;
    case TOLERANCE_ULP:
        if (!read_count(text, 0, ULP_MOST, &count))
            return err_set(err, ERR_USAGE,
                           "tolerance ulp: \"%s\" is not a whole number from 0 to %d", text,
                           ULP_MOST);
        canon->tolerance_amount = count;
        return true;
    case TOLERANCE_SECONDS:
        canon->tolerance_exact = text;
        if (!read_amount(text, &canon->tolerance_amount) ||
            canon->tolerance_amount > TOLERANCE_SECONDS_MOST)
            return err_set(err, ERR_USAGE,
                           "tolerance seconds: \"%s\" is not a number from 0 to %.0f", text,
                           TOLERANCE_SECONDS_MOST);
        return true;
    }
    return true;
}

/* ---- The answer --------------------------------------------------------------------------------
 */

static void explain_none(const struct choice *choice, struct buffer *why)
{
    const char *join = " (kind: ";
    bool any = false;
    if (choice->forced) {
        buffer_add_text(why, ": not verified, as the mapping says");
        return;
    }
    if (choice_has(choice, CLASS(UNKNOWN))) {
        buffer_add_text(why, ": a type that cannot be compared");
        return;
    }
    for (int i = KIND_NONE + 1; i < KINDS; i++)
        any = any || (is_readable((enum kind)i, choice->type[SOURCE]) &&
                      is_readable((enum kind)i, choice->type[TARGET]));
    if (!any) {
        buffer_add_text(
            why,
            ": types that have nothing in common; a SQL expression in the mapping can convert one");
        return;
    }
    buffer_add_text(why, ": only the mapping's kind can say how to compare them");
    for (int i = KIND_NONE + 1; i < KINDS; i++) {
        if (is_readable((enum kind)i, choice->type[SOURCE]) &&
            is_readable((enum kind)i, choice->type[TARGET])) {
            buffer_printf(why, "%s%s", join, kinds[i].name);
            join = ", ";
        }
    }
    buffer_add_text(why, ")");
}

static void explain_zones(const struct choice *choice, const struct canon *canon,
                          struct buffer *why)
{
    /* not side_name[]: it comes with the engines, and the contract stands without them */
    static const char *const names[SIDES] = {[SOURCE] = "source", [TARGET] = "target"};
    for (int side = 0; side < SIDES; side++) {
        if (canon->zone[side])
            buffer_printf(why, ", %s read in %s%s", names[side], choice->zone[side],
                          zone_is_fixed(canon->zone[side])
                              ? ""
                              : " (a time that its clocks showed twice as either)");
        else if (1u << choice->type[side]->class & NAIVE)
            buffer_printf(why, ", %s read as UTC", names[side]);
    }
}

static void explain(const struct choice *choice, const struct canon *canon, struct buffer *why)
{
    buffer_printf(why, "%s beside %s", choice->type[SOURCE]->name, choice->type[TARGET]->name);
    if (canon->kind == KIND_NONE) {
        explain_none(choice, why);
        return;
    }
    if (choice->forced)
        buffer_printf(why, ": compared as %s, as the mapping says", kind_name(canon->kind));
    else if (canon->kind != choice->pairing->kind)
        buffer_add_text(why, ": same point in time, as the mapping gives a zone");
    else
        buffer_printf(why, ": %s", choice->pairing->rule);
    if (canon->kind == KIND_INSTANT)
        explain_zones(choice, canon, why);
    if (canon->kind == KIND_ARRAY)
        buffer_printf(why, ", elements compared as %s", kind_name(canon->element));
    if (canon->narrow)
        buffer_add_text(why, ", at 4 bytes");
    if (canon->swapped)
        buffer_add_text(why, ", the binary side as UUID_TO_BIN(…, 1) orders it");
    if (canon->separator && choice->forced)
        buffer_printf(why, ", packed text split at \"%s\"", canon->separator);
}

static bool is_narrow(const struct type *type)
{
    return type->class == TYPE_FLOAT || (type->class == TYPE_ARRAY && type->element == TYPE_FLOAT);
}

bool canon_choose(const struct type *source, const struct type *target,
                  const struct column_options *options, struct canon *canon, struct buffer *why,
                  struct err *err)
{
    struct choice choice;
    *canon = (struct canon){.precision = -1, .class = {source->class, target->class}};
    if (!check_kind(options, err))
        return false;
    choose(source, target, options, &choice);
    if (!report_misfit(&choice, options, err))
        return false;
    canon->kind = choice.kind;
    canon->element = choice.element;
    for (int side = 0; side < SIDES; side++)
        if (choice.zone[side] && !zone_find(choice.zone[side], &canon->zone[side], err))
            return false;
    if (canon->kind != KIND_NONE) {
        if (options->precision > 6)
            return err_set(err, ERR_USAGE, "precision: %d is not between 0 and 6",
                           options->precision);
        canon->narrow = (canon->kind == KIND_FLOAT || canon->element == KIND_FLOAT) &&
                        (is_narrow(source) || is_narrow(target));
        canon->precision = options->precision;
        canon->zero_date_null = options->zero_date_null > 0;
        canon->strip_zero_padding = options->strip_zero_padding > 0;
        canon->swapped = options->swapped > 0;
        canon->separator = options->separator;
        if (canon->separator && !*canon->separator)
            return err_set(err, ERR_USAGE, "separator: must not be empty");
        if (canon->kind == KIND_SET && !choice.forced && !canon->separator)
            canon->separator = ",";
        if (!choose_tolerance(options, canon, err))
            return false;
    }
    explain(&choice, canon, why);
    return true;
}

void canon_describe_leniency(const struct canon *canon, struct buffer *out)
{
    size_t start = out->length;
    if (canon->precision >= 0)
        buffer_printf(out, ", precision %d", canon->precision);
    if (canon->tolerance == TOLERANCE_ABS)
        buffer_printf(out, ", tolerance %s", canon->tolerance_exact);
    if (canon->tolerance == TOLERANCE_DIGITS)
        buffer_printf(out, ", %d significant digits", canon->tolerance_digits);
    if (canon->tolerance == TOLERANCE_ULP)
        buffer_printf(out, ", tolerance %.0f ulp", canon->tolerance_amount);
    if (canon->tolerance == TOLERANCE_SECONDS)
        buffer_printf(out, ", tolerance %s s", canon->tolerance_exact);
    if (canon->zero_date_null)
        buffer_add_text(out, ", zero dates are NULL");
    if (canon->strip_zero_padding)
        buffer_add_text(out, ", trailing zero bytes do not count");
    if (out->length < start + 2)
        return;
    memmove(out->data + start, out->data + start + 2, out->length - start - 2);
    out->length -= 2;
    out->data[out->length] = '\0';
}
