/*
 * tally-verify as a function: two URIs and options in, a result out. This is all that main.c and
 * tally-replay see. The result holds everything that a report needs; reporters open no connections.
 */
#ifndef TALLY_VERIFY_VERIFY_H
#define TALLY_VERIFY_VERIFY_H

#include "../diff/base/error.h"
#include "../diff/base/memory.h"
#include "../diff/base/text_list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum verdict { VERDICT_EQUAL, VERDICT_INCONCLUSIVE, VERDICT_DIFFERENT };
extern const char *const verdict_name[]; /* "equal", "inconclusive", "different" */

/* Two generated ids of one thing: the source's booking 4711 is the target's 4712. */
struct verify_id_pair {
    const char *kind; /* of what, as a name: "booking"; singular and plural are one (ids_plan.h) */
    const char *source, *target;
};

struct verify_options {
    const char *uri[2];       /* SOURCE, TARGET */
    const char *mapping_path; /* NULL: none */
    const char *ids_path;     /* a file of pairs of ids (ids.h), or NULL; and further ones: */
    const struct verify_id_pair *id_pairs;
    size_t id_pair_count;
    struct text_list tables;   /* globs; empty: all */
    struct text_list excludes; /* globs */
    int jobs;                  /* connections and threads per side */
    int findings;              /* how many to keep per table */
    const char *max_rate;      /* as pace_parse_rate() reads it; NULL: none */
    int max_load;              /* other threads running on a server; 0: not watched */
    int max_lag;               /* seconds that a replica is behind; 0: not watched */
    bool no_schema;            /* rows only: do not compare definitions */
    bool explain;              /* plan only: read no rows */
    const char *plan_path;     /* plan only, and write it to this file; NULL: no */
    bool quiet, verbose;
    bool keep_process; /* a connection attempt that hangs when all is to end is left to itself, and
                          does not end the process: for programs that have more to do */
    const char
        *ledger_path; /* NULL: a new one in the state folder; with resume: the newest there */
    bool resume;
    const char *baseline_path; /* a finished run's ledger, or "last"; NULL: none */
    bool only_new;             /* the exit code is of what is new since the baseline */
    bool no_values;            /* the ledger keeps no values of the databases */
    const char *repair_path;   /* write the statements that mend the target to it; NULL: no */
    bool repair_source;        /* that mend the source instead */
    const char *format;        /* of the report, as report.h lists them */
    const char *output_path;   /* NULL: standard output */
    struct text_list reports;  /* further ones: "FORMAT=FILE" */
};

/* One value for people; text NULL: the value is NULL. */
struct shown_value {
    char *text;
};

enum finding_kind { FINDING_CHANGED, FINDING_MISSING, FINDING_EXTRA };
extern const char *const finding_kind_name[]; /* "changed", "missing", "extra" */

struct finding_column {
    size_t column; /* index into result_table.columns */
    struct shown_value value[2];
};

struct finding {
    enum finding_kind kind;
    /* Tables with a key: one value per key column, in the order of result_table.key. Without a key:
     * the whole row, one value per compared column, and how many times each side has it. */
    size_t value_count;
    struct shown_value *values;
    uint64_t times[2];
    size_t column_count; /* CHANGED: the columns that differ */
    struct finding_column *columns;
    bool persists; /* the baseline had it too; false also where that is not known */
};

struct result_column {
    const char *name[2]; /* NULL: that side has none */
    const char *type[2];
    const char *expression[2]; /* NULL: the column itself */
    const char *kind;          /* "none": not verified */
    const char *why;      /* the rule of the contract, the mapping's lines, or why not verified */
    const char *leniency; /* "" when none is on */
    bool compared;
    bool ignored; /* by the mapping: neither compared nor counted against the verdict */
    bool key;
    bool masked; /* by the mapping: no value of it is shown */
};

/* Why rows differ: all differences of a table that have one cause, in one column. All text is in
 * the result's arena; a text NULL where that side has no value, or NULL. */
struct result_cause {
    const char *name;   /* "time-zone", …, "unexplained": diff/cause.h */
    const char *column; /* the source's name; NULL: of whole rows */
    uint64_t count;     /* of rows */
    double confidence;  /* 0 … 1 */
    const char *text;   /* one sentence for people */
    const char *plain;  /* the same without any value of the databases */
    const char *key;    /* the example: its key as shown, "42" or "42, de"; NULL: no key */
    const char *value[2];
};

/* What is unlike in the definitions of the tables, apart from their rows. In the result's arena. */
struct result_schema {
    const char *kind;     /* "sequence-behind", "column-missing", …: schema_compare.h */
    const char *column;   /* NULL: of the whole table */
    const char *value[2]; /* what each side has, for people; NULL: nothing */
    const char *text;     /* one sentence for people */
    const char *fix;      /* SQL that mends it, or NULL */
    bool breaks;          /* it makes the table different; else it is only said */
};

/* Keys from low to high, both included. */
struct suspect_range {
    bool has_low, has_high;
    int64_t low, high;
};

