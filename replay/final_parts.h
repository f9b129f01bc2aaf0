/* What the two files of final.h share: final.c runs the comparisons, final_result.c says what they
 * found. */
#ifndef TALLY_REPLAY_FINAL_PARTS_H
#define TALLY_REPLAY_FINAL_PARTS_H

#include "final.h"

#include "../verify/verify.h"

#include <pthread.h>

#define FINAL_TENANT "{tenant}"

/* Two ids of one thing, and whose it is; texts are token_shared's or final's. */
struct final_pair {
    const char *tenant;
    struct verify_id_pair pair;
    bool made; /* by final_learn() */
};

struct final_database {
    const char *tenant;
    const char *uri[SIDES], *mapping_path; /* the tenant in its place */
    const char *problem;                   /* it cannot be compared at all; NULL */
    const char *before, *ledger;           /* paths of tally-verify's ledgers, or NULL */
    bool seen;                             /* the state before is in `before` */
    size_t first_pair, pair_count;
    struct verify_result result;
    bool started, done, failed;
    struct err err; /* failed: why */
    struct replay_database *into;
    size_t note_count;
    const char **notes; /* of its comparison, for the result's */
};

struct final {
    const struct replay_options *options;
    struct arena arena;
    bool by_tenant;
    size_t count;
    struct final_database *databases; /* by tenant */
    size_t pair_count;
    struct verify_id_pair *pairs; /* by tenant */
    size_t made_count;
    struct final_pair *made;
    bool is_before;
    struct replay_result *into;

    pthread_mutex_t lock; /* of all below, of a database's flags, and of the result */
    pthread_cond_t ended; /* a thread has */
    size_t next, running;
    bool abandoned; /* the result is not to be touched any more */
};

/* The pairs of each database. */
void final_collect_pairs(struct final *final, const struct token_shared *shared);
/* Under the lock: fills the database's result of tally-verify's. */
void final_convert(struct final *final, struct final_database *database,
                   const struct verify_options *options);
/* Under the lock: how it names the two databases, as far as it came. */
void final_take_uris(struct final *final, struct final_database *database);
/* Adds a note; the text is in the result's arena, or static. */
void final_note(struct replay_result *result, const char *text);
/* At the end, for each in their order: what could not be compared, its notes, and the verdict. */
void final_complete(struct final *final, struct final_database *database);

#endif
