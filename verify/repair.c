/* See repair.h. */
#include "repair.h"

#include "repair_claims.h"
#include "repair_spool.h"
#include "repair_table.h"

#include "../diff/base/file.h"
#include "../diff/base/display.h"
#include "../diff/base/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK (256u << 10)          /* of reading and writing files */
#define BATCH 1000                  /* statements of one transaction */
#define ROWS_MOST 100               /* of one INSERT, when rows repeat */
#define ROWS_BYTES (1u << 20)       /* and as many bytes */
#define COMMENTS 100                /* rows that are left out and named, per table */
#define SHOWN_BYTES 60              /* of a value in a comment */
#define COMMENT_PHASE REPAIR_PHASES /* in the spool: a comment on a row that is left out */

static const char *const phase_heading[REPAIR_PHASES] = {"Deletes", "Updates", "Inserts"};

/* One table's part of the file. */
struct part {
    struct repair *repair;
    struct repair_table table;
    bool watched, complete;
    uint64_t statements[REPAIR_PHASES];
    uint64_t rows; /* that have statements */
    uint64_t left_out, comments;
    struct repair_claims *claims; /* NULL: no key of the table can refuse one */
    /* The key of which the mended side has a row, or will have; kept where the other side may have
     * several rows of one key. The drill tells the rows of one key one after the other, those that
     * only one side has last. */
    bool has_key;
    struct buffer key;
};

struct repair {
    const struct verify_options *options;
    const struct plan *plan;
    const struct engine *engine, *other; /* of the mended side, of the other one */
    const struct verify_result *result;
    const char *default_schema;
    enum side side;     /* that is mended */
    struct arena arena; /* of the parts' tables */
    struct part *parts; /* of the plan's tables */
    char *path, *temporary;
    int file;
    struct buffer pending;             /* of the file */
    struct repair_spool spool, claims; /* statements and comments; what rows claim of keys */
    struct repair_statements statements;
    struct buffer why;
    bool failed;
    struct err err; /* why */
};

/* ---- Files ------------------------------------------------------------------------------------
 */

static void fail(struct repair *repair, const char *doing)
{
    if (!repair->failed)
        err_set(&repair->err, ERR_INTERNAL, "cannot %s the repair file \"%s\": %s", doing,
                repair->path, strerror(errno));
    repair->failed = true;
}

static void flush(struct repair *repair)
{
    if (!repair->failed &&
        !file_write_all(repair->file, repair->pending.data, repair->pending.length))
        fail(repair, "write");
    if (repair->pending.capacity > 4 * BLOCK)
        buffer_free(&repair->pending);
    else
        buffer_clear(&repair->pending);
}

/* Of the mended row that comes next in this part. */
static void spool(struct part *part, unsigned phase, const struct buffer *text)
{
    struct repair *repair = part->repair;
    repair_spool_add(&repair->spool,
                     (struct repair_spooled){.table = (uint32_t)(part - repair->parts),
                                             .phase = phase,
                                             .row = part->rows},
                     text);
}

/* An existing file is replaced in the end; what is no plain file, or another file of this run, is
 * not. */
static bool check_path(const struct verify_options *options, struct err *err)
{
    const char *path = options->repair_path;
    const char *const others[] = {options->mapping_path, options->output_path,
                                  options->ledger_path};
    struct stat file, other;
    if (stat(path, &file) != 0)
        return true;
    if (!S_ISREG(file.st_mode))
        return err_set(err, ERR_USAGE, "--repair-sql \"%s\": there is something that is no file.",
                       path);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (others[i] && stat(others[i], &other) == 0 && other.st_dev == file.st_dev &&
            other.st_ino == file.st_ino)
            return err_set(err, ERR_USAGE,
                           "--repair-sql \"%s\" is another file of this run; choose a file of its "
                           "own.",
                           path);
    return true;
}

