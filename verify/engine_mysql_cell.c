/*
 * The cells of a result in the binary protocol, which carries floats, times and bytes exactly.
 * Input: the rows that the client library fetches of a prepared statement. Output: cells (engine.h)
 * that were checked to be whole, and how the wire's types are called. Knows nothing of scans.
 */
#include "engine_mysql_session.h"
#include "../diff/base/percent.h"
#include "../diff/value.h"

#include <arpa/inet.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define FAR_KEEP (1U << 20) /* bytes for long values that are kept from row to row */

struct slot;

/* Fills the slot from the cell that begins at `place` and returns where it ends; NULL: it is not
 * one of its type. */
typedef const unsigned char *take_cell(struct slot *slot, const unsigned char *place);

/* Turns what the library put into the slot into a cell. False: the rest of a long value failed to
 * come. */
typedef bool decode_slot(struct engine_mysql_cells *cells, struct slot *slot, struct cell *cell);

/* One of the wire's types. */
struct wire_row {
    enum enum_field_types wire, bind;
    unsigned classes; /* the classes of struct type that may come so */
    struct engine_mysql_wire is;
    enum cell_form form;
    take_cell *take;
    decode_slot *decode;
};

/*
 * One column's cell as it came. Fixed sizes go into `value`. MariaDB's library tells where a cell
 * stands in the packet, and what is long stays there. Oracle's library copies: into a small space
 * near at hand; what does not fit there is fetched again, whole, into a block of its own.
 */
struct slot {
    decode_slot *decode;
    const struct wire_row *wire;
    const unsigned char *place; /* in the packet, of a long cell */
    union {
        int64_t integer;
        float single;
        double number;
        MYSQL_TIME time;
    } value;
    unsigned char *near, *far;
    unsigned long near_size, far_size;
    unsigned long length;
    client_bool is_null, error;
    bool is_unsigned, is_long; /* is_long: variable length */
    uint32_t bits;
    enum cell_form form;
    unsigned column;
    char words[32]; /* of the cell, when its bytes are not the packet's */
};

/* Of one statement. */
struct engine_mysql_cells {
    struct connection *connection;
    MYSQL_STMT *statement;
    const char *label; /* the table's, for messages */
    size_t slot_count;
    struct slot *slots;
    MYSQL_BIND *binds;
    unsigned char *near;  /* of all slots */
    size_t far_bytes;     /* in all slots' far blocks */
    uint64_t fixed_bytes; /* a row's, but for its long cells */
    uint64_t long_bytes;  /* of the row at hand: fixed_bytes, and its long cells */
};

/* ---- What a cell means ----------------------------------------------------------------------- */

/* The whole bytes of a long cell, or NULL. */
static const unsigned char *long_bytes(struct engine_mysql_cells *cells, struct slot *slot)
{
    cells->long_bytes += slot->length;
    if (slot->place)
        return slot->place;
    if (slot->length <= slot->near_size)
        return slot->near;
    if (slot->length > slot->far_size) {
        free(slot->far);
        cells->far_bytes += slot->length - slot->far_size;
        slot->far_size = slot->length;
        slot->far = mem_alloc(slot->far_size);
    }
    MYSQL_BIND bind;
    unsigned long length = 0;
    client_bool is_null = 0, error = 0;
    memset(&bind, 0, sizeof bind);
    bind.buffer_type = MYSQL_TYPE_BLOB;
    bind.buffer = slot->far;
    bind.buffer_length = slot->far_size;
    bind.length = &length;
    bind.is_null = &is_null;
    bind.error = &error;
    if (mysql_stmt_fetch_column(cells->statement, &bind, slot->column, 0) || error || is_null)
        return NULL;
    return slot->far;
}

static bool decode_integer(struct engine_mysql_cells *cells, struct slot *slot, struct cell *cell)
{
    (void)cells;
    cell->i = slot->value.integer;
    cell->form = slot->is_unsigned && cell->i < 0 ? CELL_UINT : CELL_INT;
    return true;
}

