/*
 * Time zones: reads a TZif file (RFC 8536) once into two arrays, when each offset began and what it
 * was, so that every later question is a binary search. The rule for the future (the file's last
 * line, a POSIX TZ string) is spelled out for 400 years: the Gregorian calendar repeats after that.
 * Must not know: columns, canonical values.
 */
#include "zone.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "value.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define DAY 86400
#define CYCLE_YEARS 400
#define CYCLE ((int64_t)146097 * DAY) /* seconds in 400 Gregorian years */
#define FILE_MOST (1 << 20)           /* bytes; the largest real file has 4 kB */
#define OFFSET_MOST (26 * 3600)       /* seconds; RFC 8536 wants offsets within ±26 hours */
#define MICROSECONDS 1000000

struct zone {
    const struct zone *next;
    char *name;
    size_t count; /* of intervals, at least 1 */
    size_t capacity;
    int64_t *starts;  /* seconds since 1970Z, ascending; the first is INT64_MIN */
    int32_t *offsets; /* seconds east of Greenwich during the interval */
    int64_t
        horizon; /* instants from here on repeat those of the 400 years before; INT64_MAX: none */
};

static pthread_mutex_t zones_lock = PTHREAD_MUTEX_INITIALIZER;
static const struct zone *zones; /* every zone that was ever found */

static void zone_add(struct zone *zone, int64_t start, int32_t offset)
{
    if (zone->count == zone->capacity) {
        zone->capacity = zone->capacity ? zone->capacity * 2 : 16;
        zone->starts = mem_resize(zone->starts, zone->capacity, sizeof *zone->starts);
        zone->offsets = mem_resize(zone->offsets, zone->capacity, sizeof *zone->offsets);
    }
    zone->starts[zone->count] = start;
    zone->offsets[zone->count++] = offset;
}

/* ---- The rule for the future: a POSIX TZ string ------------------------------------------------
 */

enum day_form { DAY_JULIAN, DAY_OF_YEAR, DAY_OF_WEEK };

struct change {
    enum day_form form;
    int day;         /* Jn: 1..365 without 29 February; n: 0..365 */
    int month, week; /* Mm.w.d: week 5 is the last */
    int weekday;     /* 0 Sunday */
    int32_t time;    /* seconds after local midnight, may be negative or beyond a day */
};

struct rule {
    int32_t standard, saving; /* seconds east */
    bool saves;
    struct change begin, end; /* of saving */
};

static bool rule_number(const char **place, int most, int *number)
{
    const char *p = *place;
    int n = 0;
    if (*p < '0' || *p > '9')
        return false;
    for (; *p >= '0' && *p <= '9'; p++) {
        n = n * 10 + (*p - '0');
        if (n > most)
            return false;
    }
    *place = p;
    *number = n;
    return true;
}