static bool open_files(struct repair *repair, struct err *err)
{
    if (!check_path(repair->options, err))
        return false;
    repair->path = mem_copy_string(repair->options->repair_path);
    repair->temporary = mem_format("%s.XXXXXX", repair->path);
    repair->file = mkostemp(repair->temporary, O_CLOEXEC); /* 0600 */
    bool ok = repair->file >= 0 && repair_spool_open(&repair->spool, repair->path) &&
              repair_spool_open(&repair->claims, repair->path);
    if (!ok)
        err_set(err, ERR_USAGE, "cannot write the repair file \"%s\": %s.", repair->path,
                strerror(errno));
    return ok;
}

bool repair_open(const struct verify_options *options, const struct plan *plan,
                 const struct plan_side sides[SIDES], struct verify_result *result,
                 struct repair **repair, struct err *err)
{
    if (!options->repair_path)
        return true;
    struct repair *made = mem_zero(1, sizeof *made);
    *repair = made;
    made->options = options;
    made->plan = plan;
    made->result = result;
    made->side = options->repair_source ? SOURCE : TARGET;
    made->engine = sides[made->side].engine;
    made->other = sides[!made->side].engine;
    made->default_schema = sides[made->side].schema->default_schema;
    made->file = made->spool.file = made->claims.file = -1;
    buffer_init(&made->spool.pending, BUFFER_NO_LIMIT);
    buffer_init(&made->claims.pending, BUFFER_NO_LIMIT);
    buffer_init(&made->pending, BUFFER_NO_LIMIT);
    buffer_init(&made->why, BUFFER_NO_LIMIT);
    repair_statements_init(&made->statements);
    made->parts = mem_zero(plan->table_count + 1, sizeof *made->parts);
    return open_files(made, err);
}

void repair_abandon(const struct repair *repair)
{
    if (repair->file >= 0)
        unlink(repair->temporary);
}

void repair_free(struct repair *repair)
{
    if (!repair)
        return;
    if (repair->file >= 0) {
        close(repair->file);
        unlink(repair->temporary);
    }
    repair_spool_close(&repair->spool);
    repair_spool_close(&repair->claims);
    free(repair->path);
    free(repair->temporary);
    for (size_t i = 0; i < repair->plan->table_count; i++)
        if (repair->parts[i].watched) {
            buffer_free(&repair->parts[i].key);
            repair_claims_free(repair->parts[i].claims);
        }
    free(repair->parts);
    buffer_free(&repair->pending);
    buffer_free(&repair->why);
    repair_statements_free(&repair->statements);
    arena_free(&repair->arena);
    free(repair);
}

/* ---- Differences, as they are told -------------------------------------------------------------
 */

/* One line of a comment: whatever a name or a value holds, it stays one. */
static void add_line(struct buffer *out, const char *text)
{
    buffer_add_text(out, "--");
    for (const char *at = text; *at;) {
        struct display_piece piece;
        if (!display_next(at, &piece))
            break;
        if (at == text)
            buffer_add_byte(out, ' ');
        buffer_add_text(out, piece.text);
        at += piece.size;
    }
    buffer_add_byte(out, '\n');
}

static void name_row(const struct part *part, const struct value *values, struct buffer *out)
{
    const struct plan_table *plan = part->table.plan;
    size_t count = plan->multiset && plan->column_count > 3 ? 3 : plan->key_count;
    for (size_t i = 0; i < count && i < plan->column_count; i++) {
        buffer_printf(out, "%s%s = ", i ? ", " : "", part->table.columns[i].name);
        value_print(out, &values[i], SHOWN_BYTES);
    }
    if (count < plan->key_count)
        buffer_add_text(out, ", …");
}

/* "missing row id = 4" */
static void describe_row(const struct part *part, enum finding_kind kind,
                         const struct value *values, struct buffer *out)
{
    buffer_printf(out, "%s row ", finding_kind_name[kind]);
    name_row(part, values, out);
}

/* `row` as describe_row() has it. */
static void leave_out(struct part *part, const char *row, const char *why, uint64_t times)
{
    struct repair *repair = part->repair;
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT), line = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (part->comments++ < COMMENTS) {
        buffer_printf(&text, "%s, %s: %s", part->table.plan->result->name[repair->side], row, why);
        add_line(&line, (const char *)text.data);
        spool(part, COMMENT_PHASE, &line);
    }
    part->left_out += times;
    buffer_free(&text);
    buffer_free(&line);
}