static bool decode_single(struct engine_mysql_cells *cells, struct slot *slot, struct cell *cell)
{
    (void)cells;
    cell->form = CELL_FLOAT;
    cell->d = (double)slot->value.single;
    return true;
}

static bool decode_double(struct engine_mysql_cells *cells, struct slot *slot, struct cell *cell)
{
    (void)cells;
    cell->form = CELL_DOUBLE;
    cell->d = slot->value.number;
    return true;
}

static bool decode_null(struct engine_mysql_cells *cells, struct slot *slot, struct cell *cell)
{
    (void)cells;
    (void)slot;
    cell->form = CELL_NULL;
    return true;
}

/* Text, bytes, decimals: as they are. */
static bool decode_plain(struct engine_mysql_cells *cells, struct slot *slot, struct cell *cell)
{
    cell->form = slot->form;
    cell->bytes = long_bytes(cells, slot);
    cell->length = slot->length;
    return cell->bytes != NULL;
}

static int64_t day_microseconds(const MYSQL_TIME *time)
{
    int64_t seconds = (int64_t)time->hour * 3600 + (int64_t)time->minute * 60 + time->second;

    return seconds * 1000000 + (int64_t)time->second_part;
}

/* A date that the calendar lacks, as MySQL writes it; a fraction without its final zeros. */
static bool special_date(struct slot *slot, struct cell *cell)
{
    const MYSQL_TIME *time = &slot->value.time;
    struct buffer text = BUFFER_INIT(sizeof slot->words - 1);

    buffer_printf(&text, "%04u-%02u-%02u", time->year, time->month, time->day);
    if (slot->form != CELL_DATE)
        buffer_printf(&text, " %02u:%02u:%02u", time->hour, time->minute, time->second);
    if (slot->form != CELL_DATE && time->second_part) {
        buffer_printf(&text, ".%06lu", time->second_part);
        while (text.data[text.length - 1] == '0')
            text.length--;
    }
    memcpy(slot->words, text.data, text.length);
    cell->form = CELL_SPECIAL;
    cell->bytes = (const unsigned char *)slot->words;
    cell->length = text.length;
    buffer_free(&text);
    return true;
}

static bool decode_date(struct engine_mysql_cells *cells, struct slot *slot, struct cell *cell)
{
    const MYSQL_TIME *time = &slot->value.time;

    (void)cells;
    if (!civil_is_date(time->year, time->month, time->day))
        return special_date(slot, cell);
    cell->form = slot->form;
    cell->i = civil_to_days(time->year, time->month, time->day);
    if (slot->form != CELL_DATE)
        cell->i = cell->i * 86400000000 + day_microseconds(time);
    return true;
}

static bool decode_time(struct engine_mysql_cells *cells, struct slot *slot, struct cell *cell)
{
    const MYSQL_TIME *time = &slot->value.time;
    int64_t length = (int64_t)time->day * 86400000000 + day_microseconds(time);

    (void)cells;
    cell->form = CELL_TIME;
    cell->i = time->neg ? -length : length;
    return true;
}

/* A BIT(n) comes as a big-endian number in whole bytes; its first bit belongs into the highest bit.
 */
static bool decode_bits(struct engine_mysql_cells *cells, struct slot *slot, struct cell *cell)
{
    uint64_t number = 0;
    const unsigned char *bytes = long_bytes(cells, slot);
    size_t length = slot->length;

    if (!bytes || length > 8 || slot->bits > length * 8)
        return false;
    for (size_t i = 0; i < length; i++)
        number = number << 8 | bytes[i];
    number <<= length * 8 - slot->bits;
    for (size_t i = length; i-- > 0; number >>= 8)
        slot->words[i] = (char)(number & 0xFF);
    cell->form = CELL_BITS;
    cell->u = slot->bits;
    cell->bytes = (const unsigned char *)slot->words;
    cell->length = length;
    return true;
}

