/*
 * Plan and digest files: how a source and a target that no single machine can reach are compared.
 * Input and output: ledgers (ledger.h) of purpose "plan" or "digest". Knows what their records
 * mean; opens no connections.
 *
 *     kind      id     part   bytes                                            in
 *     plan      0      0      contract version, the plan's random id, tables   both
 *     server    0      side   the database, server and engine it was made with both
 *     only      0      side   tables of one side only                          both
 *     notes     0      0      notes of the planning                            both
 *     table     table  0      names, columns, reasons: what a report says      both
 *     layout    table  0      the pair as it is compared (layout.h)            both, if it is read
 *     buckets   table  0      how rows choose their bucket                     both, if it is read
 *     keys      table  side   the primary key's columns                        both, if it is read
 *     stamp     table  side   the engine's text about the table (engine.h)     both, if known
 *     splits    table  side   the pieces of the table, none of them read       both, if it is read
 *     digest    0      0      which side and parts, of which server, when      digest
 *     said      0      0      notes of the reading                             digest
 *     reading   table  0      the pieces, which are read, the sum of those     digest
 *     failed    table  0      why pieces of it could not be read               digest
 *
 * A digest file repeats its plan's records, so that it can be judged without the plan; two files
 * are of one plan when these are the same, byte for byte. Files hold names, conditions,
 * expressions, bounds of key ranges and hashes, but no rows.
 */
#ifndef TALLY_VERIFY_DIGEST_FILE_H
#define TALLY_VERIFY_DIGEST_FILE_H

#include "../diff/ledger.h"
#include "layout.h"

#define PLAN_ID_SIZE 16

/* Part `part` of `of`, from 1; 1 of 1 is the whole. */
struct digest_part {
    uint32_t part, of;
};

struct digest_file {
    struct ledger *ledger;
    struct arena arena; /* of the texts */
    unsigned char id[PLAN_ID_SIZE];
    struct hash128 plan_hash; /* of all records of the plan */
    size_t table_count;
    const char *uri[SIDES], *server[SIDES], *engine[SIDES]; /* of the planning */
    /* Of a digest: */
    enum side side;
    const char *read_uri, *read_server;
    const char *snapshot, *snapshot_note; /* as in struct result_side */
    time_t started;
    double seconds;
    size_t part_count;
    struct digest_part *parts;
};

/* ERR_USAGE: not such a file, damaged, or of another version. Close it also after an error. */
bool digest_file_open(const char *path, const char *purpose, struct digest_file *file,
                      struct err *err) MUST_CHECK;
void digest_file_close(struct digest_file *file);
const char *digest_file_path(const struct digest_file *file);

/* One table of a plan. result.reasons and notes are freed with digest_table_free(), or taken over
 * by who moves the result. plan.comparable false: no row of it is read. */
struct digest_table {
    struct arena *arena;
    struct result_table result;
    struct plan_table plan;
};
bool digest_file_table(const struct digest_file *file, size_t i, struct arena *arena,
                       struct digest_table *table, struct err *err) MUST_CHECK;

/* The pieces of one side, none of them read; and what a digest has read of its own side. Free with
 * layout_release_reading(). */
bool digest_file_splits(const struct digest_file *file, size_t i, enum side side,
                        const struct plan_table *table, struct item_side *of,
                        struct err *err) MUST_CHECK;
bool digest_file_reading(const struct digest_file *file, size_t i, const struct plan_table *table,
                         struct item_side *of, struct err *err) MUST_CHECK;
/* Adds to the list why pieces of the table could not be read. */
bool digest_file_failed(const struct digest_file *file, size_t i, struct text_list *reasons,
                        struct err *err) MUST_CHECK;
bool digest_file_stamp(const struct digest_file *file, size_t i, enum side side,
                       struct buffer *stamp, struct err *err) MUST_CHECK;
bool digest_file_texts(const struct digest_file *file, const char *kind, int64_t part,
                       struct text_list *list, struct err *err) MUST_CHECK;
/* The primary key of the live table is the one that the plan was made with. */
bool digest_file_same_key(const struct digest_file *file, size_t i, enum side side,
                          const struct table *live, bool *same, struct err *err) MUST_CHECK;

/* ---- Writing: into a temporary file beside `path`, which takes its name when all of it is there.
 */

struct digest_writer {
    struct ledger *ledger;
    char *path, *temporary;
};

/* ERR_USAGE: the folder cannot be written, or path is something else than a file of this purpose,
 * which would be replaced. */
bool digest_writer_open(const char *path, const char *purpose, struct digest_writer *writer,
                        struct err *err) MUST_CHECK;
/* Saves and gives the file its name. */
bool digest_writer_finish(struct digest_writer *writer, struct err *err) MUST_CHECK;
/* Without digest_writer_finish() nothing is left. A zeroed writer is fine. */
void digest_writer_close(struct digest_writer *writer);

bool digest_write_copy(struct digest_writer *writer, const struct digest_file *plan,
                       struct err *err) MUST_CHECK;
/* side, read_…, snapshot…, started, seconds and parts of `head`. */
bool digest_write_head(struct digest_writer *writer, const struct digest_file *head,
                       const struct text_list *said, struct err *err) MUST_CHECK;
bool digest_write_reading(struct digest_writer *writer, size_t i, const struct plan_table *table,
                          const struct item_side *of, struct err *err) MUST_CHECK;
bool digest_write_failed(struct digest_writer *writer, size_t i, const struct text_list *reasons,
                         struct err *err) MUST_CHECK;

/* The whole plan, as planned and not yet read: takes stamps, begins a snapshot on both connections
 * and cuts the tables. */
bool digest_write_plan(const char *path, const struct plan_side sides[SIDES],
                       const struct plan *plan, const struct verify_result *result,
                       struct err *err) MUST_CHECK;

#endif