/* The INSERT for all rows of a kind, a bounded number at once. */
static void spool_inserts(struct part *part, struct buffer *text)
{
    struct repair *repair = part->repair;
    size_t row = repair->statements.row, size = text->length - row, length = text->length;
    char *copy = mem_copy_bytes(text->data + row, size);
    for (uint64_t left = repair->statements.repeat; left;) {
        uint64_t rows = 1;
        text->length = length;
        while (rows < left && rows < ROWS_MOST && text->length + size < ROWS_BYTES) {
            buffer_add_text(text, ", ");
            buffer_add(text, copy, size);
            rows++;
        }
        spool(part, REPAIR_INSERTS, text);
        part->statements[REPAIR_INSERTS]++;
        left -= rows;
    }
    free(copy);
}

static size_t key_length(const struct part *part, const struct value *values)
{
    const struct value *last = &values[part->table.plan->key_count - 1];
    return (size_t)(last->encoding + last->encoding_length - values->encoding);
}

static void remember_key(struct part *part, const struct value *values)
{
    buffer_clear(&part->key);
    buffer_add(&part->key, values->encoding, key_length(part, values)); /* they lie in a row */
    part->has_key = true;
}

/* Would this row be a second one of its key, which the mended side does not allow? */
static bool repeats_key(const struct part *part, const struct value *values)
{
    size_t length = key_length(part, values);
    return part->has_key && part->key.length == length &&
           memcmp(part->key.data, values->encoding, length) == 0;
}

static void same(void *context, const struct value *values, uint64_t times)
{
    (void)times;
    remember_key(context, values);
}

/* As repair_table_mend(), for rows that may share their key with others. */
static bool mend(struct part *part, enum finding_kind kind, const struct value *const values[SIDES],
                 const size_t *differ, size_t differ_count, uint64_t times)
{
    struct repair *repair = part->repair;
    const struct value *other = values[!repair->side];
    if (part->table.others_repeat && other) {
        if (kind != FINDING_CHANGED && repeats_key(part, other)) {
            buffer_clear(&repair->why);
            buffer_printf(&repair->why, "the %s allows one row of a key, and has it",
                          side_name[repair->side]);
            return false;
        }
        remember_key(part, other);
    }
    return repair_table_mend(&part->table, kind, values, differ, differ_count, times,
                             &repair->statements, &repair->why);
}

static void spool_row(struct part *part)
{
    for (unsigned phase = 0; phase < REPAIR_PHASES; phase++) {
        struct buffer *text = &part->repair->statements.text[phase];
        if (phase == REPAIR_INSERTS && text->length) {
            spool_inserts(part, text);
        } else if (text->length) {
            spool(part, phase, text);
            part->statements[phase]++;
        }
    }
    part->rows++;
}

/* What the row claims of keys, for refuse_rows(). */
static void claim(struct part *part, const struct repair_claims_row *row)
{
    struct buffer record = BUFFER_INIT(BUFFER_NO_LIMIT);
    if (part->claims)
        repair_claims_add(part->claims, row, &record);
    if (record.length)
        repair_spool_add(&part->repair->claims,
                         (struct repair_spooled){.table = (uint32_t)(part - part->repair->parts)},
                         &record);
    buffer_free(&record);
}

static void differs(void *context, enum finding_kind kind, const struct value *const values[SIDES],
                    const size_t *differ, size_t differ_count, uint64_t times)
{
    struct part *part = context;
    struct repair *repair = part->repair;
    struct repair_statements *statements = &repair->statements;
    if (repair->failed)
        return;
    struct buffer name = BUFFER_INIT(BUFFER_NO_LIMIT);
    describe_row(part, kind, values[SOURCE] ? values[SOURCE] : values[TARGET], &name);
    if (mend(part, kind, values, differ, differ_count, times)) {
        const struct repair_claims_row row = {kind,  values,     differ,     differ_count,
                                              times, statements, part->rows, (char *)name.data};
        claim(part, &row);
        spool_row(part);
    } else {
        leave_out(part, (const char *)name.data, (const char *)repair->why.data, times);
    }
    buffer_free(&name);
}