/* The SRID in four bytes, little-endian, and then WKB. */
static bool decode_geometry(struct engine_mysql_cells *cells, struct slot *slot, struct cell *cell)
{
    const unsigned char *bytes = long_bytes(cells, slot);

    if (!bytes || slot->length < 9) /* SRID, byte order, type */
        return false;
    cell->form = CELL_GEOMETRY;
    cell->u = (uint64_t)bytes[0] | (uint64_t)bytes[1] << 8 | (uint64_t)bytes[2] << 16 |
              (uint64_t)bytes[3] << 24;
    cell->bytes = bytes + 4;
    cell->length = slot->length - 4;
    return true;
}

static bool decode_uuid(struct engine_mysql_cells *cells, struct slot *slot, struct cell *cell)
{
    const unsigned char *text = long_bytes(cells, slot);
    size_t digits = 0;

    if (!text)
        return false;
    for (size_t i = 0; i < slot->length; i++) {
        int digit = hex_digit(text[i]);
        if (text[i] == '-')
            continue;
        if (digit < 0 || digits == 32)
            return false;
        if (digits % 2 == 0)
            slot->words[digits / 2] = (char)(digit << 4);
        else
            slot->words[digits / 2] = (char)(slot->words[digits / 2] | digit);
        digits++;
    }
    cell->form = CELL_UUID;
    cell->bytes = (const unsigned char *)slot->words;
    cell->length = 16;
    return digits == 32;
}

static bool decode_inet(struct engine_mysql_cells *cells, struct slot *slot, struct cell *cell)
{
    const unsigned char *bytes = long_bytes(cells, slot);
    char text[64];

    if (!bytes || slot->length >= sizeof text)
        return false;
    memcpy(text, bytes, slot->length);
    text[slot->length] = '\0';
    bool six = strchr(text, ':') != NULL;
    cell->form = CELL_INET;
    cell->bytes = (const unsigned char *)slot->words;
    cell->length = six ? 16 : 4;
    cell->u = cell->length * 8;
    return inet_pton(six ? AF_INET6 : AF_INET, text, slot->words) == 1;
}

/* ---- Cells in the packet ---------------------------------------------------------------------
 *
 * The binary protocol's values, as MySQL's "Binary Protocol Resultset Row" describes them.
 */

static uint64_t read_little(const unsigned char *place, size_t bytes)
{
    uint64_t number = 0;
    if (bytes == 4 || bytes == 8) {
        memcpy(&number, place, bytes); /* most of them */
        return le64toh(number);
    }
    for (size_t i = bytes; i-- > 0;)
        number = number << 8 | place[i];
    return number;
}

static const unsigned char *take_integer(struct slot *slot, const unsigned char *place)
{
    size_t bytes = slot->wire->is.bytes;
    uint64_t number = read_little(place, bytes);
    uint64_t sign = UINT64_C(1) << (8 * bytes - 1);
    slot->value.integer = (int64_t)(slot->is_unsigned ? number : (number ^ sign) - sign);
    return place + bytes;
}

static const unsigned char *take_single(struct slot *slot, const unsigned char *place)
{
    uint32_t bits = (uint32_t)read_little(place, sizeof bits);
    memcpy(&slot->value.single, &bits, sizeof bits);
    return place + sizeof bits;
}

static const unsigned char *take_double(struct slot *slot, const unsigned char *place)
{
    uint64_t bits = read_little(place, sizeof bits);
    memcpy(&slot->value.number, &bits, sizeof bits);
    return place + sizeof bits;
}

/* A length byte, then as much as is not zero: u16 year, month, day; hour, minute, second; u32
 * microseconds. */