/* Since the baseline (baseline.h); all zero when there is none. */
struct result_since {
    bool exact; /* fresh, persisting and gone are of each single difference, not of their numbers */
    uint64_t fresh, persisting, gone; /* rows */
    bool different, inconclusive;     /* something new is */
    size_t news_count;
    const char **news; /* what is new beside rows, in sentences; in the arena */
};

struct result_table {
    const char *name[2]; /* labels */
    enum verdict verdict;
    uint64_t rows[2];
    bool counted[2];     /* rows[] is exact: that side was read to its end, and neither failed */
    uint64_t counts[3];  /* by finding_kind, exact when drilled */
    bool drilled;        /* counts and findings say all there is */
    bool schema_differs; /* columns of one side only, or a definition that breaks */
    bool rows_differ;    /* rows are unequal, though not all of them are in counts */
    bool inconclusive;   /* something of it was not compared; reasons say what */
    struct text_list
        reasons; /* why it is not equal although, or beside, the counts; in whole sentences */
    struct text_list
        notes; /* what one should know: snapshot, leniencies that were used, values not JSON */
    size_t column_count;
    struct result_column *columns; /* the compared ones first, key columns before the others */
    size_t key_count;              /* 0: compared as a multiset */
    const char
        *key_why; /* "primary key of both", "mapping", "no common key: compared as a multiset" */
    const char *where[2];
    size_t suspect_count; /* ranges of the first key column in which digests differ, when rows were
                             not looked for: in the arena */
    struct suspect_range *suspects;
    size_t finding_count;
    struct finding *findings; /* sorted by kind, then key */
    size_t cause_count;
    struct result_cause *causes; /* in the arena; the most rows first */
    size_t schema_count;
    struct result_schema *schema; /* in the arena */
    struct result_since since;
    double seconds;
};

struct result_baseline {
    bool given;       /* --baseline */
    bool only_new;    /* the exit code is of what is new */
    const char *path; /* NULL: none was found, everything is new; in the arena */
    time_t started;   /* its run */
};

struct result_side {
    char *shown_uri;
    char *server;
    const char *snapshot; /* "shared", "separate", "none" */
    char *snapshot_note;  /* NULL, or why it is not shared */
};

/* The file of statements that make one side equal to the other. */
struct result_repair {
    const char *path; /* in the arena; NULL: none was written */
    bool of_source;   /* it changes the source, not the target */
    uint64_t statements;
    uint64_t left_out;      /* rows that no statement mends; the file says why */
    size_t tables_left_out; /* tables that are not equal, or not known to be, and not mended */
};

struct verify_result {
    struct arena arena; /* names live here */
    enum verdict verdict;
    bool interrupted;
    char *ledger_path; /* NULL: none was kept */
    bool resumed;
    struct result_side side[2];
    time_t started;
    double seconds;
    uint64_t wire_bytes[2];
    uint64_t rows_read[2]; /* by this run, into digests; those of a failed try too */
    uint64_t rows_kept[2]; /* that earlier runs have read, taken from the ledger */
    bool schema_compared;  /* the definitions of the tables were read; else nobody knows */
    size_t table_count;
    struct result_table *tables;
    struct text_list only[2]; /* labels of tables on one side only */
    bool inconclusive; /* something may be there that nobody could look at: never equal; a note says
                          what */
    struct text_list notes; /* of the whole run */
    struct result_baseline baseline;
    struct result_since since; /* of all tables, and of the run */
    struct result_repair repair;
};

/*
 * Runs it. False: nothing could be compared (usage, unreachable, internal); the result then holds
 * what was known, for verify_result_free(). True also when interrupted (result->interrupted).
 */
bool verify_run(const struct verify_options *options, struct verify_result *result,
                struct err *err) MUST_CHECK;
void verify_result_free(struct verify_result *result);

/* The exit code of a finished run: 0, 1, 2, or 130; with only_new, of what is new. */
int verify_exit_code(const struct verify_result *result);

/* The JSON report of a finished run, as --format json writes it. */
struct buffer;
void verify_report_json(const struct verify_result *result, const struct verify_options *options,
                        struct buffer *out);

/* Makes verify_run() of this process stop within a second. Async-signal-safe. */
void verify_interrupt(void);

/* The reporters, one file each, write a finished result, fresh or read back from its ledger. */
void report_text(const struct verify_result *result, const struct verify_options *options,
                 bool colour, struct buffer *out);
/* What report_text() says of one table that it has more to say of than a line. */
void report_text_table(const struct verify_result *result, const struct verify_options *options,
                       const struct result_table *table, struct buffer *out);
void report_explain(const struct verify_result *result, const struct verify_options *options,
                    bool colour, struct buffer *out);
void report_json(const struct verify_result *result, const struct verify_options *options,
                 struct buffer *out);
void report_html(const struct verify_result *result, const struct verify_options *options,
                 struct buffer *out);
void report_junit(const struct verify_result *result, const struct verify_options *options,
                  struct buffer *out);
void report_prometheus(const struct verify_result *result, const struct verify_options *options,
                       struct buffer *out);
/* A part of the two texts: what is unlike in the definitions. Nothing when nothing is. */
void report_schema(const struct verify_result *result, const struct verify_options *options,
                   size_t width, struct buffer *out);
size_t report_schema_count(const struct verify_result *result); /* of its findings */

#endif