void repair_watch(struct repair *repair, struct drill *drill)
{
    struct part *part = &repair->parts[drill->table - repair->plan->tables];
    part->repair = repair;
    part->watched = true;
    repair_table_make(&part->table, drill->table, repair->side, repair->engine, &repair->arena);
    part->claims = repair_claims_new(&part->table, repair->engine, repair->other);
    buffer_init(&part->key, BUFFER_NO_LIMIT);
    drill_watch(drill, (struct drill_watcher){.context = part,
                                              .differs = differs,
                                              .same = part->table.others_repeat ? same : NULL});
}

void repair_settle(struct repair *repair, const struct plan_table *table, bool complete)
{
    repair->parts[table - repair->plan->tables].complete = complete;
}

/* ---- Rows that a unique key would refuse -------------------------------------------------------
 */

struct asking {
    struct repair *repair;
    size_t part;
    struct connection *connection;
    const atomic_bool *stop;
    struct err err;
};

static bool is_of_part(void *context, const struct repair_spooled *head)
{
    const struct asking *asking = context;
    return head->table == asking->part;
}

static bool ask_record(void *context, const struct repair_spooled *head, const struct buffer *text)
{
    struct asking *asking = context;
    (void)head;
    return repair_claims_ask(asking->repair->parts[asking->part].claims, text->data, text->length,
                             &asking->err);
}

static bool trace_record(void *context, const struct repair_spooled *head,
                         const struct buffer *text)
{
    struct asking *asking = context;
    (void)head;
    repair_claims_trace(asking->repair->parts[asking->part].claims, text->data, text->length);
    return true;
}

static bool tell_record(void *context, const struct repair_spooled *head, const struct buffer *text)
{
    struct asking *asking = context;
    struct repair *repair = asking->repair;
    struct part *part = &repair->parts[asking->part];
    struct repair_claims_verdict verdict;
    (void)head;
    if (!repair_claims_verdict(part->claims, text->data, text->length, &verdict))
        return true;
    char *name = mem_copy_bytes(verdict.name, verdict.name_length);
    buffer_clear(&repair->why);
    buffer_printf(&repair->why, "the %s's unique key \"%s\" finds it the same %s",
                  side_name[repair->side], verdict.key, verdict.same_as);
    leave_out(part, name, (const char *)repair->why.data, verdict.times);
    free(name);
    return true;
}

/* Their statements count no more. */
static bool is_refused(void *context, const struct repair_spooled *head)
{
    struct asking *asking = context;
    struct part *part = &asking->repair->parts[asking->part];
    if (head->table == asking->part && head->phase < REPAIR_PHASES &&
        repair_claims_refuses(part->claims, head->row))
        part->statements[head->phase]--;
    return false;
}

static bool read_claims(struct asking *asking,
                        bool (*take)(void *, const struct repair_spooled *, const struct buffer *))
{
    const struct repair_spool_reader reader = {asking, is_of_part, take};
    return repair_spool_read(&asking->repair->claims, &reader) ||
           err_set(&asking->err, ERR_INTERNAL, "a file cannot be read");
}

/* The server is asked about one table; where it does not answer, the head of the file says so. */
static void refuse_part(struct asking *asking)
{
    struct repair_claims *claims = asking->repair->parts[asking->part].claims;
    const struct repair_spool_reader counter = {asking, is_refused, NULL};
    asking->err = (struct err){0};
    repair_claims_begin(claims, asking->connection, asking->stop);
    if (!read_claims(asking, ask_record) || asking->err.code != ERR_NONE ||
        !repair_claims_end(claims, &asking->err) || !read_claims(asking, trace_record)) {
        repair_claims_give_up(claims);
        return;
    }
    repair_claims_resolve(claims);
    if (!repair_claims_refused(claims))
        return;
    if (!read_claims(asking, tell_record) || !repair_spool_read(&asking->repair->spool, &counter))
        fail(asking->repair, "put together");
}