static const unsigned char *take_date(struct slot *slot, const unsigned char *place)
{
    MYSQL_TIME *time = &slot->value.time;
    size_t length = *place++;

    memset(time, 0, sizeof *time);
    if (length != 0 && length != 4 && length != 7 && length != 11)
        return NULL;
    if (length >= 4) {
        time->year = (unsigned)read_little(place, 2);
        time->month = place[2];
        time->day = place[3];
    }
    if (length >= 7) {
        time->hour = place[4];
        time->minute = place[5];
        time->second = place[6];
    }
    if (length == 11)
        time->second_part = read_little(place + 7, 4);
    return place + length;
}

/* A length byte, then as much as is not zero: is it negative, u32 days, hour, minute, second; u32
 * microseconds. */
static const unsigned char *take_time(struct slot *slot, const unsigned char *place)
{
    MYSQL_TIME *time = &slot->value.time;
    size_t length = *place++;

    memset(time, 0, sizeof *time);
    if (length != 0 && length != 8 && length != 12)
        return NULL;
    if (length >= 8) {
        time->neg = place[0] != 0;
        time->day = (unsigned)read_little(place + 1, 4);
        time->hour = place[5];
        time->minute = place[6];
        time->second = place[7];
    }
    if (length == 12)
        time->second_part = read_little(place + 8, 4);
    return place + length;
}

/* A length, in 1 byte or behind a byte that says in how many, then the bytes. */
static const unsigned char *take_long(struct slot *slot, const unsigned char *place)
{
    size_t bytes = *place < 251    ? 0
                   : *place == 252 ? 2
                   : *place == 253 ? 3
                   : *place == 254 ? 8
                                   : SIZE_MAX;

    if (bytes == SIZE_MAX)
        return NULL;
    slot->length = bytes ? read_little(place + 1, bytes) : *place;
    slot->place = place + 1 + bytes;
    return slot->place + slot->length;
}

static const unsigned char *take_null(struct slot *slot, const unsigned char *place)
{
    (void)slot;
    (void)place;
    return NULL; /* is always marked as NULL, and has no bytes */
}

/* ---- Which way a column comes over the wire -------------------------------------------------- */

#define CLASS(class) (1U << (class))
#define CLASS_WORDS                                                                                \
    (CLASS(TYPE_TEXT) | CLASS(TYPE_ENUM) | CLASS(TYPE_SET) | CLASS(TYPE_JSON) | CLASS(TYPE_OTHER))
#define CLASS_STRINGS (CLASS_WORDS | CLASS(TYPE_BYTES) | CLASS(TYPE_UUID) | CLASS(TYPE_INET))

#define WIRE_STRING(wire, base)                                                                    \
    {                                                                                              \
        wire, MYSQL_TYPE_BLOB, CLASS_STRINGS, {TYPE_TEXT, base, 0}, CELL_TEXT, take_long,          \
            decode_plain                                                                           \
    }
#define WIRE_INTEGER(wire, base, bytes)                                                            \
    {                                                                                              \
        wire, MYSQL_TYPE_LONGLONG, CLASS(TYPE_INT), {TYPE_INT, base, bytes}, CELL_INT,             \
            take_integer, decode_integer                                                           \
    }
#define WIRE_DECIMAL(wire)                                                                         \
    {                                                                                              \
        wire, MYSQL_TYPE_BLOB, CLASS(TYPE_DECIMAL), {TYPE_DECIMAL, "decimal", 0}, CELL_DECIMAL,    \
            take_long, decode_plain                                                                \
    }
#define WIRE_DATE(wire, class, base, form, bytes)                                                  \
    {                                                                                              \
        wire, wire, CLASS(class), {class, base, bytes}, form, take_date, decode_date               \
    }