static bool rule_name(const char **place)
{
    const char *p = *place;
    bool quoted = *p == '<';
    size_t length = 0;
    if (quoted)
        p++;
    while ((*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') ||
           (quoted && ((*p >= '0' && *p <= '9') || *p == '+' || *p == '-'))) {
        p++;
        length++;
    }
    if (quoted && *p++ != '>')
        return false;
    *place = p;
    return length >= 3;
}

/* [+-]hh[:mm[:ss]] in seconds */
static bool rule_time(const char **place, int32_t *seconds)
{
    int sign = 1, hour, minute = 0, second = 0;
    if (**place == '+' || **place == '-')
        sign = *(*place)++ == '-' ? -1 : 1;
    if (!rule_number(place, 167, &hour))
        return false;
    if (**place == ':') {
        ++*place;
        if (!rule_number(place, 59, &minute))
            return false;
        if (**place == ':') {
            ++*place;
            if (!rule_number(place, 59, &second))
                return false;
        }
    }
    *seconds = sign * (hour * 3600 + minute * 60 + second);
    return true;
}

static bool rule_change(const char **place, struct change *change)
{
    if (*(*place)++ != ',')
        return false;
    if (**place == 'M') {
        change->form = DAY_OF_WEEK;
        ++*place;
        if (!rule_number(place, 12, &change->month) || *(*place)++ != '.' ||
            !rule_number(place, 5, &change->week) || *(*place)++ != '.' ||
            !rule_number(place, 6, &change->weekday) || !change->month || !change->week)
            return false;
    } else if (**place == 'J') {
        change->form = DAY_JULIAN;
        ++*place;
        if (!rule_number(place, 365, &change->day) || !change->day)
            return false;
    } else {
        change->form = DAY_OF_YEAR;
        if (!rule_number(place, 365, &change->day))
            return false;
    }
    change->time = 2 * 3600;
    if (**place == '/') {
        ++*place;
        return rule_time(place, &change->time);
    }
    return true;
}

/* POSIX counts offsets west of Greenwich. */
static bool rule_parse(const char *text, struct rule *rule)
{
    int32_t west;
    if (!rule_name(&text) || !rule_time(&text, &west))
        return false;
    rule->standard = -west;
    if (!*text)
        return true;
    rule->saves = true;
    rule->saving = rule->standard + 3600;
    if (!rule_name(&text))
        return false;
    if (*text && *text != ',') {
        if (!rule_time(&text, &west))
            return false;
        rule->saving = -west;
    }
    return rule_change(&text, &rule->begin) && rule_change(&text, &rule->end) && !*text;
}

/* Seconds from 1970 to the change in that year, on the local clock before it. */
static int64_t change_civil(const struct change *change, int64_t year)
{
    int64_t first = civil_to_days(year, 1, 1), day = first + change->day;
    if (change->form == DAY_JULIAN) {
        bool leap = civil_is_date(year, 2, 29);
        day = first + change->day - 1 + (leap && change->day >= 60);
    } else if (change->form == DAY_OF_WEEK) {
        unsigned month = (unsigned)change->month;
        int64_t start = civil_to_days(year, month, 1);
        int64_t next =
            month == 12 ? civil_to_days(year + 1, 1, 1) : civil_to_days(year, month + 1, 1);
        int64_t weekday = ((start + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
        day = start + (change->weekday - weekday + 7) % 7 + 7 * (change->week - 1);
        if (day >= next)
            day -= 7;
    }
    return day * DAY + change->time;
}

static void rule_spell_out(const struct rule *rule, struct zone *zone)
{
    int64_t last = zone->count > 1 ? zone->starts[zone->count - 1] : 0, year;
    unsigned month, day;
    civil_from_days(last / DAY, &year, &month, &day);
    int64_t end = year + CYCLE_YEARS + 3;
    for (; year <= end; year++) {
        int64_t on = change_civil(&rule->begin, year) - rule->standard;
        int64_t off = change_civil(&rule->end, year) - rule->saving;
        int64_t first = on < off ? on : off, second = on < off ? off : on;
        if (first > last)
            zone_add(zone, first, on < off ? rule->saving : rule->standard);
        if (second > last)
            zone_add(zone, second, on < off ? rule->standard : rule->saving);
    }
    zone->horizon = civil_to_days(end - 1, 1, 1) * DAY;
}

/* ---- The file ----------------------------------------------------------------------------------
 */

struct tzif {
    const unsigned char *place, *end;
    size_t utc_count, standard_count, leap_count, time_count, type_count, name_count;
    unsigned char version;
};

static int64_t big_endian(const unsigned char *bytes, size_t width)
{
    uint64_t n = bytes[0] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < width; i++)
        n = n << 8 | bytes[i];
    return (int64_t)n;
}

static size_t tzif_count(const struct tzif *file, size_t index)
{
    return (size_t)big_endian(file->place + 20 + 4 * index, 4) & 0xffffffff;
}

static bool tzif_header(struct tzif *file)
{
    if (file->end - file->place < 44 || memcmp(file->place, "TZif", 4) != 0)
        return false;
    file->version = file->place[4];
    file->utc_count = tzif_count(file, 0);
    file->standard_count = tzif_count(file, 1);
    file->leap_count = tzif_count(file, 2);
    file->time_count = tzif_count(file, 3);
    file->type_count = tzif_count(file, 4);
    file->name_count = tzif_count(file, 5);
    file->place += 44;
    return true;
}

static size_t tzif_body_size(const struct tzif *file, size_t width)
{
    return file->time_count * (width + 1) + file->type_count * 6 + file->name_count +
           file->leap_count * (width + 4) + file->standard_count + file->utc_count;
}

/* Fills the zone from the block at place, whose times are `width` bytes wide. */
static bool tzif_body(struct tzif *file, size_t width, struct zone *zone)
{
    size_t size = tzif_body_size(file, width);
    if (size > (size_t)(file->end - file->place) || !file->type_count || file->leap_count)
        return false;
    const unsigned char *times = file->place, *indexes = times + file->time_count * width;
    const unsigned char *types = indexes + file->time_count;
    zone_add(zone, INT64_MIN,
             (int32_t)big_endian(types, 4)); /* type 0 holds before the first time */
    for (size_t i = 0; i < file->time_count; i++) {
        int64_t start = big_endian(times + i * width, width);
        if (indexes[i] >= file->type_count || (i && start <= zone->starts[zone->count - 1]))
            return false;
        zone_add(zone, start, (int32_t)big_endian(types + 6 * (size_t)indexes[i], 4));
    }
    for (size_t i = 0; i < zone->count; i++)
        if (zone->offsets[i] <= -OFFSET_MOST || zone->offsets[i] >= OFFSET_MOST)
            return false;
    file->place += size;
    return true;
}

static bool tzif_parse(const unsigned char *bytes, size_t length, struct zone *zone)
{
    struct tzif file = {.place = bytes, .end = bytes + length};
    if (!tzif_header(&file))
        return false;
    if (file.version < '2')
        return tzif_body(&file, 4, zone);
    size_t old = tzif_body_size(&file, 4);
    if (old > (size_t)(file.end - file.place))
        return false;
    file.place += old;
    if (!tzif_header(&file) || !tzif_body(&file, 8, zone))
        return false;
    char text[256];
    size_t rest = (size_t)(file.end - file.place);
    if (rest < 2 || rest > sizeof text || file.place[0] != '\n' || file.end[-1] != '\n')
        return false;
    memcpy(text, file.place + 1, rest - 2);
    text[rest - 2] = '\0';
    struct rule rule = {0};
    if (!*text)
        return true;
    if (!rule_parse(text, &rule))
        return false;
    if (rule.saves)
        rule_spell_out(&rule, zone);
    return true;
}

/* ---- Finding a zone ----------------------------------------------------------------------------
 */

/* "+02:00", "-0330", "+02": a fixed offset east of Greenwich, less than a day */
static bool parse_offset(const char *name, int32_t *offset)
{
    size_t length = strlen(name);
    const char *p = name + 1;
    int part[2] = {0, 0};
    if ((name[0] != '+' && name[0] != '-') || (length != 3 && length != 5 && length != 6))
        return false;
    for (int i = 0; *p; i++) {
        if (i == 1 && length == 6 && *p++ != ':')
            return false;
        if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
            return false;
        part[i] = (p[0] - '0') * 10 + p[1] - '0';
        p += 2;
    }
    if (part[0] > 23 || part[1] > 59)
        return false;
    *offset = (part[0] * 3600 + part[1] * 60) * (name[0] == '-' ? -1 : 1);
    return true;
}

/* A name of the tz database, and no path that leads out of its folder. right/ counts leap seconds,
 * which no database does. */
static bool is_zone_name(const char *name)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
    return *name && *name != '/' && strlen(name) < 100 && strspn(name, allowed) == strlen(name) &&
           strncmp(name, "right/", 6) != 0;
}

static bool read_file(const char *path, struct buffer *out)
{
    FILE *file = fopen(path, "rbe");
    if (!file)
        return false;
    unsigned char *place = buffer_reserve(out, FILE_MOST);
    size_t length = place ? fread(place, 1, FILE_MOST, file) : 0;
    bool ok = place && !ferror(file);
    fclose(file);
    out->length += length;
    return ok;
}

static const char *zone_folder(void)
{
    const char *folder = getenv("TZDIR");
    return folder && *folder ? folder : "/usr/share/zoneinfo";
}

static bool zone_load(const char *name, struct zone *zone, struct err *err)
{
    const char *folder = zone_folder();
    int32_t offset = 0;
    if (strcmp(name, "UTC") == 0 || strcmp(name, "Z") == 0 || parse_offset(name, &offset)) {
        zone_add(zone, INT64_MIN, offset);
        return true;
    }
    if (!is_zone_name(name))
        return err_set(
            err, ERR_USAGE,
            "\"%s\" is no time zone: write a name of the tz database such as Europe/Paris, UTC, "
            "or an offset such as +02:00",
            name);
    char *path = mem_format("%s/%s", folder, name);
    struct buffer bytes = BUFFER_INIT(FILE_MOST);
    bool ok = read_file(path, &bytes);
    if (!ok)
        err_set(err, ERR_USAGE, "the tz database (%s) has no time zone \"%s\"", folder, name);
    else if (!tzif_parse(bytes.data, bytes.length, zone))
        ok = err_set(err, ERR_USAGE, "%s does not describe a time zone", path);
    buffer_free(&bytes);
    free(path);
    return ok;
}

static void zone_free(struct zone *zone)
{
    free(zone->name);
    free(zone->starts);
    free(zone->offsets);
    free(zone);
}

bool zone_find(const char *name, const struct zone **found, struct err *err)
{
    bool ok = true;
    pthread_mutex_lock(&zones_lock);
    const struct zone *known = zones;
    while (known && strcmp(known->name, name) != 0)
        known = known->next;
    if (!known) {
        struct zone *zone = mem_zero(1, sizeof *zone);
        zone->name = mem_copy_string(name);
        zone->horizon = INT64_MAX;
        ok = zone_load(name, zone, err);
        if (ok) {
            zone->next = zones;
            zones = known = zone;
        } else {
            zone_free(zone);
        }
    }
    pthread_mutex_unlock(&zones_lock);
    *found = known;
    return ok;
}

/* Lines of  countries TAB coordinates TAB name [TAB comment], and comments with '#'. */
void zone_list(struct text_list *names)
{
    char *path = mem_format("%s/zone1970.tab", zone_folder());
    FILE *file = fopen(path, "re");
    free(path);
    char *line = NULL;
    size_t size = 0;
    while (file && getline(&line, &size, file) > 0) {
        char *place = strchr(line, '\t');
        char *name = *line != '#' && place ? strchr(place + 1, '\t') : NULL;
        if (!name++)
            continue;
        name[strcspn(name, "\t\r\n")] = '\0';
        if (is_zone_name(name))
            text_list_add(names, name);
    }
    free(line);
    if (file)
        fclose(file);
}

/* ---- Asking it ---------------------------------------------------------------------------------
 */

/* The interval that holds the instant (seconds). */
static size_t interval_at(const struct zone *zone, int64_t instant)
{
    size_t low = 0, high = zone->count; /* starts[low] <= instant < starts[high] */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (zone->starts[middle] <= instant)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* The offset for a civil time in seconds, by PostgreSQL's rule; *other: of the other reading, or
 * the same. */
static int32_t civil_offset(const struct zone *zone, int64_t civil, int32_t *other)
{
    size_t first = interval_at(zone, civil - OFFSET_MOST);
    size_t last = interval_at(zone, civil + OFFSET_MOST);
    int32_t offset = zone->offsets[first];
    size_t readings = 0;
    *other = offset;
    if (first == last)
        return offset;
    for (size_t i = first; i <= last; i++) {
        int64_t instant = civil - zone->offsets[i];
        if (instant < zone->starts[i])
            continue;
        if (i + 1 < zone->count && instant >= zone->starts[i + 1]) {
            if (!readings) /* skipped, unless a later interval holds it */
                offset = *other = zone->offsets[i];
            continue;
        }
        if (!readings++)
            *other = zone->offsets[i];
        offset = zone->offsets[i];
    }
    return offset;
}

static int64_t floor_seconds(int64_t microseconds)
{
    return microseconds / MICROSECONDS - (microseconds % MICROSECONDS < 0);
}

/* Times behind the horizon move back by whole cycles, where they read the same. */
static int64_t within_horizon(const struct zone *zone, int64_t seconds)
{
    if (seconds < zone->horizon)
        return seconds;
    return seconds - ((seconds - zone->horizon) / CYCLE + 1) * CYCLE;
}

int64_t zone_to_instant(const struct zone *zone, int64_t civil, int64_t *other)
{
    int64_t seconds = within_horizon(zone, floor_seconds(civil));
    int32_t other_offset, offset = civil_offset(zone, seconds, &other_offset);
    *other = civil - (int64_t)other_offset * MICROSECONDS;
    return civil - (int64_t)offset * MICROSECONDS;
}

int64_t zone_other_instant(const struct zone *zone, int64_t instant)
{
    int64_t seconds = within_horizon(zone, floor_seconds(instant));
    int64_t offset = zone->offsets[interval_at(zone, seconds)];
    int64_t other, later = zone_to_instant(zone, instant + offset * MICROSECONDS, &other);
    return instant == later ? other : later;
}

int64_t zone_to_civil(const struct zone *zone, int64_t instant)
{
    int64_t seconds = within_horizon(zone, floor_seconds(instant));
    return instant + (int64_t)zone->offsets[interval_at(zone, seconds)] * MICROSECONDS;
}

bool zone_is_fixed(const struct zone *zone)
{
    return zone->count == 1;
}

const char *zone_name(const struct zone *zone)
{
    return zone->name;
}