static void refuse_rows(struct repair *repair, const atomic_bool *stop)
{
    struct asking asking = {.repair = repair, .stop = stop};
    for (size_t i = 0; i < repair->plan->table_count && !repair->failed; i++) {
        struct part *part = &repair->parts[i];
        if (!part->complete || !part->claims ||
            !repair_claims_wanted(part->claims, part->left_out > 0) || atomic_load(stop))
            continue;
        asking.part = i;
        if (asking.connection || repair->engine->connect(repair->options->uri[repair->side],
                                                         &asking.connection, NULL, &asking.err))
            refuse_part(&asking);
        else
            repair_claims_give_up(part->claims);
    }
    if (asking.connection)
        repair->engine->disconnect(asking.connection);
}

/* ---- Putting it together -----------------------------------------------------------------------
 */

static uint64_t part_statements(const struct part *part)
{
    uint64_t sum = 0;
    for (int i = 0; i < REPAIR_PHASES && part->complete; i++)
        sum += part->statements[i];
    return sum;
}

/* "1 delete, 2 updates": what there is of. */
static void add_counts(struct buffer *out, const uint64_t counts[REPAIR_PHASES])
{
    static const char *const words[REPAIR_PHASES] = {"delete", "update", "insert"};
    bool any = false;
    for (int i = 0; i < REPAIR_PHASES; i++) {
        char number[32];
        if (!counts[i])
            continue;
        buffer_printf(out, "%s%s %s%s", any ? ", " : "", human_count(counts[i], number), words[i],
                      counts[i] == 1 ? "" : "s");
        any = true;
    }
    if (!any)
        buffer_add_text(out, "nothing");
}

static const char *why_not(const struct plan_table *table, const struct part *part)
{
    if (!table->comparable)
        return "it was not compared";
    if (part->watched && !part->complete)
        return "its differences were not all found, or it changed while it was read";
    if (!part->watched && !table->result->drilled)
        return "it was not compared to its end";
    return NULL;
}

/* What there is to say of one table; nothing when it is equal. Returns 1 when it is left out. */
static size_t describe_part(struct repair *repair, size_t i, struct buffer *text)
{
    const struct plan_table *table = &repair->plan->tables[i];
    const struct part *part = &repair->parts[i];
    const char *excuse = why_not(table, part);
    if (!excuse && !part->watched)
        return 0;
    buffer_clear(text);
    buffer_printf(text, "  %s: ", table->result->name[repair->side]);
    if (excuse)
        buffer_printf(text, "left out: %s", excuse);
    else
        add_counts(text, part->statements);
    if (!excuse && part->left_out)
        buffer_printf(text, "; %llu row%s left out", (unsigned long long)part->left_out,
                      part->left_out == 1 ? "" : "s");
    if (!excuse && part->statements[REPAIR_INSERTS] && part->table.unfilled)
        buffer_printf(text, "; an INSERT leaves to their defaults: %s", part->table.unfilled);
    const char *unasked = part->claims ? repair_claims_unasked(part->claims) : NULL;
    if (!excuse && unasked && part->statements[REPAIR_UPDATES] + part->statements[REPAIR_INSERTS])
        buffer_printf(text,
                      "; the server may refuse an INSERT, and with it the whole file, where a "
                      "unique key finds rows the same: %s",
                      unasked);
    if (!excuse && table->where[repair->side])
        buffer_printf(text, "; only rows that meet the mapping's condition were compared%s",
                      unasked ? ", and an INSERT may meet one that does not" : "");
    add_line(&repair->pending, (const char *)text->data);
    return excuse != NULL;
}

