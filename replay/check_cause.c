/*
 * Why two texts differ, in a phrase that a person can act on. Input: what was and what is. Output:
 * a phrase. A phrase says only what the texts show: a guess that can mislead is none.
 *
 *     "10.50", "10.5"                             same number
 *     "21.11.2026 12:30", "21.11.2026 14:30"      time zone: 2 h later
 *     "true", "1"                                 true and false spelled otherwise
 *     "20261121123000", "2026-11-21 12:30:00"     the same time, spelled otherwise
 *     "3.75", "3"                                 the target has no fraction
 *     "7.36", "7.00"                              whole in the target, as integers are divided
 *     "no", "yes"                                 true in the target, false in the source
 */
#include "check_parts.h"

#include "../diff/date_text.h"
#include "../diff/group.h"
#include "../diff/value.h"

#include <ctype.h>
#include <stdlib.h>

#define SHIFT_MOST (14 * 60) /* minutes that zones lie apart at most */
#define NUMBER_MOST 40       /* bytes of a number that is looked at */

/* ---- times ---- */

struct moment {
    bool has_date;
    int64_t minutes;
    unsigned second;
};

/* The first time of the text, with its day where that stands before it. */
static bool find_moment(struct tree_text text, struct moment *moment)
{
    for (size_t at = 0; at < text.length; at++) {
        struct date_text date = {0};
        bool begins = !at || !isalnum((unsigned char)text.at[at - 1]);
        const char *from = text.at + at;
        size_t left = text.length - at;
        if (!begins || !isalnum((unsigned char)*from))
            continue;
        bool day = date_text_read(from, left, DATE_ORDER_UNKNOWN, &date) > 0;
        if (day && !date.has_time)
            continue;
        if (!day && !date_text_read_time(from, left, &date))
            continue;
        moment->has_date = day;
        moment->minutes = (day ? civil_to_days(date.year, date.month, date.day) * 1440 : 0) +
                          date.hour * 60 + date.minute - date.offset;
        moment->second = date.second;
        return true;
    }
    return false;
}

static const char *shift_of(struct arena *arena, const struct tree_text whole[SIDES])
{
    struct moment moment[SIDES];
    for (int side = 0; side < SIDES; side++)
        if (!whole[side].at || whole[side].length > 400 || !find_moment(whole[side], &moment[side]))
            return NULL;
    int64_t apart = moment[TARGET].minutes - moment[SOURCE].minutes;
    bool dates = moment[SOURCE].has_date && moment[TARGET].has_date;
    if (moment[SOURCE].has_date != moment[TARGET].has_date)
        return NULL;
    if (!dates && (apart > 720 || apart < -720)) /* beyond midnight */
        apart += apart > 0 ? -1440 : 1440;
    int64_t size = apart < 0 ? -apart : apart;
    if (moment[SOURCE].second != moment[TARGET].second || !size || size % 15 || size > SHIFT_MOST)
        return NULL;
    const char *way = apart > 0 ? "later" : "earlier";
    if (size % 60 == 0)
        return arena_format(arena, "time zone: %d h %s", (int)(size / 60), way);
    if (size < 60)
        return arena_format(arena, "time zone: %d min %s", (int)size, way);
    return arena_format(arena, "time zone: %d h %d min %s", (int)(size / 60), (int)(size % 60),
                        way);
}

/* ---- numbers ---- */

/* Is it a plain number: digits, and a point with digits or not? */
static bool read_number(struct tree_text text, char number[NUMBER_MOST + 1])
{
    size_t at = 0, digits = 0, points = 0;
    if (!text.at || !text.length || text.length > NUMBER_MOST)
        return false;
    at += text.at[0] == '-';
    for (; at < text.length; at++) {
        digits += isdigit((unsigned char)text.at[at]) != 0;
        points += text.at[at] == '.';
        if (!isdigit((unsigned char)text.at[at]) && text.at[at] != '.')
            return false;
    }
    memcpy(number, text.at, text.length);
    number[text.length] = '\0';
    return digits > 0 && points <= 1;
}

static size_t decimals(const char *number)
{
    const char *point = strchr(number, '.');
    return point ? strlen(point + 1) : 0;
}

/* Numbers of as many decimals. Where both are whole, or both are not, nothing can be said. */
static const char *divided_of(char text[SIDES][NUMBER_MOST + 1], size_t whole)
{
    if (!text[SOURCE][whole] || strlen(text[SOURCE]) != strlen(text[TARGET]) ||
        memcmp(text[SOURCE], text[TARGET], whole + 1) != 0)
        return NULL;
    bool is_whole[SIDES];
    for (int side = 0; side < SIDES; side++)
        is_whole[side] = strspn(text[side] + whole + 1, "0") == strlen(text[side] + whole + 1);
    if (is_whole[SOURCE] == is_whole[TARGET])
        return NULL;
    return is_whole[TARGET] ? "whole in the target, as integers are divided"
                            : "whole in the source, as integers are divided";
}