static const struct wire_row wire_rows[] = {
    WIRE_INTEGER(MYSQL_TYPE_TINY, "tinyint", 1),
    WIRE_INTEGER(MYSQL_TYPE_SHORT, "smallint", 2),
    WIRE_INTEGER(MYSQL_TYPE_INT24, "mediumint", 4),
    WIRE_INTEGER(MYSQL_TYPE_LONG, "int", 4),
    WIRE_INTEGER(MYSQL_TYPE_LONGLONG, "bigint", 8),
    WIRE_INTEGER(MYSQL_TYPE_YEAR, "year", 2),
    {MYSQL_TYPE_FLOAT,
     MYSQL_TYPE_FLOAT,
     CLASS(TYPE_FLOAT),
     {TYPE_FLOAT, "float", 4},
     CELL_FLOAT,
     take_single,
     decode_single},
    {MYSQL_TYPE_DOUBLE,
     MYSQL_TYPE_DOUBLE,
     CLASS(TYPE_DOUBLE),
     {TYPE_DOUBLE, "double", 8},
     CELL_DOUBLE,
     take_double,
     decode_double},
    WIRE_DECIMAL(MYSQL_TYPE_DECIMAL),
    WIRE_DECIMAL(MYSQL_TYPE_NEWDECIMAL),
    WIRE_DATE(MYSQL_TYPE_DATE, TYPE_DATE, "date", CELL_DATE, 5),
    WIRE_DATE(MYSQL_TYPE_DATETIME, TYPE_DATETIME, "datetime", CELL_DATETIME, 8),
    WIRE_DATE(MYSQL_TYPE_TIMESTAMP, TYPE_INSTANT, "timestamp", CELL_INSTANT, 8),
    {MYSQL_TYPE_TIME,
     MYSQL_TYPE_TIME,
     CLASS(TYPE_TIME),
     {TYPE_TIME, "time", 9},
     CELL_TIME,
     take_time,
     decode_time},
    {MYSQL_TYPE_BIT,
     MYSQL_TYPE_BLOB,
     CLASS(TYPE_BITS),
     {TYPE_BITS, "bit", 0},
     CELL_BITS,
     take_long,
     decode_bits},
    {MYSQL_TYPE_GEOMETRY,
     MYSQL_TYPE_BLOB,
     CLASS(TYPE_GEOMETRY),
     {TYPE_GEOMETRY, "geometry", 0},
     CELL_GEOMETRY,
     take_long,
     decode_geometry},
    {MYSQL_TYPE_JSON,
     MYSQL_TYPE_BLOB,
     CLASS_WORDS,
     {TYPE_JSON, "json", 0},
     CELL_TEXT,
     take_long,
     decode_plain},
    {MYSQL_TYPE_NULL,
     MYSQL_TYPE_NULL,
     ~0U,
     {TYPE_TEXT, "null", 1},
     CELL_NULL,
     take_null,
     decode_null},
    WIRE_STRING(MYSQL_TYPE_VARCHAR, "varchar"),
    WIRE_STRING(MYSQL_TYPE_VAR_STRING, "varchar"),
    WIRE_STRING(MYSQL_TYPE_STRING, "char"),
    WIRE_STRING(MYSQL_TYPE_ENUM, "enum"),
    WIRE_STRING(MYSQL_TYPE_SET, "set"),
    WIRE_STRING(MYSQL_TYPE_TINY_BLOB, "text"),
    WIRE_STRING(MYSQL_TYPE_BLOB, "text"),
    WIRE_STRING(MYSQL_TYPE_MEDIUM_BLOB, "text"),
    WIRE_STRING(MYSQL_TYPE_LONG_BLOB, "text"),
};

static const struct wire_row *find_row(enum enum_field_types wire)
{
    for (size_t i = 0; i < sizeof wire_rows / sizeof *wire_rows; i++)
        if (wire_rows[i].wire == wire)
            return &wire_rows[i];
    return NULL;
}

const struct engine_mysql_wire *engine_mysql_cell_wire(enum enum_field_types type)
{
    const struct wire_row *row = find_row(type);

    return row ? &row->is : NULL;
}