static void describe_sides(struct repair *repair, struct buffer *text)
{
    enum side side = repair->side;
    char when[64];
    struct tm parts;
    if (!gmtime_r(&repair->result->started, &parts) ||
        !strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S UTC", &parts))
        when[0] = '\0';
    buffer_printf(text, "Repair of the %s, so that it holds the rows of the %s.", side_name[side],
                  side_name[!side]);
    add_line(&repair->pending, (const char *)text->data);
    const enum side order[SIDES] = {side, side == SOURCE ? TARGET : SOURCE};
    static const char *const role[SIDES] = {"to be changed:", "as it is in:  "};
    for (int i = 0; i < SIDES; i++) {
        const struct result_side *of = &repair->result->side[order[i]];
        buffer_clear(text);
        buffer_printf(text, "  %s %s (%s)", role[i], of->shown_uri, of->server);
        add_line(&repair->pending, (const char *)text->data);
    }
    buffer_clear(text);
    buffer_printf(text, "Written by tally-verify %s, from what it read at %s.", TALLY_VERSION,
                  when);
    add_line(&repair->pending, (const char *)text->data);
}

static void describe_use(struct repair *repair, const struct engine_sql_file *file)
{
    static const char *const lines[] = {
        "",
        "Tally never runs this file. Read it, keep a backup, and run it while nothing else writes",
        "to the database: a row that has changed since it was compared is overwritten. Afterwards",
        "verify again, with the same options: nothing but that says that the sides are equal.",
        "It holds values of the databases: keep it as safe as these.",
        ""};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        add_line(&repair->pending, lines[i]);
    repair->engine->sql->add_usage(&repair->pending, file);
    add_line(&repair->pending, "");
}

/* The comments at its head. */
static void write_head(struct repair *repair, const struct engine_sql_file *file,
                       struct result_repair *told)
{
    struct buffer text = BUFFER_INIT(BUFFER_NO_LIMIT);
    uint64_t counts[REPAIR_PHASES] = {0};
    describe_sides(repair, &text);
    describe_use(repair, file);
    for (size_t i = 0; i < repair->plan->table_count; i++) {
        const struct part *part = &repair->parts[i];
        for (int phase = 0; phase < REPAIR_PHASES && part->complete; phase++)
            counts[phase] += part->statements[phase];
        told->statements += part_statements(part);
        told->left_out += part->complete ? part->left_out : 0;
    }
    buffer_clear(&text);
    buffer_add_text(&text, "Statements: ");
    add_counts(&text, counts);
    buffer_printf(&text, ". Rows that are left out: %llu.", (unsigned long long)told->left_out);
    add_line(&repair->pending, (const char *)text.data);
    for (size_t i = 0; i < repair->plan->table_count; i++)
        told->tables_left_out += describe_part(repair, i, &text);
    for (int side = 0; side < SIDES; side++)
        for (size_t i = 0; i < repair->result->only[side].count; i++) {
            buffer_clear(&text);
            buffer_printf(&text, "  %s: left out: it is in the %s only",
                          repair->result->only[side].items[i], side_name[side]);
            add_line(&repair->pending, (const char *)text.data);
            told->tables_left_out++;
        }
    buffer_free(&text);
}

struct assembly {
    struct repair *repair;
    unsigned phase;
    uint64_t in_batch;
    size_t table; /* of the last statement; SIZE_MAX: none */
};

static void end_batch(struct assembly *assembly)
{
    if (assembly->in_batch)
        buffer_printf(&assembly->repair->pending, "%s;\n", assembly->repair->engine->sql->commit);
    assembly->in_batch = 0;
}

static void write_statement(struct assembly *assembly, size_t table, const struct buffer *text)
{
    struct repair *repair = assembly->repair;
    if (assembly->phase == COMMENT_PHASE) {
        if (assembly->table == SIZE_MAX)
            add_line(&repair->pending, "Left out:");
        assembly->table = table;
        buffer_add(&repair->pending, text->data, text->length);
        return;
    }
    if (assembly->table != table) {
        struct buffer line = BUFFER_INIT(BUFFER_NO_LIMIT);
        buffer_printf(&line, "%s: %s", phase_heading[assembly->phase],
                      repair->plan->tables[table].result->name[repair->side]);
        end_batch(assembly);
        buffer_add_byte(&repair->pending, '\n');
        add_line(&repair->pending, (const char *)line.data);
        buffer_free(&line);
    }
    assembly->table = table;
    if (!assembly->in_batch++)
        buffer_printf(&repair->pending, "%s;\n", repair->engine->sql->begin);
    buffer_add(&repair->pending, text->data, text->length);
    buffer_add_text(&repair->pending, ";\n");
    if (assembly->in_batch == BATCH)
        end_batch(assembly);
}

static bool wants_text(void *context, const struct repair_spooled *head)
{
    const struct assembly *assembly = context;
    const struct part *part = &assembly->repair->parts[head->table];
    return head->phase == assembly->phase && part->complete && !assembly->repair->failed &&
           (head->phase == COMMENT_PHASE || !part->claims ||
            !repair_claims_refuses(part->claims, head->row));
}

static bool take_text(void *context, const struct repair_spooled *head, const struct buffer *text)
{
    struct assembly *assembly = context;
    write_statement(assembly, head->table, text);
    if (assembly->repair->pending.length >= BLOCK)
        flush(assembly->repair);
    return !assembly->repair->failed;
}

/* Takes from the spool what belongs to one phase. */
static void write_phase(struct repair *repair, unsigned phase)
{
    struct assembly assembly = {.repair = repair, .phase = phase, .table = SIZE_MAX};
    const struct repair_spool_reader reader = {&assembly, wants_text, take_text};
    if (!repair_spool_read(&repair->spool, &reader))
        fail(repair, "put together");
    end_batch(&assembly);
}

/* The changed tables' names as string literals, separated by commas. */
static void list_tables(const struct repair *repair, struct buffer *out)
{
    for (size_t i = 0; i < repair->plan->table_count; i++) {
        if (!part_statements(&repair->parts[i]))
            continue;
        buffer_add_text(out, out->length ? ", '" : "'");
        for (const char *at = repair->parts[i].table.name; *at; at++)
            buffer_printf(out, "%s%c", *at == '\'' ? "'" : "", *at);
        buffer_add_byte(out, '\'');
    }
}

static void write_file(struct repair *repair, struct result_repair *told)
{
    struct buffer tables = BUFFER_INIT(BUFFER_NO_LIMIT), schema = BUFFER_INIT(1 << 12);
    list_tables(repair, &tables);
    if (repair->default_schema)
        repair->engine->quote_name(&schema, repair->default_schema);
    const struct engine_sql_file file = {
        .server = repair->result->side[repair->side].server,
        .default_schema = repair->default_schema ? (const char *)schema.data : NULL,
        .tables = &tables,
        .longest = repair->spool.longest};
    write_head(repair, &file, told);
    write_phase(repair, COMMENT_PHASE);
    if (told->statements) {
        buffer_add_byte(&repair->pending, '\n');
        repair->engine->sql->add_settings(&repair->pending, &file);
    }
    for (unsigned phase = 0; phase < REPAIR_PHASES; phase++)
        write_phase(repair, phase);
    flush(repair);
    buffer_free(&tables);
    buffer_free(&schema);
}

void repair_finish(struct repair *repair, const atomic_bool *stop, struct verify_result *result)
{
    struct result_repair told = {.of_source = repair->side == SOURCE};
    refuse_rows(repair, stop);
    if (atomic_load(stop))
        return; /* repair_free() takes away what there is */
    if (!repair->failed)
        write_file(repair, &told);
    /* Some file systems tell only at the end that the disk is full. */
    if (!repair->failed && fsync(repair->file) != 0)
        fail(repair, "write");
    if (close(repair->file) != 0)
        fail(repair, "write");
    repair->file = -1;
    if (!repair->failed && rename(repair->temporary, repair->path) != 0)
        fail(repair, "name");
    if (!repair->failed) {
        told.path = arena_copy(&result->arena, repair->path);
        result->repair = told;
        return;
    }
    unlink(repair->temporary);
    text_list_add(&result->notes, repair->err.text);
}