static const char *number_of(const struct tree_text span[SIDES])
{
    char text[SIDES][NUMBER_MOST + 1];
    if (!read_number(span[SOURCE], text[SOURCE]) || !read_number(span[TARGET], text[TARGET]))
        return NULL;
    size_t places[SIDES] = {decimals(text[SOURCE]), decimals(text[TARGET])};
    enum side less = places[SOURCE] < places[TARGET] ? SOURCE : TARGET;
    size_t whole = strcspn(text[1 - less], ".");
    if (places[SOURCE] == places[TARGET])
        return divided_of(text, whole);
    if (!places[less] && strlen(text[less]) == whole &&
        memcmp(text[less], text[1 - less], whole) == 0)
        return less == TARGET ? "the target has no fraction" : "the source has no fraction";
    double apart = strtod(text[SOURCE], NULL) - strtod(text[TARGET], NULL), unit = 0.5000001;
    for (size_t i = 0; i < places[less]; i++)
        unit /= 10;
    if (apart <= unit && apart >= -unit)
        return less == TARGET ? "rounded in the target" : "rounded in the source";
    return NULL;
}

/* ---- words ---- */

static bool holds(struct tree_text text, const char *word)
{
    return text.at && memmem(text.at, text.length, word, strlen(word));
}

/* What only one side's text shows. */
static const char *damage_of(const struct tree_text whole[SIDES])
{
    static const struct {
        const char *mark, *clean; /* clean: what stands on the other side for it; NULL: anything */
        const char *phrase[SIDES];
    } rows[] = {
        {"&amp;", "&", {"escaped twice in the source", "escaped twice in the target"}},
        {"&lt;", "<", {"escaped twice in the source", "escaped twice in the target"}},
        {"&quot;", "\"", {"escaped twice in the source", "escaped twice in the target"}},
        {"&#039;", "'", {"escaped twice in the source", "escaped twice in the target"}},
        {"\xc3\x83\xc2", NULL, {"encoded twice in the source", "encoded twice in the target"}},
        {"\xef\xbf\xbd", NULL, {"characters lost in the source", "characters lost in the target"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int side = 0; side < SIDES; side++)
            if (holds(whole[side], rows[i].mark) && !holds(whole[1 - side], rows[i].mark) &&
                (!rows[i].clean || holds(whole[1 - side], rows[i].clean)))
                return rows[i].phrase[side];
    return NULL;
}

/* A single digit or letter may be anything. */
static const char *opposite_of(const struct tree_text span[SIDES])
{
    int truth[SIDES] = {change_truth(span[SOURCE]), change_truth(span[TARGET])};
    if (truth[SOURCE] < 0 || truth[TARGET] < 0 || truth[SOURCE] == truth[TARGET] ||
        span[SOURCE].length < 2 || span[TARGET].length < 2)
        return NULL;
    return truth[TARGET] ? "true in the target, false in the source"
                         : "false in the target, true in the source";
}

/* "1" and 1: JSON's values of unlike types, as compare.c quotes them. */
static const char *quotes_of(const struct tree_text span[SIDES])
{
    for (int side = 0; side < SIDES; side++) {
        struct tree_text one = span[side], other = span[1 - side];
        if (one.at && other.at && one.length == other.length + 2 && one.at[0] == '"' &&
            one.at[one.length - 1] == '"' && memcmp(one.at + 1, other.at, other.length) == 0)
            return side == TARGET ? "a string in the target" : "a string in the source";
    }
    return NULL;
}

static bool is_blank(struct tree_text text)
{
    for (size_t i = 0; i < text.length; i++)
        if (!isspace((unsigned char)text.at[i]))
            return false;
    return text.at != NULL;
}

/* 20260507012539 and 2026-05-07 01:25:39+00: the text of a database's own type, most likely. */
static const char *spelling_of(const struct tree_text whole[SIDES])
{
    char text[SIDES][NUMBER_MOST + 1];
    int64_t at[SIDES];
    for (int side = 0; side < SIDES; side++) {
        if (!whole[side].at || !whole[side].length || whole[side].length > NUMBER_MOST)
            return NULL;
        memcpy(text[side], whole[side].at, whole[side].length);
        text[side][whole[side].length] = '\0';
        if (!token_read_moment(text[side], &at[side]))
            return NULL;
    }
    return at[SOURCE] == at[TARGET] ? "the same time, spelled otherwise" : NULL;
}

const char *check_cause(struct arena *arena, const struct tree_text span[SIDES],
                        const struct tree_text whole[SIDES])
{
    const char *phrase = quotes_of(span);
    if (is_blank(span[SOURCE]) && is_blank(span[TARGET]))
        return "white space";
    if (!phrase)
        phrase = spelling_of(span);
    if (!phrase)
        phrase = spelling_of(whole);
    enum change change = change_of(span[SOURCE], span[TARGET]);
    /* Words that only one side has leave nothing on the other: that empties no text. */
    if (change == CHANGE_EMPTIED || change == CHANGE_FILLED)
        change = change_of(whole[SOURCE], whole[TARGET]);
    if (phrase || change == CHANGE_NONE)
        return phrase;
    if (change == CHANGE_TRUTH)
        return "true and false spelled otherwise";
    if (change != CHANGE_VALUE && change != CHANGE_SHIFT)
        return change_name[change];
    if (!(phrase = number_of(span)) && !(phrase = shift_of(arena, span)) &&
        !(phrase = shift_of(arena, whole)) && !(phrase = opposite_of(span)))
        phrase = damage_of(whole);
    return phrase;
}