/* Prepares one slot for its column, or says why the column cannot be read so. */
static bool slot_choose(struct slot *slot, const MYSQL_FIELD *field, const struct type *type,
                        const char *label, struct err *err)
{
    const struct wire_row *wire = find_row(field->type);

    if (!wire || !(wire->classes & CLASS(type->class)))
        return err_set(
            err, ERR_TABLE,
            "%s: column \"%s\" does not come as the %s that it was: was the table altered?", label,
            field->name, type->name ? type->name : "type");
    slot->wire = wire;
    slot->decode = wire->decode;
    slot->form = wire->form;
    slot->is_long = wire->is.bytes == 0;
    slot->is_unsigned = (field->flags & UNSIGNED_FLAG) != 0;
    slot->bits = (uint32_t)field->length; /* of a BIT */
    if (wire->form == CELL_TEXT) {
        if (type->class == TYPE_BYTES)
            slot->form = CELL_BYTES;
        else if (type->class == TYPE_UUID)
            slot->decode = decode_uuid;
        else if (type->class == TYPE_INET)
            slot->decode = decode_inet;
    }
    return true;
}

/* ---- How the library hands over a row -------------------------------------------------------- */

static bool not_whole(const struct engine_mysql_cells *cells, size_t column, struct err *err)
{
    return err_set(err, ERR_TABLE, "%s: the value of column %zu did not arrive whole", cells->label,
                   column + 1);
}

#if CLIENT_IS_MARIADB
/* Nothing is bound: then the library only notes where each cell of the packet begins, as its header
 * shows (bind[].u.row_ptr, what mysql_stmt_fetch_column() reads from), and copies none. */
static bool slots_bind(struct engine_mysql_cells *cells, const MYSQL_FIELD *fields, struct err *err)
{
    (void)cells;
    (void)fields;
    (void)err;
    return true;
}

/* Each cell must begin where the one before it ended: the library and this file have then read the
 * same row. */
static bool slots_fill(struct engine_mysql_cells *cells, struct err *err)
{
    const MYSQL_BIND *binds = cells->statement->bind;
    const unsigned char *end = NULL;

    for (size_t i = 0; i < cells->slot_count; i++) {
        struct slot *slot = &cells->slots[i];
        const unsigned char *place = binds[i].u.row_ptr;
        slot->is_null = !place;
        if (!place)
            continue;
        if (end && end != place)
            return not_whole(cells, i, err);
        end = slot->wire->take(slot, place);
        if (!end)
            return not_whole(cells, i, err);
    }
    return true;
}
#else
static void slot_bind(struct slot *slot, MYSQL_BIND *bind)
{
    memset(bind, 0, sizeof *bind);
    bind->buffer_type = slot->wire->bind;
    bind->buffer = slot->is_long ? (void *)slot->near : (void *)&slot->value;
    bind->buffer_length = slot->is_long ? slot->near_size : sizeof slot->value;
    bind->length = &slot->length;
    bind->is_null = &slot->is_null;
    bind->error = &slot->error;
    bind->is_unsigned = slot->is_unsigned;
}

/* How much of a long cell is read at once. Most values are short; a table of a thousand columns
 * should not cost megabytes. */
static unsigned long near_size(const MYSQL_FIELD *field, size_t column_count)
{
    unsigned long most = column_count > 200 ? 256 : 2048;
    unsigned long size = field->length < 16 ? 16 : field->length;

    return size > most ? most : size;
}

static bool slots_bind(struct engine_mysql_cells *cells, const MYSQL_FIELD *fields, struct err *err)
{
    size_t near = 0;

    cells->binds = mem_zero(cells->slot_count + 1, sizeof *cells->binds);
    for (size_t i = 0; i < cells->slot_count; i++) {
        struct slot *slot = &cells->slots[i];
        slot->near_size = slot->is_long ? near_size(&fields[i], cells->slot_count) : 0;
        near += slot->near_size;
    }
    cells->near = mem_alloc(near + 1);
    near = 0;
    for (size_t i = 0; i < cells->slot_count; i++) {
        struct slot *slot = &cells->slots[i];
        slot->near = cells->near + near;
        near += slot->near_size;
        slot_bind(slot, &cells->binds[i]);
    }
    return !cells->slot_count || !mysql_stmt_bind_result(cells->statement, cells->binds) ||
           engine_mysql_query_statement_failed(cells->connection, cells->statement, cells->label,
                                               err);
}

/* The library says which cells did not fit. Long ones are fetched again; a number must not happen.
 */
static bool slots_fill(struct engine_mysql_cells *cells, struct err *err)
{
    for (size_t i = 0; i < cells->slot_count; i++) {
        struct slot *slot = &cells->slots[i];
        if (!slot->is_long && !slot->is_null && slot->error)
            return not_whole(cells, i, err);
        slot->error = 0;
    }
    return true;
}
#endif

/* ---- A statement's rows ---------------------------------------------------------------------- */

static bool choose_slots(struct engine_mysql_cells *cells, const MYSQL_FIELD *fields,
                         const struct scan *scan, struct err *err)
{
    for (size_t i = 0; i < cells->slot_count; i++) {
        struct slot *slot = &cells->slots[i];
        slot->column = (unsigned)i;
        if (!slot_choose(slot, &fields[i], scan->types[i], cells->label, err))
            return false;
        cells->fixed_bytes += slot->wire->is.bytes;
    }
    return slots_bind(cells, fields, err);
}

struct engine_mysql_cells *engine_mysql_cell_open(struct connection *connection,
                                                  MYSQL_STMT *statement, const struct scan *scan,
                                                  struct err *err)
{
    MYSQL_RES *columns = mysql_stmt_result_metadata(statement);
    size_t count = columns ? mysql_num_fields(columns) : 0;

    if (count != (scan->column_count ? scan->column_count : 1) ||
        mysql_stmt_param_count(statement)) {
        if (columns)
            mysql_free_result(columns);
        (void)err_set(err, ERR_TABLE, "%s: an expression is not one value per row",
                      scan->table->label);
        return NULL;
    }
    struct engine_mysql_cells *cells = mem_zero(1, sizeof *cells);
    cells->connection = connection;
    cells->statement = statement;
    cells->label = scan->table->label;
    cells->slot_count = scan->column_count;
    cells->slots = mem_zero(count, sizeof *cells->slots);
    cells->fixed_bytes = 4 + 2 + (count + 9) / 8; /* packet header, tag, NULL bits */
    bool fine = choose_slots(cells, mysql_fetch_fields(columns), scan, err);
    mysql_free_result(columns);
    if (fine)
        return cells;
    engine_mysql_cell_free(cells);
    return NULL;
}

void engine_mysql_cell_free(struct engine_mysql_cells *cells)
{
    if (!cells)
        return;
    for (size_t i = 0; i < cells->slot_count; i++)
        free(cells->slots[i].far);
    free(cells->slots);
    free(cells->binds);
    free(cells->near);
    free(cells);
}

void engine_mysql_cell_forget(struct engine_mysql_cells *cells)
{
    if (cells->far_bytes <= FAR_KEEP)
        return;
    for (size_t i = 0; i < cells->slot_count; i++) {
        free(cells->slots[i].far);
        cells->slots[i].far = NULL;
        cells->slots[i].far_size = 0;
    }
    cells->far_bytes = 0;
}

bool engine_mysql_cell_row(struct engine_mysql_cells *cells, struct cell *row, uint64_t *bytes,
                           struct err *err)
{
    if (!slots_fill(cells, err))
        return false;
    cells->long_bytes = cells->fixed_bytes;
    for (size_t i = 0; i < cells->slot_count; i++) {
        struct slot *slot = &cells->slots[i];
        if (slot->is_null)
            row[i].form = CELL_NULL;
        else if (!slot->decode(cells, slot, &row[i]))
            return err_set(err, ERR_TABLE, "%s: the value of column %zu could not be read",
                           cells->label, i + 1);
    }
    *bytes = cells->long_bytes;
    return true;
}
